"""Numbers in Japanese names and amounts, and those that are said digit by digit."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.japanese_numbers import KANA, NOTATION, NUMBER, cardinal, digits, model, number
from qwen3tts_daemon.reading.japanese_units import UNIT_SYMBOLS, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.roman import value

IN_KANA = {
    "CO2": "シーオーツー", "H2O": "エイチツーオー", "O2": "オーツー", "3D": "スリーディー", "2D": "ツーディー",
    "5G": "ファイブジー", "4G": "フォージー", "3G": "スリージー", "6G": "シックスジー", "MP3": "エムピースリー",
    "MP4": "エムピーフォー", "F1": "エフワン", "G7": "ジーセブン", "G20": "ジートゥエンティ", "J1": "ジェイワン",
    "J2": "ジェイツー", "B2B": "ビーツービー", "B2C": "ビーツーシー", "PS4": "ピーエスフォー",
    "PS5": "ピーエスファイブ", "U2": "ユーツー", "X2": "エックスツー",
}  # fmt: skip
"""Names whose number is said in another way than numbers are"""
_CODES = (
    "認証コード|確認コード|コード|暗証番号|パスコード|パスワード|PIN|電話番号|会員番号|追跡番号|注文番号|口座番号|伝票番号|郵便番号"
    "|整理番号|製造番号|カード番号|番号|ID|内線|下[一-九四]桁|末尾"
)


_SPEEDS = "(?:時速|分速|秒速|風速|毎時|毎分|毎秒|華氏)"
_SECRETS = "認証コード|確認コード|ワンタイムパスワード|暗証番号"
_OFTEN = {"日": "一日", "週": "週", "月": "月", "年": "年"}
_COMPANIES = {"株": "株式会社", "有": "有限会社"}
ALSO_READ = r"\p{Han}[IVX]{2,}(?![A-Za-z\d])|[ァ-ー][IVX]+世|[(（](?:株|有(?=.[\p{Han}\p{Katakana}]))[)）]|[㈱㈲]"
"""A Roman numeral, a company's form"""


def names() -> Sequence[Row]:
    """Addresses, codes, rooms, roads, models."""
    return [
        (rf"(?<=(?:{_CODES})(?:番号)?[はがの:：\s]{{0,2}})\d+-(?:\d+-)*\d{{2,}}(?![\d-])", _in_groups),
        (r"(?<![A-Za-z\d.,])(?<n>\d{1,3})(?<letter>[A-Z])(?=席|[出入改]|号|棟|組|クラス|ランク|判|級)", _with_letter),
        (r"(?<![\d-])[1-9]\d?(?:-[1-9]\d{0,2}){2,3}(?![\d-])", lambda found: found[0].replace("-", "の")),
        (r"(?<=\d[ぁ-ん]\s?)\d{1,2}-\d{2}(?!\d)", _in_groups),
        (r"[(（](?<kind>株|有(?=.[\p{Han}\p{Katakana}]))[)）]", lambda found: _COMPANIES[found["kind"]]),
        (r"㈱|㈲", lambda found: _COMPANIES["株" if found[0] == "㈱" else "有"]),
        (r"(?<=町|丁目|番町)(?<a>\d{1,2})-(?<b>\d{1,3})(?![\d-])", lambda found: f"{found['a']}の{found['b']}"),
        (
            r"(?<=バージョン\s?)(?<a>\d+)\.(?<b>\d+)(?![\d.])",
            lambda found: f"{cardinal(int(found['a']))}点{cardinal(int(found['b']))}",
        ),
        (r"(?<![A-Za-z])[nN][oO]\.?\s?(?=\d)", lambda _: "ナンバー"),
        (r"#(?=\d{4}(?!\d))", lambda _: "シャープ"),
        (r"(?<=シャープ)\d{4}", lambda found: digits(found[0])),
        (r"(?<![\d-])(?<a>0\d{1,3})[(（](?<b>\d{2,4})[)）](?<c>\d{4})(?!\d)", _telephone),
        (rf"(?<![\d.,-])\d{{4,8}}(?=\s?(?:は|が)[^、。！？\d]{{0,10}}(?:{_SECRETS}))", lambda found: digits(found[0])),
        (rf"(?<=(?:{_CODES})(?:番号)?[はがの:：\s]{{0,2}})\d{{3}}(?: \d{{3}})+(?!\d)", _in_groups),
        (r"(?<![A-Za-z])[Vv]er\.?\s?(?=\d)", lambda _: "v"),
        (r"(?<=ナンバー)[ \u00a0](?=\d)", lambda _: ""),
        (
            r"〒\s?(?<a>\d{3})-?(?<b>\d{4})",
            lambda found: f"郵便番号{digits(found['a'])}、{digits(found['b'])}",
        ),
        (r"(?<=[A-Z])-(?=\d{3}号室)", lambda _: ""),
        (r"(?<!\d)110番", lambda _: "ひゃくとおばん"),
        (r"(?<!\d)\d{3}(?=号室)|(?<=国道)\d{3}(?=号)", _model),
        (
            rf"(?<=(?:{_CODES})(?:番号)?[はがの:：\s「【]{{0,3}})\d{{3,}}(?![\d.,:%-]|[番円個人件本回年月日時分万億])",
            lambda found: digits(found[0]),
        ),
        (rf"(?<=[{LETTERS}][ \u00a0])\d{{4}}(?![\d.,:/%年-]|\s?(?:{UNIT_SYMBOLS}|[{KANA}]))", _model),
        (r"(?<=[A-Z][ \u00a0])\d{4}(?=[はがのをにでとも])", _model),
        (r"(?<=\p{Han})[IVX]{2,}(?=世|[^\p{Latin}\d]|$)|(?<=[ァ-ー])[IVX]+(?=世)", _roman),
    ]


