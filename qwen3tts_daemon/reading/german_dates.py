"""How German dates, years, times of day and timers are written, beside what every language has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_grammar import case, ending, one, preceding
from qwen3tts_daemon.reading.german_numbers import MONTHS, cardinal, clock, date, decade, joining, ordinal, year
from qwen3tts_daemon.reading.language import Row, hours_minutes_seconds

_WEEKDAYS = {
    "Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag", "Sa": "Samstag",
    "So": "Sonntag",
}  # fmt: skip
_DAYS = "|".join(_WEEKDAYS)
_DASH = r"\s?[-–—]\s?"
_FULL = "|".join(MONTHS)
_MONTH = (
    rf"(?<month>{_FULL}|Jänner|Feber|(?:Jan|Febr?|Mär|Mrz|Apr|Jun|Jul|Aug|Sept?|Okt|Nov"
    rf"|Dez)(?!\p{{L}})(?:\.(?!\s*$))?)(?!\p{{L}})"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[1-9]|20)\d\d"
_MORE = r"[\d:%°/]|[.,]\d"
_FREE = r"(?<![\d.,:/$€£#+–-])"
_UNTIL = r"\s?(?:[-–—/]|und|bis(?: zum)?|oder)\s?"

ALSO_READ = (
    rf"(?<!\p{{L}})(?:{_DAYS})\.?(?:{_DASH}|/|\+|\sbis\s)(?:{_DAYS})(?!\p{{L}})|\b(?:Jan|Feb|Aug|Sept?|Okt|Nov"
    rf"|Dez)\.|\b(?:{_DAYS})\.\sund\s(?:{_DAYS})(?!\p{{L}})"
)


def dates() -> Iterator[Row]:
    """Weekdays, days, months, years and decades."""
    day = rf"(?<!\p{{L}})(?<weekday>{_DAYS})(?!\p{{L}})"
    yield r"(?<=\d\.\d{1,2}\.(?:\d{2,4})?)\s?[-–—]\s?(?=\d{1,2}\.\d{1,2}\.)", lambda _: " bis "
    yield rf"(?<!\p{{L}})({_DAYS})\.?(?<between>{_DASH}|/|\+|\sbis\s)({_DAYS})(?!\p{{L}})\.?", _weekdays
    yield rf"{day}\.(?=,?\s\S)(?!\s\p{{Lu}}\p{{Ll}}+(?<!{_FULL}))", lambda found: _WEEKDAYS[found["weekday"]]
    yield rf"{day}\.(?=\s(?:Professor|Doktor|Herrn?|Frau|Familie)\b)", lambda found: _WEEKDAYS[found["weekday"]]
    yield rf"{day}\.?(?=(?:,|\sund)\s(?:{_DAYS})(?!\p{{L}}))", lambda found: _WEEKDAYS[found["weekday"]]
    yield rf"(?<=(?:tag|woch)(?:,|\sund)\s){day}(?:\.(?!\s*$))?", lambda found: _WEEKDAYS[found["weekday"]]
    yield (
        rf"{day}(?=,?\s\d{{1,2}}(?:\.|:\d\d|{_DASH}\d{{1,2}}(?::\d\d)?\sUhr|\sUhr))",
        lambda found: _WEEKDAYS[found["weekday"]],
    )
    yield (
        rf"(?<![\d.,])(?<first>{_DAY})\.(?<between>{_UNTIL})(?=(?<last>{_DAY})\.\s?(?:{_MONTH}|(?:0?[1-9]|1[0-2])\.))",
        _first_day,
    )
    yield rf"(?<![\d,])(?<day>{_DAY})\.\s?{_MONTH}(?:\s(?<year>{_YEAR})(?!{_MORE}))?", _with_name
    yield (
        rf"(?<![\d.,])(?<day>{_DAY})\.\s?(?<month>0?[1-9]|1[0-2])\.(?!\d"
        rf"|\s?\d+\.)(?:\s(?<year>{_YEAR})(?!{_MORE}))?(?<end>\s*$)?",
        _with_number,
    )
    yield (
        rf"(?<=\b(?:[Aa]m|[Vv]om|[Zz]um)\s)(?<day>{_DAY})\.(?<month>0?[1-9]|1[0-2])(?![\d.,]\d|\d|\s?(?:Uhr|Grad"
        rf"|%|°))(?<year>)(?<end>)",
        _with_number,
    )
    yield rf"(?<=\b(?:[Ii]m|[Ss]eit|[Bb]is|[Aa]b|Ende|Anfang|Mitte)\s){_MONTH}(?:(?<=\.)|(?=\.\s*$))", _month_name
    short = "Jan|Febr?|Mär|März|Mrz|Apr|Mai|Jun|Jul|Aug|Sept?|Okt|Nov|Dez"
    yield (
        rf"(?<!\p{{L}})(?<month>{short})\.?{_DASH}(?<last>{short})(?!\p{{L}})\.?",
        lambda found: f"{_month_name(found)} bis {MONTHS[_month_number(found['last']) - 1]}",
    )
    yield rf"{_MONTH}(?<=\.)(?=\s\d{{4}})", _month_name
    yield r"(?<![\d.,])'?(?<n>\d{1,4})(?:er|ern)(?<n2>n)?\b(?=(?<years>\sJahre)?)", _decade
    yield (
        rf"{_FREE}(?<first>{_YEAR})(?<between>{_DASH})(?<last>{_YEAR}|\d\d)(?![-–]?(?:{_MORE})|\s\p{{Lu}}|\s?€)",
        _years,
    )


def agreement() -> Iterator[Row]:
    """Dates that others have put into words agree with what stands before them."""
    yield (
        rf"(?<stem>\b\p{{Ll}}+t)er(?=\s(?:{_FULL})\b)",
        lambda found: found["stem"] + ending(preceding(found)),
    )


def years() -> Iterator[Row]:
    """Four digits that are left and are a year, because nothing is counted by them."""
    leads = (
        rf"(?<lead>\b(?:Jahr|Jahre|Jahren|Jahres|[Ss]eit|[Vv]on|[Bb]is|[Ii]n|[Aa]nno|[Uu]m|[Aa]b|[Vv]or|[Nn]ach"
        rf"|und|Sommer|Winter|Herbst|Frühjahr|Frühling|[Gg]eboren|[Gg]egründet|Anfang|Mitte|Ende|{_FULL})\s)?"
    )
    yield rf"{leads}{_FREE}(?<year>1[1-9]\d\d)(?!{_MORE}|[-–]\d|\s(?:\p{{Lu}}|mal\b))", _year
    yield rf"(?<=\bJahre?s?\s)(?<year>1[1-9]\d\d)(?!{_MORE})", lambda found: year(int(found["year"]))


def times() -> Iterator[Row]:
    """Times with "Uhr", and timers."""
    hour, minute = r"(?:[01]?\d|2[0-4])", r"[0-5]\d"
    yield (
        rf"{_FREE}(?<h>{hour})(?:[.:](?<m>{minute}))?\s?(?:Uhr\s?)?(?:[-–—]"
        rf"|bis)\s?(?<h2>{hour})(?:[.:](?<m2>{minute}))?\s?Uhr\b",
        _from_to,
    )
    yield rf"{_FREE}(?<h>{hour})[.:](?<m>{minute})\s?(?:Uhr\b)", _clock
    starts = r"(?:Beginn|Einlass|Start|Anstoß|Abfahrt|Ankunft|Anpfiff|Schluss|Treffpunkt|Treffen):?"
    yield rf"(?<=\b{starts}\s)(?<h>{hour})(?:[.:](?<m>{minute}))?\s?h\b", _clock
    yield (
        rf"(?<=\b(?:[Uu]m|[Aa]b|[Bb]is|[Gg]egen|[Vv]on|[Nn]ach"
        rf"|[Vv]or)\s)(?<h>{hour})(?:[.:](?<m>{minute}))?\s?(?:h|Uhr)\b",
        _clock,
    )
    yield rf"{_FREE}(?<h>{hour})(?<m>)\s?Uhr\b", _clock
    yield (
        r"(?<=\b(?:[Uu]m|[Gg]egen|[Aa]b|[Bb]is|[Vv]or|[Nn]ach|[Ss]eit|ist|erst|schon|circa)\s)(?:½|1/2)\s(?<h>[1-9]|1[0-2])\b(?:\sUhr)?",
        lambda found: f"halb {cardinal(int(found['h']))}",
    )
    spent = (
        r"(?i:timer|countdown|stoppuhr|dauer|restzeit|restlaufzeit|laufzeit|spielzeit|verbleibend|noch"
        r"|seit)\b[^.!?\d]{0,25}"
    )
    yield rf"(?<={spent})(?<h>\d+):(?<m>{minute}):(?<s>{minute})(?!\d)", _timer
    yield (
        rf"(?<=\b(?:[Ii]n|[Bb]innen)\s|\b(?:[Nn]ach|[Vv]or|[Ss]eit|[Mm]it)\s(?=\d:))(?<h>\d+):(?<m>{minute}):(?<s>{minute})(?!\d)",
        _timer,
    )
    yield (
        rf"(?<={spent})(?<m>\d+):(?<s>{minute})(?![:\d]|\s?(?:h|Uhr|Std|Stunden)\b)(?:\s?(?:min|Min\.?|Minuten)\b)?",
        _timer,
    )
    yield (
        rf"(?<=\b(?:in|nach|von|dauert\p{{Ll}}*|Zeit:?)\s)(?<m>2[5-9]|[3-9]\d):(?<s>{minute})(?![\d:]|\s?(?:h|Std|min|Min))",
        _timer,
    )
    yield rf"(?<![\d:])(?<h>\d+):(?<m>{minute})(?::(?<s>{minute}))?\s?(?:h|Std\b\.?|Stunden)(?!\p{{L}})", _timer
    yield rf"(?<![\d:])(?<m>\d+):(?<s>{minute})\s?(?:min|Min\b\.?|Minuten)(?!\p{{L}})", _timer
    yield r"(?<![\d.,])(?<h>\d+)\s?h\s?(?<m>\d+)\s?m?(?:in)?\b(?:\s?(?<s>\d+)\s?s(?:ek)?\b)?", _lengths


def _weekdays(found: "regex.Match[str]") -> str:
    word = "und" if found["between"] in "/+" else "bis"
    return f"{_WEEKDAYS[found[1]]} {word} {_WEEKDAYS[found[3]]}"


def _month_number(written: str) -> int:
    short = {"Mrz": 3, "Jän": 1, "Feb": 2}
    return short.get(written[:3]) or next(n for n, name in enumerate(MONTHS, 1) if name.startswith(written[:3]))


def _month_name(found: "regex.Match[str]") -> str:
    return MONTHS[_month_number(found["month"]) - 1]


def _first_day(found: "regex.Match[str]") -> str:
    between = found["between"].strip()
    word = "und" if between == "/" else "bis" if between in "-–—" else between
    return f"{ordinal(int(found['first']), ending(preceding(found)))} {word}"


def _with_name(found: "regex.Match[str]") -> str:
    return date(int(found["day"]), _month_number(found["month"]), int(found["year"] or 0))


def _with_number(found: "regex.Match[str]") -> str:
    words = date(int(found["day"]), int(found["month"]), int(found["year"] or 0))
    return words + ("." if found["end"] is not None and found[0].rstrip().endswith(".") else "")


def _decade(found: "regex.Match[str]") -> str:
    words = decade(int(found["n"]))
    if found[0].endswith("n"):
        words += "n"
    return words if found["years"] or int(found["n"]) < 20 else words.capitalize()


def _years(found: "regex.Match[str]") -> str | None:
    first, last = int(found["first"]), found["last"]
    if int(last) <= (first % 100 if len(last) == 2 else first):
        return None
    return f"{year(first)} bis {year(int(last))}"


def _year(found: "regex.Match[str]") -> str | None:
    n = int(found["year"])
    after = found.string[found.end() :]
    is_sure = found["lead"] or n >= 1900 or (n >= 1500 and (regex.match(r"\s\p{Ll}{3}", after) or _is_history(found)))
    return (found["lead"] or "") + year(n) if is_sure else None


def _is_history(found: "regex.Match[str]") -> bool:
    """The end of a sentence of what was: "trafen sich 1538" """
    return bool(
        regex.match(r"[.!?)]?$", found.string[found.end() :])
        and regex.search(
            r"\b(?:starb\p{Ll}*|ende\p{Ll}+|beg[ao]nn\p{Ll}*|wurden?|entstand\p{Ll}*|erfand|entdeckte|schrieb"
            r"|erschien|regierte|lebte|siegte|trafen|traf"
            r"|gründete\p{Ll}*|König|Kaiser|Papst|d(?:er|ie|en|em) \p{Lu}\p{Ll}+ten?)\b",
            found.string[: found.start()],
        )
    )


def _clock(found: "regex.Match[str]") -> str:
    return clock(int(found["h"]), int(found["m"] or 0))


def _from_to(found: "regex.Match[str]") -> str:
    last = clock(int(found["h2"]), int(found["m2"] or 0))
    if found["m"] or found["m2"]:
        return f"{_clock(found)} bis {last}"
    return f"{joining(int(found['h']))} bis {last}"


def _timer(found: "regex.Match[str]") -> str:
    return duration(*hours_minutes_seconds(found), case(preceding(found)))


def _lengths(found: "regex.Match[str]") -> str:
    """ "2h 15min": as it is written"""
    return " ".join(_parts(*hours_minutes_seconds(found), case(preceding(found))))


def duration(hours: int, minutes: int, seconds: int, in_case: str = "nominative") -> str:
    """ "eine Stunde und dreißig Minuten" """
    *others, last = _parts(hours, minutes, seconds, in_case) or ["null Sekunden"]
    return f"{', '.join(others)} und {last}" if others else last


def _parts(hours: int, minutes: int, seconds: int, in_case: str) -> list[str]:
    counts = ((hours, "Stunde"), (minutes, "Minute"), (seconds, "Sekunde"))
    return [f"{one('f', in_case)} {unit}" if n == 1 else f"{cardinal(n)} {unit}n" for n, unit in counts if n]
