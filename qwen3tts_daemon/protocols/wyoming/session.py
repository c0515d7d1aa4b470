"""One client of the Wyoming server, without I/O.

Rules of the protocol, as real clients need them
1. A request is answered by exactly one audio-start, audio-chunks and one audio-stop; a stream has a
   synthesize-stopped after them. Without its last event Home Assistant waits for ever.
2. Between synthesize-start and synthesize-stop a `synthesize` is a copy of the text for servers that cannot
   stream.
3. What fails is answered by `error` in place of audio-stop; a stream's synthesize-stopped follows as always.
   A connection that only ends would be taken for a complete answer. What comes after the `error` to a plain
   request, which has no last event, is the connection's end (see connection).
4. describe and ping are answered at once, whatever is being spoken. What is not known is ignored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.failures import Failure, Refusal
from qwen3tts_daemon.limits import Instruct, Seed, Speed
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.protocols.wyoming.ssml import PlainText, SsmlText
from qwen3tts_daemon.speech.service import NOTHING_MS, Order
from qwen_tts.api import PCM_BYTES, Sampling
from qwen_tts.errors import InvalidRequest

PROTOCOL = "wyoming"

_WAY_OUT = {"unknown_voice": "; in Home Assistant, choose one under Settings > Voice assistants"}
"""By code, for people who see nothing of this daemon but Home Assistant."""


# -- what a client's event means -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this now."""

    event: Event


@dataclass(frozen=True, slots=True)
class Begin:
    """Answer one more request, after those before it; the text actions that follow belong to it."""

    order: Order | InvalidRequest
    is_stream: bool


@dataclass(frozen=True, slots=True)
class Text:
    """More text of the request begun last."""

    text: str


@dataclass(frozen=True, slots=True)
class TextEnd:
    """The text of the request begun last is complete."""


@dataclass(frozen=True, slots=True)
class Fail:
    """The request begun last cannot be answered."""

    error: InvalidRequest


Action = Reply | Begin | Text | TextEnd | Fail


class _Voice(msgspec.Struct):
    """As sent: the library drops the language of a voice that has a name."""

    name: str | None = None
    language: str | None = None


class _Context(msgspec.Struct):
    """Keys of our own in a field that Wyoming leaves open."""

    instruct: Instruct = ""
    speed: Speed = 1.0
    seed: Seed | None = None


class _Start(msgspec.Struct):
    voice: _Voice | None = None
    text_format: str | None = None
    context: _Context | None = None

    def order(self) -> Order:
        voice, context = self.voice or _Voice(), self.context or _Context()
        return Order(
            protocol=PROTOCOL, voice=voice.name, language=voice.language, instruct=context.instruct,
            speed=context.speed, sampling=Sampling(seed=context.seed),
        )  # fmt: skip

    def text_filter(self) -> PlainText | SsmlText:
        return SsmlText() if self.text_format == "ssml" else PlainText()


class _Chunk(msgspec.Struct):
    text: str


class _Whole(_Start, kw_only=True):
    text: str


class WyomingSession:
    """A client's events in, actions out."""

    def __init__(self, describe: Callable[[], Info], *, streaming: bool) -> None:
        self._describe = describe
        self._streaming = streaming
        self._live: PlainText | SsmlText | None = None

    @property
    def is_live(self) -> bool:
        """Inside a stream of text: the client has the word."""
        return self._live is not None

    def receive(self, event: Event) -> list[Action]:
        if Describe.is_type(event.type):
            return [Reply(self._describe().event())]
        if Ping.is_type(event.type):
            return [Reply(Pong(event.data.get("text")).event())]
        if self._live is not None and SynthesizeChunk.is_type(event.type):
            return self._chunk(event, self._live)
        if self._live is not None and SynthesizeStop.is_type(event.type):
            return self._stop(self._live)
        if self._streaming and SynthesizeStart.is_type(event.type):
            return self._start(event)
        if self._live is None and Synthesize.is_type(event.type):
            return self._whole(event)
        return []

    def _whole(self, event: Event) -> list[Action]:
        try:
            request = _parse(event, _Whole)
        except InvalidRequest as error:
            return [Begin(error, is_stream=False)]
        markup = request.text_filter()
        text = markup.feed(request.text) + markup.rest()
        return [Begin(request.order(), is_stream=False), Text(text), TextEnd()]

    def _start(self, event: Event) -> list[Action]:
        before = self._stop(self._live) if self._live is not None else []
        self._live = PlainText()
        try:
            request = _parse(event, _Start)
        except InvalidRequest as error:
            return [*before, Begin(error, is_stream=True)]
        self._live = request.text_filter()
        return [*before, Begin(request.order(), is_stream=True)]

    def _chunk(self, event: Event, live: PlainText | SsmlText) -> list[Action]:
        try:
            text = live.feed(_parse(event, _Chunk).text)
        except InvalidRequest as error:
            return [Fail(error)]
        return [Text(text)] if text else []

    def _stop(self, live: PlainText | SsmlText) -> list[Action]:
        self._live = None
        rest = live.rest()
        return [Text(rest), TextEnd()] if rest else [TextEnd()]


_Model = TypeVar("_Model", bound=msgspec.Struct)


def _parse(event: Event, model: type[_Model]) -> _Model:
    try:
        return convert(event.data, model)
    except Refusal as refusal:
        raise InvalidRequest(f"{event.type}: {refusal.message}", param=refusal.param) from None


# -- what an answer consists of ------------------------------------------------------------------------------


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

    def finish(self) -> list[Event]:
        """All is said; an empty text gets a moment of silence too."""
        nothing = silence(NOTHING_MS, self._sample_rate)
        instead = [] if self._has_started else [self._start(), self._chunk(nothing)]
        return [*instead, AudioStop(timestamp=self._now_ms()).event(), *self._stopped()]

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
