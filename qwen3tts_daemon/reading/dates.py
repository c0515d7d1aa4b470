"""Dates and times in digits: 2026-12-24, 24.12.2026, 17:30; scores, which are written like times."""

import datetime
from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Language, Row

_ISO = (
    r"(?<![\d-])(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)"
    r"(?:(?:T|\s)(?<time>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?(?<zone>Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_DATE = (
    r"(?<![\d./-])(?:(?<y>\d{4})(?<sep>[./-])(?<a>\d{1,2})(?P=sep)(?<b>\d{1,2})"
    r"|(?<a>\d{1,2})(?<sep>[./-])(?<b>\d{1,2})(?P=sep)(?<y>\d{4}|\d{2}))(?![\d/-]|\.\d)"
)


def iso_dates(language: Language) -> Iterator[Row]:
    """With their times."""
    yield _ISO, partial(_iso, language)


def dates(language: Language) -> Iterator[Row]:
    """Of three numbers."""
    yield _DATE, partial(_date, language)


def times(language: Language) -> Iterator[Row]:
    """Clock times, lengths of time, and scores where they are neither."""
    yield r"(?<![\d:.,])\d{1,3}:\d\d(?:(?:,|;)\s\d{1,3}:\d\d)+(?![\d:]|[.,]\d)", partial(_scores, language)
    clock = rf"(?:\s?(?<suffix>{language.clock_words}))?" if language.clock_words else "(?<suffix>)"
    yield rf"(?<![\d:.,])(?<h>\d{{1,2}}):(?<m>\d\d)(?::(?<s>\d\d))?(?![\d:]|[.,]\d){clock}", partial(_time, language)
    yield r"(?<![\d:.,])(?<a>\d{1,3}):(?<b>\d{1,3})(?![\d:]|[.,]\d)", partial(_ratio, language)
    yield (
        r"(?<![\d:.,])(?:(?<a>\d+[.,]\d+):(?<b>\d+(?:[.,]\d+)?)|(?<a>\d{1,3}):(?<b>\d[.,]\d{1,2}))(?![\d:])",
        partial(_ratio_of_fractions, language),
    )


def full_year(year: int) -> int:
    """Of the two digits that it is written with."""
    return year + (2000 if year < 70 else 1900)


def existing(day: int, month: int, year: int) -> tuple[int, int, int] | None:
    """The day, the month and the year; None if there is no such day."""
    try:
        datetime.date(year, month, day)
    except (ValueError, OverflowError):
        return None
    return day, month, year


def _iso(language: Language, found: "regex.Match[str]") -> str | None:
    date = existing(int(found["d"]), int(found["m"]), int(found["y"]))
    if date is None:
        return None
    words = [language.date(*date)]
    if found["time"]:
        hour, minute, *second = map(int, found["time"].split(":"))
        if hour > 24 or minute > 59:
            return None
        words.append(language.time(hour, minute, second[0] if second and second[0] else None, ""))
    return (", " if language.is_spaced else "").join(words)


def _date(language: Language, found: "regex.Match[str]") -> str | None:
    first, second, year = int(found["a"]), int(found["b"]), found["y"]
    if found.start("y") == found.start():
        day, month = second, first
    else:
        day, month = (first, second) if language.date_order == "dmy" else (second, first)
        if month > 12 >= day:
            day, month = month, day
    date = existing(day, month, int(year) if len(year) == 4 else full_year(int(year)))
    return language.date(*date) if date else None


def _time(language: Language, found: "regex.Match[str]") -> str | None:
    hour, minute, second, suffix = int(found["h"]), int(found["m"]), found["s"], found["suffix"] or ""
    if minute > 59 or (second and int(second) > 59):
        return None
    if second and not suffix and len(found["h"]) == 1:
        return language.duration(hour, minute, int(second))
    if hour > 24:
        return None
    return language.time(hour, minute, int(second) if second else None, suffix)


def _scores(language: Language, found: "regex.Match[str]") -> str | None:
    """A list of which one can be no time of day: "25:23, 19:25, 15:12"."""
    scores = [(int(a), int(b)) for a, b in regex.findall(r"(\d+):(\d+)", found[0])]
    if all(first <= 24 and second <= 59 for first, second in scores):
        return None
    return ", ".join(language.ratio(first, second) for first, second in scores)


def _ratio(language: Language, found: "regex.Match[str]") -> str:
    return language.ratio(int(found["a"]), int(found["b"]))


def _ratio_of_fractions(language: Language, found: "regex.Match[str]") -> str:
    first, second = (language.number(language.notation.parse(found[name])) for name in "ab")
    return language.joined((first, language.ratio_word, second))