def amounts() -> Sequence[Row]:
    """Of something, in a given time or of another thing."""
    speed = "|".join(regex.escape(symbol) for symbol, unit in UNITS.items() if unit.before)
    return [
        (rf"(?<=\d[千万億])[ \u00a0]?(?:{UNIT_SYMBOLS})(?![{LETTERS}\d])", lambda found: UNITS[found[0].strip()].one),
        (r"(?<=\d{4})K(?![\p{Latin}\d])", lambda _: "ケルビン"),
        (r"(?<=\d)/(?=\d+\s?mmHg)", lambda _: "、"),
        (rf"¥\s?(?=[-+]?{NUMBER}[万億]?円)|\$\s?(?=[-+]?{NUMBER}[万億]?ドル)", lambda _: ""),
        (r"(?<=¥\s?\d[\d,]*)-(?!\s?[\d¥])", lambda _: ""),
        (r"(?<=円)\+(?=\p{Han})", lambda _: "プラス"),
        (rf"(?<a>{NUMBER})\s?(?:[-–~～〜]|から)\s?(?<b>{NUMBER})\s?(?<unit>{speed})(?![{LETTERS}])", _speeds),
        (r"±(?=\s?\d)", lambda _: "プラスマイナス"),
        (r"[▲△](?=\d[\d.,]*\s?(?:[%円億万]|ポイント))", lambda _: "マイナス"),
        (rf"(?<=\d\s?(?:{UNIT_SYMBOLS}))\s?[×xX*]\s?(?=\d)", lambda _: "かける"),
        (r"(?<=\d)°\s?(?<minutes>\d{1,2})'", lambda found: f"度{found['minutes']}分"),
        (
            rf"(?<={_SPEEDS}[はがで約:：\s]{{0,2}})(?<n>{NUMBER})\s?(?<unit>{speed})(?![{LETTERS}])",
            lambda found: f"{found['n']}{UNITS[found['unit']].one}",
        ),
        (rf"(?<n>{NUMBER})円\s?/\s?(?<unit>{UNIT_SYMBOLS})(?![{LETTERS}])", _yen_per),
        (rf"(?<n>{NUMBER})円\s?/\s?(?<per>か?月|[人個本台枚回年泊名食坪冊件袋箱杯缶部室戸])(?!\p{{Han}})", _yen_each),
        (
            rf"(?<n>{NUMBER})(?<unit>\p{{Han}}|拍)\s?/\s?(?<time>[時分秒日週月年])間?(?!\p{{Han}})",
            lambda found: f"{_OFTEN.get(found['time'], '毎' + found['time'])}{found['n']}{found['unit']}",
        ),
        (r"(?<=\d)\s?/\s?(?=\d[\d.]*\s?[KMGT]B)", lambda _: "、"),
        (
            r"(?<![\d'])(?<minutes>\d{1,2})'\s?(?<seconds>1[2-9]|[2-5]\d|0\d)\"",
            lambda f: f"{f['minutes']}分{f['seconds']}秒",
        ),
        (r"(?<feet>\d+)'\s?(?<inches>\d+)\"", lambda found: f"{found['feet']}フィート{found['inches']}インチ"),
        (rf"(?<![\d.\"]){NUMBER}\"(?=[{KANA}])", _inches),
        (r"(?<![\d.,])-(?=\d+度)", lambda _: "マイナス"),
    ]


def _model(found: "regex.Match[str]") -> str:
    return model(found[0])


def _in_groups(found: "regex.Match[str]") -> str:
    return "、".join(map(digits, regex.split("[ -]", found[0])))


def _with_letter(found: "regex.Match[str]") -> str:
    return f"{cardinal(int(found['n']))}{found['letter']}"


def _telephone(found: "regex.Match[str]") -> str:
    return "、".join(map(digits, found.groups()))


def _speeds(found: "regex.Match[str]") -> str:
    unit = UNITS[found["unit"]]
    is_said = regex.search(rf"{_SPEEDS}[はがで約:：\s]{{0,2}}$", found.string[: found.start()])
    return f"{'' if is_said else unit.before}{found['a']}から{found['b']}{unit.one}"


def _yen_per(found: "regex.Match[str]") -> str:
    return f"一{UNITS[found['unit']].one}あたり{number(NOTATION.parse(found['n']))}円"


def _yen_each(found: "regex.Match[str]") -> str:
    per = "か月" if found["per"] == "月" else found["per"]
    return f"一{per}あたり{number(NOTATION.parse(found['n']))}円"


def _inches(found: "regex.Match[str]") -> str | None:
    return None if found.string[: found.start()].count('"') % 2 else f"{found[0][:-1]}インチ"


def _roman(found: "regex.Match[str]") -> str | None:
    numeral = value(found[0])
    return None if numeral is None else cardinal(numeral)
