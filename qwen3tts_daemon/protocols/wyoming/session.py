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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Gain, Instruct, Seed, Silence, Speed
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen_tts.api import Sampling
from qwen_tts.errors import InvalidRequest


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
class MoreText:
    """Of the request begun last."""

    text: str


@dataclass(frozen=True, slots=True)
class TextEnd:
    """The text of the request begun last is complete."""


@dataclass(frozen=True, slots=True)
class Fail:
    """The request begun last cannot be answered."""

    error: InvalidRequest


RequestAction = MoreText | TextEnd | Fail
WyomingAction = Reply | Begin | RequestAction


_FORMATS: Mapping[str, TextFormat] = {"text": "text", "ssml": "ssml"}


class _VoiceField(msgspec.Struct):
    """As sent: the library drops the language of a voice that has a name."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None
    """A style of it"""


class _ContextField(msgspec.Struct):
    """Keys of our own in a field that Wyoming leaves open."""

    instruct: Instruct = ""
    speed: Speed = 1.0
    gain_db: Gain = 0.0
    lead_silence_ms: Silence | None = None
    tail_silence_ms: Silence | None = None
    sentence_silence_ms: Silence | None = None
    chime: bool | None = None
    seed: Seed | None = None
    text_normalization: bool | None = None
    markup: bool | None = None
    text_format: TextFormat | None = None
    private: bool = False


class _StartFields(msgspec.Struct):
    voice: _VoiceField | None = None
    text_format: str | None = None
    """Wyoming leaves open which there are; what is unknown says nothing."""
    context: _ContextField | None = None

    def order(self) -> Order:
        voice, context = self.voice or _VoiceField(), self.context or _ContextField()
        text_format = _FORMATS.get(self.text_format or "", context.text_format)
        return Order(
            protocol="wyoming", voice=voice.name, language=voice.language, instruct=context.instruct,
            style=voice.speaker or "",
            speed=context.speed, gain_db=context.gain_db, lead_silence_ms=context.lead_silence_ms,
            tail_silence_ms=context.tail_silence_ms, sentence_silence_ms=context.sentence_silence_ms,
            chime=context.chime, private=context.private, text_normalization=context.text_normalization,
            markup=context.markup, text_format=text_format, sampling=Sampling(seed=context.seed),
        )  # fmt: skip


class _ChunkFields(msgspec.Struct):
    text: str


class _WholeFields(_StartFields, kw_only=True):
    text: str


class WyomingSession:
    """A client's events in, actions out."""

    def __init__(self, describe: Callable[[], Info], *, streaming: bool) -> None:
        self._describe = describe
        self._streaming = streaming
        self.is_live = False
        """Inside a stream of text: the client has the word."""

    def receive(self, event: Event) -> list[WyomingAction]:
        if Describe.is_type(event.type):
            return [Reply(self._describe().event())]
        if Ping.is_type(event.type):
            return [Reply(Pong(event.data.get("text")).event())]
        if self.is_live and SynthesizeChunk.is_type(event.type):
            return self._chunk(event)
        if self.is_live and SynthesizeStop.is_type(event.type):
            return self._stop()
        if self._streaming and SynthesizeStart.is_type(event.type):
            return self._start(event)
        if not self.is_live and Synthesize.is_type(event.type):
            return self._whole(event)
        return []

    def _whole(self, event: Event) -> list[WyomingAction]:
        try:
            request = _parse(event, _WholeFields)
        except InvalidRequest as error:
            return [Begin(error, is_stream=False)]
        return [Begin(request.order(), is_stream=False), MoreText(request.text), TextEnd()]

    def _start(self, event: Event) -> list[WyomingAction]:
        before = self._stop() if self.is_live else []
        self.is_live = True
        try:
            request = _parse(event, _StartFields)
        except InvalidRequest as error:
            return [*before, Begin(error, is_stream=True)]
        return [*before, Begin(request.order(), is_stream=True)]

    def _chunk(self, event: Event) -> list[WyomingAction]:
        try:
            return [MoreText(_parse(event, _ChunkFields).text)]
        except InvalidRequest as error:
            return [Fail(error)]

    def _stop(self) -> list[WyomingAction]:
        self.is_live = False
        return [TextEnd()]


_Model = TypeVar("_Model", bound=msgspec.Struct)


def _parse(event: Event, model: type[_Model]) -> _Model:
    try:
        return convert(event.data, model)
    except Refusal as refusal:
        raise InvalidRequest(f"{event.type}: {refusal.message}", param=refusal.param) from None
