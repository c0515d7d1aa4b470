"""Words of a text of which somebody has said what they are: letters, a number, a telephone, a date, a time -> words.

What cannot be meant so in a language is None: it is read as any text.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import reader, roman
from qwen3tts_daemon.reading.dates import existing, full_year
from qwen3tts_daemon.reading.language import Language
from qwen3tts_daemon.reading.sign_names import LETTER_NAMES, SIGN_NAMES

What = Literal["characters", "cardinal", "ordinal", "telephone", "date", "time"]

_LONGEST_NUMBER = 15
_NUMBER = regex.compile(r"(?P<sign>[-+−]?)\s?(?P<number>\d[\d.,'’ \u00a0\u202f]*|\.\d+)")
_ORDINAL = regex.compile(r"(?:第|제\s?)?(?P<digits>\d[\d.,'’ \u00a0]*?)(?:[.ºª°]|\p{L}{1,3}|-\p{L}{1,3}|番目|번째)?")
_ROMAN = regex.compile(r"[IVXLCDM]{1,12}")
_DIALLED = regex.compile(r"\+?[\d\s().,/·–-]*\d[\d\s().,/·–-]*")
_CLOCK = regex.compile(
    r"(?P<h>\d{1,2})(?:\s?[:.h時时点點시]\s?(?P<m>\d{1,2})(?:\s?[:.m分분]\s?(?P<s>\d{1,2})(?:[.,]\d+)?\s?[s秒초]?)?[m分분]?)?"
    r"\s?h?(?P<half>[ap]\.?\s?m\.?)?",
    regex.I,
)
_LENGTH = regex.compile(r"(?P<m>\d{1,3})['′](?:(?P<s>\d{1,2})(?:\"|''|″))?")
_GENDERS = {"m": "m", "masculine": "m", "f": "f", "feminine": "f", "n": "n", "neuter": "n"}
_HALVES = ("en", "es", "zh", "ja")
"""Languages that say which half of the day it is; the others say the hour of twenty-four."""


def say_as(what: What, text: str, language: str, form: str = "") -> str | None:
    """The words of `text`; `form`: the order of a date's parts ("dmy"), a clock of twelve hours ("hms12"), a gender."""
    said = _WAYS[what](reader.language_of(language), text.strip(), form.lower())
    return said or None


# ---- characters ----


def _characters(language: Language, text: str, _form: str) -> str:
    """ "BBC1" is "B B C one"; digits that stand together are said as their language says them in a row."""
    words: list[str] = []
    for piece in regex.findall(r"\d+|\X", text):
        if piece.isdecimal():
            words.append(language.digits(piece))
        elif piece.isalpha() or regex.fullmatch(r"\p{L}\p{M}*", piece):
            words.append(_letter(language, piece))
        elif not piece.isspace():
            words.append(_sign(language, piece))
    return _apart(language, list(filter(None, words)))


def _letter(language: Language, letter: str) -> str:
    """A capital is read as a letter where a small one may be a word."""
    names = LETTER_NAMES.get(language.iso_code, {})
    capital = letter.upper()
    return names.get(capital, capital if len(capital) == 1 else letter)


def _sign(language: Language, sign: str) -> str:
    names = SIGN_NAMES[language.iso_code]
    return names.get(sign) or language.address_signs.get(sign) or language.signs.get(sign, "")


