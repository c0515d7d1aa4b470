"""French short forms, Roman numerals, ordinals, telephone numbers and codes."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.french_numbers import as_name, cardinal, digit_groups, ordinal
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import before_numbers, numbers_with_dash, reign, secrets

ABBREVIATIONS = {
    "etc.": "et cetera", "p. ex.": "par exemple", "p.ex.": "par exemple",
    "par ex.": "par exemple", "c.-à-d.": "c'est-à-dire", "c.à.d.": "c'est-à-dire", "càd": "c'est-à-dire",
    "cf.": "confer", "env.": "environ", "tél.": "téléphone", "rdv": "rendez-vous", "RDV": "rendez-vous",
    "RV": "rendez-vous",
    "r.-v.": "rendez-vous", "rdc": "rez-de-chaussée", "svp": "s'il vous plaît", "s.v.p.": "s'il vous plaît",
    "stp": "s'il te plaît", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
    "ap. J.-C.": "après Jésus-Christ", "max.": "maximum", "janv.": "janvier", "févr.": "février",
    "juill.": "juillet", "juil.": "juillet", "bcp": "beaucoup", "vs.": "contre", "vs": "contre",
    "n.b.": "nota bene", "boul.": "boulevard", "qqch.": "quelque chose", "qqn": "quelqu'un",
    "appt.": "appartement", "apt.": "appartement", "appart.": "appartement", "dép.": "département",
    "éd.": "édition", "chap.": "chapitre", "hab.": "habitants", "temp.": "température",
    "vol.": "volume", "resp.": "respectivement", "approx.": "approximativement", "et suiv.": "et suivantes",
    "ttes": "toutes", "qté": "quantité", "réf.": "référence",
    "Mme": "madame", "Mme.": "madame", "Mmes": "mesdames", "Mlle": "mademoiselle", "Mlle.": "mademoiselle",
    "Mlles": "mesdemoiselles", "MM.": "messieurs", "Dr": "docteur", "Dr.": "docteur", "Drs": "docteurs",
    "Dre": "docteure", "Pr": "professeur", "Pr.": "professeur", "N.B.": "nota bene", "NB": "nota bene",
    "P.-S.": "post-scriptum", "Sté": "société", "Ste": "sainte", "Vve": "veuve", "Mgr": "monseigneur",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "p.": "page", "pp.": "pages", "art.": "article", "fig.": "figure", "t.": "tome", "al.": "alinéa",
    "bât.": "bâtiment", "ét.": "étage", "ch.": "chambre", "no": "numéro", "no.": "numéro", "nº": "numéro",
    "n°": "numéro", "nos": "numéros", "n°s": "numéros", "min.": "minimum", "max": "maximum", "th.": "thermostat",
    "art": "article", "ép.": "épisode", "dpt": "département", "appt": "appartement", "esc.": "escalier",
    "km": "kilomètre",
}  # fmt: skip
"""Short forms that are sure in front of a number"""
_BEFORE_NAMES = {
    "M.": "monsieur", "Me": "maître", "St": "saint", "St-": "saint-", "Ste-": "sainte-", "av.": "avenue",
    "Av.": "avenue", "bd": "boulevard", "Bd": "boulevard", "bd.": "boulevard", "Bd.": "boulevard", "pl.": "place",
    "Pl.": "place", "rte": "route", "Rte": "route", "imp.": "impasse", "r.": "rue", "all.": "allée", "ch.": "chemin",
}  # fmt: skip
"""Short forms that are sure in front of a capital"""
_KINGS = (
    "Albert|Alexandre|Alphonse|Baudouin|Benoît|Boniface|Catherine|Charles|Christian|Clément|Édouard|Elisabeth|Élisabeth"
    "|Elizabeth|Félix|Ferdinand|François|Frédéric|Georges?|Grégoire|Guillaume|Gustave|Harald|Hassan|Henri|Innocent"
    "|Jacques|Jean|Jean-Paul|Joseph|Juan Carlos|Jules|Léon|Léopold|Louis|Marguerite|Mohammed|Napoléon|Nicolas|Olav"
    "|Otton|Paul|Philippe|Pie|Pierre|Ptolémée|Rainier|Ramsès|Richard|Rodolphe|Sixte|Urbain|Victor-Emmanuel|Victor"
)
NUMBERED = (
    "acte|alinéa|annexe|année|années|appartement|arrondissement|article|bureau|bâtiment|canal|capteur"
    "|chambre|chapitre|chaîne|classe|code|couloir|département|escalier|exercice|figure|formule|gare"
    "|groupe|hall|immeuble|leçon|ligne|livre|lot|mode|module|niveau|numéro|page|palier|paragraphe"
    "|partie|phase|piste|place|port|porte|poste|prise|quai|radiateur|route|saison|salle|scène"
    "|secteur|section|semaine|sortie|station|table|terminal|titre|tome|type|version|voie|volet"
    "|volume|zone|épisode|étage|étape"
)
"""Behind these words a number is a name: it takes no gender and no plural"""
_ENDING = r"(?<end>ers?|res?|ères?|èmes?|emes?|ièmes?|es?|nde?s?)(?!\p{L})"
_ALONE = r"(?<!\p{L}|\p{L}\.)"
_LETTERED = "lettres?|option|plan|taille|groupe|classe|touche|bus|ligne|porte|catégorie"
"""Behind these words M. is a letter"""

ALSO_READ = (
    rf"\b[IVX]{{2,}}\b|\b[IVX]+e\b|\bIer\b|\b(?:{_KINGS})\s[IVX]+\b"
    rf"|(?<![\p{{L}}\d.])(?:{alternatives(_BEFORE_NAMES)})\s?\p{{Lu}}|(?<![\p{{L}}\d.])M\.\s(?:et|le)\s"
    r"|(?<![/\p{L}])etc(?!\p{L})"
)


def short_forms() -> Iterator[Row]:
    """Those that are sure only before a number or a name."""
    yield before_numbers(_BEFORE_NUMBERS)
    yield (
        rf"{_ALONE}(?<!\b(?i:{_LETTERED})\s)(?:{alternatives(_BEFORE_NAMES)})(?=\s\p{{Lu}}|(?<=M\.)\s(?:et\s|le\s))"
        r"|(?<!\p{L})(?:St|Ste)-(?=\p{Lu})",
        lambda found: _BEFORE_NAMES[found[0]],
    )
    yield r"(?<![/\p{L}])etc(?![/\p{L}.])", rewritten("et cetera")
    yield r"(?<=\b[IVX]+e\s)s\.", rewritten("siècle")
    yield r"(?<=\b\d+(?:er|e|ème)\s)ét\.", rewritten("étage")
    yield r"(?<=\b\d+(?:re|e|ème)\s)min\b\.?(?!\s*$)|(?<=\b\d+(?:re|e|ème)\s)min\b", rewritten("minute")
    yield r"(?<=\d\s?(?:min|mn|sec|pers|hab))\.(?=\s\p{Ll})", rewritten("")


def romans() -> Iterator[Row]:
    """Centuries, kings, chapters."""
    yield rf"\b(?!Vers\b)(?<r>[IVX]+){_ENDING}", _roman_ordinal
    yield rf"(?<=\b(?:{_KINGS})\s)(?<r>[IVX]+)\b", _king
    yield rf"(?<=\b(?i:{NUMBERED}|Vatican|guerre)\s)(?<r>[IVX]+)\b(?!['-])", _roman


def ordinals() -> Iterator[Row]:
    """ "1er", "2e", "3ème" """
    yield rf"(?<![\d.,])(?<n>\d{{1,6}})\s?{_ENDING}", lambda found: _with_ending(int(found["n"]), found["end"])


def codes() -> Iterator[Row]:
    """Telephone numbers, secrets, and numbers with a letter."""
    yield r"(?<![\d.,])0 ?8\d\d(?: \d{3}){2}(?![\d.,]?\d)", lambda found: ", ".join(map(digit_groups, found[0].split()))
    yield r"(?<![\d.])0\d(?:[.-]\d\d){4}(?![.,-]?\d)|(?<![\d.,+])0[1-9]\d{8}(?!\d)", _phone
    yield (
        r"(?<=\b(?i:composez|compose|appelez|appelle|appeler|faites|fais)\s(?:le|au)\s)[1-9]\d{3}(?![\d.,]?\d)",
        lambda found: digit_groups(found[0]),
    )
    yield (
        rf"(?<=\b(?i:{NUMBERED})\s)(?<n>[1-9]\d{{0,3}})\s?(?<letter>[A-Z])\b",
        lambda found: f"{as_name(int(found['n']))} {found['letter']}",
    )
    yield r"\bPM\s?(?=\d)", rewritten("PM ")
    yield secrets(
        r"\b(?:codes?(?!\spost)|PIN|mot de passe)\b[^\d.;!?]{0,30}", lambda digits: " ".join(map(digit_groups, digits))
    )
    yield numbers_with_dash()


def _roman_ordinal(found: "regex.Match[str]") -> str | None:
    return _with_ending(roman.value(found["r"]), found["end"])


def _king(found: "regex.Match[str]") -> str | None:
    n = reign(found)
    return "premier" if n == 1 else cardinal(n) if n else None


def _roman(found: "regex.Match[str]") -> str | None:
    n = roman.value(found["r"])
    return cardinal(n) if n else None


def _with_ending(n: int | None, ending: str) -> str | None:
    if not n:
        return None
    if ending.startswith("nd"):
        return f"second{ending[2:]}"
    return ordinal(n, "" if ending.startswith("er") else "f") + ("s" if ending.endswith("s") else "")


def _phone(found: "regex.Match[str]") -> str:
    return ", ".join(map(digit_groups, regex.findall(r"\d\d", found[0])))
