"""A context's sound on its way to a client: resampled, encoded, cut into frames, packed for the wire.

Sample numbers are those of the output. Frames of one context follow each other without a gap.
"""

import struct
from collections.abc import Callable
from typing import Protocol

import msgspec

from qwen3tts_daemon.audio import Resampler, encode_g711
from qwen3tts_daemon.protocols.voice_v1.formats import SoundFormat
from qwen_tts.api import PCM_BYTES, Capabilities

KIND_AUDIO = 1
FLAG_FIRST = 1
FLAG_LAST = 2
HEAD = struct.Struct("<BBHI")
"""Of a tagged frame: kind, flags, channel, first sample; eight bytes, so that 16-bit samples stay aligned."""


class SoundFrame(msgspec.Struct, frozen=True, gc=False):
    """One message with sound."""

    data: bytes | str
    """Binary in voice.v1; text where a language has its sound in JSON"""
    first_sample: int
    samples: int


class AnyFramer(Protocol):
    """What sound goes through on its way to a client, in any language."""

    @property
    def holds_sound(self) -> bool:
        """Whether `lull` would give something."""
        ...

    def position(self, source_sample: int) -> int: ...
    def take(self, pcm: bytes) -> list[SoundFrame]: ...
    def lull(self) -> list[SoundFrame]: ...
    def end(self) -> list[SoundFrame]: ...


MakeFramer = Callable[[str, SoundFormat, int, Capabilities], AnyFramer]
"""For the context of that name, in that format and on that channel, of what the engine makes."""


class Framer:
    """Makes frames of one context's PCM.

    Frames are exactly `frame_ms` long; what does not fill one waits for more, and goes out short when nothing
    comes (`lull`) or nothing will (`end`). In the engine's own format its chunks pass through untouched and
    nothing waits.
    """

    def __init__(self, format: SoundFormat, *, channel: int, source_rate: int, source_frame: int) -> None:
        self._format = format
        self._channel = channel
        self._source_rate = source_rate
        self._sample_bytes = PCM_BYTES if format.encoding == "pcm_s16le" else 1
        self._frame_bytes = format.sample_rate * format.frame_ms // 1000 * self._sample_bytes
        is_resampled = format.sample_rate != source_rate
        self._resampler = Resampler(source_rate, format.sample_rate) if is_resampled else None
        self._is_tagged = format.framing == "tagged"
        self._waits = is_resampled or self._frame_bytes != source_frame * self._sample_bytes
        self._held = b""
        self._sample = 0
        self._flags = FLAG_FIRST

    @property
    def holds_sound(self) -> bool:
        """Whether `lull` would give something."""
        return bool(self._held)

    def position(self, source_sample: int) -> int:
        """A sample number of the engine, in the client's rate."""
        return source_sample * self._format.sample_rate // self._source_rate

    def take(self, pcm: bytes) -> list[SoundFrame]:
        """The frames that are full now."""
        return self._cut(self._encode(self._resampler.process(pcm) if self._resampler else pcm))

    def lull(self) -> list[SoundFrame]:
        """What waits, because no more comes for now."""
        held, self._held = self._held, b""
        return [self._frame(held)] if held else []

    def end(self) -> list[SoundFrame]:
        """The rest. The last frame of a tagged context says so; it is empty if nothing is left."""
        frames = self._cut(self._encode(self._resampler.flush())) if self._resampler else []
        if self._is_tagged or self._held:
            held, self._held = self._held, b""
            self._flags |= FLAG_LAST
            frames.append(self._frame(held))
        return frames

    def _encode(self, pcm: bytes) -> bytes:
        return pcm if self._format.encoding == "pcm_s16le" else encode_g711(pcm, self._format.encoding)

    def _cut(self, data: bytes) -> list[SoundFrame]:
        size = self._frame_bytes
        if self._held:
            data = self._held + data
        whole = len(data) - len(data) % size if self._waits else len(data)
        self._held = data[whole:]
        if whole == size == len(data):
            return [self._frame(data)]
        return [self._frame(data[start : min(start + size, whole)]) for start in range(0, whole, size)]

    def _frame(self, payload: bytes) -> SoundFrame:
        first, samples = self._sample, len(payload) // self._sample_bytes
        self._sample += samples
        if self._is_tagged:
            payload = HEAD.pack(KIND_AUDIO, self._flags, self._channel, first & 0xFFFF_FFFF) + payload
        self._flags = 0
        return SoundFrame(payload, first, samples)


def make_framer(name: str, format: SoundFormat, channel: int, engine: Capabilities) -> Framer:
    """Of voice.v1, where a channel stands for the name."""
    return Framer(format, channel=channel, source_rate=engine.sample_rate, source_frame=engine.samples_per_frame)
