"""Japanese: numbers in kanji beside their counters, which decide their reading; digits one by one in kana."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import japanese_dates, japanese_names, japanese_numbers
from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.japanese_numbers import DIGITS, KANA, NOTATION
from qwen3tts_daemon.reading.japanese_units import CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Unit
from qwen3tts_daemon.reading.notation import Number


class Japanese(Language):
    iso_code = "ja"
    notation = NOTATION
    is_spaced = False
    digit_words = DIGITS
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
    also_read = japanese_names.ALSO_READ
    abbreviations = {**japanese_names.IN_KANA, "No.": "ナンバー", "vs.": "対", "vs": "対", "VS": "対"}

    def before(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{KANA}])[ \u00a0](?=[-+]?[\d¥$€£#])|(?<=[\d%°])[ \u00a0](?=[{KANA}])", lambda _: ""),
            (r"(?<![A-Za-z]\d{1,3})(?<=\d)：(?=\d)", lambda _: ":"),
            (r"(?<=PM(?:10|2\.5)):\s?(?=\d)", lambda _: "："),
            (
                rf"(?<![\d.{LETTERS}])(?:\d{{1,2}}\.){{2}}\d{{1,3}}(?![\d.])",
                lambda found: self.dotted(found[0].split(".")),
            ),
            (r"(?<=\d)[ \u00a0]?º", lambda _: "度"),
            *japanese_names.names(),
            *japanese_dates.times(),
            *japanese_names.amounts(),
            *japanese_dates.comparisons(),
        ]

    def after(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{LETTERS}])(?<whole>\d+)\.(?<part>\d+)(?![.\d])", _decimal),
            (r"(?<![\d.,])\d{8,15}(?=[円人個件回歩万])", lambda found: self.cardinal(int(found[0]))),
            (r"(?<![\d.,])0(?=度|時(?!間))", lambda _: "零"),
            (r"(?<![\d.,])1,?000(?=[万億])", lambda _: "一千"),
            # 十分 would be read as "enough".
            (r"(?<![\d.,十点時間とりで])10分(?![の間後前割]|おき|ほど)", lambda _: "じゅっぷん"),
            (r"(?<=\d)[xX](?![\d\p{Latin}])", lambda _: "倍"),
            (rf"(?<=[{LETTERS}\d])\+(?=\d|$|[{KANA}])", lambda _: "プラス"),
        ]

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return japanese_numbers.cardinal(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return f"第{self.cardinal(n)}"

    def number(self, number: Number, gender: str = "") -> str:
        return japanese_numbers.number(number)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        return unit.before + japanese_numbers.number(number, "零" if unit.one == "度" else "ゼロ") + unit.one

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        words = super().money(number, currency, magnitude, None)
        return f"一{per.one}あたり{words}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        return japanese_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = f"{japanese_numbers.half_day(suffix)}{japanese_numbers.cardinal(hour, '零')}時"
        if minute or second:
            words += f"{self.cardinal(minute)}分"
        return f"{words}{self.cardinal(second)}秒" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return japanese_numbers.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        is_score = first.isdecimal() and last.isdecimal() and int(first) >= int(last)
        return f"{first}{'対' if is_score else 'から'}{last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if not numerator or (denominator > 31 and numerator > 1) or (numerator >= denominator and numerator > 12):
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


def _decimal(found: "regex.Match[str]") -> str:
    return japanese_numbers.number(Number(int(found["whole"]), found["part"]))
