"""Italian numbers, dates and lengths of time in words, and the nouns that they stand before."""

import regex  # type: ignore[import-untyped,unused-ignore]
from num2words import num2words  # type: ignore[import-untyped]

MONTHS = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
    "novembre",
    "dicembre",
)  # fmt: skip
_FRACTIONS = {2: "mezzo", 4: "quarto"}
_FEMININE = (
    "analisi ape app applicazione arte auto automobile baguette base bici biro botte canzone carne chat chiave "
    "classe cornice corrente corte crisi croce dose eco email estate fase febbre fine fonte foto frase gente gru hit "
    "ipotesi lavastoviglie lavatrice legge lente lepre luce madre mail mano mente moglie morte moto nave neve noce "
    "notifiche notte nube oasi pace parte password patente pelle playlist polvere radice radio rate rete sede serie "
    "siepe sintesi sorte specie stampante superficie tesi tigre torre tv valle vernice vite voce volpe web"
)
_FEMININES = frozenset(_FEMININE.split())
_FEMININE_ENDINGS = ("a", "zione", "sione", "gione", "nione", "gine", "udine", "trice", "tà", "tù")
_MASCULINES = frozenset(
    ("problema", "programma", "sistema", "tema", "clima", "dramma", "schema", "diploma", "panorama", "pianeta", "poeta",
     "cinema", "pigiama", "aroma", "sisma")
)  # fmt: skip


def gender(noun: str) -> str:
    """ "f" or nothing, of a noun in the singular, as far as its ending or the table tells."""
    if noun in _MASCULINES:
        return ""
    return "f" if noun in _FEMININES or noun.endswith(_FEMININE_ENDINGS) else ""


def plural_gender(noun: str) -> str:
    """The same of a noun in the plural."""
    return "f" if noun.endswith("e") or noun in _FEMININES else ""


def one(noun: str, gender: str) -> str:
    """One of it: "un metro", "uno studente", "una mela", "un'ora"."""
    if gender == "f":
        return f"un'{noun}" if noun[0] in "aeiouàèéìòù" else f"una {noun}"
    return f"uno {noun}" if regex.match(r"s[^aeiouh]|sh|z|gn|ps|pn|x|y|i[aeou]", noun) else f"un {noun}"


def elided(preposition: str, said: str) -> str:
    """ "dal due", "dall'otto" """
    return f"{preposition}l'{said}" if said[0] in "aeiou" else f"{preposition} {said}"


def cardinal(n: int) -> str:
    """ "ventitré", "centodiciotto", which the library spells in a way of its own behind hundreds."""
    said = str(num2words(n, lang="it")).replace(" e ", " ").replace("dicotto", "diciotto")
    return str(regex.sub(r"\Btre\b", "tré", said))


def ordinal(n: int, gender: str = "") -> str:
    said = str(num2words(n, lang="it", to="ordinal")).replace("dicott", "diciott")
    return f"{said[:-1]}a" if gender == "f" else said


def fraction(numerator: int, denominator: int) -> str:
    """ "un quarto", "due terzi" """
    name = _FRACTIONS.get(denominator) or ordinal(denominator)
    return f"un {name}" if numerator == 1 else f"{cardinal(numerator)} {name[:-1]}i"


def day(n: int) -> str:
    """Of a month: "primo", "due"."""
    return "primo" if n == 1 else cardinal(n)


def date(n: int, month: int, year: int | None = None) -> str:
    """ "primo aprile duemilaventisei" """
    said = f"{day(n)} {MONTHS[month - 1]}"
    return f"{said} {cardinal(year)}" if year else said


def clock(hour: int, minute: int, second: int | None = None) -> str:
    """ "quattordici e trenta", "una" """
    said = "una" if hour == 1 else cardinal(hour)
    if minute or second:
        said = f"{said} e {cardinal(minute)}"
    return f"{said} e {_counted(second, 'secondo', 'secondi')}" if second else said


def at(word: str, hour: int, minute: int) -> str:
    """A clock time behind "alle", "le", "dall'", ..., which takes the form that the hour asks for: "all'una"."""
    stem, article = word[:-2], word[-2]
    if not hour and not minute and stem.lower() in ("al", "dal"):
        return f"{stem[:-1]} mezzanotte"
    joint = "'" if hour == 1 else "e "
    return f"{stem}{article}{joint}{clock(hour, minute)}"


def length(hours: int, minutes: int, seconds: int) -> str:
    """ "un'ora e trenta minuti" """
    counts = ((hours, "ora", "ore"), (minutes, "minuto", "minuti"), (seconds, "secondo", "secondi"))
    *parts, last = [_counted(n, single, many) for n, single, many in counts if n] or ["zero secondi"]
    return f"{', '.join(parts)} e {last}" if parts else last


def _counted(n: int, single: str, many: str) -> str:
    return one(single, gender(single)) if n == 1 else f"{cardinal(n)} {many}"
