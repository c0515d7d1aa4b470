"""The words of a text as it is written, and where they are in what is spoken for it.

Between the two, markup goes away and numbers become words. Words that are the same in both are found first; what is
between two of them in the one stands for what is between them in the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.alignment import equal_pairs
from qwen_tts.text.annotations import ANNOTATION

Span = tuple[int, int]

_EAST = r"\p{Han}\p{Hiragana}\p{Katakana}ー々"
"""Written without blanks: each character is found by itself"""
_WORDY = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_EAST}]]"
_WORD = regex.compile(
    rf"[{_EAST}]|{_WORDY}+(?:(?:['’ʼ.\-‐‑]|(?<=\p{{Nd}})[,:/](?=\p{{Nd}})){_WORDY}+)*+", regex.V1
)  # fmt: skip
_ALIKE = str.maketrans("’ʼ‐‑", "''--")


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """Characters [start, end) of the written text are spoken as characters [spoken_start, spoken_end) of the other."""

    start: int
    end: int
    spoken_start: int
    spoken_end: int


def words_in(text: str) -> list[Span]:
    """Where they stand, without the marks around them; of Chinese and Japanese each character."""
    return [found.span() for found in _WORD.finditer(text)]


def written_words(written: str, spoken: str) -> list[WrittenWord]:
    """The words that are spoken, in order. Several together where it cannot be told which of them is spoken as what."""
    spoken = _without_sounds(spoken)
    own, said = words_in(written), words_in(spoken)
    words: list[WrittenWord] = []
    ahead: int | None = None
    """Where what is spoken before the first word begins"""
    for (first, last), (first_said, last_said) in _matched(_keys(written, own), _keys(spoken, said)):
        if first_said == last_said:
            continue  # it is not spoken
        begins, ends = said[first_said][0], said[last_said - 1][1]
        if first < last:
            words.append(WrittenWord(own[first][0], own[last - 1][1], begins if ahead is None else ahead, ends))
            ahead = None
        elif words:
            before = words[-1]
            words[-1] = WrittenWord(before.start, before.end, before.spoken_start, ends)
        else:
            ahead = begins
    return words


def _matched(written: Sequence[str], spoken: Sequence[str]) -> Iterator[tuple[Span, Span]]:
    """Which words of the one are which of the other: one by one where there are as many between two that are equal."""
    last_a = last_b = 0
    for a, b in [*equal_pairs(written, spoken), (len(written), len(spoken))]:
        if a - last_a == b - last_b:
            yield from (((last_a + at, last_a + at + 1), (last_b + at, last_b + at + 1)) for at in range(a - last_a))
        else:
            yield (last_a, a), (last_b, b)
        if a < len(written):
            yield (a, a + 1), (b, b + 1)
        last_a, last_b = a + 1, b + 1


def _keys(text: str, words: Sequence[Span]) -> list[str]:
    return [normalize("NFC", text[start:end]).translate(_ALIKE).casefold() for start, end in words]


def _without_sounds(spoken: str) -> str:
    """Blanks in the place of sounds that came with a word."""
    return ANNOTATION.sub(lambda found: " " + found["words"] + " " * (len(found["sounds"]) + 2), spoken)
