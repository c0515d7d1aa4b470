"""The OpenAI shape of speech: what its clients know, and fields of our own that they can pass as extras."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder
from qwen3tts_daemon.protocols.answers import SOUND_TYPES, NamedModels, OpenaiModel, OpenaiModels, binary
from qwen3tts_daemon.protocols.bodies import body_of, read_json, schemas_of
from qwen3tts_daemon.protocols.edge import caller_of
from qwen3tts_daemon.protocols.orders import MODELS, THEIR_NAMES, SpeechBody, utterance_of
from qwen3tts_daemon.protocols.spoken import AudioBody, EventsBody, SpokenResponse, their_names
from qwen3tts_daemon.speech import Speech

PROTOCOL = "openai"

_SPOKEN = binary(*SOUND_TYPES)
_SPOKEN[200]["content"][EventsBody.media_type] = {}


def router(speech: Speech) -> APIRouter:
    """The routes of this module; the edge round them admits and refuses."""
    routes = APIRouter(tags=["OpenAI"])
    models: list[OpenaiModel] = [
        {"id": name, "object": "model", "created": 0, "owned_by": "qwen3tts-daemon"} for name in MODELS
    ]

    @routes.post(
        "/v1/audio/speech", response_class=Response, openapi_extra=body_of(SpeechBody),
        responses=_SPOKEN,
    )  # fmt: skip
    async def speak(request: Request) -> Response:
        """Speak a text; the sound is sent while it is made."""
        body = await read_json(request, SpeechBody)
        sound = await asyncio.to_thread(open_encoder, body.format, speech.capabilities.sample_rate)
        with their_names(THEIR_NAMES):
            utterance = utterance_of(body, speech, PROTOCOL, caller_of(request.scope))
        if body.stream_format == "sse":
            return SpokenResponse(utterance, EventsBody(sound, speech.capabilities.samples_per_frame), THEIR_NAMES)
        return SpokenResponse(utterance, AudioBody(sound), THEIR_NAMES)

    @routes.get("/v1/models")
    async def list_models() -> OpenaiModels:
        """The names that `model` may have."""
        return {"object": "list", "data": models}

    @routes.get("/v1/audio/models")
    async def list_audio_models() -> NamedModels:
        """The same, as some clients want it."""
        return {"models": [{"id": name, "name": name} for name in MODELS]}

    return routes


def schemas() -> Mapping[str, Any]:
    """The bodies, for the OpenAPI document."""
    return schemas_of(SpeechBody)
