"""What a recogniser understood, beside what was said. Simple: numbers in digits count as errors."""

import re
import unicodedata
from collections.abc import Sequence

import msgspec

_WITHOUT_SPACES = ("ja", "zh")
_SPLIT_AT_APOSTROPHES = ("fr", "it")


class ErrorRates(msgspec.Struct, frozen=True):
    """Errors for each character and word that was said; more than 1 is possible."""

    characters: float
    words: float | None
    """None: the language has no spaces"""


def error_rates(said: str, understood: str, language: str) -> ErrorRates:
    left, right = normal(said, language), normal(understood, language)
    words = None if language in _WITHOUT_SPACES else _rate(left.split(), right.split())
    return ErrorRates(_rate(left.replace(" ", ""), right.replace(" ", "")), words)


def normal(text: str, language: str) -> str:
    """Letters and digits in lower case, a space between words."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    text = re.sub("[’'`´]", " " if language in _SPLIT_AT_APOSTROPHES else "", text)
    return " ".join("".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in text).split())


def _rate(said: Sequence[str], understood: Sequence[str]) -> float:
    return _edits(said, understood) / max(1, len(said))


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """The least number of signs put in, left out or exchanged."""
    row = list(range(len(other) + 1))
    for index, left in enumerate(one, 1):
        above, row[0] = row[0], index
        for place, right in enumerate(other, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (left != right))
    return row[-1]
