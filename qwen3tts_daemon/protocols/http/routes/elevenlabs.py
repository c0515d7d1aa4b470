"""Speech, voices and models as ElevenLabs' clients ask for them: below /elevenlabs, and at the root.

What is sent and expected there is in elevenlabs_shape; live text comes over WebSockets, see protocols/elevenlabs.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Protocol

import msgspec
from fastapi import APIRouter, Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope
from starlette.websockets import WebSocket

from qwen3tts_daemon.access.auth import Claim
from qwen3tts_daemon.access.headers import ELEVENLABS_KEY
from qwen3tts_daemon.audio import Encoder
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.model_names import OWN
from qwen3tts_daemon.protocols.elevenlabs_shape import (
    DEFAULT_OUTPUT_FORMAT,
    OUTPUT_FORMATS,
    PREFIXES,
    THEIR_NAMES,
    TextNormalization,
    VoiceSettings,
    is_normalized,
    output_format,
)
from qwen3tts_daemon.protocols.http.audio_responses import StreamedAudioResponse, their_names
from qwen3tts_daemon.protocols.http.character_times import CharacterAlignment, CharacterTimes
from qwen3tts_daemon.protocols.http.field_types import InputText, LanguageName, SeedField
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import binary_of, json_body
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of
from qwen3tts_daemon.protocols.http.response_schemas import (
    ElevenLabsModel,
    ElevenLabsVoice,
    ElevenLabsVoices,
    FoundElevenLabsVoices,
    TimedSound,
)
from qwen3tts_daemon.protocols.http.sound_bodies import AudioBody, Framing
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen_tts.api import Sampling, VoiceKind
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownVoice
from qwen_tts.limits import MAX_TEXT_CHARS

_CATEGORIES: Mapping[VoiceKind, Literal["premade", "cloned", "generated"]] = {
    "preset": "premade", "cloned": "cloned", "designed": "generated",
}  # fmt: skip

_FormatQuery = Annotated[str, Query(alias="output_format", json_schema_extra={"enum": list(OUTPUT_FORMATS)})]
_LoggingQuery = Annotated[
    bool, Query(alias="enable_logging", description="false: what is said is neither kept nor logged")
]


class TextToSpeechBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to say and how. Fields that are not known are ignored: stability, previous_text, dictionaries and others."""

    text: InputText
    model_id: str | None = None
    """Any; X-Model of the answer says what spoke."""
    language_code: LanguageName | None = None
    voice_settings: VoiceSettings | None = None
    seed: SeedField | None = None
    apply_text_normalization: TextNormalization | None = None
    """Whether numbers, signs and abbreviations become words first; "auto" as the voice or the settings say."""


class TimedLines:
    """A line of JSON for each piece of sound, and for each few words, whose sound may come with later lines."""

    media_type = "application/x-ndjson"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._times = CharacterTimes()

    def sound(self, pcm: bytes) -> bytes:
        return self._line(self._encoder.encode(pcm))

    def words(self, told: WordsTold) -> bytes:
        return msgspec.json.encode(_timed(b"", self._times.of(told))) + b"\n"

    def end(self, utterance: Utterance) -> bytes:
        return self._line(self._encoder.finish())

    def error(self, error: Exception, request_id: str) -> None:
        return None

    def _line(self, sound: bytes) -> bytes:
        return msgspec.json.encode(_timed(sound, None)) + b"\n" if sound else b""


class TimedWhole:
    """One JSON object with all of it."""

    media_type = "application/json"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._sound = bytearray()
        self._times = CharacterTimes()

    def sound(self, pcm: bytes) -> bytes:
        self._sound += self._encoder.encode(pcm)
        return b""

    def words(self, told: WordsTold) -> bytes:
        self._times.of(told)
        return b""

    def end(self, utterance: Utterance) -> bytes:
        return msgspec.json.encode(_timed(self._sound + self._encoder.finish(), self._times.all))

    def error(self, error: Exception, request_id: str) -> None:
        return None


