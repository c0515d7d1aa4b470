"""Signs that are said: beside a number, and between words."""

from collections.abc import Iterator

from qwen3tts_daemon.reading.characters import LETTERS
from qwen3tts_daemon.reading.language import Language, Row
from qwen3tts_daemon.reading.patterns import alternatives


def zones(language: Language) -> Iterator[Row]:
    """ "UTC+2" """
    yield r"(?<=\b(?:UTC|GMT))\s?(?<sign>[-+])(?=\d)", lambda found: f" {language.signs[found['sign']]} "


def strokes(language: Language) -> Iterator[Row]:
    """Between a unit and the next number: "21 °C/70 °F"; but "5.9 l/100 km" is so many for each."""
    yield r"(?<=\d\s?\p{L}{1,3})\s?/\s?(?=10{2,3}\s?\p{L})", lambda _: f" {language.per} "
    yield r"(?<=[^\d\s/])/(?=[-+]?\d)", lambda _: language.pause


def signs(language: Language) -> Iterator[Row]:
    """Before a number ("#5", "~10"), and between two ("2 x 4")."""
    words = {sign: word for sign, word in language.signs.items() if sign not in "+-±"}
    sign, blank = alternatives(words), r"(?=\s?" if language.is_spaced else r"\s?(?="
    yield rf"(?<=\d\s)/{blank}\d+(?:[.,]\d+)?\s?=)", lambda _: words["÷"]
    yield rf"(?<=\d\s?)[x*]{blank}\d+(?:[.,]\d+)?\s?=)", lambda _: words["×"]
    yield r"[<>]=(?=\s?[-+]?\d)", lambda found: words["≤" if found[0] == "<=" else "≥"]
    yield rf"(?<![{LETTERS}\d])(?:{sign}){blank}[-+]?[\p{{Sc}}.]?\d)", lambda found: words[found[0].strip()]
    yield rf"(?<=\d\s?)(?:{sign}|\+)(?=\s?\p{{Sc}}?\d)", lambda found: language.signs[found[0]]
    yield r"(?<=\d)\+(?=\s\p{L}|[.,;!?)]|$)", lambda _: language.signs["+"]
    yield rf"(?<=[{LETTERS}])=(?=[-+]?\d)", lambda _: language.signs["="]


def lone_signs(language: Language) -> Iterator[Row]:
    """Between words: "A & B"."""
    words = {sign: word for sign, word in language.signs.items() if not sign.isalnum() and sign not in "-#"}
    yield rf"(?<=\s)(?:{alternatives(words)})(?=\s)", lambda found: words[found[0]]
    yield r"(?<=\p{Lu})&(?=\p{Lu})", lambda _: words["&"]
