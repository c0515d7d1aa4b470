"""Which phonemes say which word of a text.

Every library parts words by blanks, and mostly as the text does. Where it does not, each word is read alone: side
by side that is nearly what the whole is, so each word's phonemes are found there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from qwen_tts.text.alignment import equal_pairs

Span = tuple[int, int]
_BLANK_PARTED = re.compile(r"\S+")
_MARKS = ".,;:!?…—–\"“”«»()'’ "
"""Beside a word's phonemes: their time is a pause"""


@dataclass(frozen=True, slots=True)
class WordSounds:
    """Characters [start, end) of a text are said by phonemes [first, last)."""

    start: int
    end: int
    first: int
    last: int


def words_of(text: str) -> list[Span]:
    """Parted by blanks; what has neither letter nor digit is no word."""
    return [found.span() for found in _BLANK_PARTED.finditer(text) if any(map(str.isalnum, found[0]))]


def words_among(text: str, parts: Sequence[str]) -> list[Span]:
    """The parts of a text that a library makes words of, as far as they stand in it as they are."""
    spans, at = [], 0
    for part in parts:
        if any(map(str.isalnum, part)) and (found := text.find(part, at)) >= 0:
            at = found + len(part)
            spans.append((found, at))
    return spans


def sounds_of(
    text: str, words: Sequence[Span], phonemes: str, *, has_sound: Callable[[str], bool], read: Callable[[str], str]
) -> list[WordSounds]:
    """Of the words that are heard; one that melts into the word that it stands at goes with it.

    `has_sound`: whether anything in these phonemes has; `read`: the phonemes of a word alone.
    """
    said = [found.span() for found in _BLANK_PARTED.finditer(phonemes) if has_sound(found[0])]
    if len(said) != len(words):
        said = _aligned([read(text[start:end]).strip() for start, end in words], phonemes)
    heard: list[WordSounds] = []
    for (start, end), (first, last) in zip(words, said, strict=True):
        symbols = phonemes[first:last]
        if has_sound(symbols):
            first += len(symbols) - len(symbols.lstrip(_MARKS))
            heard.append(WordSounds(start, end, first, first + len(symbols.strip(_MARKS))))
        elif heard and heard[-1].end == start:
            heard[-1] = replace(heard[-1], end=end)
    return heard


def _aligned(alone: Sequence[str], phonemes: str) -> list[Span]:
    """Where each word's phonemes are among those of the whole."""
    joined = " ".join(alone)
    pairs = equal_pairs(joined, phonemes)
    anchors = [(0, 0), *((a + at, b + at) for a, b in pairs for at in (0, 1)), (len(joined), len(phonemes))]
    ends = list(accumulate((len(word) + 1 for word in alone), initial=0))
    spans, least = [], 0
    for start, after in pairwise(ends):
        first = max(least, _mapped(start, anchors))
        least = max(first, _mapped(max(start, after - 1), anchors))
        spans.append((first, least))
    return spans


def _mapped(place: int, anchors: Sequence[Span]) -> int:
    """Between two anchors in proportion."""
    for (a, b), (next_a, next_b) in pairwise(anchors):
        if a <= place <= next_a:
            return b if next_a == a else b + round((place - a) * (next_b - b) / (next_a - a))
    return anchors[-1][1]
