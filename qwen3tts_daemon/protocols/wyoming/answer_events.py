"""The events that answer one request of a Wyoming client. No I/O."""

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.failures import Failure
from qwen3tts_daemon.speech.output import NOTHING_MS
from qwen_tts.api import PCM_BYTES

_WAY_OUT = {"unknown_voice": "; in Home Assistant, choose one under Settings > Voice assistants"}
"""By code, for people who see nothing of this daemon but Home Assistant."""


class Answer:
    """The events that answer one request. Timestamps count the samples sent, in milliseconds."""

    def __init__(self, *, is_stream: bool, sample_rate: int) -> None:
        self._is_stream = is_stream
        self._sample_rate = sample_rate
        self._samples = 0
        self._has_started = False

    def sound(self, pcm: bytes, sample_rate: int) -> list[Event]:
        """The next chunk; the first one fixes the format."""
        if self._has_started:
            return [self._chunk(pcm)]
        self._sample_rate = sample_rate
        return [self._start(), self._chunk(pcm)]

    def finish(self, end: str = "done") -> list[Event]:
        """All is said; an empty text gets a moment of silence too. Another end than `done` is told beside the last
        timestamp, where the protocol's clients do not look."""
        nothing = silence(NOTHING_MS, self._sample_rate)
        instead = [] if self._has_started else [self._start(), self._chunk(nothing)]
        stop = AudioStop(timestamp=self._now_ms()).event()
        if end != "done":
            stop.data["end"] = end
        return [*instead, stop, *self._stopped()]

    def fail(self, failure: Failure) -> list[Event]:
        message = failure.message + _WAY_OUT.get(failure.code, "")
        return [Error(message, failure.code).event(), *self._stopped()]

    def _start(self) -> Event:
        self._has_started = True
        return AudioStart(rate=self._sample_rate, width=PCM_BYTES, channels=1, timestamp=0).event()

    def _chunk(self, pcm: bytes) -> Event:
        chunk = AudioChunk(rate=self._sample_rate, width=PCM_BYTES, channels=1, audio=pcm, timestamp=self._now_ms())
        self._samples += len(pcm) // PCM_BYTES
        return chunk.event()

    def _stopped(self) -> list[Event]:
        return [SynthesizeStopped().event()] if self._is_stream else []

    def _now_ms(self) -> int:
        return self._samples * 1000 // self._sample_rate
