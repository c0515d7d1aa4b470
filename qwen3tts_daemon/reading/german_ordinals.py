"""German ordinals, kings, and one: their endings agree with the words around them."""

from collections.abc import Callable, Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_grammar import case, ending, gender, half, one, preceding
from qwen3tts_daemon.reading.german_numbers import cardinal, ordinal
from qwen3tts_daemon.reading.german_units import CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.roman import value

_KINGS = (
    "Ludwig|Karl|Heinrich|Friedrich|Wilhelm|Otto|Elisabeth|Elizabeth|Georg|Katharina|Johannes|Paul|Benedikt|Pius|Leo"
    "|Franz|Franz Joseph|Napoleon|Philipp|Peter|Nikolaus|Alexander|Gustav|Margrethe|Charles|Edward|Ramses|Ferdinand"
    "|Joseph|Maximilian|Rudolf|August|Leopold|Albrecht|Konrad|Iwan|Philip|Felipe|Louis|Gregor|Innozenz|Klemens|Urban"
    "|Xerxes|Dareios|Albert|Carl|Christian|Willem|Friedrich Wilhelm"
)
_QUEENS = "Elisabeth|Elizabeth|Katharina|Margrethe"
_PARTS = "Kapitel|Teil|Band|Akt|Phase|Typ|Klasse|Stufe|Hartz|Szene|Buch|Artikel|Abschnitt|Anlage|Anhang|Sparta|Rocky"
_NOUNS = (
    "Jahrhunderts?|FC|FSV|Stock|Stockwerk|Etage|Klasse|Platz|Mal|Geburtstag|Weltkriegs?|Auflage|Kapitel|Liga"
    "|Spieltag|Runde|Tag|Woche|Monat|Jahr|Quartal|Stunde|Advent|Versuch|Teil|Akt|Satz|Absatz|Bezirk|Reihe|Halbzeit"
    "|Minute|Hochzeitstag|Obergeschoss|Untergeschoss|OG|UG|Staffel|Folge|Halbjahr|Semester|Lebensjahr|Jahrestag"
    "|Bundesliga|Wahl|Gang|Rang|Person|Geschoss|Spiel|Tor|Kind|Weihnachtstag|Feiertag|Platzierung|Schritt|Generation"
)
_NUMBERED = (
    r"\b(?:Schritt|Kanal|Gleis|Zone|Zimmer|Raum|Platz|Linie|Nummer|Teil|Stufe|Programm|Timer|Level|Formel|Klasse|Bus"
    r"|Tor|Halle|Punkt|Position|Ebene|Gruppe|Version|Bahnsteig|Tisch|Kapitel|Seite|Paragraf|Artikel|Absatz)\s$"
)

ALSO_READ = (
    rf"\b(?:{_KINGS})s?\s[IVX]+\b|\b(?:{_PARTS})\s[IVX]+\b|\b[IVX]+\.\s(?:{_NOUNS})\b|[dmr]\s[IVX]{{2,}}\.\s\p{{Lu}}"
)


def romans() -> Iterator[Row]:
    """Kings, centuries, chapters."""
    yield rf"\b(?<name>{_KINGS})(?<s>s)?\s(?<roman>[IVX]+)\b\.?(?!\p{{L}})", _king
    yield rf"(?<=\b(?:{_PARTS})\s)(?<roman>[IVX]+)\b(?!\.\d)", lambda found: _roman(found, cardinal)
    yield (
        rf"(?<![\p{{L}}\d])(?<roman>[IVX]+)\.(?=\s(?<noun>{_NOUNS})\b)",
        lambda found: _roman(found, lambda n: _ordinal(found, n).capitalize()),
    )
    yield (
        r"(?<=\b(?:[Dd]er|[Dd]ie|[Dd]as|[Dd]en|[Dd]em|[Dd]es|[Ii]m|[Aa]m|[Zz]um|[Bb]eim|[Vv]om)\s)"
        r"(?<roman>[IVX]{2,})\.(?=\s(?<noun>\p{Lu}\p{Ll}{2,}))",
        lambda found: _roman(found, lambda n: _ordinal(found, n)),
    )


def ordinals() -> Iterator[Row]:
    """What is left when the dates are in words."""
    leads = (
        "am|im|der|die|das|den|dem|des|vom|zum|zur|beim|ins|ans|seine?[nmrs]?|ihre?[nmrs]?|meine?[nmrs]?"
        "|deine?[nmrs]?|unsere?[nmrs]?|eine?[nmrs]?|jede[nmrs]?"
        "|diese[nmrs]?|keine?[nmrs]?"
    )
    yield (
        rf"(?<![\d.,])(?<n>\d{{1,2}})\.\s?[-–]\s?(?<last>\d{{1,2}})\.(?=(?:\s(?<noun>{_NOUNS})\b)?)(?!\d)",
        _from_to,
    )
    yield (
        rf"(?<=\s)(?<n>\d{{1,3}})\.(?<=\b(?i:{leads})\s(?:\d+\.\s(?:und|oder|bis|bis zum)\s)?\d{{1,3}}\.)"
        rf"(?=\s(?:und|oder|bis)\s|\s?[-–,]|\s(?<noun>\p{{Lu}}\p{{L}}+)|\s\p{{Ll}})",
        _any_ordinal,
    )
    yield (
        r"(?<=\s)(?<n>\d{1,3})\.(?<=\b(?i:am|im|der|die|das|den|dem|vom|zum)\s\d{1,3}\.)(?=\s*$)",
        lambda found: _any_ordinal(found) + ".",
    )
    yield (
        r"(?<=\s)(?<n>\d{1,2})\.(?<=\b(?:wurde|wird|werden|war|ist|als)\s\d{1,2}\.)"
        r"(?=\s(?:\p{Ll}|(?<noun>\p{Lu}\p{L}+)))",
        _any_ordinal,
    )
    yield rf"(?<![\d.,:])(?<n>\d{{1,3}})\.(?=\s(?<noun>{_NOUNS})\b)", _any_ordinal