def _apart(language: Language, words: list[str]) -> str:
    """Chinese and Japanese have no blanks but beside Latin letters."""
    said = " ".join(words)
    return said if language.is_spaced else str(regex.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", said))


# ---- numbers ----


def _cardinal(language: Language, text: str, form: str) -> str | None:
    found = _NUMBER.fullmatch(text)
    if not found:
        value = roman.value(text.upper()) if _ROMAN.fullmatch(text.upper()) else None
        return language.cardinal(value) if value else None
    number = language.notation.parse(found["number"], found["sign"].replace("−", "-"))
    if number.whole >= 10**_LONGEST_NUMBER:
        return language.digits(text)
    return language.number(number, _GENDERS.get(form, ""))


def _ordinal(language: Language, text: str, form: str) -> str | None:
    found = _ORDINAL.fullmatch(text)
    if found:
        number = int(regex.sub(r"\D", "", found["digits"]))
    elif _ROMAN.fullmatch(text.upper()):
        number = roman.value(text.upper()) or 0
    else:
        return None
    return language.ordinal(number, _GENDERS.get(form, "")) if 0 < number < 10**_LONGEST_NUMBER else None


def _telephone(language: Language, text: str, _form: str) -> str | None:
    """Its groups as they are written; letters in it, as in 0800-FLOWERS, are said apart."""
    if _DIALLED.fullmatch(text):
        return language.phone(regex.findall(r"\d+", text), is_international=text.startswith("+"))
    groups = regex.findall(r"\d+|\p{L}+", text)
    if not any(group.isdecimal() for group in groups):
        return None
    return language.pause.join(_characters(language, group, "") for group in groups)


# ---- dates and times ----

_YEAR = {"zh": "{}年", "ja": "{}年", "ko": "{}년", "ru": "{} год"}
_MONTH = {"zh": "{}月", "ja": "{}月", "ko": "{}월"}
_DAY = {"zh": "{}日", "ja": "{}日", "ko": "{}일"}
_MONTH_OF_YEAR = {
    "es": "{m} de {y}", "pt": "{m} de {y}", "ru": "{m} {y} года", "zh": "{y}年{m}", "ja": "{y}年{m}", "ko": "{y}년 {m}",
}  # fmt: skip
"""How it is written where the reader knows it by its words; else the month and the year"""


def _date(language: Language, text: str, form: str) -> str | None:
    numbers = regex.findall(r"\d+", text)
    if regex.search(r"\p{L}", regex.sub("[年月日년월일]", "", text)) or not numbers:
        return None
    order = "".join(dict.fromkeys(char for char in form if char in "dmy")) or _order(language, numbers)
    if len(numbers) == 1 and len(order) > 1:
        numbers = _cut(numbers[0], order)
    if len(numbers) != len(order):
        return None
    parts = {part: int(number) for part, number in zip(order, numbers, strict=True)}
    if "y" in parts and len(numbers[order.index("y")]) <= 2:
        parts["y"] = full_year(parts["y"])
    return _day_of(language, parts.get("d"), parts.get("m"), parts.get("y"))


def _order(language: Language, numbers: list[str]) -> str:
    """As the language writes dates, unless a year of four digits stands first."""
    if len(numbers[0]) in (4, 8):
        return "ymd"[: 3 if len(numbers[0]) == 8 else len(numbers)]
    return language.date_order[: len(numbers)] if len(numbers) > 1 else ""


def _cut(digits: str, order: str) -> list[str]:
    """20261224: two digits a part, and what is left for the year."""
    rest, numbers = digits, []
    for part in order:
        chars = len(digits) - 2 * (len(order) - 1) if part == "y" else 2
        numbers.append(rest[:chars])
        rest = rest[chars:]
    return numbers if all(numbers) and not rest else []


def _day_of(language: Language, day: int | None, month: int | None, year: int | None) -> str | None:
    if month is not None and not 1 <= month <= 12:
        return None
    if day is not None and month is not None:
        date = existing(day, month, 2000 if year is None else year)
        return language.date(day, month, year) if date else None
    if month is not None:
        return reader.spoken(_month(language, month, year), language.iso_code)
    if year is not None:
        return (
            reader.spoken(_YEAR.get(language.iso_code, "{}").format(year), language.iso_code) if year < 10_000 else None
        )
    return _day(language, day) if day is not None and 1 <= day <= 31 else None


def _month(language: Language, month: int, year: int | None) -> str:
    name = language.months[month - 1] if language.months else _MONTH[language.iso_code].format(month)
    return name if year is None else _MONTH_OF_YEAR.get(language.iso_code, "{m} {y}").format(m=name, y=year)


def _day(language: Language, day: int) -> str:
    if language.iso_code in _DAY:
        return reader.spoken(_DAY[language.iso_code].format(day), language.iso_code)
    if language.iso_code in ("en", "de", "ru") or day == 1:
        return language.ordinal(day, "n" if language.iso_code == "ru" else "")
    return language.cardinal(day)


def _time(language: Language, text: str, form: str) -> str | None:
    if length := _LENGTH.fullmatch(text):
        return language.duration(0, int(length["m"]), int(length["s"] or 0))
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour, minute, second = int(found["h"]), int(found["m"] or 0), int(found["s"] or 0)
    half = (found["half"] or "").lower()[:1]
    if hour > (12 if half else 24) or minute > 59 or second > 59:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if language.iso_code in _HALVES and (half or ("12" in form and hour > 12)):
        return language.time((hour - 1) % 12 + 1, minute, second or None, "p.m." if hour >= 12 else "a.m.")
    return language.time(hour, minute, second or None, "")


_WAYS: Mapping[What, Callable[[Language, str, str], str | None]] = {
    "characters": _characters, "cardinal": _cardinal, "ordinal": _ordinal, "telephone": _telephone, "date": _date,
    "time": _time,
}  # fmt: skip
