"""The OpenAI shape of speech: what its clients know, and fields of our own that they can pass as extras."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.http.audio_responses import StreamedAudioResponse, their_names
from qwen3tts_daemon.protocols.http.request_state import caller_of
from qwen3tts_daemon.protocols.http.response_schemas import NamedModels, OpenaiModel, OpenaiModels
from qwen3tts_daemon.protocols.http.sound_bodies import SOUND_OR_EVENTS, framing_of
from qwen3tts_daemon.protocols.http.speech_bodies import SpeechBodies
from qwen3tts_daemon.protocols.http.speech_request import (
    THEIR_NAMES,
    SpeechBody,
    speech_body,
    utterance_of,
)
from qwen3tts_daemon.speech.service import Speech


def router(speech: Speech, bodies: SpeechBodies) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["OpenAI"])

    @routes.post(
        "/v1/audio/speech", response_class=Response, openapi_extra=speech_body(SpeechBody),
        responses=SOUND_OR_EVENTS,
    )  # fmt: skip
    async def speak(request: Request) -> Response:
        """Speak a text; the sound is sent while it is made."""
        body, voice = await bodies.read(request, SpeechBody)
        sound = await body.encoder(speech.capabilities)
        frame = speech.capabilities.samples_per_frame
        framing = framing_of(body.stream_format, sound, frame, words=body.words)
        streamed = body.stream_format != "json"
        with their_names(THEIR_NAMES):
            utterance = utterance_of(body, speech, "openai", caller_of(request.scope), voice=voice, streamed=streamed)
        return StreamedAudioResponse(utterance, framing, THEIR_NAMES)

    @routes.get("/v1/models")
    async def list_models() -> OpenaiModels:
        """Names that `model` may have; others are answered too."""
        return {"object": "list", "data": [_model(name) for name in speech.models.listed]}

    @routes.get("/v1/models/{id:path}")
    async def show_model(id: str) -> OpenaiModel:
        """One of them. The name of a hub has a slash."""
        found = (name for name in speech.models.listed if name.casefold() == id.casefold())
        if (name := next(found, None)) is None:
            raise Refusal("not_found", f"no model {id[:64]!r}; GET /v1/models lists them", param="model")
        return _model(name)

    @routes.get("/v1/audio/models")
    async def list_audio_models() -> NamedModels:
        """The same as /v1/models, as some clients want it."""
        return {"models": [{"id": name, "name": name} for name in speech.models.listed]}

    return routes


def _model(name: str) -> OpenaiModel:
    return {"id": name, "object": "model", "created": 0, "owned_by": "qwen3tts-daemon"}
