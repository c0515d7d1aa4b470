"""How Spanish and Portuguese write measures, sizes, scores and halves, and what agrees with them, beside what every
language has."""

from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row, Unit, rewritten
from qwen3tts_daemon.reading.romance_rules import differences, minutes_and_seconds, scores, sizes, units_alone

_HALF = r"(?<![\d/.,])(?:(?<n>\d+)\s?½|(?<n>\d+)\s1/2|½|1/2)(?![\d/])"
_SPANS = "d[íi]a|semana|m[eê]s|a[ñn]o|hora|noche|noite|persona|pessoa|minuto"


def quantities(language: Iberian) -> Iterator[Row]:
    """Measures, marks, sizes, halves, times, scores."""
    words, number = language.words, language.notation.pattern
    yield r"(?<=\d\s?(?:min|seg|hs?|hrs|pers|uds?|un|hab))\.(?=\s\p{Ll}|\s?\d)", rewritten("")
    yield r"(?<=\d[.,]\d+|[-+±]\d+)\s?º(?!\p{L})", rewritten("°")
    yield rf"(?<number>{number})\s?(?<unit>[lL]|kWh)\s?/\s?100\s?km\b", partial(_consumption, language)
    yield (
        r"(?<![\d/.,])(?<number>\d+[.,]\d+(?=\s?/\s?[125])|\d(?=\s?/\s?5))\s?/\s?(?<best>5|10|20|100)"
        r"(?![\d/]|[.,]\d|\s?d[aeo]l?s?\b)",
        partial(_mark, language),
    )
    yield from minutes_and_seconds(language.duration)
    yield rf"(?<=\p{{L}}|\d\s?[x×])\s?/\s?(?=(?:{_SPANS})\b)", rewritten(f" {language.per} ")
    yield r"(?<=\d{3})\s?[x×]\s?(?=\d{3})", rewritten(" por ")
    yield rf"{_HALF}\s(?<noun>\p{{Ll}}{{3,}})", partial(_half, language)
    yield from sizes(words.feet, words.inches)
    yield units_alone("el|al|por|cada|o|ao", language.units)
    yield r"(?<![\d.,])(?<n>\d+)\s?[x×](?!\s?\d|\p{L})", partial(_times, language)
    yield differences(language.signs["-"])
    yield scores(words.score_cues, language.ratio_word, dash="[-–x×]")


def agreement(language: Iberian) -> Iterator[Row]:
    """Numbers that are names, and those in front of what they count."""
    joined = r"(?:\s(?:a|o|u|ou|y|e)\s(?:\d[\d.,]*|\p{Ll}+))?"
    yield rf"(?i)(?<=\b(?:{language.words.numbered})\s)\d+(?=\s\p{{L}})(?![.,]\d)", partial(_named, language)
    yield (
        rf"(?<![-+±]\s?)(?<number>{language.notation.pattern})(?={joined}\s(?<noun>\p{{Ll}}\p{{L}}*))",
        partial(_agreeing, language),
    )


def _consumption(language: Iberian, found: "regex.Match[str]") -> str:
    return language.counted(language.notation.parse(found["number"]), language.units[f"{found['unit']}/100 km"])


def _mark(language: Iberian, found: "regex.Match[str]") -> str:
    mark = language.number(language.notation.parse(found["number"]))
    return f"{mark} {language.out_of} {language.part(found['best'])}"


def _half(language: Iberian, found: "regex.Match[str]") -> str | None:
    noun = found["noun"]
    if noun in language.words.function_words:
        return None
    unit = language.units.get(noun) or Unit(noun, noun, language.words.gender(noun) or "m")
    return language.counted_fraction(int(found["n"] or 0), 1, 2, unit)


def _times(language: Iberian, found: "regex.Match[str]") -> str:
    n = int(found["n"])
    return f"{language.cardinal(n, 'f')} {language.words.times if n != 1 else 'vez'}"


def _named(language: Iberian, found: "regex.Match[str]") -> str | None:
    digits = found[0]
    is_code = digits.startswith("0") or len(digits) > language.longest_plain
    return None if is_code else language.cardinal(int(digits))


def _agreeing(language: Iberian, found: "regex.Match[str]") -> str | None:
    """A number in front of what it counts."""
    number, noun = language.notation.parse(found["number"]), found["noun"]
    if not number.is_whole or noun in language.words.function_words or regex.match(r"0\d|\d{8}", found["number"]):
        return None
    if number.whole != 1 and not noun.endswith("s"):
        return None
    if regex.match(r"\svezes\s\d", found.string[found.end() :]):
        return None  # a product
    gender = language.units[noun].gender if noun in language.units else language.words.gender(noun)
    said = language.cardinal(number.whole, gender or "m")
    return f"{said} de" if language.takes_de(number) else said
