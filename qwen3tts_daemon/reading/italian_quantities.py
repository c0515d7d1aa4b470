"""How Italian measures, sizes, ranges, scores and fractions are written, and what agrees with them, beside what every
language has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.italian_names import LABELS
from qwen3tts_daemon.reading.italian_numbers import cardinal, elided, fraction, gender, length, one, plural_gender
from qwen3tts_daemon.reading.italian_units import CURRENCIES, UNITS
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import compared, differences, minutes_and_seconds, scores, sizes, units_alone

_PREPOSITIONS = (
    "in|di|per|a|con|entro|circa|dopo|ogni|almeno|su|ai|dai|dei|nei|sui|i|le|gli|alle|delle|nelle|dalle|altri|altre|il|del"
    "|al|nel|dal|periodo|biennio|triennio|stagione|anni|decennio"
)
"""Behind these the ends of a range are said without more: "in dieci quindici minuti" """
_NO_NOUNS = frozenset(
    ("all", "alla", "alle", "anche", "che", "con", "dal", "dall", "dalla", "del", "dell", "della", "era", "fino",
     "meno", "nel", "nell", "nella", "non", "ogni", "ore", "per", "più", "punto", "sono", "sta", "sul", "sull",
     "sulla", "tra", "fra", "viene", "virgola", "milione")
)  # fmt: skip
_LARGE = {"mln": "milione", "mld": "miliardo"}
_SCORES = r"punteggio|risultato|finale|vinc\w+|vinto|vittoria|batt\w+|perde|perso|sconfitt\w+|paregg\w+|partita|set"
_COMPARED = {"≤": "minore o uguale a", "≥": "maggiore o uguale a", "<": "minore di", ">": "maggiore di"}
_EACH = {
    "giorno": "al giorno", "mese": "al mese", "minuto": "al minuto", "ora": "all'ora", "anno": "all'anno",
    "settimana": "alla settimana", "notte": "a notte", "persona": "a persona",
}  # fmt: skip
_DASH = r"\s?[-–—]\s?"
_NO_MORE = r"(?![\d:/-]|[.,]\d|\s?=)"


def quantities(number: str) -> Iterator[Row]:
    """Measures, sizes, ranges, scores; `number`: the pattern of one."""
    unit = rf"(?:\s?(?:{alternatives([*UNITS, *CURRENCIES])})(?!\p{{L}}))"
    begin = r"(?<![\p{L}\d.,:/-])"
    yield rf"(?<=\b(?i:tra|fra)\s(?:i\s|il\s|le\s|gli\s)?(?:{number}){unit}?){_DASH}(?=\d)", rewritten(" e ")
    yield (
        rf"(?<=\b(?i:{_PREPOSITIONS})\s)(?<a>{number}){unit}?{_DASH}(?<b>{number}){_NO_MORE}",
        rewritten(r"\g<a>, \g<b>"),
    )
    yield rf"{begin}(?<a>(?:19|20)\d\d){_DASH}(?<b>(?:19|20)?\d\d){_NO_MORE}", _years
    yield rf"{begin}(?<a>\d+)\s?%?{_DASH}(?<b>\d+)\s?(?:%|per cento)", _percentages
    yield rf"{begin}(?<a>\d){_DASH}(?<b>\d){_NO_MORE}(?!\s?[€$%°]|\s\p{{Ll}}|{unit})", rewritten(r"\g<a> a \g<b>")
    yield scores(_SCORES, "a")
    yield r"\b1:(?=\d{2,3}(?:[. ]?000)?\b)(?<=\b[Ss]cala\s1:)", rewritten("uno a")
    yield differences("meno")
    yield r"(?<=\d\s?)(?:[lL]|litri)\s?/\s?100\s?km\b", rewritten("litri per cento chilometri")
    yield r"(?<=\d\s?)kWh\s?/\s?100\s?km\b", rewritten("chilowattora per cento chilometri")
    yield r"(?<![\d.,])(?<a>\d)\s?m\s?(?<b>\d\d)\b(?![.,]\d)", rewritten(r"\g<a> m e \g<b>")
    yield r"(?<=\d)\s?€\s?(?=\d\d(?!\d|[.,]\d))", rewritten(" euro e ")
    yield units_alone("al|per|ogni", UNITS)
    yield from minutes_and_seconds(length)
    yield from sizes("piedi e", "pollici")
    yield rf"(?<=\p{{L}}|\d\s?[x×])\s?/\s?(?<span>{alternatives(_EACH)})\b", lambda found: f" {_EACH[found['span']]}"
    yield compared(_COMPARED)
    yield r"(?<=\d\s?)º(?!\p{L})", rewritten("°")
    yield r"\b21:9\b", rewritten("ventuno noni")
    yield r"\b16:9\b", rewritten("sedici noni")
    yield r"(?<=\b(?:formato|schermo|rapporto|immagine)\s)4:3\b", rewritten("quattro terzi")
    yield r"\b50\s?[/-]\s?50\b", rewritten("cinquanta e cinquanta")
    yield r"\b4x4\b", rewritten("quattro per quattro")
    yield r"(?<![\d.,])1\s?[x×](?!\s?\d|\p{L})", rewritten("una volta")
    yield r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", rewritten(r"\g<n> volte")
    yield r"(?<![\p{L}\d])[x×](?=\d)", rewritten("per")
    yield r"(?<=\d\s)mila\b", rewritten("000")
    # Elsewhere it is a verb: "nel 2020 ha vinto".
    yield r"(?<=\d)\s?ha(?=\s*(?:[.,;:!?)]|$)|\s(?:di|è|e|o|sono|in vendita)\b)", _hectares
    yield r"(?<![\d.,])1\s?(?<n>ml[nd])\.?(?=\s(?:di\s)?\p{Ll})", lambda found: f"un {_LARGE[found['n']]}"
    yield r"(?<=\d\s?)(?<n>ml[nd])\.?(?=\s(?:di\s)?\p{Ll})", lambda found: f"{_LARGE[found['n']][:-1]}i"


def fractions() -> Iterator[Row]:
    """Halves, thirds, and marks out of ten or thirty."""
    yield r"(?<![\d/.,])(?<n>\d+)(?:\s?½|\s1/2)\s(?<noun>(?!di\b)\p{Ll}{2,})", _and_a_half
    yield r"(?<=\be\s)(?:1/2|½)(?![\d/])", rewritten("mezzo")
    yield r"(?<=\b[Dd]a\s)(?<a>\d+(?:,\d+)?)\s?[-–]\s?(?=\d+(?:,\d+)?(?![\d:/-]))", rewritten(r"\g<a> a ")
    yield (
        r"(?<![\d/.,])(?:1/2|½)(?=\s(?<noun>\p{Ll}{3,}))",
        lambda found: "mezza" if gender(found["noun"]) else "mezzo",
    )
    yield (
        r"(?<=\b(?i:i|ai|dei|nei|un)\s)(?<a>\d)/(?<b>[3-9]|10)(?![\d/])",
        lambda found: fraction(int(found["a"]), int(found["b"])),
    )
    yield (
        r"(?<=[02-9]|\d1)\s?/\s?(?<b>5|10|20|30|60|100|110)(?![\d/]|[.,]\d|\s?km)",
        lambda found: f" su {cardinal(int(found['b']))}",
    )


def agreement() -> Iterator[Row]:
    """One of a thing."""
    yield rf"(?<=\b(?i:{LABELS})\s)1(?![\d.,:/])", rewritten("uno")
    yield r"(?<![\d.,/:'-]|\d\s)1\s(?<noun>\p{Ll}\p{L}{2,}(?:-\p{L}+)?)", _one


def _hectares(found: "regex.Match[str]") -> str:
    return "ettaro" if regex.search(r"(?<![\d.,])1$", found.string[: found.start()]) else "ettari"


def _years(found: "regex.Match[str]") -> str:
    last = found["b"] if len(found["b"]) == 4 else found["a"][:2] + found["b"]
    return f"dal {cardinal(int(found['a']))} al {cardinal(int(last))}"


def _percentages(found: "regex.Match[str]") -> str:
    first, last = cardinal(int(found["a"])), cardinal(int(found["b"]))
    return f"{elided('dal', first)} {elided('al', last)} per cento"


def _and_a_half(found: "regex.Match[str]") -> str:
    noun = UNITS[found["noun"]].many if found["noun"] in UNITS else found["noun"]
    return f"{cardinal(int(found['n']))} {noun} e {'mezza' if plural_gender(noun) else 'mezzo'}"


def _one(found: "regex.Match[str]") -> str | None:
    noun = found["noun"]
    return None if noun in _NO_NOUNS else one(noun, gender(noun))
