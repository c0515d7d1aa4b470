"""What goes out of an utterance: an engine's chunks, as fast and loud as is wanted, between silences, numbered anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.audio.pauses import edge_samples, fade_samples, faded_in, faded_out, quiet_end, quiet_start
from qwen3tts_daemon.speech.word_times import WordsTold, WordTeller
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


Part = AudioChunk | SegmentStarted | WordsTold


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


@dataclass(slots=True)
class _Passage:
    """What is known of the passage that is spoken now."""

    first: int = 0
    """Its first segment"""
    voice: str = ""
    language: str = ""
    filter: Filter = field(default_factory=Unchanged)
    begins_at: int = 0
    """The sample at which its sound begins"""
    is_trimmed: bool = False
    words: WordTeller | None = None
    is_heard: bool = False
    """There was sound that is not quiet"""
    trimmed: int = 0
    """Samples that were left out at its beginning"""
    held: bytes = b""
    """Quiet sound that nobody has heard yet"""
    quiet: int = 0
    """Samples of quiet sound that were heard last"""

    def position(self, sample: int) -> int:
        """Where a sample of the engine is in the sound that is delivered."""
        return max(self.begins_at, self.begins_at + self.filter.position(sample) - self.trimmed)


class Output:
    """Chunks of an engine in, parts for a listener out. Touches no clock, socket or engine.

    It goes passage by passage: `begin`, then `take` for each chunk, then `end_passage`; `finish` after the last one.
    """

    def __init__(
        self, engine: Capabilities, segments: Sequence[Segment], *, lead: bytes = b"", tail_s: float = 0.0
    ) -> None:
        """`engine`: whose chunks they are. `segments`: of the text; a chunk's own is there when the chunk comes.
        `lead`: what is heard before the first word."""
        self._engine = engine
        self._segments = segments
        self._lead, self._tail = lead, silence(round(tail_s * 1000), engine.sample_rate)
        self._announced = 0
        self._samples = 0
        self._passage = _Passage()

    @property
    def sample_rate(self) -> int:
        return self._engine.sample_rate

    @property
    def lead_samples(self) -> int:
        """Before the first word"""
        return len(self._lead) // PCM_BYTES

    @property
    def has_begun(self) -> bool:
        """There was sound in this passage."""
        return self._announced > self._passage.first

    def begin(
        self, first: int = 0, *, voice: str = "", language: str = "", sound_filter: Filter | None = None,
        is_trimmed: bool = False, words: WordTeller | None = None,
    ) -> None:  # fmt: skip
        """A passage, of which the engine calls segment `first` 0. `is_trimmed`: there is a pause before it, which its
        own silence does not make longer. `words`: tells where they are; None: nobody wants to know."""
        self._passage = _Passage(first, voice, language, sound_filter or Unchanged(), self._samples, is_trimmed, words)

    def take(self, chunk: AudioChunk, *, pause_follows: bool = False) -> list[Part]:
        """The parts that the engine's next chunk becomes. At another speed its sound may come with a later one.

        `pause_follows`: what is quiet at the end of its passage is held back, and may become part of a pause.
        """
        if not chunk.samples:
            return []
        started = self._start(chunk) if self._passage.first + chunk.segment >= self._announced else []
        sound = self._heard(self._passage.filter.process(chunk.pcm), holds=pause_follows)
        return [*started, *self._told(chunk), *sound]

    def end_passage(self, pause_s: float | None) -> list[Part]:
        """What is left when the engine has ended, and a pause of exactly so long between the last sound and the next;
        None: no pause was asked for, and the passage ends as it does."""
        rest = [*self._rest_told(), *self._heard(self._passage.filter.flush(), holds=pause_s is not None)]
        held, self._passage.held = self._passage.held, b""
        if pause_s is None:
            return rest + self._sound(held)
        faded, room = held[: PCM_BYTES * fade_samples(self.sample_rate)], self._passage.quiet
        zeros = max(0, round(pause_s * self.sample_rate) - room)
        return [*rest, *self._sound(faded_out(faded)), *self._silence(bytes(zeros * PCM_BYTES))]

    def lead_alone(self) -> list[Part]:
        """Of a text without words that says what is before them."""
        return self._silence(self._lead)

    def finish(self) -> list[Part]:
        """The silence behind all."""
        return self._silence(self._tail)

    def nothing(self) -> list[Part]:
        """What answers a text without words."""
        return self._silence(silence(NOTHING_MS, self.sample_rate))

    def _start(self, chunk: AudioChunk) -> list[Part]:
        passage = self._passage
        index = passage.first + chunk.segment
        segment = self._segments[index]
        lead = self._lead if not self._announced else b""
        starts_at = passage.begins_at + len(lead) // PCM_BYTES
        passage.begins_at = starts_at
        before = [] if passage.words is None else passage.words.leave(passage.position)
        started = SegmentStarted(
            index, segment.raw, segment.start, segment.end, passage.position(chunk.first_sample),
            passage.voice, passage.language,
        )  # fmt: skip
        self._announced = index + 1
        if passage.words is not None:
            passage.words.start(index, chunk.first_sample)
        return [*before, started, *self._silence(lead)]

    def _told(self, chunk: AudioChunk) -> list[WordsTold]:
        """Of words; none as long as it is not known how much is left out before the first."""
        passage = self._passage
        if passage.words is None:
            return []
        passage.words.hear(chunk.pcm, chunk.words)
        return [] if passage.is_trimmed and not passage.is_heard else passage.words.tell(passage.position)

    def _rest_told(self) -> list[WordsTold]:
        """Of the passage, whose sound has come."""
        return [] if self._passage.words is None else self._passage.words.finish(self._passage.position)

    def _heard(self, pcm: bytes, *, holds: bool) -> list[Part]:
        """The sound of a passage, without what is quiet at its beginning behind a pause, or at its end before one."""
        passage = self._passage
        if passage.is_trimmed and not passage.is_heard:
            pcm = self._trimmed(pcm)
        if not pcm:
            return []
        pcm, passage.held = passage.held + pcm, b""
        quiet = quiet_end(pcm)
        if not holds:
            passage.quiet = quiet + (passage.quiet if quiet * PCM_BYTES == len(pcm) else 0)
            return self._sound(pcm)
        cut = max(0, len(pcm) - max(quiet, edge_samples(self.sample_rate)) * PCM_BYTES)
        passage.held, passage.quiet = pcm[cut:], 0
        return self._sound(pcm[:cut])

    def _trimmed(self, pcm: bytes) -> bytes:
        """Nothing, until there is sound: then with what leads to it, faded in."""
        passage = self._passage
        pcm = passage.held + pcm
        passage.held = b""
        quiet, fade = quiet_start(pcm), fade_samples(self.sample_rate)
        if quiet * PCM_BYTES == len(pcm):
            kept = pcm[-fade * PCM_BYTES :]
            passage.trimmed += (len(pcm) - len(kept)) // PCM_BYTES
            passage.held = kept
            return b""
        cut = max(0, quiet - fade)
        passage.trimmed += cut
        passage.is_heard = True
        begins, ends = cut * PCM_BYTES, max(quiet, cut + edge_samples(self.sample_rate)) * PCM_BYTES
        faded = faded_in(pcm[begins:ends])
        passage.trimmed += (ends - begins - len(faded)) // PCM_BYTES
        return faded + pcm[ends:]

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
