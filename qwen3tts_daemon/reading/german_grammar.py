"""What German numbers agree with: gender, case and article, as far as the words around a number tell."""

import regex  # type: ignore[import-untyped,unused-ignore]

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
_COUNTED_BEFORE = regex.compile(
    r"(?:(?:\d[\d.,]*|½|eine[mnr]?)\s?(?:\p{Lu}\p{L}+\.?(?:,|\sund|\soder)|Stunden?|Std\.?|Tag\p{Ll}*)\s)+$"
)
_NOMINATIVE = regex.compile(r"\b(?i:à|als|ist|sind|war|waren|bleibt|bleiben|heißt|gleich)\s$")
_ACCUSATIVE = regex.compile(
    r"\b(?i:für|um|ohne|durch|gegen|pro|bis|je)\s$|\b(?i:kostet\p{Ll}*|kosten|zahl\p{Ll}*|bezahl\p{Ll}*|nimm"
    r"|nehme\p{Ll}*|brauch\p{Ll}*|gib|gebe\p{Ll}*|kauf\p{Ll}*|hat|habe\p{Ll}*|hast|hatte\p{Ll}*|dauer\p{Ll}*"
    r"|wart\p{Ll}*|füg\p{Ll}*|trink\p{Ll}*|iss|bestell\p{Ll}*|mach\p{Ll}*|misst|wiegt|bekomm\p{Ll}*|erhält|es gibt"
    r"|hol\p{Ll}*|schuld\p{Ll}*|verdien\p{Ll}*|schenk\p{Ll}*|spar\p{Ll}*)\b"
)
_FEMININE = regex.compile(
    r"(?:.+(?:ung|heit|keit|schaft|tion|tät|enz|anz|ik|erei|e)|Person|Nacht|Nachricht|E-?Mail|Mail|SMS|Stadt"
    r"|Zahl|Million|App|Antwort|Hand|Wand|Bank|Fahrt|Tafel|Nummer|Datei|Kartoffel|Zwiebel|Gabel|Uhr|Einheit)$"
)
_MASCULINE = regex.compile(
    r"(?:.*[Kk]affee|.*[Tt]ee|Schnee|See|.*[Kk]äse|Junge|.*[Nn]ame|.*[Kk]unde|Kollege|Affe|Hase|Löwe|Buchstabe|Gedanke"
    r"|Neffe|Zeuge|Pate|Experte|Klee)$"
)
_NEUTER = regex.compile(
    r"(?:.+(?:chen|lein|ment|um|gramm|geschoss|stück|paket|zimmer|haus|licht|gerät|brot|glas|ei)|Ei|Brot|Bier|Glas|Stück"
    r"|Paket|Kilo|Gramm|Pfund|Prozent|Jahr|Haus|Zimmer|Kind|Bild|Buch|Fenster|Gerät|Licht|Update|Tor|Auto|Ticket"
    r"|Video|Foto|Blatt|Mal|Grad|Eis|Brötchen|Bett|Fach|Messer|Wasser|Volt|Watt|Ampere|Hertz|Bit|Byte|Mitglied|Land"
    r"|Tier|Spiel|Promille|Jahrhundert|Jahrzehnt|Stockwerk|Quartal|Semester|Kapitel|Lied|Album|Konto|Ereignis|Rezept"
    r"|Viertel|Drittel)$"
)
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
_SAME_AGAIN = regex.compile(r"(?:(?:\d+\.|\p{Ll}+t(?:e|en|er|es)|\p{L}+geschoss)\s?(?:und|oder|bis|[-–,/])\s?)+$")
_WEEKDAY = regex.compile(r"(?<=\b(?i:am|vom|von|zum|bis|ab|seit)\s)\p{Lu}\p{Ll}+(?:tag|woch|abend),\s$")


def preceding(found: "regex.Match[str]") -> str:
    """The last words before what was found."""
    return str(found.string[max(0, found.start() - 60) : found.start()])


def gender(noun: str) -> str:
    """Of a noun in the singular, as its ending tells."""
    if _NEUTER.match(noun):
        return "n"
    return "f" if _FEMININE.match(noun) and not _MASCULINE.match(noun) else "m"


def case(before: str) -> str:
    """Which a noun has behind this text; in a list all have that of the first."""
    before = _COUNTED_BEFORE.sub("", before)
    if _DATIVE.search(before):
        return "dative"
    if _NOMINATIVE.search(before):
        return "nominative"
    return "accusative" if _ACCUSATIVE.search(before) else "nominative"


def one(gender: str, case: str) -> str:
    """ "ein", "eine", "einen", "einer", ..."""
    return _ONE[gender][case]


def half(gender: str, case: str) -> str:
    """ "ein halber", "einer halben", ..."""
    return _HALF[gender][case]


def ending(before: str, noun_gender: str = "m") -> str:
    """Of an ordinal behind this text: "der dritte", "am dritten", "ein dritter", "Montag, dritter"."""
    before = _WEEKDAY.sub("dem ", _SAME_AGAIN.sub("", before)).rstrip(", ")
    if _WEAK.search(before) and not _is_dative(before):
        return "e"
    if regex.search(r"\b[Dd]er$", before):
        return "en" if _AFTER_PREPOSITION.search(before[:-3]) else "e"
    if _STRONG.search(before):
        return {"m": "er", "n": "es", "f": "e"}[noun_gender]
    if _WEAK_N.search(before):
        return "en"
    return {"m": "er", "n": "es", "f": "e"}[noun_gender]


def _is_dative(before: str) -> bool:
    return regex.search(r"\b(?i:in|mit|von|zu|bei)\s(?:\p{Ll}+er)$", before) is not None
