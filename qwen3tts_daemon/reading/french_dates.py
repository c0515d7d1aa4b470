"""How French dates, times of day and lengths of time are written, beside what every language has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.french_numbers import MONTHS, clock, date, length
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import cased, is_dated, timers

_SHORT_MONTHS = {
    "janv": "janvier", "jan": "janvier", "févr": "février", "fév": "février", "mar": "mars", "avr": "avril",
    "juil": "juillet", "sept": "septembre", "oct": "octobre", "nov": "novembre", "déc": "décembre",
}  # fmt: skip
_WEEKDAYS = {
    "lun": "lundi", "mar": "mardi", "mer": "mercredi", "jeu": "jeudi", "ven": "vendredi", "sam": "samedi",
    "dim": "dimanche",
}  # fmt: skip
_DAYS = alternatives(_WEEKDAYS)
_FULL = "|".join(_WEEKDAYS.values())
_DASH = r"\s?[-–—]\s?"
_CLOCK = r"(?<h>[01]?\d|2[0-4])\s?[hH]"
_ROUND_THE_CLOCK = "vingt-quatre heures sur vingt-quatre, sept jours sur sept"
_TIMERS = "minuteur|minuterie|timer|chrono|chronomètre|compte à rebours|durée|restant|restante|reste|pause"

ALSO_READ = rf"(?i:\b(?:{_DAYS})\.\set\s(?:{_DAYS})\b)"


def dates() -> Iterator[Row]:
    """Weekdays, days, months and decades."""
    day = rf"(?<!\p{{L}})(?i:(?<day>{_DAYS}))"
    month = alternatives([*MONTHS, *_SHORT_MONTHS])
    yield rf"{day}\.?(?=\s?[-–/]\s?(?i:{_DAYS})\b\.?\s?,?\s?\d)", _weekday
    yield rf"{day}\.(?=\set\s(?i:{_DAYS})\b)", _weekday
    yield rf"(?<=\b(?i:{_FULL})\set\s){day}\b(?:\.(?!\s*$))?", _weekday
    yield rf"(?<=\b(?i:le|du|au)\s){day}(?=\.)(?:\.(?!\s*$))?", _weekday
    yield rf"{day}(?:\.(?=\s(?:le\s)?\d)|(?=\s\d{{1,2}}(?:er)?(?:\s(?:{month})|/\d|\s?h|:\d\d|[,;]|$)))", _weekday
    yield rf"(?<=\b(?i:{_FULL})\s?[-–/]\s?)(?i:(?<day>{_DAYS}))\.?(?=,?\s?\d|$)", _weekday
    yield (
        rf"(?<=\d(?:er)?\s)(?<month>{alternatives(_SHORT_MONTHS)})\b\.?",
        lambda found: _SHORT_MONTHS[found["month"]],
    )
    yield (
        rf"(?<=(?<cue>\b(?i:le|du|au|{_FULL})\s)?)(?<![\d/.,])(?<d>[12]\d|3[01]|0?[1-9])"
        r"/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)",
        _day_month,
    )
    yield rf"(?<![\d.,/-])(?:1er|0?1)(?=\s(?:{'|'.join(MONTHS)})\b)", rewritten("premier")
    yield (
        r"(?<=\b(?i:le|du|au)\s)(?<d>[12]\d|3[01]|0?[1-9])\.(?<m>1[0-2]|0?[1-9])\.(?=\s\p{Ll})",
        lambda found: date(int(found["d"]), int(found["m"])),
    )
    yield rf"(?<![\d.,/-])0(?=[2-9]\s(?:{'|'.join(MONTHS)})\b)", rewritten("")
    yield r"(?<=\b(?i:années|été|hiver|mai|printemps|automne)\s)'(?=\d\d\b)", rewritten("")


def times() -> Iterator[Row]:
    """Times with an h, their ranges, timers, and what is open round the clock."""
    yield timers(_TIMERS, length)
    yield r"\b24\s?(?:h|heures)?\s?/\s?(?:24\s?h?\s?(?:et|,|-)?\s?7\s?j?\s?/\s?)?7\b", rewritten(_ROUND_THE_CLOCK)
    yield r"\b(?<a>\d+)\s?h(?:eures)?\s?/\s?24\b(?:\s?h\b)?", rewritten(r"\g<a> heures sur 24")
    yield r"\b(?<a>\d)\s?j(?:ours)?\s?/\s?7\b", rewritten(r"\g<a> jours sur 7")
    yield rf"{_CLOCK}\s?(?<m>[0-5]\d)?\b{_DASH}(?=\d{{1,2}}\s?[hH:])", rewritten(r"\g<h>h\g<m> à ")
    yield r"\b0{1,2}\s?h(?:00)?\b(?!\s?\d)(?=[\s.,;!?)]|$)", rewritten("minuit")
    yield (
        rf"(?<![\d.,:/]){_CLOCK}\s?(?<m>[0-5]\d)(?!\d|\s?m(?:i?n)?\b|[.,]\d)",
        lambda found: clock(int(found["h"]), int(found["m"])),
    )
    yield r"(?<=\d)\s?[hH](?=\s?\d{1,2}\s?(?:min|mn|m)\b)", rewritten("h")


def _weekday(found: "regex.Match[str]") -> str:
    return cased(_WEEKDAYS[found["day"].lower()], found["day"])


def _day_month(found: "regex.Match[str]") -> str | None:
    return date(int(found["d"]), int(found["m"])) if is_dated(found) else None
