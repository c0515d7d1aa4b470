"""Numbers in German words and names: ordinals, kings, streets, codes; short forms that need a look."""

from collections.abc import Callable, Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_numbers import (
    by_digit,
    cardinal,
    case,
    ending,
    gender,
    half,
    joining,
    one,
    ordinal,
    preceding,
)
from qwen3tts_daemon.reading.german_units import CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Row
from qwen3tts_daemon.reading.roman import value

_KINGS = (
    "Ludwig|Karl|Heinrich|Friedrich|Wilhelm|Otto|Elisabeth|Elizabeth|Georg|Katharina|Johannes|Paul|Benedikt"
    "|Pius|Leo|Franz|Franz Joseph"
    "|Napoleon|Philipp|Peter|Nikolaus|Alexander|Gustav|Margrethe|Charles|Edward|Ramses|Ferdinand|Joseph"
    "|Maximilian|Rudolf|August|Leopold"
    "|Albrecht|Konrad|Iwan|Philip|Felipe|Louis|Gregor|Innozenz|Klemens|Urban|Xerxes|Dareios|Albert|Carl"
    "|Christian|Willem|Friedrich Wilhelm"
)
_LARGE = {"Mio": "Million", "Mrd": "Milliarde"}
_QUEENS = "Elisabeth|Elizabeth|Katharina|Margrethe"
_PARTS = "Kapitel|Teil|Band|Akt|Phase|Typ|Klasse|Stufe|Hartz|Szene|Buch|Artikel|Abschnitt|Anlage|Sparta|Rocky"
_NOUNS = (
    "Jahrhunderts?|FC|FSV|Stock|Stockwerk|Etage|Klasse|Platz|Mal|Geburtstag|Weltkriegs?|Auflage|Kapitel|Liga|Spieltag"
    "|Runde|Tag|Woche|Monat|Jahr|Quartal"
    "|Stunde|Advent|Versuch|Teil|Akt|Satz|Absatz|Bezirk|Reihe|Halbzeit|Minute|Hochzeitstag|Obergeschoss"
    "|Untergeschoss|OG|UG|Staffel|Folge|Halbjahr"
    "|Semester|Lebensjahr|Jahrestag|Bundesliga|Wahl|Gang|Rang|Person|Geschoss|Spiel|Tor|Kind|Weihnachtstag"
    "|Feiertag|Platzierung|Schritt|Generation"
)
_CODED = (
    r"PIN|TAN|PUK|[Cc]ode|[Kk]ennwort|[Pp]asswort|PLZ|Postleitzahl|Durchwahl|Fehler|Port|ID|Konto|Bestellung"
    r"|\p{L}*(?:[Kk]onto|[Kk]unden|[Bb]estell|[Rr]echnungs"
    r"|[Ss]endungs|[Aa]uftrags|[Vv]organgs|[Ss]erien|[Tt]icket|[Rr]uf|[Tt]elefon|[Tt]rack\p{Ll}*|[Bb]uchungs"
    r"|[Vv]ertrags|[Mm]itglieds)-?nummer|\p{L}+(?:code|Code|PIN)"
)
_WHOLE = r"(?!\d|[%°]|[-.,:/]\d)"
_COMPOUNDS = (
    "mal|fach|jährig|köpfig|stündig|tägig|minütig|stellig|teilig|monatig|wöchig|prozentig|sekündig|seitig"
    "|stöckig|türig|gängig|zeilig|dimensional|stündlich"
    "|wöchentlich|monatlich|jährlich|tägig|strahlig|polig|adrig|spurig|gliedrig|sitzig|sprachig"
)
_NUMBERED = (
    r"\b(?:Schritt|Kanal|Gleis|Zone|Zimmer|Raum|Platz|Linie|Nummer|Teil|Stufe|Programm|Timer|Level|Formel|Klasse"
    r"|Bus|Tor|Halle|Punkt|Position|Ebene|Gruppe|Version|Bahnsteig|Tisch|Kapitel|Seite|Paragraf|Artikel"
    r"|Absatz)\s$"
)

ALSO_READ = (
    rf"\b(?:{_KINGS})s?\s[IVX]+\b|\b(?:{_PARTS})\s[IVX]+\b|\b[IVX]+\.\s(?:{_NOUNS})\b|\p{{Ll}}str\.|\b(?:St"
    rf"|Fr)\.\s\p{{Lu}}|\bsog\."
)


def names() -> Iterator[Row]:
    """All of them, in order."""
    yield from _short_forms()
    yield rf"\b(?<name>{_KINGS})(?<s>s)?\s(?<roman>[IVX]+)\b\.?(?!\p{{L}})", _king
    yield rf"(?<=\b(?:{_PARTS})\s)(?<roman>[IVX]+)\b(?!\.\d)", lambda found: _roman(found, cardinal)
    yield (
        rf"(?<![\p{{L}}\d])(?<roman>[IVX]+)\.(?=\s(?<noun>{_NOUNS})\b)",
        lambda found: _roman(found, lambda n: _ordinal(found, n).capitalize()),
    )
    yield from _codes()
    yield from _words()


