"""Japanese: numbers in kanji beside their counters, which decide their reading; digits one by one in kana."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.japanese_units import CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Notation, Number
from qwen3tts_daemon.reading.roman import value

_KANJI = "零一二三四五六七八九"
_MAGNITUDES = ((10**12, "兆"), (10**8, "億"), (10**4, "万"), (10**3, "千"), (10**2, "百"), (10, "十"))
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_UNITS = "|".join(sorted(map(regex.escape, UNITS), key=len, reverse=True))
_KANA = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
_CODES = (
    "認証コード|確認コード|コード|暗証番号|パスコード|パスワード|PIN|電話番号|会員番号|追跡番号|注文番号|口座番号|伝票番号|郵便番号"
    "|整理番号|製造番号|カード番号|番号|ID|内線|下[一-九四]桁|末尾"
)
_IN_KANA = {
    "CO2": "シーオーツー", "H2O": "エイチツーオー", "O2": "オーツー", "3D": "スリーディー", "2D": "ツーディー",
    "5G": "ファイブジー", "4G": "フォージー", "3G": "スリージー", "6G": "シックスジー", "MP3": "エムピースリー",
    "MP4": "エムピーフォー", "F1": "エフワン", "G7": "ジーセブン", "G20": "ジートゥエンティ", "J1": "ジェイワン",
    "J2": "ジェイツー", "B2B": "ビーツービー", "B2C": "ビーツーシー", "PS4": "ピーエスフォー",
    "PS5": "ピーエスファイブ", "U2": "ユーツー", "X2": "エックスツー",
}  # fmt: skip
"""Names whose number is said in another way than numbers are"""


class Japanese(Language):
    notation = Notation(".", ",")
    is_spaced = False
    digit_words = ["ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー"]
    point = "点"
    pause = "、"
    signs = {
        "+": "プラス", "-": "マイナス", "±": "プラスマイナス", "×": "かける", "x": "かける", "*": "かける", "÷": "割る",
        "=": "は", "~": "約", "≈": "約", "&": "アンド", "#": "ナンバー", "№": "ナンバー",
    }  # fmt: skip
    address_signs = {
        ".": "ドット", "@": "アットマーク", "/": "スラッシュ", "-": "ハイフン", "_": "アンダーバー", ":": "コロン",
        "+": "プラス",
    }  # fmt: skip
    units = UNITS
    per = "毎"
    currencies = CURRENCIES
    magnitudes = {"万": "万", "億": "億", "兆": "兆", "千": "千", "k": "千", "K": "千", "M": "百万", "B": "十億"}
    ratio_word = "対"
    and_word = "と"
    version_word = "バージョン"
    date_order = "mdy"
    clock_words = r"[aApP]\.?[mM](?![A-Za-z])\.?"
    abbreviations = {**_IN_KANA, "No.": "ナンバー", "vs.": "対", "vs": "対", "VS": "対"}

    def before(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{_KANA}])[ \u00a0](?=[-+]?[\d¥$€£#])|(?<=[\d%°])[ \u00a0](?=[{_KANA}])", lambda _: ""),
            (r"(?<=\d)：(?=\d)", lambda _: ":"),
            (r"(?<=\d)[ \u00a0]?º", lambda _: "度"),
            (rf"(?<=\d[千万億])[ \u00a0]?(?:{_UNITS})(?![{LETTERS}\d])", lambda found: UNITS[found[0].strip()].one),
            (r"(?<![\d-])[1-9]\d?(?:-[1-9]\d{0,2}){2,3}(?![\d-])", lambda found: found[0].replace("-", "の")),
            (r"(?<![A-Za-z])[Vv]er\.?\s?(?=\d)", lambda _: "v"),
            (r"(?<=\d{4})K(?![\p{Latin}\d])", lambda _: "ケルビン"),
            (r"(?<=\d)/(?=\d+\s?mmHg)", lambda _: self.pause),
            (r"(?<=ナンバー)[ \u00a0](?=\d)", lambda _: ""),
            (
                r"〒\s?(?<a>\d{3})-?(?<b>\d{4})",
                lambda found: f"郵便番号{self.phone([found['a'], found['b']], is_international=False)}",
            ),
            *self._times(),
            *self._measures(),
            *self._comparisons(),
            (
                rf"(?<=(?:{_CODES})(?:番号)?[はがの:：\s]{{0,2}})\d{{3,}}(?![\d.,:%-]|[番円個人件本回年月日時分万億])",
                lambda found: self.digits(found[0]),
            ),
            (rf"(?<=[{LETTERS}][ \u00a0])\d{{4}}(?![\d.,:/%年-]|\s?(?:{_UNITS}|[{_KANA}]))", self._model),
            (r"(?<=[A-Z][ \u00a0])\d{4}(?=[はがのをにでとも])", self._model),
        ]

    def after(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{LETTERS}])(?<whole>\d+)\.(?<part>\d+)(?![.\d])", self._decimal),
            (r"(?<![\d.,])\d{8,15}(?=[円人個件回歩万])", lambda found: self.cardinal(int(found[0]))),
            (r"(?<![\d.,])0(?=度|時(?!間))", lambda _: "零"),
            (r"(?<!\d)110番", lambda _: "ひゃくとおばん"),
            (r"(?<![\d.,])1,?000(?=[万億])", lambda _: "一千"),
            # 十分 would be read as "enough".
            (r"(?<![\d.,十点時間とりで])10分(?![の間後前割]|おき|ほど)", lambda _: "じゅっぷん"),
            (r"\d{3}(?=号室)|(?<=国道)\d{3}(?=号)", self._model),
            (r"(?<=\d)[xX](?![\d\p{Latin}])", lambda _: "倍"),
            (rf"(?<=[{LETTERS}\d])\+(?=\d|$|[{_KANA}])", lambda _: "プラス"),
            (r"(?<=\p{Han})(?<roman>[IVX]{2,})(?=世|[^\p{Latin}\d]|$)", lambda found: self._roman(found["roman"])),
        ]

    # ---- its own kinds ----

    def _times(self) -> Sequence[Row]:
        weekday = r"\s?[(（](?<w>[月火水木金土日])(?:曜日?)?(?<holiday>[・･]?祝)?[)）]"
        day = r"(?<m>1[0-2]|0?[1-9])/(?<d>[12]\d|3[01]|0?[1-9])"
        timers = r"(?<=(?:残り|タイマー|カウントダウン|経過|再生)(?:時間)?[はがを:：\s]{0,2})"
        return [
            (rf"(?<![\d/]){day}(?={weekday}|まで|から|締|開|発|以降|の予定)", self._day),
            (rf"(?<=[日\d]){weekday}", lambda f: f"{f['w']}曜日{'、祝日' if f['holiday'] else ''}"),
            (r"(?<!\d)0(?=[1-9](?:月|日|時))", lambda _: ""),
            (r"(?<![A-Za-z])(?<half>AM|PM|am|pm)\s?(?=\d{1,2}:\d\d)", lambda found: _half_day(found["half"])),
            (rf"{timers}(?<m>\d{{1,2}}):(?<s>[0-5]\d)(?=で|です|$|[。、]|残)(?![:\d])", self._timer),
            (r"(?<=[\d%°年月日号時分秒個人円度点]|°C)\s?[~～〜]\s?(?=[-+¥$€]?\d)", lambda _: "から"),
            (r"(?<=[月火水木金土日])[~～〜\-–](?=[月火水木金土日](?:曜|\s|は|$|\d))", lambda _: "から"),
            (r"(?<=曜日?)[~～〜\-–](?=[月火水木金土日]曜)", lambda _: "から"),
        ]

    def _measures(self) -> Sequence[Row]:
        """Of something, in a given time or of another thing."""
        speed = "|".join(regex.escape(symbol) for symbol, unit in UNITS.items() if unit.before)
        return [
            (
                rf"(?<=(?:時速|分速|秒速|風速|毎時|毎分|毎秒|華氏)[はがで約:：\s]{{0,2}})(?<n>{_NUMBER})\s?(?<unit>{speed})(?![{LETTERS}])",
                lambda found: f"{found['n']}{UNITS[found['unit']].one}",
            ),
            (rf"(?<n>{_NUMBER})円\s?/\s?(?<unit>{_UNITS})(?![{LETTERS}])", self._yen_per),
            (
                rf"(?<n>{_NUMBER})(?<unit>\p{{Han}}|拍)\s?/\s?(?<time>[時分秒日])間?(?!\p{{Han}})",
                lambda found: f"毎{found['time']}{found['n']}{found['unit']}",
            ),
            (r"(?<feet>\d+)'\s?(?<inches>\d+)\"", lambda found: f"{found['feet']}フィート{found['inches']}インチ"),
            (rf"(?<![\d.\"]){_NUMBER}\"(?=[{_KANA}])", self._inches),
            (r"(?<![\d.,])-(?=\d+度)", lambda _: "マイナス"),
        ]

    def _comparisons(self) -> Sequence[Row]:
        """A sign before a number is said behind it; arithmetic."""
        words = {">": "超", "<": "未満", "≥": "以上", "≤": "以下", ">=": "以上", "<=": "以下"}
        return [
            (
                rf"(?<sign>[<>]=|[<>≥≤])\s?(?<n>-?{_NUMBER}\s?(?:(?:{_UNITS})(?![{LETTERS}])|[人個円分秒時日])?)",
                lambda found: found["n"].strip() + words[found["sign"]],
            ),
            (
                r"(?<![\d:])(?<a>\d+):(?<b>\d{4,})(?![\d:])",
                lambda found: self.ratio(int(found["a"]), int(found["b"])),
            ),
            (r"(?<=\d\s?)\+(?=\s?\d)", lambda _: "足す"),
            (r"(?<=\d)\s?[-–]\s?(?=\d+\s?(?:=|は))", lambda _: "引く"),
            (
                r"(?<=(?:スコア|試合|結果)[はがも:：]?\s?)(?<a>\d{1,3})\s?[:\-–]\s?(?<b>\d{1,3})(?![\d:.])",
                lambda found: self.ratio(int(found["a"]), int(found["b"])),
            ),
            (
                r"(?<![\d:])(?<a>\d{1,3})\s?[:\-–]\s?(?<b>\d{1,3})(?=で(?:勝|負|敗|終|引|リード|逆転|完|快|大|辛|下|破))",
                lambda found: self.ratio(int(found["a"]), int(found["b"])),
            ),
        ]

    def _day(self, found: "regex.Match[str]") -> str:
        return self.date(int(found["d"]), int(found["m"]), None)

    def _timer(self, found: "regex.Match[str]") -> str:
        return self.duration(0, int(found["m"]), int(found["s"]))

    def _yen_per(self, found: "regex.Match[str]") -> str:
        return self.money(self.notation.parse(found["n"]), CURRENCIES["¥"], "", UNITS[found["unit"]])

    def _inches(self, found: "regex.Match[str]") -> str | None:
        return None if found.string[: found.start()].count('"') % 2 else f"{found[0][:-1]}インチ"

    def _decimal(self, found: "regex.Match[str]") -> str:
        return self.number(Number(int(found["whole"]), found["part"]))

    def _model(self, found: "regex.Match[str]") -> str:
        return self.digits(found[0]).replace("ゼロ", "マル")

    def _roman(self, numeral: str) -> str | None:
        number = value(numeral)
        return None if number is None else self.cardinal(number)

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return _cardinal(n) if n else "ゼロ"

    def ordinal(self, n: int, gender: str = "") -> str:
        return f"第{self.cardinal(n)}"

    def number(self, number: Number, gender: str = "") -> str:
        if number.fraction:
            whole = _cardinal(number.whole) if number.whole else "零"
            words = f"{whole}点{self.fraction_digits(number.fraction)}"
        else:
            words = self.cardinal(number.whole)
        return (self.signs[number.sign] if number.sign else "") + words

    def fraction_digits(self, digits: str) -> str:
        return "".join("ゼロ" if digit == "0" else _KANJI[int(digit)] for digit in digits)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        words = "零" if number == Number(0) and unit.one == "度" else self.number(number)
        return unit.before + words + unit.one

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        words = super().money(number, currency, magnitude, None)
        return f"一{per.one}あたり{words}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        words = f"{self.cardinal(month)}月{self.cardinal(day)}日"
        return f"{self.cardinal(year)}年{words}" if year else words

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = f"{_half_day(suffix)}{_cardinal(hour) or '零'}時"
        if minute or second:
            words += f"{_minute(minute)}分"
        return f"{words}{self.cardinal(second)}秒" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        parts = ((hours, "時間"), (minutes, "分"), (seconds, "秒"))
        words = "".join(_cardinal(n) + unit for n, unit in parts if n)
        return words or "ゼロ秒"

    def range(self, first: str, last: str) -> str:
        is_score = first.isdecimal() and last.isdecimal() and int(first) >= int(last)
        return f"{first}{'対' if is_score else 'から'}{last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not numerator or denominator > 31 or (numerator >= denominator and numerator > 12):
            return None
        if numerator >= denominator or (denominator > 10 and 1 < numerator <= 12):
            return self.date(denominator, numerator, None)
        return f"{self.cardinal(denominator)}分の{self.cardinal(numerator)}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)}、{self.part(second)}"

    def dotted(self, parts: Sequence[str]) -> str:
        return "点".join(map(self.part, parts))

    def address(self, written: str) -> str:
        return "".join(self.address_signs.get(char, self.digits(char) or char) for char in written)

    def name(self, pieces: Sequence[str]) -> str:
        return "".join(self.part(piece) if piece.isdecimal() else piece for piece in pieces)


def _cardinal(n: int) -> str:
    """In kanji; nothing for 0."""
    for size, word in _MAGNITUDES:
        if n >= size:
            high, low = divmod(n, size)
            head = "" if high == 1 and size <= 1000 else "一千" if high == 1000 else _cardinal(high)
            return f"{head}{word}{_cardinal(low)}"
    return _KANJI[n] if n else ""


def _minute(minute: int) -> str:
    return _cardinal(minute) or "ゼロ"


def _half_day(suffix: str) -> str:
    return {"a": "午前", "p": "午後"}.get(suffix[:1].lower(), "")
