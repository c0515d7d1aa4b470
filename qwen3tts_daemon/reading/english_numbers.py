"""How English says numbers, years and dates: as in the United States, without "and"."""

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December"
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def cardinal(n: int) -> str:
    """ "one hundred twenty-five" """
    return _tidy(num2words(n))


def ordinal(n: int) -> str:
    """ "one hundred twenty-fifth" """
    return _tidy(num2words(n, to="ordinal"))


def _tidy(words: str) -> str:
    return str(regex.sub(r",| and\b", "", words))


def decimal(written: str) -> str:
    """ "six point one" """
    whole, _, fraction = written.partition(".")
    return f"{cardinal(int(whole))} point {by_digit(fraction)}" if fraction else cardinal(int(whole))


def by_digit(written: str) -> str:
    """ "zero four two zero" """
    return " ".join(DIGITS[int(char)] for char in written if char.isdecimal())


def year(n: int) -> str:
    """ "nineteen oh five", "two thousand eight", "twenty twenty-four" """
    if 2000 <= n <= 2009 or n % 1000 == 0 or not 1000 < n < 10000:
        return cardinal(n)
    return by_pairs(str(n))


def decade(n: int) -> str:
    """ "nineteen eighties", "nineties" """
    words = year(n) if n >= 100 else cardinal(n)
    return str(regex.sub("y$", "ie", words)) + "s" if not words.endswith("hundred") else f"{words}s"


def by_pairs(digits: str) -> str:
    """As rooms, flights and models are said: 204 "two oh four", 315 "three fifteen", 4090 "forty ninety"."""
    head, tail = int(digits[:-2] or 0), int(digits[-2:])
    if not head or len(digits) > 4 or digits.startswith("0"):
        return cardinal(int(digits)) if len(digits) < 3 and digits[0] != "0" else by_digit(digits)
    if not tail:
        return cardinal(int(digits)) if head % 10 == 0 else f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {'oh ' if tail < 10 else ''}{cardinal(tail)}"


def date(day: int, month: int, in_year: int | None = None) -> str:
    """ "March fifth, twenty twenty-four" """
    words = f"{MONTHS[month - 1]} {ordinal(day)}"
    return f"{words}, {year(in_year)}" if in_year else words


def clock(hour: int, minute: int, half_of_day: str = "") -> str:
    """ "seven oh five a.m.", "fourteen thirty", "eight o'clock" """
    words = [cardinal(hour)]
    if minute:
        words.append(f"oh {cardinal(minute)}" if minute < 10 else cardinal(minute))
    elif not half_of_day:
        if not hour % 24:
            return "midnight"
        words.append("o'clock" if hour <= 12 else "hundred")
    if half_of_day:
        words.append("a.m." if half_of_day[0] in "aA" else "p.m.")
    return " ".join(words)
