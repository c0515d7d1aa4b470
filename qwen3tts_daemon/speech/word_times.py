"""Where each word of a text is heard: characters of the text as it was sent, samples of the sound as it is delivered.

The preview voice's networks decide how long each phoneme is, so its words are exact to a phoneme. Of every other engine
a segment's words are estimated from its sound, and marked so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qwen3tts_daemon.speech.word_estimate import estimated_times
from qwen3tts_daemon.text.segments import Segment
from qwen3tts_daemon.text.written_words import WrittenWord, written_words
from qwen_tts.api import WordTime


@dataclass(frozen=True, slots=True)
class Word:
    """Characters [start, end) of the text, heard in samples [first_sample, end_sample)."""

    text: str
    start: int
    end: int
    first_sample: int
    end_sample: int
    behind: str = ""
    """What stands between it and the next word of its segment"""


@dataclass(frozen=True, slots=True)
class WordsTold:
    """Words of a segment, in order: each after its SegmentStarted, and not later than the sound that it ends in; where
    they are estimated, behind the segment's sound."""

    segment: int
    words: Sequence[Word]
    is_estimated: bool
    sample_rate: int


class TextInWork(Protocol):
    """What was written, and what an engine was given for it."""

    @property
    def segments(self) -> Sequence[Segment]: ...
    def spoken(self, index: int) -> str: ...


class WordTeller:
    """Tells the words of one utterance, passage by passage, as its sound is made."""

    def __init__(self, text: TextInWork, *, is_estimated: bool, sample_rate: int) -> None:
        self._text = text
        self._is_estimated, self._sample_rate = is_estimated, sample_rate
        self._segment = 0
        self._untold: list[WrittenWord] = []
        """Words of the segment in hand"""
        self._times: list[WordTime] = []
        """Of its spoken words, of which none was told yet"""
        self._pcm: list[bytes] = []
        """Its sound, where words are estimated"""
        self._first_sample = 0
        """Of that, in the passage"""

    def start(self, segment: int, first_sample: int) -> None:
        """This segment's sound follows; the one before it was finished."""
        self._segment, self._first_sample = segment, first_sample
        self._untold = written_words(self._text.segments[segment].raw, self._text.spoken(segment))
        self._times, self._pcm = [], []

    def hear(self, pcm: bytes, times: Sequence[WordTime]) -> None:
        """More of the engine's sound, and what it tells of words."""
        if self._is_estimated:
            self._pcm.append(pcm)
        self._times += times

    def tell(self, position: Callable[[int], int]) -> list[WordsTold]:
        """The words whose times are known. `position`: where a sample of the engine's passage is delivered."""
        return self._told(position, is_whole=False)

    def finish(self, position: Callable[[int], int]) -> list[WordsTold]:
        """The rest of the segment's: all of its sound has come."""
        if self._is_estimated and self._untold:
            spoken = self._text.spoken(self._segment)
            pcm = b"".join(self._pcm)
            self._times = estimated_times(spoken, pcm, self._sample_rate, first_sample=self._first_sample)
        told = self._told(position, is_whole=True)
        self._untold, self._times, self._pcm = [], [], []
        return told

    def _told(self, position: Callable[[int], int], *, is_whole: bool) -> list[WordsTold]:
        words = []
        while self._untold and (is_whole or (self._times and self._times[-1].end >= self._untold[0].spoken_end)):
            if (timed := self._next()) is not None:
                word, times = timed
                words.append(self._placed(word, position(times[0].first_sample), position(times[-1].end_sample)))
        return [WordsTold(self._segment, words, self._is_estimated, self._sample_rate)] if words else []

    def _next(self) -> tuple[WrittenWord, Sequence[WordTime]] | None:
        """The next word with the times of what is spoken for it; None: it was not heard. Where words are heard as one,
        they are one."""
        word = self._untold.pop(0)
        self._times = [one for one in self._times if one.end > word.spoken_start]
        count = 0
        while count < len(self._times) and self._times[count].start < word.spoken_end:
            count += 1
            while self._untold and self._untold[0].spoken_start < self._times[count - 1].end:
                after = self._untold.pop(0)
                word = replace(word, end=after.end, spoken_end=after.spoken_end)
        times, self._times = self._times[:count], self._times[count:]
        return (word, times) if times else None

    def _placed(self, word: WrittenWord, first_sample: int, end_sample: int) -> Word:
        segment = self._text.segments[self._segment]
        start, end = segment.place(word.start, word.end)
        behind = segment.raw[word.end : self._untold[0].start if self._untold else None]
        return Word(segment.raw[word.start : word.end], start, end, first_sample, end_sample, behind)
