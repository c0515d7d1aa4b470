"""How French measures, sizes, scores and fractions are written, and what agrees with them, beside what every language
has."""

from collections.abc import Iterator

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.french_names import NUMBERED
from qwen3tts_daemon.reading.french_numbers import as_name, cardinal, fraction, gender, length
from qwen3tts_daemon.reading.french_units import UNITS
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import compared, differences, minutes_and_seconds, scores, sizes, units_alone

_ADJECTIVES = frozenset(("autre", "jeune", "nouvelle", "grande", "petite", "belle", "ancienne", "dernière"))
_NO_NOUNS = frozenset(("des", "pour", "par", "sur", "sont", "était", "avec", "dans", "mais"))
_COMPARED = {"≤": "inférieur ou égal à", "≥": "supérieur ou égal à", "<": "inférieur à", ">": "supérieur à"}
_SCORES = r"score|résultat|final|gagn\w+|bat|battu|nul|victoire|défaite|mène|mènent|perd\w*|match"
_SPANS = "jour|semaine|mois|an|année|heure|nuit|personne|minute"
_WHOLE = r"(?<![\d.,]|\d[ \u00a0])(?<n>\d{1,3}(?:[ \u00a0.]\d{3})+|\d+)(?![\d.,]*\d)"


def quantities() -> Iterator[Row]:
    """Measures, sizes, ranges, scores."""
    unit = alternatives(unit for unit in UNITS if unit not in "%‰°")
    yield rf"\b(?<d>[Dd])e\s(?=1\s?(?:{unit})(?!\p{{L}})|1:\d\d:\d\d)", rewritten(r"\g<d>'")
    yield r"(?<=\bentre\s\d+(?:,\d+)?(?:\s?[€%°h]C?)?)\s?[-–—]\s?(?=\d)", rewritten(" et ")
    yield r"(?<=\d\s?)(?:[lL]|litres)\s?/\s?100\s?km\b", rewritten("litres aux cent kilomètres")
    yield r"(?<=\d\s?)kWh\s?/\s?100\s?km\b", rewritten("kilowattheures aux cent kilomètres")
    yield r"(?<![\d.,])(?<a>\d)\s?m\s?(?<b>\d\d)\b(?![.,]\d)", rewritten(r"\g<a> m \g<b>")
    yield r"(?<=\d)\s?€\s?(?=\d\d(?!\d|[.,]\d))", rewritten(" euros ")
    yield units_alone("au|le|par", UNITS)
    yield from minutes_and_seconds(length)
    yield from sizes("pieds", "pouces")
    yield rf"(?<=\p{{L}}|\d\s?[x×])\s?/\s?(?=(?:{_SPANS})\b)", rewritten(" par ")
    yield compared(_COMPARED)
    yield r"(?<=\b[Éé]chelle\s)1:(?<n>\d+)\b", lambda found: fraction(1, int(found["n"]))
    yield r"\b21:9\b", rewritten("vingt et un neuvièmes")
    yield r"\b16:9\b", rewritten("seize neuvièmes")
    yield r"(?<=\b(?:format|écran|rapport|ratio|image)s?\s)4:3\b", rewritten("quatre tiers")
    yield r"\b50\s?[/-]\s?50\b", rewritten("cinquante-cinquante")
    yield r"\b4x4\b", rewritten("quatre-quatre")
    yield r"(?<=\b\d+)\s?[x×]\s?(?=[\d.,\u00a0 ]*\d\s?€)", rewritten(" fois ")
    yield r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", rewritten(r"\g<n> fois")
    yield r"(?<![\p{L}\d])[x×](?=\d)", rewritten("fois")
    yield differences("moins")
    yield r"(?<![\d.,-])(?<a>\d)\s[-–]\s(?<b>\d)(?![\d:/]|[.,]\d|\s?[=€%\p{L}])", rewritten(r"\g<a> à \g<b>")
    yield scores(_SCORES, "à")
    yield r"(?<=\d\s?)º(?!\p{L})", rewritten("°")


def fractions() -> Iterator[Row]:
    """Halves, thirds, and marks out of ten or twenty."""
    yield r"(?<![\d/.,])(?<n>\d+)\s?(?:½|\s1/2)\s(?<noun>(?!de\b)\p{Ll}{3,})", _and_a_half
    yield r"(?<![\d/.,])(?:1/2|½)\s(?=(?<noun>\p{Ll}{3,}))", _half
    yield (
        r"(?<=\b(?:[Ll]es|[Aa]ux|[Dd]es|[Uu]n)\s)(?<a>\d)/(?<b>[3-9]|10)(?![\d/])",
        lambda found: fraction(int(found["a"]), int(found["b"])),
    )
    yield (
        r"(?<=[02-9]|\d1)\s?/\s?(?<b>5|10|20|100)(?![\d/]|[.,]\d|\s?km)",
        lambda found: f" sur {cardinal(int(found['b']))}",
    )


def agreement() -> Iterator[Row]:
    """Numbers that are names, and those that take the gender of the noun behind them."""
    yield rf"(?<=\b(?i:{NUMBERED})s?\s)(?!0){_WHOLE}(?![\p{{L}}°])", lambda found: as_name(_value(found))
    yield rf"{_WHOLE}(?=(?<next>(?:\s\p{{Ll}}[\p{{L}}'-]*){{1,2}}))", _agreeing


def _half(found: "regex.Match[str]") -> str | None:
    if found["noun"] in _NO_NOUNS:
        return None
    return "une demi-" if gender(found["noun"]) else "un demi-"


def _and_a_half(found: "regex.Match[str]") -> str:
    noun = found["noun"]
    return f"{cardinal(int(found['n']), gender(noun))} {noun} et demi{'e' if gender(noun) else ''}"


def _agreeing(found: "regex.Match[str]") -> str | None:
    n = _value(found)
    noun, *second = found["next"].split()
    if noun.removesuffix("s") in _ADJECTIVES and second:
        noun = second[0] if not gender(noun) else noun
    return cardinal(n, "f") if n % 10 == 1 and n % 100 not in (11, 71, 91) and gender(noun) else None


def _value(found: "regex.Match[str]") -> int:
    return int(regex.sub(r"\D", "", found["n"]))
