"""The OpenAI shape of speech: what its clients know, and fields of our own that they can pass as extras."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.bodies import read_json
from qwen3tts_daemon.protocols.edge import request_id_of
from qwen3tts_daemon.protocols.spoken import AudioBody, EventsBody, SpokenResponse, their_names
from qwen3tts_daemon.speech import Order, Speech
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.voices import VoiceCatalogue
from qwen_tts.api import AUTO, Sampling

PROTOCOL = "openai"

MODELS = ("qwen3-tts", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""One engine answers to all of them: clients have the names built in."""

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
        with their_names(_THEIR_NAMES):
            utterance = speech.utterance(_order(order, speech.voices), request_id_of(request.scope))
            utterance.feed(order.input)
            utterance.end_text()
        if order.stream_format == "sse":
            return SpokenResponse(utterance, EventsBody(sound, speech.capabilities.samples_per_frame), _THEIR_NAMES)
        return SpokenResponse(utterance, AudioBody(sound), _THEIR_NAMES)

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


def _is_alias(name: str, voices: VoiceCatalogue) -> bool:
    """One of OpenAI's names, unless a voice of ours has it."""
    lower = name.lower()
    return lower in _FEMALE + _MALE and all(voice.name.lower() != lower for voice in voices.voices)


def _stand_in(alias: str, language: str, voices: VoiceCatalogue) -> str | None:
    """A voice of the alias' gender and this language, another one for each alias as far as they go."""
    aliases, gender = (_FEMALE, "female") if alias in _FEMALE else (_MALE, "male")
    similar = [voice for voice in voices.voices if voice.languages[0] == language and voice.gender == gender]
    return similar[aliases.index(alias) % len(similar)].name if similar else None