def ordinals() -> Iterator[Row]:
    """What is left when the dates are in words."""
    leads = (
        "am|im|der|die|das|den|dem|des|vom|zum|zur|beim|ins|ans|seine?[nmrs]?|ihre?[nmrs]?|meine?[nmrs]?"
        "|deine?[nmrs]?|unsere?[nmrs]?|eine?[nmrs]?|jede[nmrs]?"
        "|diese[nmrs]?|keine?[nmrs]?"
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


def agreeing_ones() -> Iterator[Row]:
    """ "1 Stunde", "1 €", "½ Liter" """
    things = sorted([*UNITS, *CURRENCIES], key=len, reverse=True)
    thing = "(?<thing>" + "|".join(map(regex.escape, things)) + r")(?![\p{L}\p{N}/])"
    free = r"(?<![\p{L}\d.,:/$€£#+–§-])(?<!\d\s)"
    yield rf"{free}(?<n>1|½|1/2)\s?{thing}(?!\s?\d+\s?[:=])", _one_of_unit
    yield rf"{free}(?<n>1|½|1/2)\s(?<thing>\p{{Lu}}\p{{Ll}}+|E-Mail)\b", _one_of_noun
    yield rf"{free}1(?=\s\p{{Ll}}+e(?<ending>[rsn]?)\s(?<thing>\p{{Lu}}[\p{{L}}-]+))", _one_of_adjective


def _one_of_unit(found: "regex.Match[str]") -> str:
    thing = found["thing"]
    unit = UNITS[thing] if thing in UNITS else CURRENCIES[thing].unit
    return f"{_agreeing(found, unit.gender)} {unit.one}"


def _one_of_noun(found: "regex.Match[str]") -> str | None:
    if regex.search(_NUMBERED, preceding(found)):
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


# ---- short forms ----


def _short_forms() -> Iterator[Row]:
    before_number = {
        "Nr": "Nummer", "S": "Seite", "Abs": "Absatz", "Art": "Artikel", "Kap": "Kapitel", "Bd": "Band",
        "Abb": "Abbildung", "Ziff": "Ziffer", "Tab": "Tabelle", "Tel": "Telefon", "max": "maximal", "min": "minimal",
        "Max": "Maximal", "Min": "Minimal", "geb": "geboren", "gegr": "gegründet", "gest": "gestorben", "St": "Stufe",
        "Kl": "Klasse",
        "Pos": "Position", "Fig": "Figur", "Whg": "Wohnung",
    }  # fmt: skip
    yield (
        rf"(?<![\p{{L}}\d])(?<short>{'|'.join(before_number)})\.(?=:?\s?[-+(]?\d)",
        lambda found: before_number[found["short"]],
    )
    yield r"(?<![\p{L}\d])Nr\.", lambda _: "Nummer"
    yield r"(?<![\p{L}\d])Tel\.(?=:?\s\S)", lambda _: "Telefon"
    yield (
        r"\b(?<street>\p{L}+)str\.(?=(?<end>\s*$)?)",
        lambda found: f"{found['street']}straße" + ("." if found["end"] is not None else ""),
    )
    yield r"(?<![\p{L}\d])St\.(?=\s\p{Lu})", lambda _: "Sankt"
    yield (
        r"(?<![\p{L}\d])Fr\.(?=\s\p{Lu})(?!\s(?:Januar|Februar|März|April|Mai|Ju[nl]i|August|September|Oktober"
        r"|November|Dezember)\b)",
        lambda _: "Frau",
    )
    yield r"\bsog\.", lambda found: "sogenannt" + ending(preceding(found))
    yield (
        r"(?<=\d\.\s)(?<short>Min|Std|Sek)\b\.?(?=(?<end>\s*$)?)",
        lambda found: UNITS[found["short"]].one + ("." if found["end"] is not None else ""),
    )
    yield (
        r"(?<=\d\s?)(?<short>Min|Std|Sek|Stk|Mio|Mrd|Bio|Tsd|Pers|Tg|St|SFr)\.(?=[\s\u00a0]*[^\s\u00a0])",
        lambda found: found["short"],
    )
    yield r"(?<=\d)\s?º", lambda _: "°"
    yield (
        r"(?<=\d[\d.,]*\s?(?:€|EUR|Euro|ct|\$|CHF|\p{L}{1,3}))\s?/\s?(?=\p{Lu}\p{Ll}{2})",
        lambda _: " pro ",
    )
    yield r"(?<=\d\s?)J\.(?=\s)", lambda _: "Jahre"
    yield r"\bFa\.(?=\s\p{Lu})", lambda _: "Firma"
    in_full = {"Mio": "Millionen", "Mrd": "Milliarden", "Std": "Stunden", "Sek": "Sekunden", "Stk": "Stück"}
    yield rf"(?<!\d\s?)\b(?<short>{'|'.join(in_full)})\.", lambda found: in_full[found["short"]]
    yield r"§§", lambda _: "Paragrafen"
    yield r"(?<=\d),(?:-{1,2}|–|—)\s?(?=\s?€|\s?Euro|\s|$)", lambda _: ""
    yield r"(?<![\d.,])1\s?(?<what>Mio|Mrd)\b(?!\s?[€$])", lambda found: f"eine {_LARGE[found['what']]}"
    yield r"(?<=\d)\s?Mio\b(?!\.?\s?(?:€|Euro|EUR|\$))", lambda _: "Millionen"
    yield r"(?<=\d)\s?Mrd\b(?!\.?\s?(?:€|Euro|EUR|\$))", lambda _: "Milliarden"
    yield r"(?<![\d.,])(?<n>\d{1,3})\s?Tsd\b(?!\s?[€$])", lambda found: cardinal(int(found["n"]) * 1000)
    yield r"(?<=\d)\s?Tsd\b(?!\.?\s?(?:€|Euro|EUR|\$))", lambda _: "tausend"
    yield (
        r"(?<![\d.,])1\s(?=Million\p{Ll}*|Milliarde\p{Ll}*)(?<what>Million|Milliarde)(?:e?n)?",
        lambda found: f"eine {found['what']}",
    )


# ---- kings ----


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


# ---- codes and compounds ----


def _codes() -> Iterator[Row]:
    def digits(found: "regex.Match[str]") -> str:
        return by_digit(found[0])

    yield r"(?<![\d.,])(?<n>\d{1,2})K\b", lambda found: f"{cardinal(int(found['n']))} K"

    yield (
        rf"(?<=\b(?:{_CODED})(?:\s(?:ist|lautet|Nr\.|Nummer|war)"
        rf"|:)*\s#?)\d{{3,}}{_WHOLE}(?!\s\p{{Lu}}\p{{Ll}}+(?:n|en)\b)",
        digits,
    )
    yield (
        rf"(?<=\b(?:[Ww]ähl\p{{Ll}}*|(?:Notruf|Hotline|Rufnummer)(?:\s(?:ist|lautet|unter|die))*"
        rf"|[Rr]uf\p{{Ll}}*(?:\s(?:die|unter))?"
        rf"|unter)\s)\d{{3,6}}{_WHOLE}(?!\s?[/-]|\s\d|\s(?:\p{{Lu}}|Grad|%))",
        digits,
    )
    yield r"(?<=\b(?:[Dd]ie|[Dd]er)\s)(?:110|112|116117)\b(?!\s\p{Lu}|[.,]\d)", digits
    yield r"(?<=(?:\d\p{Ll}?,|\b(?:[Ii]n|[Nn]ach|[Aa]us|D-?))\s?)(?!\d\d000)\d{5}(?=\s\p{Lu}\p{Ll}+)", digits
    yield r"#(?<digits>\d{4,})(?![\d.,]\d)", lambda found: f"Nummer {by_digit(found['digits'])}"
    yield (
        r"(?<=\b(?:[Bb]lutdruck|RR)\b\D{0,15})(?<a>\d{2,3})/(?<b>\d{2,3})(?![\d/])",
        lambda found: f"{cardinal(int(found['a']))} zu {cardinal(int(found['b']))}",
    )
    yield r"(?<=\b[A-Z]{2,})-(?<digits>\d{4,})\b", lambda found: by_digit(found["digits"])
    yield (
        r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}\s(?=(?<n>\d{1,4})\b)\d+",
        lambda found: f"{found[0].split()[0].replace('-', ' ')} {by_digit(found['n'])}",
    )


