"""What French and Italian recognise and say alike."""

from collections.abc import Mapping

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.language import Language, Row, Say
from qwen3tts_daemon.reading.notation import Number


def day_month(cue: str) -> str:
    """A pattern for a day and a month, "3/4"; `cue`: what stands before a date and before no fraction."""
    return rf"(?<=(?<cue>\b(?:{cue}))?)(?<![\d/.,])(?<d>[12]\d|3[01]|0?[1-9])°?/(?<m>1[0-2]|0?[1-9])(?![\d/]|[.,]\d)"


def say_day_month(language: Language, found: "regex.Match[str]") -> str | None:
    """Of what `day_month` has found, if it is a date: behind a cue, with a zero in front, or late in the year."""
    day, month = int(found["d"]), int(found["m"])
    is_date = found["cue"] or found["d"][0] == "0" or found["m"][0] == "0" or (day > 12 and month > 9)
    return language.date(day, month, None) if is_date else None


def weekday(names: Mapping[str, str]) -> Say:
    """The full name of the `day` that was found, with a capital if it had one."""

    def say(found: "regex.Match[str]") -> str:
        full = names[found["day"].lower()]
        return full.capitalize() if found["day"][0].isupper() else full

    return say


def inches(word: str) -> Row:
    """27" is a size, unless the sign closes a quotation."""
    return (
        r"(?<=\d)\s?\"(?!\p{L})",
        lambda found: None if found.string[: found.start()].count('"') % 2 else f" {word}",
    )


def fraction_digits(language: Language, digits: str) -> str:
    """What stands behind the decimal sign: as a number, but for zeros before it, and only while it is short."""
    rest = digits.lstrip("0")
    if not rest or len(rest) > 3:
        return language.digits(digits)
    return language.joined((language.digits(digits[: -len(rest)]), language.cardinal(int(rest))))


def lengths(language: Language, hours: int, minutes: int, seconds: int) -> list[str]:
    """Those that are not zero, in words; the seconds if all are."""
    counts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return [
        language.counted(Number(n), language.units[unit]) for n, unit in counts if n or not (hours or minutes or unit != "s")
    ]
