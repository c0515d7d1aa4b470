"""Mandarin, as on the mainland."""

from collections.abc import Sequence

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import chinese_dates, chinese_names, chinese_numbers
from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.chinese_numbers import DIGITS, NOTATION, NUMBER, SIGNS, counting
from qwen3tts_daemon.reading.chinese_units import COUNTERS, CURRENCIES, UNIT_SYMBOLS, UNITS
from qwen3tts_daemon.reading.language import Currency, Language, Row, Rows, Unit
from qwen3tts_daemon.reading.notation import Number

_NO_TWO = (
    r"(?<!第[\d、和到至]*|[初拜之]|星期|[\d一二三四五六七八九十两]点|[周月](?=2(?:[晚点夜]|天气))"
    r"|[排号栋区苑](?=2[栋幢座]))"
)
"""Behind these, two is 二"""
_NO_COUNTERS = r"(?!年级|年\d+班|成立|分之|站台|口[出进]|[排栋幢座]\d|[栋幢座][一二三四五六七八九]?单元|晚上)"
"""These begin like words that count things"""


class Chinese(Language):
    iso_code = "zh"
    notation = NOTATION
    is_spaced = False
    digit_words = DIGITS
    point = "点"
    pause = "，"
    signs = {
        "+": "加", "-": "负", "±": "正负", "×": "乘", "x": "乘", "*": "乘", "÷": "除以", "=": "等于", "<": "小于",
        ">": "大于", "≤": "小于等于", "≥": "大于等于", "~": "约", "≈": "约等于", "&": "和",
    }  # fmt: skip
    address_signs = {".": "点", "@": "艾特", "/": "斜杠", "-": "杠", "_": "下划线", ":": "冒号", "+": "加"}
    units = UNITS
    per = "每"
    currencies = CURRENCIES
    magnitudes = {"万": "万", "亿": "亿", "千": "千", "万亿": "万亿", "k": "千", "K": "千", "M": "百万", "B": "十亿"}
    ratio_word = "比"
    and_word = "又"
    version_word = "V"
    date_order = "mdy"
    clock_words = r"[aApP]\.?[mM](?![A-Za-z])\.?"
    also_read = chinese_names.ALSO_READ
    abbreviations = {"CO2": "二氧化碳", "vs.": "对", "VS": "对", "vs": "对"}

    def before(self) -> Sequence[Row | Rows]:
        return [
            (r"(?<=\p{Han})[ \u00a0](?=[-+]?[\d¥$€£#])|(?<=[\d%°])[ \u00a0](?=\p{Han})", lambda _: ""),
            (r"(?<![A-Za-z]\d{1,3})(?<=\d)：(?=\d)", lambda _: ":"),
            (r"(?<=PM(?:10|2\.5)):\s?(?=\d)", lambda _: "："),
            (
                rf"(?<![\d.{LETTERS}])(?:\d{{1,2}}\.){{2}}\d{{1,3}}(?![\d.])",
                lambda found: self.dotted(found[0].split(".")),
            ),
            (r"(?<=\d)[ \u00a0]?º", lambda _: "度"),
            Rows(r"[#№§=≈<>≤≥A-Za-z-]", chinese_names.names()),
            Rows(r"[/¥$€£+±×*xXwWkK千万亿折（'\"]", chinese_names.amounts()),
            Rows(r"[-–—~～〜至到/]|\.\.", chinese_dates.spans()),
            Rows(r"\d[年后]|《\d|\d{4}\p{Han}|[.·]\d|0[1-9][月日号点时]", chinese_dates.dates()),
            Rows(r"[-–—~～〜/:]|0分|\d\s?[A-Za-z]", chinese_dates.days_and_timers()),
            Rows(r"[-–:：²³^×*xX]", chinese_dates.scores()),
            Rows(r"\d{3}|[-·]", chinese_names.said_by_digit()),
        ]

    def after(self) -> Sequence[Row]:
        return [
            (rf"(?<=[{LETTERS}])(?<whole>\d+)\.(?<part>\d+)(?![.\d])", _decimal),
            (rf"(?<![\d.,{LETTERS}])-{NUMBER}(?=度)", lambda found: chinese_numbers.below_zero(found[0])),
            (rf"{_NO_TWO}(?<![\d.,{LETTERS}-])2(?={COUNTERS}){_NO_COUNTERS}", lambda _: "两"),
            (rf"{_NO_TWO}(?<![\d.,{LETTERS}-])2(?=[到至、或]{NUMBER}(?:{COUNTERS}|{UNIT_SYMBOLS}))", lambda _: "两"),
            (r"(?<![\d.,])\d{8,15}(?=[元人个块次吨米户条万美港])", lambda found: self.cardinal(int(found[0]))),
            (r"(?<=\d)[xX](?![\d\p{Latin}])", lambda _: "倍"),
            (rf"(?<=[{LETTERS}\d万亿千百])\+(?=\d|$|\p{{Han}}|[，。、！）])", lambda _: "加"),
        ]

    # ---- numbers ----

    def cardinal(self, n: int, gender: str = "") -> str:
        return chinese_numbers.cardinal(n)

    def ordinal(self, n: int, gender: str = "") -> str:
        return f"第{self.cardinal(n)}"

    def number(self, number: Number, gender: str = "") -> str:
        return chinese_numbers.number(number)

    # ---- kinds of things ----

    def counted(self, number: Number, unit: Unit) -> str:
        if unit.before:
            size = Number(number.whole, number.fraction)
            words = "百" if size == Number(100) else self.number(size)
            return SIGNS[number.sign] + unit.before + words
        if number.sign == "-" and unit.one in ("摄氏度", "华氏度", "度"):
            return f"零下{counting(Number(number.whole, number.fraction))}{unit.one}"
        return counting(number) + unit.one

    def money(self, number: Number, currency: Currency, magnitude: str, per: Unit | None) -> str:
        words = counting(number) + magnitude + currency.unit.one
        return f"{words}每{per.one}" if per else words

    def date(self, day: int, month: int, year: int | None) -> str:
        return chinese_numbers.date(day, month, year)

    def time(self, hour: int, minute: int, second: int | None, suffix: str) -> str:
        words = f"{chinese_numbers.half_day(suffix)}{counting(Number(hour))}点"
        if minute or second:
            words += f"{'零' if minute < 10 and minute else ''}{self.cardinal(minute)}分"
        return f"{words}{self.cardinal(second)}秒" if second else words

    def duration(self, hours: int, minutes: int, seconds: int) -> str:
        return chinese_numbers.duration(hours, minutes, seconds)

    def range(self, first: str, last: str) -> str:
        is_score = first.isdecimal() and last.isdecimal() and int(first) >= int(last)
        return f"{first}{'比' if is_score else '到'}{last}"

    def fraction(self, numerator: int, denominator: int) -> str | None:
        if 0 < denominator < numerator <= 12:
            return self.date(denominator, numerator, None)
        if not 0 < numerator < denominator:
            return None
        if 12 < denominator <= 31 and 1 < numerator <= 12:
            return self.date(denominator, numerator, None)
        return f"{self.cardinal(denominator)}分之{self.cardinal(numerator)}"

    def stroke(self, first: str, second: str) -> str:
        return f"{self.part(first)}、{self.part(second)}"

    def phone(self, groups: Sequence[str], *, is_international: bool) -> str:
        return super().phone(groups, is_international=is_international).replace("一", "幺")

    def dotted(self, parts: Sequence[str]) -> str:
        is_address = len(parts) == 4 and any(len(part) == 3 for part in parts)
        return "点".join(self.digits(part) if is_address or len(part) == 4 else self.part(part) for part in parts)

    def address(self, written: str) -> str:
        return "".join(self.address_signs.get(char, self.digits(char) or char) for char in written)

    def name(self, pieces: Sequence[str]) -> str:
        return "".join(self._named(pieces, at) for at in range(len(pieces)))

    def _named(self, pieces: Sequence[str], at: int) -> str:
        piece = pieces[at]
        if not piece.isdecimal():
            return piece
        is_index = pieces[at - 1 : at] == ["AQI"] or (not at and pieces[1:] not in (["p"], ["P"], ["i"]))
        return self.cardinal(int(piece)) if len(piece) < 3 or is_index else self.digits(piece)


def _decimal(found: "regex.Match[str]") -> str:
    return chinese_numbers.number(Number(int(found["whole"]), found["part"]))