class _ForTheirClients(APIRoute):
    """Taken by requests that carry their key; others find the next route of this path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        has_key = any(name.decode("latin-1").lower() == ELEVENLABS_KEY for name, _ in scope.get("headers", ()))
        return super().matches(scope) if has_key else (Match.NONE, {})


class ElevenLabsDoor(Protocol):
    """Who speaks over the WebSockets of this shape."""

    async def serve(self, websocket: WebSocket, voice: str, *, is_multi: bool, address: str, claim: Claim) -> None: ...
    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None: ...


def routers(speech: Speech, sockets: ElevenLabsDoor) -> list[APIRouter]:
    """The routes of this module, at each of PREFIXES. The document has those below /elevenlabs."""
    return [_router(prefix, speech, sockets) for prefix in PREFIXES]


def _router(prefix: str, speech: Speech, sockets: ElevenLabsDoor) -> APIRouter:
    routes = APIRouter(prefix=prefix, tags=["ElevenLabs"], include_in_schema=bool(prefix))
    _add_speech(routes, speech)
    _add_lists(routes, speech)
    _add_sockets(routes, sockets)
    return routes


def _add_speech(routes: APIRouter, speech: Speech) -> None:
    async def answer(
        request: Request, voice_id: str, format: str, *, is_logged: bool, framing: Callable[[Encoder], Framing]
    ) -> Response:
        body = await read_json(request, TextToSpeechBody)
        sound = output_format(format)
        # In a thread: the first compressed one imports FFmpeg.
        encoder = await asyncio.to_thread(sound.open_encoder, speech.capabilities.sample_rate)
        with their_names(THEIR_NAMES):
            speech.models.check(body.model_id)
            order = _order(body, voice_id, is_private=not is_logged, word_times=framing is not AudioBody)
            utterance = speech.whole_utterance(order, body.text, caller_of(request.scope))
        return StreamedAudioResponse(utterance, framing(encoder), THEIR_NAMES)

    sound_or_failure: dict[str, Any] = {
        "response_class": Response,
        "openapi_extra": json_body(TextToSpeechBody),
        "responses": binary_of("audio/mpeg", "audio/pcm", "audio/wav", "audio/ogg", "audio/PCMU", "audio/PCMA"),
    }

    @routes.post("/v1/text-to-speech/{voice_id}", **sound_or_failure)
    async def convert(
        request: Request, voice_id: str, format: _FormatQuery = DEFAULT_OUTPUT_FORMAT, is_logged: _LoggingQuery = True
    ) -> Response:
        """Speak a text; the sound is sent while it is made."""
        return await answer(request, voice_id, format, is_logged=is_logged, framing=AudioBody)

    @routes.post("/v1/text-to-speech/{voice_id}/stream", **sound_or_failure)
    async def stream(
        request: Request, voice_id: str, format: _FormatQuery = DEFAULT_OUTPUT_FORMAT, is_logged: _LoggingQuery = True
    ) -> Response:
        """The same."""
        return await answer(request, voice_id, format, is_logged=is_logged, framing=AudioBody)

    @routes.post(
        "/v1/text-to-speech/{voice_id}/with-timestamps",
        response_model=TimedSound, openapi_extra=json_body(TextToSpeechBody),
    )  # fmt: skip
    async def convert_timed(
        request: Request, voice_id: str, format: _FormatQuery = DEFAULT_OUTPUT_FORMAT, is_logged: _LoggingQuery = True
    ) -> Response:
        """All of the sound as base64, and when each character is heard."""
        return await answer(request, voice_id, format, is_logged=is_logged, framing=TimedWhole)

    @routes.post(
        "/v1/text-to-speech/{voice_id}/stream/with-timestamps", response_class=Response,
        responses=binary_of(TimedLines.media_type), openapi_extra=json_body(TextToSpeechBody),
    )  # fmt: skip
    async def stream_timed(
        request: Request, voice_id: str, format: _FormatQuery = DEFAULT_OUTPUT_FORMAT, is_logged: _LoggingQuery = True
    ) -> Response:
        """A line of JSON for each piece of sound, which is in it as base64, or for when some characters are heard."""
        return await answer(request, voice_id, format, is_logged=is_logged, framing=TimedLines)


def _add_sockets(routes: APIRouter, sockets: ElevenLabsDoor) -> None:
    async def serve(websocket: WebSocket, voice: str, *, is_multi: bool) -> None:
        principal = principal_of(websocket.scope)
        try:
            principal.require("speak")
        except Refusal as refusal:
            await sockets.refuse(websocket, refusal)
        else:
            address, claim = principal.client, principal.claim
            await sockets.serve(websocket, voice, is_multi=is_multi, address=address, claim=claim)

    @routes.websocket("/v1/text-to-speech/{voice_id}/stream-input")
    async def stream_input(websocket: WebSocket, voice_id: str) -> None:
        await serve(websocket, voice_id, is_multi=False)

    @routes.websocket("/v1/text-to-speech/{voice_id}/multi-stream-input")
    async def multi_stream_input(websocket: WebSocket, voice_id: str) -> None:
        await serve(websocket, voice_id, is_multi=True)


def _add_lists(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/v1/voices")
    async def list_voices() -> ElevenLabsVoices:
        """Those that can speak now."""
        return {"voices": [_voice(known) for known in speech.voices.known]}

    @routes.get("/v2/voices")
    async def search_voices(search: str = "") -> FoundElevenLabsVoices:
        """Those with these letters in their name or description, all on one page."""
        wanted = search.casefold()
        listed = [_voice(known) for known in speech.voices.known]
        found = [voice for voice in listed if wanted in f"{voice['name']}\n{voice['description']}".casefold()]
        return {"voices": found, "has_more": False, "total_count": len(found), "next_page_token": None}

    @routes.get("/v1/voices/{voice_id}")
    async def show_voice(voice_id: str) -> ElevenLabsVoice:
        """One of them."""
        try:
            return _voice(speech.voices.find(voice_id))
        except UnknownVoice as error:
            raise Refusal("not_found", str(error), param="voice_id") from None

    async def list_models() -> list[ElevenLabsModel]:
        """Names that `model_id` may have; others are answered too."""
        return [_model(name, speech.voices.languages) for name in dict.fromkeys((OWN, *speech.models.here))]

    shared = _ForTheirClients if not routes.prefix else APIRoute
    routes.add_api_route("/v1/models", list_models, methods=["GET"], route_class_override=shared)


def _order(body: TextToSpeechBody, voice_id: str, *, is_private: bool, word_times: bool) -> Order:
    """The body in our words."""
    speed = body.voice_settings.speed if body.voice_settings else None
    return Order(
        protocol="elevenlabs", voice=voice_id, language=body.language_code, speed=1.0 if speed is None else speed,
        text_normalization=is_normalized(body.apply_text_normalization), private=is_private,
        word_times=word_times, sampling=Sampling(seed=body.seed),
    )  # fmt: skip


def _timed(sound: bytes | bytearray, times: CharacterAlignment | None) -> TimedSound:
    return {"audio_base64": base64.b64encode(sound).decode(), "alignment": times, "normalized_alignment": times}


def _voice(known: KnownVoice) -> ElevenLabsVoice:
    info = known.info
    labels = {"gender": info.gender, "language": info.languages[0] if info.languages else ""}
    return {
        "voice_id": known.name,
        "name": known.stored.name if known.stored else known.name,
        "category": _CATEGORIES[known.kind],
        "description": info.description,
        "labels": {name: label for name, label in labels.items() if label},
        "preview_url": None,
        "settings": None,
    }


def _model(name: str, languages: list[str]) -> ElevenLabsModel:
    return {
        "model_id": name, "name": name, "description": "What is loaded speaks, whatever the model's name.",
        "can_do_text_to_speech": True, "can_do_voice_conversion": False,
        "can_use_style": False, "can_use_speaker_boost": False,
        "max_characters_request_free_user": MAX_TEXT_CHARS,
        "max_characters_request_subscribed_user": MAX_TEXT_CHARS,
        "maximum_text_length_per_request": MAX_TEXT_CHARS,
        "languages": [{"language_id": code, "name": LANGUAGES[code].english} for code in languages],
    }  # fmt: skip
