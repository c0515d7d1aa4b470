"""What goes out of an utterance: an engine's chunks, as fast and loud as is wanted, between silences, numbered anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.api import PCM_BYTES, AudioChunk, Capabilities

NOTHING_MS = 100
"""Silence that answers a text without words: a player gets a file that it can open."""


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """The chunks that follow speak characters [start, end) of the text; the first of them begins at `sample`."""

    index: int
    text: str
    start: int
    end: int
    sample: int
    voice: str = ""
    language: str = ""


Part = AudioChunk | SegmentStarted


class Filter(Protocol):
    """Changes an engine's sound: its speed, its level."""

    def process(self, pcm: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def position(self, sample: int) -> int:
        """Where sample `sample` of what comes in is in what goes out."""


class Unchanged:
    """The engine's own speed and level."""

    def process(self, pcm: bytes) -> bytes:
        return pcm

    def flush(self) -> bytes:
        return b""

    def position(self, sample: int) -> int:
        return sample


class Output:
    """Chunks of an engine in, parts for a listener out. Touches no clock, socket or engine."""

    def __init__(
        self, engine: Capabilities, segments: Sequence[Segment], *, voice: str = "", language: str = "",
        lead_s: float = 0.0, tail_s: float = 0.0, sound_filter: Filter | None = None,
    ) -> None:  # fmt: skip
        """`engine`: whose chunks they are. `segments`: of the text; a chunk's own is there when the chunk comes."""
        self._engine = engine
        self._segments = segments
        self._voice, self._language = voice, language
        self._lead, self._tail = (silence(round(s * 1000), engine.sample_rate) for s in (lead_s, tail_s))
        self._filter = sound_filter or Unchanged()
        self._announced = 0
        self._samples = 0

    @property
    def sample_rate(self) -> int:
        return self._engine.sample_rate

    @property
    def has_begun(self) -> bool:
        return self._announced > 0

    def take(self, chunk: AudioChunk) -> list[Part]:
        """The parts that the engine's next chunk becomes. At another speed its sound may come with a later one."""
        if not chunk.samples:
            return []
        started = self._start(chunk) if chunk.segment >= self._announced else []
        return [*started, *self._sound(self._filter.process(chunk.pcm))]

    def finish(self) -> list[Part]:
        """What is left when the engine has ended."""
        return [*self._sound(self._filter.flush()), *self._silence(self._tail)]

    def nothing(self) -> list[Part]:
        """What answers a text without words."""
        return self._silence(silence(NOTHING_MS, self.sample_rate))

    def _start(self, chunk: AudioChunk) -> list[Part]:
        segment = self._segments[chunk.segment]
        started = SegmentStarted(
            chunk.segment, segment.raw, segment.start, segment.end, self._starts_at(chunk), self._voice, self._language
        )
        lead = self._lead if not self.has_begun else b""
        self._announced = chunk.segment + 1
        return [started, *self._silence(lead)]

    def _starts_at(self, chunk: AudioChunk) -> int:
        """Not the number of samples so far: at another speed some of those before it are still held back."""
        return len(self._lead) // PCM_BYTES + self._filter.position(chunk.first_sample)

    def _silence(self, pcm: bytes) -> list[Part]:
        """In frames, as an engine would give it."""
        frame = PCM_BYTES * self._engine.samples_per_frame
        return [part for start in range(0, len(pcm), frame) for part in self._sound(pcm[start : start + frame])]

    def _sound(self, pcm: bytes) -> list[Part]:
        if not pcm:
            return []
        segment = max(0, self._announced - 1)
        chunk = AudioChunk(pcm=pcm, first_sample=self._samples, sample_rate=self.sample_rate, segment=segment)
        self._samples += chunk.samples
        return [chunk]
