"""Where each word of a text is heard: characters of the text as it was sent, samples of the sound as it is delivered.

The preview voice's networks decide how long each phoneme is, so its words are exact to a phoneme. Of every other engine
words are estimated from the sound, and marked so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from qwen3tts_daemon.speech.word_estimate import SpeechPower, estimated_times
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
    """Words of a segment, in order: each after its SegmentStarted, and not later than the sound that it ends in.

    Where they are estimated: behind the sound of the segment or, if the engine only guesses where that ends, of the
    passage.
    """

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
    """Tells the words of one passage as its sound is made."""

    def __init__(self, text: TextInWork, *, sample_rate: int, is_estimated: bool, at_end: bool = False) -> None:
        """`is_estimated`: the engine does not tell them. `at_end`: nor does it know for sure where a segment begins, so
        that all of the passage is estimated at once."""
        self._text, self._sample_rate = text, sample_rate
        self._is_estimated, self._at_end = is_estimated, at_end
        self._segments: list[int] = []
        """Whose sound is heard; one, unless all are told of at the end"""
        self._untold: list[WrittenWord] = []
        """Words of the segment in hand"""
        self._times: list[WordTime] = []
        """Of its spoken words, of which none was told yet"""
        self._sound = SpeechPower(sample_rate)
        """Of those segments, where words are estimated"""
        self._first_sample = 0
        """Of that, in the passage"""

    def start(self, segment: int, first_sample: int) -> None:
        """This segment's sound follows; the one before it was left."""
        if self._at_end and self._segments:
            self._segments += range(self._segments[-1] + 1, segment + 1)
            return
        self._segments, self._first_sample = [segment], first_sample
        self._sound = SpeechPower(self._sample_rate)
        self._begin(segment)

    def hear(self, pcm: bytes, times: Sequence[WordTime]) -> None:
        """More of the engine's sound, and what it tells of words."""
        if self._is_estimated:
            self._sound.add(pcm)
        self._times += times

    def tell(self, position: Callable[[int], int]) -> list[WordsTold]:
        """The words whose times are known. `position`: where a sample of the engine's passage is delivered."""
        return self._told(position, is_whole=False)

    def leave(self, position: Callable[[int], int]) -> list[WordsTold]:
        """The segment: its sound has come."""
        return [] if self._at_end else self.finish(position)

    def finish(self, position: Callable[[int], int]) -> list[WordsTold]:
        """The rest: all of the passage's sound has come."""
        told = self._estimated(position) if self._is_estimated else self._told(position, is_whole=True)
        self._segments, self._untold, self._times = [], [], []
        return told

    def _begin(self, segment: int) -> None:
        self._segment = segment
        self._untold = written_words(self._text.segments[segment].raw, self._text.spoken(segment))
        self._times = []

    def _estimated(self, position: Callable[[int], int]) -> list[WordsTold]:
        told: list[WordsTold] = []
        segments = [*self._segments, *(self._unannounced() if self._at_end else ())]
        pieces = [self._text.spoken(segment) for segment in segments]
        times = estimated_times(" ".join(pieces), self._sound, first_sample=self._first_sample)
        at = 0
        for segment, piece in zip(segments, pieces, strict=True):
            self._begin(segment)
            own = [one for one in times if at <= one.start < at + len(piece)]
            self._times = [WordTime(one.start - at, one.end - at, one.first_sample, one.end_sample) for one in own]
            told += self._told(position, is_whole=True)
            at += len(piece) + 1
        return told

    def _unannounced(self) -> Iterator[int]:
        """Segments of the passage whose beginning the engine did not notice."""
        segments = self._text.segments
        first = self._segments[-1] + 1 if self._segments else len(segments)
        yield from takewhile(lambda index: not segments[index].before, range(first, len(segments)))

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
