"""When each character is heard, as this shape has it: times since the end of what was told before.

Engines tell words. Within one its characters are spread evenly; what stands between two takes no time.
"""

import unicodedata
from collections.abc import Sequence
from itertools import takewhile
from typing import TypedDict

from qwen3tts_daemon.protocols.voice_v1.daemon_messages import SegmentMessage, TimedWord


class CharacterTimes(TypedDict):
    """Three lists of one length."""

    chars: list[str]
    charStartTimesMs: list[int]
    charDurationsMs: list[int]


class Alignment:
    """Of one context."""

    def __init__(self, sample_rate: int) -> None:
        """`sample_rate`: of the samples in which words are told."""
        self._sample_rate = sample_rate
        self._segment, self._begins = "", 0
        """What its words are of, and where that begins in the text"""
        self._char = 0
        """So far the text is told"""
        self._told_ms = self._began_ms = 0
        self._times: CharacterTimes = _none()

    def begin(self, segment: SegmentMessage) -> None:
        """The words that follow are its."""
        # Tags of SSML stand between words, and are not in the segment.
        is_verbatim = len(segment.text) == segment.char_end - segment.char_start
        self._segment, self._begins = segment.text if is_verbatim else "", segment.char_start
        self._char = max(self._char, segment.char_start)

    def of(self, words: Sequence[TimedWord]) -> CharacterTimes:
        """The next words, each with what stands before it and the punctuation and the blank behind it."""
        self._began_ms, self._times = self._told_ms, _none()
        for word in words:
            start_ms = max(self._told_ms, word.sample * 1_000 // self._sample_rate)
            end_ms = max(start_ms, word.sample_end * 1_000 // self._sample_rate)
            self._tell(self._written(self._char, word.char_start), self._told_ms, self._told_ms)
            self._tell(word.text, start_ms, end_ms)
            self._char, self._told_ms = word.char_end, end_ms
            self._tell_behind(word.text)
        return self._times

    def _written(self, start: int, end: int | None = None) -> str:
        return self._segment[max(0, start - self._begins) : None if end is None else max(0, end - self._begins)]

    def _tell_behind(self, word: str) -> None:
        """Clients take a word for whole once a blank follows."""
        rest = self._written(self._char)
        marks = "".join(takewhile(lambda char: not char.isalnum() and not char.isspace(), rest))
        following = rest[len(marks) : len(marks) + 1]
        blank = following if following.isspace() else " " if not following and _has_blanks(word) else ""
        self._tell(marks + blank, self._told_ms, self._told_ms)
        self._char += len(marks) + (1 if following and blank else 0)

    def _tell(self, chars: str, start_ms: int, end_ms: int) -> None:
        for place, char in enumerate(chars):
            start = start_ms + (end_ms - start_ms) * place // len(chars)
            end = start_ms + (end_ms - start_ms) * (place + 1) // len(chars)
            self._times["chars"].append(" " if char.isspace() else char)
            self._times["charStartTimesMs"].append(start - self._began_ms)
            self._times["charDurationsMs"].append(end - start)


def _none() -> CharacterTimes:
    return {"chars": [], "charStartTimesMs": [], "charDurationsMs": []}


def _has_blanks(word: str) -> bool:
    """Whether words of its script stand apart: not those of Chinese and Japanese."""
    last = word[-1:]
    return unicodedata.east_asian_width(last or "a") not in ("W", "F") or "HANGUL" in unicodedata.name(last, "")
