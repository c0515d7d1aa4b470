"""The sound of an utterance as it was heard, without its words and without what stands before the first of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from qwen3tts_daemon.speech.output import Part, SegmentStarted
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import PCM_BYTES, AudioChunk

LONGEST_S = 120
"""What takes longer is not kept."""


class Start(msgspec.Struct, frozen=True):
    """A segment begins: at this sample, told before the chunk that has sample `told_at`."""

    index: int
    sample: int
    told_at: int


class KeptSound(msgspec.Struct, frozen=True):
    """PCM, and where its segments begin."""

    sample_rate: int
    samples_per_frame: int
    starts: tuple[Start, ...]
    pcm: bytes


class Told(NamedTuple):
    """What a listener is told of a segment beside its place."""

    text: str
    start: int
    end: int
    voice: str
    language: str


def parts_of(kept: KeptSound, told: Sequence[Told], lead: bytes) -> Iterator[Part]:
    """As they were heard, for the same text: frame by frame, behind `lead`. `told`: of the text's segments."""
    begins_at = len(lead) // PCM_BYTES
    ends = [*(start.told_at for start in kept.starts), len(kept.pcm) // PCM_BYTES]
    for start, (first, last) in zip(kept.starts, pairwise(ends), strict=True):
        segment = told[start.index]
        yield SegmentStarted(
            start.index, segment.text, segment.start, segment.end, start.sample + begins_at,
            segment.voice, segment.language,
        )  # fmt: skip
        if first == 0:
            yield from _chunks(kept, lead, 0, start.index)
        pcm = kept.pcm[first * PCM_BYTES : last * PCM_BYTES]
        yield from _chunks(kept, pcm, first + begins_at, start.index)


def _chunks(kept: KeptSound, pcm: bytes, first_sample: int, segment: int) -> Iterator[AudioChunk]:
    frame_bytes = kept.samples_per_frame * PCM_BYTES
    for place in range(0, len(pcm), frame_bytes):
        yield AudioChunk(
            pcm=pcm[place : place + frame_bytes], first_sample=first_sample + place // PCM_BYTES,
            sample_rate=kept.sample_rate, segment=segment,
        )  # fmt: skip


class SoundRecorder:
    """Hears the parts of one utterance."""

    def __init__(self) -> None:
        self._starts: list[Start] = []
        self._chunks: list[bytes] = []
        self._samples = 0
        self._sample_rate = 0
        self._is_too_long = False

    def hear(self, part: Part) -> None:
        if isinstance(part, SegmentStarted):
            self._starts.append(Start(part.index, part.sample, self._samples))
            return
        if isinstance(part, WordsTold):
            return
        self._sample_rate = part.sample_rate
        self._samples += part.samples
        if self._samples > LONGEST_S * part.sample_rate:
            self._is_too_long = True
            self._chunks.clear()
        else:
            self._chunks.append(part.pcm)

    def finish(self, lead_samples: int, samples_per_frame: int) -> KeptSound | None:
        """What was heard behind so many samples; None if it is too long, or nothing."""
        if self._is_too_long or not self._starts:
            return None
        starts = tuple(
            Start(one.index, one.sample - lead_samples, max(0, one.told_at - lead_samples)) for one in self._starts
        )
        pcm = b"".join(self._chunks)[lead_samples * PCM_BYTES :]
        return KeptSound(self._sample_rate, samples_per_frame, starts, pcm)
