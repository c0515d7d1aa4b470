"""Short forms, Roman numerals, ordinals and codes of Spanish and Portuguese."""

from collections.abc import Iterator
from functools import partial

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading import roman
from qwen3tts_daemon.reading.iberian import Iberian
from qwen3tts_daemon.reading.language import Row, rewritten
from qwen3tts_daemon.reading.notation import Number
from qwen3tts_daemon.reading.patterns import alternatives
from qwen3tts_daemon.reading.romance_rules import before_numbers, numbers_with_dash, reign, secrets

_LETTERED = "letras?|opción|opção|vitaminas?|grupo|plano?|nota|clase|classe|bloque|bloco|turma"
"""Behind these words D. and S. are letters"""
_SECRETS = "c[óo]digos?|PIN|contraseña|clave|senha|OTP"
_CENTURY = r"\b(?:[Ss]iglos?|[Ss]éculos?)\s"
_LAST_FLOOR = 12
"""Above it º without a noun is a degree"""
_COLD = r"(?i)(?:hace|faz|[-+±]|temperatura de|m[áí][xn]ima de)\s?$"


def short_forms(language: Iberian) -> Iterator[Row]:
    """Those that are sure only before a number or a name."""
    words = language.words
    yield before_numbers(words.before_numbers)
    yield r"(?<=\b(?:el|al|del|no|ao|do)\s)min\.(?=\s?\d)", rewritten("minuto")
    begin = r"(?<![\p{L}\d.])"
    letter = rf"\b(?:{_LETTERED})\s|\b\p{{Lu}}(?:,|\s(?:y|e|o|ou))\s|\p{{Lu}}\.\s"
    name = r"(?=\s?(?:d[aeo]s?\s)?(?<name>\p{Lu}\p{L}*))"
    yield (
        rf"{begin}(?<!{letter})(?<short>{alternatives(words.before_names)}){name}",
        # A function word begins the next sentence: "El plan D. Para hoy".
        lambda found: None if found["name"].lower() in words.function_words else words.before_names[found["short"]],
    )
    yield rf"{begin}S\.(?=\s?(?<name>{alternatives(words.saints)})\b)", lambda found: words.saints[found["name"]]


def romans(language: Iberian) -> Iterator[Row]:
    """Centuries, kings, chapters, editions."""
    words = language.words
    yield rf"(?<={_CENTURY}[IVX]+)\s?[-–]\s?(?=[IVX]+\b)", rewritten("a")
    yield (
        rf"(?<=\b(?:{words.kings})\s|{_CENTURY}(?:[IVX]+\s(?:y|e|a|al|ao)\s)?)(?<r>[IVX]+)\b(?!\.\p{{L}})",
        partial(_reign, language, ""),
    )
    yield rf"(?<=\b(?:{words.queens})\s)(?<r>[IVX]+)\b", partial(_reign, language, "f")
    yield rf"(?<=\b(?i:{words.numbered})\s)(?<r>[IVX]+)\b(?![.'-]\p{{L}})", partial(_roman, language)
    yield rf"\b(?<r>[IVX]+)(?=\s(?i:(?<noun>{alternatives(words.editions)}))\b)", partial(_edition, language)


def ordinals(language: Iberian) -> Iterator[Row]:
    """ "3.º", "2as", and 3° before what is counted so."""
    words = language.words
    ending = rf"(?<end>\s?\.?[ºª]s?|{words.ordinal_endings})"
    yield rf"(?<![\d.,])(?<n>\d{{1,4}}){ending}", partial(_ordinal, language)
    yield rf"(?<![\d.,])(?<n>\d{{1,4}})\s?(?<end>°)(?=\s(?:{words.ordinal_nouns})\b)", partial(_ordinal, language)


def codes(language: Iberian) -> Iterator[Row]:
    """Secrets and other numbers that nobody reads as amounts."""
    cue = rf"\b(?:{language.words.code_cues})\s?:?\s(?:(?:de|es|é|del?|do|da|:)\s){{0,3}}"
    yield r"\bPM\s?(?=\d)", rewritten("PM ")
    yield secrets(rf"{cue}|\b(?:{_SECRETS})\b[^\d.;!?]{{0,25}}", language.digits)
    yield numbers_with_dash()


def _reign(language: Iberian, gender: str, found: "regex.Match[str]") -> str | None:
    """As an ordinal up to ten: "Alfonso décimo", "Alfonso trece"."""
    n = reign(found)
    return None if not n else language.ordinal(n, gender) if n <= 10 else language.cardinal(n)


def _roman(language: Iberian, found: "regex.Match[str]") -> str | None:
    n = roman.value(found["r"])
    return language.cardinal(n) if n else None


def _edition(language: Iberian, found: "regex.Match[str]") -> str | None:
    n = roman.value(found["r"])
    return language.ordinal_before(n, language.words.editions[found["noun"].lower()]) if n else None


def _ordinal(language: Iberian, found: "regex.Match[str]") -> str | None:
    n, end = int(found["n"]), found["end"]
    if not n:
        return None
    following = regex.match(r"\s(\p{Ll}{3,})", found.string[found.end() :])
    is_before = bool(following) and following[1] not in language.words.function_words
    if "º" in end and not is_before and (n > _LAST_FLOOR or regex.search(_COLD, found.string[: found.start()])):
        return language.counted(Number(n), language.units["°"])
    gender = "f" if regex.search("[aª]", end) else "m"
    say = language.ordinal_before if is_before or end.endswith("er") else language.ordinal
    return say(n, gender) + ("s" if end.endswith("s") else "")
