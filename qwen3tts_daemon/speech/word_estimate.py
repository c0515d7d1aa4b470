"""When words are spoken, told from the sound alone: long words take longer, and where it is quiet nobody speaks."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import regex  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray

from qwen3tts_daemon.text.written_words import words_in
from qwen_tts.api import WordTime

_BLOCK_MS = 10
_QUIET_DB = -35.0
"""Below the loudest block: nobody speaks"""
_PAUSE_MS = 150
"""What is quiet for so long parts words; what is shorter may be a consonant. This and the figures beside it were chosen
by benchmarks/word_times.py."""
_NEAR = 0.12
"""How far from where a pause is expected it may be, in parts of the sound"""
_WORD = 1.0
"""Letters that a word is longer than it has: short ones take longer than their letters say"""
_MARK = regex.compile(r"[,;:.!?…、，；：。！？–—]")


def estimated_times(spoken: str, pcm: bytes, sample_rate: int, *, first_sample: int = 0) -> list[WordTime]:
    """Of the words of `spoken`, which these samples say; the first of them is sample `first_sample`."""
    words = words_in(spoken)
    block = sample_rate * _BLOCK_MS // 1000
    is_speech = _speech(pcm, block)
    if not words or not is_speech.any():
        return []
    edges = np.flatnonzero(is_speech)
    begin, end = int(edges[0]), int(edges[-1]) + 1
    shares = [0.0, *accumulate(_length(spoken[first:last]) for first, last in words)]
    places = np.array(shares) / shares[-1]
    anchors = _anchors(spoken, words, places, _pauses(is_speech, begin, end), begin, end)
    return _placed(words, places, anchors, block, first_sample)


def _speech(pcm: bytes, block: int) -> NDArray[np.bool_]:
    """Of each block, whether somebody speaks in it."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    power = np.mean(samples[: len(samples) // block * block].reshape(-1, block) ** 2, axis=1)
    level = 10 * np.log10(np.maximum(power, 1.0))
    loud: NDArray[np.bool_] = level > max(float(level.max(initial=0.0)) + _QUIET_DB, 10.0)
    return loud


def _pauses(is_speech: NDArray[np.bool_], begin: int, end: int) -> list[tuple[int, int]]:
    """Blocks [first, last) between `begin` and `end` that are quiet for long."""
    changes = np.flatnonzero(np.diff(is_speech[begin:end].astype(np.int8))) + 1 + begin
    least = _PAUSE_MS // _BLOCK_MS
    return [(int(a), int(b)) for a, b in zip(changes[::2], changes[1::2], strict=True) if b - a >= least]


def _length(word: str) -> float:
    """In Latin letters: a kana or a Hangul syllable is 2, a Han character 3."""
    letters = sum(3 if "一" <= char <= "鿿" else 2 if "぀" <= char <= "힣" else 1 for char in word)
    return letters + (0 if len(word) == 1 and letters > 1 else _WORD)


def _anchors(
    spoken: str, words: Sequence[tuple[int, int]], places: NDArray[np.float64], pauses: Sequence[tuple[int, int]],
    begin: int, end: int,
) -> list[tuple[int, int, int]]:  # fmt: skip
    """(word boundary, block where the word before it ends, block where the one behind it begins), in order."""
    marked = [at for at in range(1, len(words)) if _MARK.search(spoken, words[at - 1][1], words[at][0])]
    active = (end - begin) - sum(last - first for first, last in pauses)
    found: list[tuple[int, int, int]] = [(0, begin, begin)]
    quiet = 0
    for first, last in pauses:
        place = (first - begin - quiet) / max(1, active)
        quiet += last - first
        if (at := _boundary(place, places, marked, found[-1][0])) is not None:
            found.append((at, first, last))
    return [*found, (len(words), end, end)]


def _boundary(place: float, places: NDArray[np.float64], marked: Sequence[int], after: int) -> int | None:
    """The boundary between words that a pause is at: a mark near it, else the nearest."""
    near = [at for at in marked if at > after and abs(places[at] - place) <= _NEAR]
    if near:
        return min(near, key=lambda at: abs(places[at] - place))
    at = int(np.argmin(np.abs(places - place)))
    return at if after < at < len(places) - 1 and abs(places[at] - place) <= _NEAR / 2 else None


def _placed(
    words: Sequence[tuple[int, int]], places: NDArray[np.float64], anchors: Sequence[tuple[int, int, int]],
    block: int, first_sample: int,
) -> list[WordTime]:  # fmt: skip
    """In proportion between each two anchors."""
    times = []
    for (first, _, begins), (last, ends, _) in pairwise(anchors):
        scale = (ends - begins) / (places[last] - places[first])
        bounds = [first_sample + round((begins + (place - places[first]) * scale) * block) for place in
                  places[first : last + 1]]  # fmt: skip
        times += [WordTime(*words[first + at], start, end) for at, (start, end) in enumerate(pairwise(bounds))]
    return times
