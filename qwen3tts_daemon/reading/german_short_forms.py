"""German short forms that need a look at what stands beside them."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.german_grammar import case, ending, gender, preceding
from qwen3tts_daemon.reading.german_numbers import cardinal
from qwen3tts_daemon.reading.german_units import UNITS
from qwen3tts_daemon.reading.language import Row

_LARGE = {"Mio": "Million", "Mrd": "Milliarde"}
_BEFORE_NUMBER = {
    "Nr": "Nummer", "S": "Seite", "Abs": "Absatz", "Art": "Artikel", "Kap": "Kapitel", "Bd": "Band",
    "Abb": "Abbildung", "Ziff": "Ziffer", "Tab": "Tabelle", "Tel": "Telefon", "max": "maximal", "min": "minimal",
    "Max": "Maximal", "Min": "Minimal", "geb": "geboren", "gegr": "gegründet", "gest": "gestorben", "St": "Stufe",
    "Az": "Aktenzeichen", "Kl": "Klasse", "Gl": "Gleis", "Pos": "Position", "Fig": "Figur", "Whg": "Wohnung",
    "Anl": "Anlage",
    "Anh": "Anhang",
    "App": "Apparat", "op": "opus", "Op": "Opus",
}  # fmt: skip
_NUMBERS_OF = {
    "Kd.": "Kunden", "Art.": "Artikel", "Best.": "Bestell", "Tel.": "Telefon", "Kto.": "Konto", "Rg.": "Rechnungs",
    "Re.": "Rechnungs", "Auftr.": "Auftrags", "Mitgl.": "Mitglieds",
}  # fmt: skip
_FLOORS = {
    "EG": "Erdgeschoss", "OG": "Obergeschoss", "UG": "Untergeschoss", "KG": "Kellergeschoss", "DG": "Dachgeschoss",
}  # fmt: skip
_ADJECTIVES = {
    "sog": "sogenannt", "ehem": "ehemalig", "dt": "deutsch", "engl": "englisch", "frz": "französisch",
    "rel": "relativ", "kl": "klein", "gr": "groß", "städt": "städtisch", "staatl": "staatlich", "öffentl": "öffentlich",
    "elektr": "elektrisch", "gesetzl": "gesetzlich", "ges": "gesamt", "kath": "katholisch", "ev": "evangelisch",
}  # fmt: skip
_PACKS = {
    "Fl": ("Flasche", "Flaschen"), "Btl": ("Beutel", "Beutel"), "Pkg": ("Packung", "Packungen"),
    "Gl": ("Glas", "Gläser"), "Ds": ("Dose", "Dosen"), "Msp": ("Messerspitze", "Messerspitzen"),
    "Tbl": ("Tablette", "Tabletten"), "Pr": ("Prise", "Prisen"), "Bd": ("Bund", "Bund"), "Stck": ("Stück", "Stück"),
    "Erw": ("Erwachsener", "Erwachsene"), "Ki": ("Kind", "Kinder"), "Jhd": ("Jahrhundert", "Jahrhunderte"),
}  # fmt: skip

ALSO_READ = (
    rf"(?<![\p{{L}}\d.])(?:{'|'.join(_ADJECTIVES)})\.\s\p{{L}}|\p{{L}}\su\.\s\p{{L}}"
    r"|\p{Ll}\.\s[IVX]+\b|\p{Ll}[Nn]r\.|-Nr\.|\b(?:im|vom) (?:EG|UG|KG|DG)\b"
    r"|\p{Ll}str\.|\b(?:St|Fr|Fa)\.\s\p{Lu}|\b(?:sog|Nr|Tel|Mio|Mrd|Std|Sek|Stk)\."
)


def short_forms() -> Iterator[Row]:
    """All of them, in order."""
    yield (
        rf"(?<![\p{{L}}\d])(?<what>{'|'.join(map(regex.escape, _NUMBERS_OF))})-?[Nn]r\.",
        lambda found: f"{_NUMBERS_OF[found['what']]}nummer",
    )
    yield r"\b(?<what>\p{Lu}\p{Ll}+)(?:-N|n)r\.", lambda found: f"{found['what']}nummer"
    yield (
        rf"(?<![\p{{L}}\d])(?<short>{'|'.join(_BEFORE_NUMBER)})\.(?=:?\s?[-+(]?\d|\s[IVX]+\b)",
        _before_number,
    )
    yield r"(?<![\p{L}\d])Nr\.", lambda _: "Nummer"
    yield r"(?<![\p{L}\d]|\d[ \u00a0])km(?=\s\d)", lambda _: "Kilometer"
    floors, joined = "|".join(_FLOORS), r"(?:,|\s(?:und|bis|oder))\s"
    yield (
        rf"(?<=\b(?:[Ii]m|[Vv]om|[Zz]um|[Aa]us dem)\s|\b(?:{floors}){joined}|geschoss{joined}|\d\.\s)"
        rf"(?<short>{floors})(?![\p{{L}}\d])",
        lambda found: _FLOORS[found["short"]],
    )
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
    yield (
        rf"(?<![\p{{L}}\d.])(?<short>{'|'.join(_ADJECTIVES)})\.(?=\s(?:\p{{Ll}}+\s)?(?<noun>\p{{Lu}}\p{{L}}+)?)",
        lambda found: _ADJECTIVES[found["short"]] + ending(preceding(found), gender(found["noun"] or "")),
    )
    yield (
        rf"(?<=(?:\d|½)\s)(?<short>{'|'.join(_PACKS)})\.(?=\s[\p{{L}}\d]|(?<end>\s*$))",
        _packs,
    )
    yield r"(?<=[\p{L}\d]\s)u\.(?=\s(?!a\.|U\.|v\.|Ä\.)[\p{L}\d])", lambda _: "und"
    yield r"(?<=\b(?:Seiten?|Paragrafe?n?|Artikel|Absatz)\s\d+\s?|§\s?\d+\s?)f(?<more>f)?\.", _following
    yield (
        r"(?<=\d\.\s)(?<short>Min|Std|Sek)\b\.?(?=(?<end>\s*$)?)",
        lambda found: UNITS[found["short"]].one + ("." if found["end"] is not None else ""),
    )
    yield (
        r"(?<=\d\s?)(?<short>Min|Std|Sek|Stk|Mio|Mrd|Bio|Tsd|Pers|Mon|Wo|Tg|St|SFr)\.(?=[\s\u00a0]*[^\s\u00a0])",
        lambda found: found["short"],
    )
    yield r"(?<=\d)\s?º", lambda _: "°"
    yield (
        r"(?<=[€$\p{L}]\s?)/\s?(?<per>Std|Min|Sek|Stk|St|Pers|Mon|Tg|Wo)\b\.?(?=(?<end>\s*$)?)",
        lambda found: f" pro {UNITS[found['per']].one}" + ("." if found["end"] is not None else ""),
    )
    yield (
        r"(?<=\d[\d.,]*\s?(?:€|EUR|Euro|ct|\$|CHF|\p{L}{1,3}))\s?/\s?(?=\p{Lu}\p{Ll}{2})",
        lambda _: " pro ",
    )
    yield (
        r"(?<=\b\d+)/(?=\d+\s(?:Punkt|Stern|Richtig|Aufgab|Frag|Antwort|Lamp|Fenster|Gerät|Licht|Tür)\p{Ll}*)",
        lambda _: " von ",
    )
    yield r"(?<=\d\s?)J\.(?=\s)", _years
    yield r"(?<![\p{L}\d.])v\.(?=\s\d{1,2}\.\s?[\d\p{Lu}])", lambda _: "vom"
    yield r"(?<=\b(?:Gleis|Abschnitt|Sektor|Reihe|Haus|Block)\s(?:\d+\s?)?[A-H])[–-](?=[A-H]\b)", lambda _: " bis "
    yield (
        r"(?<=\b(?:Gleis|Reihe|Haus|Block|Gate|Aufgang)\s)\d{1,3}(?=\s?[A-H]\b)",
        lambda found: cardinal(int(found[0])),
    )
    yield r"\d{1,3}(?=\s(?:in\s)?[A-Ha-h](?:is|es|s)?-(?:Dur|Moll)\b)", lambda found: cardinal(int(found[0]))
    yield r"(?<=\b[Ii]m\s)J\.(?=\s\d{4})", lambda _: "Jahr"
    yield (
        r"(?<=\d[^.!?/]{0,20}\p{Ll})(?<!tag|woche|monat|jahr)/(?=(?:Tag|Woche|Monat|Jahr|Person|Stunde|Nacht|Stück)\b)",
        lambda _: " pro ",
    )
    yield r"(?<=\b\d{1,4})\s?/\s?(?=(?:Tag|Woche|Monat|Jahr)(?!\p{L}))", lambda _: " pro "
    yield r"(?<=\b\d{1,4})/(?<per>min|h)(?!\p{L})", lambda found: f" pro {UNITS[found['per']].one}"
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


def _before_number(found: "regex.Match[str]") -> str | None:
    """ "Min. 5 °C"; but "2 Min. 5 Sek." """
    is_unit = found["short"] in UNITS and regex.search(r"\d\s?$", preceding(found))
    return None if is_unit else _BEFORE_NUMBER[found["short"]]


def _packs(found: "regex.Match[str]") -> str:
    one, more = _PACKS[found["short"]]
    is_one = regex.search(r"(?<![\d.,])[1½]\s$", preceding(found))
    return (one if is_one else more) + ("." if found["end"] is not None else "")


def _years(found: "regex.Match[str]") -> str:
    before = regex.sub(r"[\d.,–-]+\s?$", "", preceding(found))
    return "Jahren" if case(before) == "dative" else "Jahre"


def _following(found: "regex.Match[str]") -> str:
    """Pages from one on."""
    words = "fortfolgende" if found["more"] else "folgende"
    return words + ("" if found.string[found.end() :].strip() else ".")
