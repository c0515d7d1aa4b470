"""When words are spoken, told from the sound alone: long words take longer, and where it is quiet nobody speaks."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
import regex  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray

from qwen3tts_daemon.text.written_words import words_in
from qwen_tts.api import PCM_BYTES, WordTime

_BLOCK_MS = 10
_QUIET_DB = -35.0
"""Below the loudest block: nobody speaks. This and what follows was chosen by benchmarks/word_times.py."""
_PAUSE_MS = 150
"""What is quiet for so long parts words; what is shorter may be a consonant"""
_FARTHEST = 4
"""So many pauses in a row may be between no words"""
_REACH_S, _MOST_MARKS = 3.0, 6
"""How far a pause may be from where it is expected, and how many marks it may be at"""
_SPREAD, _LEAST_SPREAD = 0.7, 4.0
"""How much longer or shorter words are than their letters say: the variance for each letter, and of none"""
_UNMARKED, _UNSAID_STOP, _UNSAID_COMMA = 1.5, 3.0, 0.7
"""How unlikely a pause without a mark is, a full stop without a pause, and another mark without"""
_SKIPPED = 8.0
"""How unlikely a second of silence between no words is"""
_WORD = 1.0
"""Letters that a word is longer than it has: short ones take longer than their letters say"""
_MARK = regex.compile(r"(?P<stop>[.!?…。！？])|[,;:、，；：–—]")


class SpeechPower:
    """How loud sound is, in blocks of 10 ms: all that is kept of it."""

    def __init__(self, sample_rate: int) -> None:
        self.block = sample_rate * _BLOCK_MS // 1000
        self._held = b""
        self._powers: list[NDArray[np.float32]] = []

    def add(self, pcm: bytes) -> None:
        pcm = self._held + pcm
        whole = len(pcm) // (self.block * PCM_BYTES) * self.block * PCM_BYTES
        self._held = pcm[whole:]
        samples = np.frombuffer(pcm[:whole], "<i2").astype(np.float32)
        self._powers.append(np.mean(samples.reshape(-1, self.block) ** 2, axis=1))

    def is_speech(self) -> NDArray[np.bool_]:
        """Of each block, whether somebody speaks in it."""
        power = np.concatenate([*self._powers, np.zeros(0, np.float32)])
        level = 10 * np.log10(np.maximum(power, 1.0))
        loud: NDArray[np.bool_] = level > max(float(level.max(initial=0.0)) + _QUIET_DB, 10.0)
        return loud


class _Anchor(NamedTuple):
    """So many words are said before block `end`, the next one from block `start` on."""

    words: int
    end: int
    start: int


class _Pause(NamedTuple):
    """Blocks [first, last) are quiet; so many are spoken before them."""

    first: int
    last: int
    spoken: int


class _Way(NamedTuple):
    """To the words before a pause, from the pause `before` (-1: the start) and the words before that."""

    cost: float
    before: int
    words: int


def estimated_times(spoken: str, sound: SpeechPower, *, first_sample: int = 0) -> list[WordTime]:
    """Of the words of `spoken`, which this sound says; it begins at sample `first_sample`."""
    words, is_speech = words_in(spoken), sound.is_speech()
    if not words or not is_speech.any():
        return []
    lengths = [0.0, *accumulate(_length(spoken[start:end]) for start, end in words)]
    anchors = _Anchors(spoken, words, lengths, is_speech).best()
    times: list[WordTime] = []
    for one, following in pairwise(anchors):
        first, last = one.words, following.words
        scale = (following.end - one.start) / (lengths[last] - lengths[first])
        blocks = [one.start + (length - lengths[first]) * scale for length in lengths[first : last + 1]]
        bounds = [first_sample + round(block * sound.block) for block in blocks]
        times += [WordTime(*word, *both) for word, both in zip(words[first:last], pairwise(bounds), strict=True)]
    return times


def _length(word: str) -> float:
    """In Latin letters: a kana or a Hangul syllable is 2, a Han character 3."""
    letters = sum(3 if "一" <= char <= "鿿" else 2 if "぀" <= char <= "힣" else 1 for char in word)
    return letters + (0 if len(word) == 1 and letters > 1 else _WORD)


class _Anchors:
    """Which pauses are between which words: the way that is the likeliest on the whole."""

    def __init__(
        self, spoken: str, words: Sequence[tuple[int, int]], lengths: Sequence[float], is_speech: NDArray[np.bool_]
    ) -> None:
        blocks = np.flatnonzero(is_speech)
        begin, end = int(blocks[0]), int(blocks[-1]) + 1
        pauses = _pauses(is_speech, begin, end)
        active = pauses[-1].spoken + end - pauses[-1].last if pauses else end - begin
        self._lengths, self._pauses = lengths, [*pauses, _Pause(end, end, active)]
        self._rate = lengths[-1] / active
        between = [spoken[words[at - 1][1] : words[at][0]] for at in range(1, len(words))]
        self._unsaid = [0.0, *(_unsaid(text) for text in between), 0.0]
        """By boundary: how unlikely it is that there is no pause at it"""
        self._unsaid_before = list(accumulate(self._unsaid, initial=0.0))
        self._skipped_before = list(accumulate((_skipped(pause) for pause in pauses), initial=0.0))
        self._start = _Anchor(0, begin, begin)

    def best(self) -> list[_Anchor]:
        """From the first word to the last."""
        last = len(self._lengths) - 1
        reached: list[dict[int, _Way]] = []
        for number, pause in enumerate(self._pauses):
            is_end = number == len(self._pauses) - 1
            places = [last] if is_end else self._candidates(pause)
            reached.append({at: min(self._ways_to(number, at, reached)) for at in places})
        number, at, anchors = len(self._pauses) - 1, last, []
        while number >= 0:
            anchors.append(_Anchor(at, self._pauses[number].first, self._pauses[number].last))
            _, number, at = reached[number][at]
        return [self._start, *reversed(anchors)]

    def _ways_to(self, number: int, at: int, reached: Sequence[dict[int, _Way]]) -> Iterator[_Way]:
        """From the start, and from the pauses just before."""
        own = 0.0 if self._unsaid[at] or at == len(self._lengths) - 1 else _UNMARKED
        yield _Way(own + self._cost(-1, 0, number, at), -1, 0)
        for before in range(max(0, number - _FARTHEST), number):
            for words, way in reached[before].items():
                if words < at:
                    yield _Way(way.cost + own + self._cost(before, words, number, at), before, words)

    def _cost(self, before: int, words: int, number: int, at: int) -> float:
        """Of nothing being known between two pauses."""
        spoken = self._pauses[number].spoken - (self._pauses[before].spoken if before >= 0 else 0)
        length = self._lengths[at] - self._lengths[words]
        off = spoken * self._rate - length
        skipped = self._skipped_before[number] - self._skipped_before[before + 1]
        unsaid = self._unsaid_before[at] - self._unsaid_before[words + 1]
        return off * off / (_SPREAD * length + _LEAST_SPREAD) + skipped + unsaid

    def _candidates(self, pause: _Pause) -> list[int]:
        """Boundaries that are not too far away: those with a mark, and the nearest ones."""
        expected, reach = pause.spoken * self._rate, _REACH_S * 1000 / _BLOCK_MS * self._rate
        lengths, last = self._lengths, len(self._lengths) - 1
        nearest = bisect_left(lengths, expected)
        first, behind = bisect_left(lengths, expected - reach), bisect_left(lengths, expected + reach)
        marked = (at for at in range(first, behind) if self._unsaid[at])
        near = sorted(marked, key=lambda at: abs(lengths[at] - expected))[:_MOST_MARKS]
        return sorted({at for at in (*near, nearest - 1, nearest, nearest + 1) if 0 < at < last})


def _unsaid(between: str) -> float:
    found = _MARK.search(between)
    return 0.0 if found is None else _UNSAID_STOP if found["stop"] else _UNSAID_COMMA


def _skipped(pause: _Pause) -> float:
    return _SKIPPED * (pause.last - pause.first) * _BLOCK_MS / 1000


def _pauses(is_speech: NDArray[np.bool_], begin: int, end: int) -> list[_Pause]:
    """Those between blocks `begin` and `end` that are long."""
    changes = np.flatnonzero(np.diff(is_speech[begin:end].astype(np.int8))) + 1 + begin
    pauses, quiet = [], 0
    for first, last in zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True):
        if last - first >= _PAUSE_MS // _BLOCK_MS:
            pauses.append(_Pause(first, last, first - begin - quiet))
            quiet += last - first
    return pauses
