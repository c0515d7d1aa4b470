"""How Spanish and Portuguese write weekdays, dates and timers, beside what every language has."""

from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import cased, is_dated, timers

_DAY = r"(?<d>[12]\d|3[01]|0?[1-9])"
_GAP = r"(?:\sde\s|[\s/-])"


def weekdays(language: Iberian) -> Iterator[Row]:
    """ "lun. a vie.", "sáb. 5" """
    begin, days = r"(?<![\p{L}\d.])", language.words.weekdays
    several = rf"(?:{alternatives(short.removesuffix('.') for short in days)})\b\.?"
    yield (
        rf"{begin}(?i)(?<first>{several})(?<gap>\s(?:a|à|y|e)\s|\s?[-–]\s?)(?<last>{several})",
        partial(_weekdays, language),
    )
    yield (
        rf"{begin}(?i:(?<day>{alternatives(days)}))(?=,?\s(?:(?:el\s|dia\s)?\d|(?:a\slas?|às?)\s[\p{{L}}\d]))",
        lambda found: _weekday(language, found["day"]),
    )


def dates(language: Iberian) -> Iterator[Row]:
    """Days with short or numbered months, timers, and what is open round the clock."""
    words = language.words
    month = rf"(?i:(?<month>{alternatives(words.short_months)}))\b\.?"
    yield rf"(?<![\d/.,-]){_DAY}º?{_GAP}{month}(?:{_GAP}(?<y>\d{{4}})\b)?", partial(_short_date, language)
    yield r"(?<![\d.,/-])1[º°](?=/\d)", rewritten("01")
    yield (
        rf"(?i)(?<=(?<cue>\b(?:{words.date_cues}),?\s)?)(?<![\d/.,-]){_DAY}/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)",
        lambda found: language.date(int(found["d"]), int(found["m"]), None) if is_dated(found) else None,
    )
    yield timers(words.timer_cues, language.duration)
    yield r"(?<![\d/])24\s?(?:h|horas)?\s?/\s?7\b(?!/)", rewritten(words.round_the_clock)


def _weekday(language: Iberian, written: str) -> str:
    return cased(language.words.weekdays[f"{written.lower().removesuffix('.')}."], written)


def _weekdays(language: Iberian, found: "regex.Match[str]") -> str:
    gap = found["gap"] if found["gap"].strip().isalpha() else " a "
    return f"{_weekday(language, found['first'])}{gap}{_weekday(language, found['last'])}{_last_stop(found)}"


def _short_date(language: Iberian, found: "regex.Match[str]") -> str:
    words = language.words
    month = words.months.index(words.short_months[found["month"].lower()]) + 1
    return language.date(int(found["d"]), month, int(found["y"]) if found["y"] else None) + _last_stop(found)


def _last_stop(found: "regex.Match[str]") -> str:
    """A short form's full stop is the sentence's too where nothing follows."""
    return "." if found[0].endswith(".") and not found.string[found.end() :].strip() else ""
