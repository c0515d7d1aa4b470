"""English phonemes from hibari's rules and lexicon."""

import re

from hibari.g2p import G2P  # type: ignore[import-untyped]

# hibari's network for unknown words reads 24 letters and drops the rest.
_LONG_WORD = re.compile(r"[^\W\d_]{25,}")
_WORD_PART = 20
# An A beside another letter, as in "U S A", is a letter too: hibari takes it for an article unless a mark follows.
_LETTER_A = re.compile(r"(?<=\b[A-Z] )A(?= |\Z)|\bA(?= [A-Z](?![\w'’]))")


class EnglishPhonemizer:
    """Reads one sentence of American or British English."""

    def __init__(self, *, british: bool) -> None:
        self._g2p = G2P(british=british)

    def __call__(self, text: str) -> str:
        return str(self._g2p(_LETTER_A.sub("A.", _LONG_WORD.sub(_in_parts, text))))


def _in_parts(word: re.Match[str]) -> str:
    letters = word.group()
    return " ".join(letters[start : start + _WORD_PART] for start in range(0, len(letters), _WORD_PART))