def ones() -> Iterator[Row]:
    """ "1 Stunde", "1 €", "½ Liter" """
    things = sorted([*UNITS, *CURRENCIES], key=len, reverse=True)
    thing = "(?<thing>" + "|".join(map(regex.escape, things)) + r")(?![\p{L}\p{N}/])"
    free = r"(?<![\p{L}\d.,:/$€£#+–§-])(?<!\d\s)"
    yield rf"{free}(?<n>1|½|1/2)\s?{thing}(?!\s?\d+\s?[:=])", _one_of_unit
    yield (
        rf"{free}1,(?<cents>\d\d)\s?(?<thing>€|Euro|EUR|\$)(?!\p{{L}})(?:/(?<per>k?g|l|h|kWh|km|m|m²|min)(?!\p{{L}}))?",
        _one_with_cents,
    )
    yield rf"{free}(?<n>1|½|1/2)\s(?<thing>\p{{Lu}}\p{{Ll}}+|E-Mail)\b", _one_of_noun
    yield rf"{free}1(?=\s\p{{Ll}}+e(?<ending>[rsn]?)\s(?<thing>\p{{Lu}}[\p{{L}}-]+))", _one_of_adjective


def _one_of_unit(found: "regex.Match[str]") -> str:
    thing = found["thing"]
    unit = UNITS[thing] if thing in UNITS else CURRENCIES[thing].unit
    return f"{_agreeing(found, unit.gender)} {unit.one}"


def _one_with_cents(found: "regex.Match[str]") -> str:
    cents = int(found["cents"])
    words = f"{one('m', case(preceding(found)))} {CURRENCIES[found['thing']].unit.one}"
    per = f"pro {UNITS[found['per']].one}" if found["per"] else ""
    return " ".join(filter(None, (words, cardinal(cents) if cents else "", per)))


def _one_of_noun(found: "regex.Match[str]") -> str | None:
    if regex.search(rf"{_NUMBERED}|§\s?$", preceding(found)):
        return None
    return f"{_agreeing(found, gender(found['thing']))} {found['thing']}"


def _one_of_adjective(found: "regex.Match[str]") -> str:
    """ "1 neue Nachricht": the adjective has the case already."""
    if found["ending"] != "n":
        return "ein" if found["ending"] else "eine"
    wanted = case(preceding(found))
    return one(gender(found["thing"]), "accusative" if wanted == "nominative" else wanted)


def _agreeing(found: "regex.Match[str]", of_gender: str) -> str:
    wanted = case(preceding(found))
    return one(of_gender, wanted) if found["n"] == "1" else half(of_gender, wanted)


def _any_ordinal(found: "regex.Match[str]") -> str:
    return _ordinal(found, int(found["n"]))


def _ordinal(found: "regex.Match[str]", n: int) -> str:
    noun = found.groupdict().get("noun")
    return ordinal(n, ending(preceding(found), gender(noun) if noun else "m"))


def _from_to(found: "regex.Match[str]") -> str:
    """ "1.-3. Klasse"; without what is counted they are places."""
    first, last = int(found["n"]), int(found["last"])
    if not found["noun"]:
        return f"{cardinal(first)} bis {cardinal(last)}" + ("" if found.string[found.end() :].strip() else ".")
    how = ending(preceding(found), gender(found["noun"]))
    return f"{ordinal(first, how)} bis {ordinal(last, how)}"


def _king(found: "regex.Match[str]") -> str | None:
    n = value(found["roman"])
    if not n:
        return None
    before = regex.sub(
        r"(?:(?:König|Kaiser|Papst|Königin|Kaiserin|Zar|Zarin|Prinz|Herzog|Johannes|Franz|Friedrich)(?:in|s)?\s)+$",
        "",
        preceding(found),
    )
    is_queen = regex.match(_QUEENS, found["name"]) is not None
    if regex.search(r"\b(?i:von|mit|bei|unter|nach|zu|seit|vor|dem|aus)\s$", before):
        words = f"{'der' if is_queen else 'dem'} {ordinal(n, 'en').capitalize()}"
    elif regex.search(r"\b(?i:gegen|für|durch|ohne|über|um|den)\s$", before):
        words = f"{'die' if is_queen else 'den'} {ordinal(n, 'e' if is_queen else 'en').capitalize()}"
    elif found["s"]:
        words = f"{'der' if is_queen else 'des'} {ordinal(n, 'en').capitalize()}"
    else:
        words = f"{'die' if is_queen else 'der'} {ordinal(n).capitalize()}"
    is_last = found[0].endswith(".") and not found.string[found.end() :].strip()
    return f"{found['name']}{found['s'] or ''} {words}{'.' if is_last else ''}"


def _roman(found: "regex.Match[str]", say: Callable[[int], str]) -> str | None:
    n = value(found["roman"])
    return say(n) if n else None
