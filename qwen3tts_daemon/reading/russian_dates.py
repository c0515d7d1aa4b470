"""Russian dates, years, centuries, ordinals and clock times, each in the case that its place asks for."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.kinds import alternatives
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.roman import ROMAN, value_of
from qwen3tts_daemon.reading.russian_agreement import GOVERNORS
from qwen3tts_daemon.reading.russian_grammar import Case, cardinal, compound, counted, ordinal
from qwen3tts_daemon.reading.russian_units import UNITS

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"
)  # fmt: skip
_SHORT_MONTHS = {
    "янв": 1, "фев": 2, "февр": 2, "мар": 3, "апр": 4, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "сент": 9, "окт": 10,
    "ноя": 11, "нояб": 11, "дек": 12,
}  # fmt: skip
_WEEKDAYS = {
    "пн": "понедельник", "вт": "вторник", "ср": "среда", "чт": "четверг", "пт": "пятница", "сб": "суббота",
    "вс": "воскресенье",
}  # fmt: skip
_GOVERNOR = rf"(?:\b(?<governor>(?i:{alternatives(GOVERNORS)}))\s+)?"
_MONTH = rf"(?<month>{'|'.join(MONTHS)}|(?:{alternatives(_SHORT_MONTHS)})\b\.?)"
_DASH = r"\s?[-–—]\s?"
_NAMED_DAY = regex.compile(
    r"(?i)(?:сегодня|завтра|послезавтра|вчера|дата|это|наступило|(?<!\bв )(?:понедельник|вторник|среда|четверг|пятница"
    r"|суббота|воскресенье)),?:?(?: —| -)?\s$"
)
_YEAR = r"(?<year>\d{4})(?:\s?(?<word>год[ауе]?(?:ом)?|г\.?)(?!\p{L}))?"


def rows() -> Iterator[Row]:
    """Rules of dates and times."""
    yield rf"\b(?i:(?<day>{'|'.join(_WEEKDAYS)}))(?:\.,?|,)\s(?=\d)|^(?i:(?<day>{'|'.join(_WEEKDAYS)}))\.?:?(?=\s\d)", _weekday
    yield rf"\b(?<prep>[Сс])о? (?<a>\d{{1,2}}) по (?<b>\d{{1,2}}) {_MONTH}", _first_to_last
    yield rf"{_GOVERNOR}(?<![\d.:,-])(?:(?<first>\d{{1,2}}){_DASH})?(?<d>\d{{1,2}}) {_MONTH}(?: {_YEAR})?", _named_date
    yield (
        rf"{_GOVERNOR}(?<![\d.:/-])(?<d>\d{{1,2}})\.(?<m>\d\d)\.(?<year>\d{{4}}|\d\d(?![\d.]))(?:\s?(?<word>г\.?|года)(?!\p{{L}}))?",
        _numbered_date,
    )
    yield (
        rf"{_GOVERNOR}(?<!(?:верси\p{{L}}+|USB|v|HDMI|Bluetooth) ?)(?<![\d.:/-])(?<d>[0-3]\d|[1-9])\.(?<m>0[1-9]|1[0-2])"
        rf"(?![\d:/]|\.\d|\s?(?:{alternatives(UNITS)})(?!\p{{L}}))",
        _numbered_date,
    )
    yield rf"{_GOVERNOR}(?<a>\d{{4}}){_DASH}(?<b>\d{{4}})\s?(?<word>гг\.?|год[ыоау]\p{{L}}*)", _years
    yield rf"{_GOVERNOR}(?<![\d.:,-])(?<year>1[0-9]\d\d|20\d\d)\s?(?<word>год[ауе]?|годом|г\.?)(?!\p{{L}})", _year
    yield r"(?<![\d.,])(?<n>\d*0)-?(?<end>е|х|м|ми)(?: (?<word>гг?\.))?(?!\p{L})", _decade
    yield rf"(?:{ROMAN}{_DASH})?(?<n>{ROMAN})\s(?<word>вв?\.|век\p{{L}}{{0,3}}|столети\p{{L}}{{1,2}})(?!\p{{L}})", _century
    yield rf"{_GOVERNOR}(?<![\d.:,])(?<h>\d{{1,2}}):(?<m>[0-5]\d)(?::(?<s>[0-5]\d))?(?![\d:])", _clock
    yield (
        rf"(?<!\p{{L}} ?[Сс] )(?<![\d.:,-])(?<a>\d{{1,2}}:[0-5]\d){_DASH}(?<b>\d{{1,2}}:[0-5]\d)(?![\d:])",
        lambda found: f"с {found['a']} до {found['b']}",
    )