def _words() -> Iterator[Row]:
    yield (
        rf"(?<![\d.,])(?<n>\d{{1,4}})-?(?<rest>(?:{_COMPOUNDS})(?:e[rnms]?)?)\b",
        lambda found: joining(int(found["n"])) + found["rest"],
    )
    yield (
        r"(?<![\d.,])(?<a>\d+),(?<b>\d+)(?:-?(?<rest>mal|fach)\b|[x×](?!\p{L}|\s?\d))",
        lambda found: f"{cardinal(int(found['a']))} Komma {by_digit(found['b'])} {found['rest'] or 'mal'}",
    )
    yield r"(?<=\d)\^(?=\d)", lambda _: "hoch"
    yield r"(?<![\d.,])(?<n>\d{1,4})\s?[x×](?!\p{L}|\s?\d)", lambda found: f"{joining(int(found['n']))}mal"
    yield r"(?<![\d.,/-])(?<n>\d{1,4})-(?=\p{Lu}\p{Ll})", lambda found: joining(int(found["n"])).capitalize() + "-"
    yield (
        r"(?<![\d.,])(?<n>\d{1,3})\"(?=[\s-]?(?:\p{L}|$|[.,]))",
        lambda found: (
            f"{cardinal(int(found['n']))} Zoll" if found.string[: found.start()].count('"') % 2 == 0 else None
        ),
    )
    yield r"(?<=\d)\s?[x×]\s?(?=\d)(?!\d+\s?=)", lambda _: "mal"
