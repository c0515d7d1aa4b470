"""A context's sound on its way to a client: encoded, and as base64 in JSON."""

from collections.abc import Callable

from qwen3tts_daemon.audio import Encoder
from qwen3tts_daemon.protocols.voice_v1.frames import SoundFrame
from qwen_tts.api import PCM_BYTES


class JsonFramer:
    """Sample numbers are those of the context's format, as everywhere; what is encoded may have other ones."""

    holds_sound = False
    """A codec keeps what it keeps: nothing can be had of it sooner."""

    def __init__(self, encoder: Encoder, pack: Callable[[bytes], str], *, source_rate: int, sample_rate: int) -> None:
        """`pack`: encoded sound as a message."""
        self._encoder = encoder
        self._pack = pack
        self._source_rate, self._sample_rate = source_rate, sample_rate
        self._taken = 0
        self._sent = 0

    def position(self, source_sample: int) -> int:
        return source_sample * self._sample_rate // self._source_rate

    def take(self, pcm: bytes) -> list[SoundFrame]:
        self._taken += len(pcm) // PCM_BYTES
        return self._frames(self._encoder.encode(pcm))

    def lull(self) -> list[SoundFrame]:
        return []

    def end(self) -> list[SoundFrame]:
        return self._frames(self._encoder.finish())

    def _frames(self, sound: bytes) -> list[SoundFrame]:
        if not sound:
            return []
        first, self._sent = self._sent, self.position(self._taken)
        return [SoundFrame(self._pack(sound), first, self._sent - first)]
