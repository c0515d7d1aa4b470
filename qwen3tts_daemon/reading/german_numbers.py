"""How German says numbers, years and dates, and what they agree with."""

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember"
)  # fmt: skip
DIGITS = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")

# ein, eine, ... by gender and case
_ONE = {
    "m": {"nominative": "ein", "accusative": "einen", "dative": "einem"},
    "f": {"nominative": "eine", "accusative": "eine", "dative": "einer"},
    "n": {"nominative": "ein", "accusative": "ein", "dative": "einem"},
}
_HALF = {
    "m": {"nominative": "ein halber", "accusative": "einen halben", "dative": "einem halben"},
    "f": {"nominative": "eine halbe", "accusative": "eine halbe", "dative": "einer halben"},
    "n": {"nominative": "ein halbes", "accusative": "ein halbes", "dative": "einem halben"},
}
_DATIVE = regex.compile(
    r"\b(?i:in|mit|nach|vor|seit|von|zu|aus|bei|ab|binnen|innerhalb von|an|unter|außer|gegenüber)\s$"
)
_ACCUSATIVE = regex.compile(
    r"\b(?i:für|um|ohne|durch|gegen|pro|bis|je|kostet\p{Ll}*|kosten|zahl\p{Ll}*|bezahl\p{Ll}*|nimm|nehme\p{Ll}*"
    r"|brauch\p{Ll}*"
    r"|gib|gebe\p{Ll}*|kauf\p{Ll}*|hat|habe\p{Ll}*|hast|hatte\p{Ll}*|dauer\p{Ll}*|wart\p{Ll}*|füg\p{Ll}*"
    r"|trink\p{Ll}*|iss"
    r"|bestell\p{Ll}*|mach\p{Ll}*|misst|wiegt|bekomm\p{Ll}*|erhält|es gibt|hol\p{Ll}*|spar\p{Ll}*)\b"
)
_FEMININE = regex.compile(
    r"(?:.+(?:ung|heit|keit|schaft|tion|tät|enz|anz|ik|erei|[^n]e|ne)|Person|Nacht|Nachricht|E-?Mail|Mail|SMS"
    r"|Stadt|Zahl"
    r"|Million|App|Antwort|Hand|Wand|Bank|Fahrt|Tafel|Nummer|Datei|Kartoffel|Zwiebel|Gabel|Uhr|Einheit)$"
)
_NEUTER = regex.compile(
    r"(?:.+(?:chen|lein|ment|um|gramm|stück|paket|zimmer|haus|licht|gerät|brot|glas|ei)|Ei|Brot|Bier|Glas|Stück"
    r"|Paket|Kilo"
    r"|Gramm|Pfund|Prozent|Jahr|Haus|Zimmer|Kind|Bild|Buch|Fenster|Gerät|Licht|Update|Tor|Auto|Ticket|Video|Foto"
    r"|Blatt|Mal|Grad|Eis|Brötchen|Bett|Fach|Messer|Wasser|Volt|Watt|Ampere|Hertz|Bit|Byte|Mitglied|Land|Tier|Spiel"
    r"|Promille"
    r"|Jahrhundert|Jahrzehnt|Stockwerk|Quartal|Semester|Kapitel|Lied|Album|Konto|Ereignis|Rezept|Viertel|Drittel)$"
)


def cardinal(n: int, gender: str = "") -> str:
    """ "eintausendzweihundertfünfzig"; one by itself as the gender wants it."""
    return _ONE[gender]["nominative"] if n == 1 and gender else str(num2words(n, lang="de"))


def joining(n: int) -> str:
    """In front of a word it becomes one with: "einmal", "dreifach"."""
    return str(regex.sub("eins$", "ein", cardinal(n)))


def one(gender: str, case: str) -> str:
    """ "ein", "eine", "einen", "einer", ..."""
    return _ONE[gender][case]


def half(gender: str, case: str) -> str:
    """ "ein halber", "einer halben", ..."""
    return _HALF[gender][case]


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
    """ "fünfter März zweitausendvierundzwanzig": as if nothing stood before it; see `agreeing`."""
    words = f"{ordinal(day, 'er')} {MONTHS[month - 1]}"
    return f"{words} {year(in_year)}" if in_year else words


def clock(hour: int, minute: int) -> str:
    """ "vierzehn Uhr dreißig" """
    words = f"{joining(hour)} Uhr"
    return f"{words} {cardinal(minute)}" if minute else words


# ---- agreement ----


def preceding(found: "regex.Match[str]") -> str:
    """The last words before what was found."""
    return str(found.string[max(0, found.start() - 60) : found.start()])


def gender(noun: str) -> str:
    """Of a noun in the singular, as its ending tells."""
    if _NEUTER.match(noun):
        return "n"
    return "f" if _FEMININE.match(noun) else "m"


def case(before: str) -> str:
    """Which a noun has behind this text."""
    if _DATIVE.search(before):
        return "dative"
    return "accusative" if _ACCUSATIVE.search(before) else "nominative"


_AFTER_PREPOSITION = regex.compile(
    r"\b(?i:in|an|auf|aus|mit|von|zu|bei|seit|nach|ab|vor|während|wegen|unter|hinter)\s+$"
)
_WEAK_N = regex.compile(
    r"\b(?i:am|im|dem|den|des|vom|zum|zur|beim|bis|ab|seit|gegen|nach|(?:k?ein|mein|dein|sein|ihr|unser|dies"
    r"|jed)(?:en|em|es|er))$"
)
_WEAK = regex.compile(
    r"\b(?i:die|das|ins|ans|aufs|fürs|(?:k?ein|mein|dein|sein|ihr|unser|dies|jed)e|dieses|jedes|jeder|dieser)$"
)
_STRONG = regex.compile(r"\b(?i:k?ein|mein|dein|sein|ihr|unser|euer)$")
_SAME_AGAIN = regex.compile(r"(?:(?:\d+\.|\p{Ll}+t(?:e|en|er|es))\s?(?:und|oder|bis|[-–,/])\s?)+$")

_WEEKDAY = regex.compile(r"(?<=\b(?i:am|vom|zum|bis|ab|seit)\s)\p{Lu}\p{Ll}+(?:tag|woch|abend),\s$")


def ending(before: str, noun_gender: str = "m") -> str:
    """Of an ordinal behind this text: "der dritte", "am dritten", "ein dritter", "Montag, dritter"."""
    before = _WEEKDAY.sub("", _SAME_AGAIN.sub("", before)).rstrip(", ")
    if _WEAK.search(before) and not _is_dative_plural(before):
        return "e"
    if regex.search(r"\b[Dd]er$", before):
        return "en" if _AFTER_PREPOSITION.search(before[:-3]) else "e"
    if _STRONG.search(before):
        return {"m": "er", "n": "es", "f": "e"}[noun_gender]
    if _WEAK_N.search(before):
        return "en"
    return {"m": "er", "n": "es", "f": "e"}[noun_gender]


def _is_dative_plural(before: str) -> bool:
    return regex.search(r"\b(?i:in|mit|von|zu|bei)\s(?:\p{Ll}+er)$", before) is not None
