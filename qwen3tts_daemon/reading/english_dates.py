"""How English dates, years, times of day and timers are written, beside what every language has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.english_numbers import MONTHS, WEEKDAYS, cardinal, clock, date, decade, ordinal, year
from qwen3tts_daemon.reading.language import Row, hours_minutes_seconds

_DASH = r"\s?[-–—]\s?"
_MONTH_NAMES = "|".join(MONTHS) + r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?!\p{L})(?:\.(?!\s*$))?"
_WEEKDAY_NAMES = "Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
_MONTH = rf"\b(?<month>{_MONTH_NAMES})(?!\p{{L}})"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_ST = r"(?:st|nd|rd|th)?(?!\d)"
_YEAR = r"(?:1[1-9]|20)\d\d"
_MORE = r"[\d:%°/]|[.,]\d|\s?[ap]\.?m\b"
"""Behind a number that is no day and no year"""
_IN_YEAR = rf"(?:,?\s(?<year>{_YEAR})(?!{_MORE}))?"
_FREE = r"(?<![\d.,:/$€£#+–-])"
_HOUR = r"(?:0?\d|1\d|2[0-4])(?::[0-5]\d)?"
_HALF = r"[aApP]\.?\s?[mM]\b\.?"
_LEADS = (
    "in|since|of|from|until|till|by|before|after|during|around|circa|and|to|between|year|years|early|late|mid"
    "|summer|winter|spring|autumn|fall|copyright|established|founded|born|built"
)
_THINGS = r"\s(?:more\s)?(?:people|men|women|children|feet|percent|\p{Ll}+[^s\W]s)\b"
_DATE_LEADS = (
    r"(?:[Oo]n|[Bb]y|ends|starts|begins|expires|[Tt]hrough"
    r"|[Uu]ntil|[Tt]ill|[Bb]efore|[Aa]fter|[Ss]ince|[Ff]rom|[Dd]ue|\p{L}+day),?\s"
)

ALSO_READ = rf"\b(?:{_WEEKDAY_NAMES})\b(?:{_DASH}(?:{_WEEKDAY_NAMES})\b)|\b(?:Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\."


def dates() -> Iterator[Row]:
    """Days, months, years and decades."""
    weekday = rf"(?<![\p{{L}}.])(?<weekday>{_WEEKDAY_NAMES})\b\.?"
    yield rf"\b({_WEEKDAY_NAMES})\b\.?{_DASH}({_WEEKDAY_NAMES})\b\.?", _weekdays
    yield rf"{weekday}(?=(?:,|\s(?:and|&))\s(?:{_WEEKDAY_NAMES})(?!\p{{L}}))", lambda found: _weekday(found["weekday"])
    yield rf"(?<=day(?:,|\s(?:and|&))\s){weekday}(?!\p{{L}})", lambda found: _weekday(found["weekday"])
    short = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    yield (
        rf"(?<!\p{{L}})(?<month>{short})\.?{_DASH}(?<last>{short})(?!\p{{L}})\.?",
        lambda found: f"{_month(found)} to {MONTHS[_number_of(found['last']) - 1]}",
    )
    yield rf"{weekday}(?=,?\s(?:\d|(?:{_MONTH_NAMES})(?!\p{{L}})))", lambda found: _weekday(found["weekday"])
    yield (
        rf"(?<=\b(?:[Oo]n|[Tt]his|[Nn]ext|[Ll]ast|[Ee]very|[Uu]ntil|[Bb]y"
        rf"|[Ss]ince)\s)(?<weekday>{_WEEKDAY_NAMES})(?!\p{{L}})(?:\.(?!\s*$))?",
        lambda found: _weekday(found["weekday"]),
    )
    yield rf"(?<=\b(?:{_MONTH_NAMES})\s{_DAY}{_ST}){_DASH}(?={_MONTH}\s\d)", lambda _: " to "
    yield rf"{_MONTH}\s(?<day>{_DAY}){_ST}(?:{_DASH}(?<last>{_DAY}){_ST})?(?!{_MORE}){_IN_YEAR}", _month_first
    yield (
        rf"(?<the>\b[Tt]he\s)?{_FREE}(?<day>{_DAY}){_ST}(?:{_DASH}(?<last>{_DAY}){_ST})?\s(?:of\s)?{_MONTH}{_IN_YEAR}",
        _day_first,
    )
    yield rf"{_MONTH},?\s(?<year>{_YEAR})(?!{_MORE})", lambda found: f"{_month(found)} {year(int(found['year']))}"
    yield (
        rf"(?<=\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|of|[Ff]rom|[Ll]ast|[Nn]ext|[Ee]arly|[Ll]ate"
        rf"|mid)[\s-]){_MONTH}(?:(?<=\.)|(?=\.\s*$))",
        _month,
    )
    both = r"(?:\s(?:and|to|or|through|until)\s|,\s|\s?[-–]\s?)"
    in_two = r"(?:0[1-9]/[0-3]\d|1[0-2]/0[1-9])"
    yield (
        rf"(?<![\d/]|\d[.,])(?:(?<={in_two}{both})|(?={in_two}))(?<month>0?[1-9]|1[0-2])/(?<day>{_DAY})(?![\d/]|[.,]\d)",
        lambda found: date(int(found["day"]), int(found["month"])),
    )
    yield (
        rf"(?<=\b{_DATE_LEADS})(?<month>0?[1-9]|1[0-2])/(?<day>{_DAY})(?![\d/]|\s(?:of|cup))(?<!\b(?:[Bb]y"
        rf"|[Ff]rom|[Dd]ue)\s(?:1/[2-5]|2/3|3/4))",
        lambda found: date(int(found["day"]), int(found["month"])),
    )
    yield (
        r"(?<![\d.,])'(?<n>\d0)s\b|(?<=\b(?:[Tt]he|[Ee]arly|[Ll]ate|[Mm]id|his|her|their|my"
        r"|your)[\s-])(?<n>[2-9]0)'?s\b",
        lambda found: decade(int(found["n"])),
    )
    yield r"(?<![\d.,:/$€£#+–]|\d-)(?<n>(?:1[1-9]|20)\d0)'?s\b", lambda found: decade(int(found["n"]))
    yield rf"{_FREE}(?<first>{_YEAR})(?<between>{_DASH}|/)(?<last>{_YEAR}|\d\d)(?![-–]?{_MORE}|{_THINGS})", _years


def years() -> Iterator[Row]:
    """Four digits that are left and may be a year."""
    yield rf"{_FREE}(?<year>10[1-9]\d|{_YEAR})(?!{_MORE}|[-–]\d)", _year


def times() -> Iterator[Row]:
    """Times with am and pm, and timers."""
    yield (
        rf"{_FREE}(?<first>{_HOUR})\s?(?<half>{_HALF})?(?:{_DASH}|\sto\s)(?<last>{_HOUR})\s?(?<half2>{_HALF})",
        _from_to,
    )
    yield rf"{_FREE}(?<first>{_HOUR})\s?(?<half>{_HALF})", lambda found: _clock(found["first"], found["half"])
    yield (
        r"(?<![\d:])(?<h>[01]\d|2[0-3])(?<m>[0-5]\d)\s(?:hrs|hours)\b",
        lambda found: f"{clock(int(found['h']), int(found['m']))} hours",
    )
    spent = r"(?i:timer|countdown|stopwatch|duration|length|runtime|elapsed|remaining)\b[^.!?\d]{0,25}"
    yield rf"(?<={spent})(?<h>\d+):(?<m>[0-5]\d)(?::(?<s>[0-5]\d))(?!\d)", _timer
    yield rf"(?<={spent})(?<m>\d+):(?<s>[0-5]\d)(?![:\d]|\s?(?:{_HALF}|h\b|hrs?\b|hours))", _timer
    yield r"(?<=\b(?:in|takes|took|of|lasts|lasted|after|time:?)\s)(?<m>2[5-9]|[3-9]\d):(?<s>[0-5]\d)(?![\d:])", _timer
    yield (
        r"(?<![\d:])(?<m>\d+):(?<s>[0-5]\d)(?=\s(?:left|remaining|to go|mins?|minutes)\b)(?:\s(?:mins?|minutes)\b)?",
        _timer,
    )
    yield r"(?<![\d:])(?<h>\d+):(?<m>[0-5]\d)(?::(?<s>[0-5]\d))?\s?(?:h|hrs?|hours)\b", _timer
    yield r"(?<![\d.,])(?<h>\d+)\s?h\s?(?<m>\d+)\s?m?(?:in)?\b(?:\s?(?<s>\d+)\s?s(?:ec)?\b)?", _lengths
    yield r"(?<![\d.,])(?<m>\d+)\s?m(?:in)?\s?(?<s>\d+)\s?s(?:ec)?\b", _lengths


def _weekday(short: str) -> str:
    return next(name for name in WEEKDAYS if name.startswith(short[:3]))


def _weekdays(found: "regex.Match[str]") -> str:
    return f"{_weekday(found[1])} to {_weekday(found[2])}"


def _month(found: "regex.Match[str]") -> str:
    return MONTHS[_month_number(found) - 1]


def _month_number(found: "regex.Match[str]") -> int:
    return _number_of(found["month"])


def _number_of(month: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.startswith(month[:3]))


def _month_first(found: "regex.Match[str]") -> str:
    words = date(int(found["day"]), _month_number(found))
    if found["last"]:
        words += f" to {ordinal(int(found['last']))}"
    return words + _comma_year(found)


def _day_first(found: "regex.Match[str]") -> str:
    words = f"{found['the'] or 'the '}{ordinal(int(found['day']))}"
    if found["last"]:
        words += f" to the {ordinal(int(found['last']))}"
    return f"{words} of {_month(found)}{_comma_year(found)}"


def _comma_year(found: "regex.Match[str]") -> str:
    return f", {year(int(found['year']))}" if found["year"] else ""


def _years(found: "regex.Match[str]") -> str | None:
    first, last = int(found["first"]), found["last"]
    if len(last) == 2:
        if int(last) <= first % 100:
            return None
        return f"{year(first)} {'' if found['between'] == '/' else 'to '}{_last_of_century(last)}"
    return f"{year(first)} to {year(int(last))}" if int(last) > first else None


def _last_of_century(digits: str) -> str:
    return f"oh {cardinal(int(digits))}" if digits[0] == "0" else cardinal(int(digits))


def _year(found: "regex.Match[str]") -> str | None:
    """A year behind its words ("in 1850"), and from 1900 on wherever nothing is counted by it."""
    before, after = found.string[max(0, found.start() - 20) : found.start()], found.string[found.end() :]
    n = int(found["year"])
    is_counted = regex.match(_THINGS, after) is not None
    if regex.search(rf"\b(?i:{_LEADS})\s$", before):
        return None if is_counted and not 1900 <= n < 2100 else year(n)
    if regex.search(r"\b(?i:the|this|a|our|your|in the)\s$", before) and not is_counted:
        return year(n)
    return year(n) if 1900 <= n < 2100 and not is_counted else None


def _clock(written: str, half: str) -> str:
    hour, _, minute = written.partition(":")
    return clock(int(hour), int(minute or 0), half)


def _from_to(found: "regex.Match[str]") -> str:
    first = found["first"]
    words = _clock(first, found["half"]) if found["half"] or ":" in first else cardinal(int(first))
    return f"{words} to {_clock(found['last'], found['half2'])}"


def _timer(found: "regex.Match[str]") -> str:
    return duration(*hours_minutes_seconds(found))


def _lengths(found: "regex.Match[str]") -> str:
    """ "2h 15min": as it is written"""
    return " ".join(_parts(*hours_minutes_seconds(found)))


def duration(hours: int, minutes: int, seconds: int) -> str:
    """ "one hour and thirty minutes" """
    *others, last = _parts(hours, minutes, seconds) or ["zero seconds"]
    return f"{', '.join(others)} and {last}" if others else last


def _parts(hours: int, minutes: int, seconds: int) -> list[str]:
    counts = ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
    return [f"{cardinal(n)} {unit}{'' if n == 1 else 's'}" for n, unit in counts if n]
