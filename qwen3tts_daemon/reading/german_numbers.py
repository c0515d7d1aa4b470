"""How German says numbers, years and dates."""

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember"
)  # fmt: skip
DIGITS = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")


def cardinal(n: int, gender: str = "") -> str:
    """ "eintausendzweihundertfünfzig"; one by itself as the gender wants it: "ein", "eine"."""
    if n == 1 and gender:
        return "eine" if gender == "f" else "ein"
    return str(num2words(n, lang="de"))


def joining(n: int) -> str:
    """In front of a word it becomes one with: "einmal", "dreifach"."""
    return str(regex.sub("eins$", "ein", cardinal(n)))


def ordinal(n: int, ending: str = "e") -> str:
    """ "dritte", "dritter", "dritten" """
    return str(num2words(n, lang="de", to="ordinal")).removesuffix("e").replace(" ", "").lower() + ending


def by_digit(written: str) -> str:
    """ "null vier zwei null" """
    return " ".join(DIGITS[int(char)] for char in written if char.isdecimal())


def year(n: int) -> str:
    """ "neunzehnhundertachtundneunzig", "zweitausendvierundzwanzig" """
    century, rest = divmod(n, 100)
    if not 11 <= century <= 19:
        return cardinal(n)
    return f"{cardinal(century)}hundert{cardinal(rest) if rest else ''}"


def decade(n: int) -> str:
    """ "neunziger", "neunzehnhundertachtziger", "zweier" """
    return (year(n) if n >= 1000 else joining(n).removeprefix("ein" if n == 100 else "\0")) + "er"


def date(day: int, month: int, in_year: int | None = None) -> str:
    """ "fünfter März zweitausendvierundzwanzig": as if nothing stood before it; see `german_dates.agreement`."""
    words = f"{ordinal(day, 'er')} {MONTHS[month - 1]}"
    return f"{words} {year(in_year)}" if in_year else words


def clock(hour: int, minute: int) -> str:
    """ "vierzehn Uhr dreißig" """
    words = f"{joining(hour)} Uhr"
    return f"{words} {cardinal(minute)}" if minute else words
