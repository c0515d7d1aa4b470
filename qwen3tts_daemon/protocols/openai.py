"""The OpenAI shape of speech: what its clients know, and fields of our own that they can pass as extras.

A body is sent as it is made. What fails before its first byte is an ordinary error; what fails later cuts the
connection, for a clean end would say that the sound is complete. Among server-sent events it is an event.
"""

import asyncio
import base64
import contextlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Protocol

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen3tts_daemon.audio import Encoder, open_encoder
from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.protocols.bodies import read_json, wait_for_leaving
from qwen3tts_daemon.protocols.edge import request_id_of
from qwen3tts_daemon.speech import Order, Speech, Utterance
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.voices import VoiceCatalogue
from qwen_tts.api import AUTO, PCM_BYTES, AudioChunk, Sampling
from qwen_tts.errors import InvalidRequest

PROTOCOL = "openai"

MODELS = ("qwen3-tts", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""One engine answers to all of them: clients have the names built in."""

_SEND_TIMEOUT_S = 30.0
"""A client that takes nothing for so long is cut off."""
_ENCODE_MS = 500
"""Sound that is encoded at one go, so that other requests get their turn."""

_FEMALE = ("alloy", "nova", "shimmer", "coral", "sage", "marin")
_MALE = ("onyx", "echo", "fable", "ash", "ballad", "verse", "cedar")


class NamedVoice(msgspec.Struct, frozen=True):
    """How OpenAI's clients name a voice of one's own."""

    id: str


class SpeechBody(msgspec.Struct, frozen=True, kw_only=True):
    """The request of POST /v1/audio/speech. Fields that are not known are ignored."""

    input: str
    """What to say."""
    model: str = MODELS[0]
    voice: str | NamedVoice | None = None
    """A name from /v1/audio/voices or one of OpenAI's; without it the language's own voice."""
    instructions: Annotated[str, Meta(max_length=2_000)] | None = None
    """How to say it, in words."""
    response_format: str | None = "mp3"
    """mp3, opus, aac, flac, wav or pcm (16-bit little-endian mono)."""
    speed: Annotated[float, Meta(ge=0.25, le=4)] | None = 1.0
    stream_format: Literal["audio", "sse"] | None = "audio"
    language: str | None = None
    """ISO 639-1, a tag like pt-BR, an English name, or "auto"."""
    seed: int | None = None
    """The same seed gives the same sound."""
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None


_THEIR_NAMES = {"text": "input", "instruct": "instructions"}
_SAMPLING_FIELDS = ("seed", "temperature", "top_k", "top_p", "repetition_penalty")


def router(speech: Speech) -> APIRouter:
    """The routes of this module; the edge round them admits and refuses."""
    routes = APIRouter(tags=["OpenAI"])
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "qwen3tts-daemon"} for name in MODELS]
    schema = {"$ref": f"#/components/schemas/{SpeechBody.__name__}"}
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @routes.post("/v1/audio/speech", response_class=Response, openapi_extra=body)
    async def speak(request: Request) -> Response:
        """Speak a text; the sound is sent while it is made."""
        order = await read_json(request, SpeechBody)
        sound = await asyncio.to_thread(open_encoder, order.response_format or "mp3", speech.capabilities.sample_rate)
        with _their_names():
            utterance = speech.utterance(_order(order, speech.voices), request_id_of(request.scope))
            utterance.feed(order.input)
            utterance.end_text()
        if order.stream_format == "sse":
            return _Spoken(utterance, _Events(sound, speech.capabilities.samples_per_frame))
        return _Spoken(utterance, _Audio(sound))

    @routes.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        """The names that `model` may have."""
        return {"object": "list", "data": models}

    @routes.get("/v1/audio/models")
    async def list_audio_models() -> dict[str, Any]:
        """The same, as some clients want it."""
        return {"models": [{"id": name, "name": name} for name in MODELS]}

    return routes


def schemas() -> Mapping[str, Any]:
    """The bodies, for the OpenAPI document."""
    _, components = msgspec.json.schema_components((SpeechBody,), ref_template="#/components/schemas/{name}")
    return components


def _order(body: SpeechBody, voices: VoiceCatalogue) -> Order:
    if body.model not in MODELS:
        known = ", ".join(MODELS)
        raise Refusal("bad_field", f"no model {body.model[:64]!r}; there are {known}", param="model")
    given = {name: value for name in _SAMPLING_FIELDS if (value := getattr(body, name)) is not None}
    name = body.voice.id if isinstance(body.voice, NamedVoice) else body.voice
    language = body.language
    if name and _is_alias(name, voices):
        language = parse_language(language or AUTO)
        if language == AUTO:
            language = detect_language(body.input, voices.languages, voices.default_language)
        name = _stand_in(name.lower(), language, voices)
    return Order(
        protocol=PROTOCOL, voice=name or None, language=language, instruct=body.instructions or "",
        speed=1.0 if body.speed is None else body.speed, sampling=Sampling(**given),
    )  # fmt: skip


@contextlib.contextmanager
def _their_names() -> Iterator[None]:
    """An error names the field as the caller wrote it."""
    try:
        yield
    except InvalidRequest as error:
        error.param = _THEIR_NAMES.get(error.param or "", error.param)
        raise


def _is_alias(name: str, voices: VoiceCatalogue) -> bool:
    """One of OpenAI's names, unless a voice of ours has it."""
    lower = name.lower()
    return lower in _FEMALE + _MALE and all(voice.name.lower() != lower for voice in voices.voices)


def _stand_in(alias: str, language: str, voices: VoiceCatalogue) -> str | None:
    """A voice of the alias' gender and this language, another one for each alias as far as they go."""
    aliases, gender = (_FEMALE, "female") if alias in _FEMALE else (_MALE, "male")
    similar = [voice for voice in voices.voices if voice.languages[0] == language and voice.gender == gender]
    return similar[aliases.index(alias) % len(similar)].name if similar else None


# -- answers -----------------------------------------------------------------------------------------------


class _Framing(Protocol):
    """How sound travels in the body."""

    media_type: str

    def sound(self, pcm: bytes) -> bytes: ...
    def end(self, utterance: Utterance) -> bytes: ...
    def error(self, error: Exception, request_id: str) -> bytes | None:
        """None if the body cannot tell of it."""


class _Audio:
    """The bytes of the format, nothing else."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.media_type = encoder.media_type

    def sound(self, pcm: bytes) -> bytes:
        return self._encoder.encode(pcm)

    def end(self, utterance: Utterance) -> bytes:
        return self._encoder.finish()

    def error(self, error: Exception, request_id: str) -> None:
        return None


class _Events:
    """Server-sent events, as OpenAI names them."""

    media_type = "text/event-stream"

    def __init__(self, encoder: Encoder, samples_per_frame: int) -> None:
        self._encoder = encoder
        self._samples_per_frame = samples_per_frame

    def sound(self, pcm: bytes) -> bytes:
        return self._delta(self._encoder.encode(pcm))

    def end(self, utterance: Utterance) -> bytes:
        chars = utterance.measures.chars
        frames = utterance.measures.samples // self._samples_per_frame
        usage = {"input_tokens": chars, "output_tokens": frames, "total_tokens": chars + frames}
        done = _event({"type": "speech.audio.done", "usage": usage})
        return self._delta(self._encoder.finish()) + done

    def error(self, error: Exception, request_id: str) -> bytes:
        return _event({"type": "error", **describe(error).envelope(request_id)})

    def _delta(self, sound: bytes) -> bytes:
        if not sound:
            return b""
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()})


def _event(fields: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


class _Spoken(Response):
    """Speaks while it is sent; a client that leaves closes the utterance, whatever it waits for."""

    def __init__(self, utterance: Utterance, framing: _Framing) -> None:
        super().__init__(media_type=framing.media_type, headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._utterance = utterance
        self._framing = framing
        self._has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._utterance as utterance:
            leaving = asyncio.create_task(wait_for_leaving(receive))
            leaving.add_done_callback(lambda _: utterance.close())
            try:
                await self._speak(send)
                if utterance.end == "cancelled":
                    if leaving.done():
                        return
                    raise Refusal("draining", "the daemon is stopping", retry_after_s=5)
                await self._write(self._framing.end(utterance), send)
            except Exception as error:
                event = self._framing.error(error, utterance.request_id) if self._has_started else None
                if event is None:
                    raise
                await self._write(event, send)
            finally:
                leaving.cancel()
            await self._finish(send)

    async def _speak(self, send: Send) -> None:
        with _their_names():
            async for part in self._utterance:
                if isinstance(part, AudioChunk):
                    for pcm in _pieces(part):
                        await self._write(self._framing.sound(pcm), send)

    async def _write(self, data: bytes, send: Send) -> None:
        if not data:
            return
        await self._start(send)
        await self._send_in_time(data, send, more=True)

    async def _start(self, send: Send) -> None:
        if not self._has_started:
            self._has_started = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

    async def _finish(self, send: Send) -> None:
        await self._start(send)
        await self._send_in_time(b"", send, more=False)

    async def _send_in_time(self, data: bytes, send: Send, *, more: bool) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise Refusal("slow_consumer", "the sound was not taken") from None


def _pieces(chunk: AudioChunk) -> Iterator[bytes]:
    step = chunk.sample_rate * _ENCODE_MS // 1000 * PCM_BYTES
    for start in range(0, len(chunk.pcm), step):
        yield chunk.pcm[start : start + step]
