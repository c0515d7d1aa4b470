"""Speech by a plain GET, for what can only fetch a URL: `<audio src>`, a player, `curl`."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.answers import SOUND_TYPES, binary
from qwen3tts_daemon.protocols.edge import caller_of, refuse_foreign_pages
from qwen3tts_daemon.protocols.fields import FormatName, LanguageName, Seed, Speed, Text, Words
from qwen3tts_daemon.protocols.orders import SpeechBody, utterance_of
from qwen3tts_daemon.protocols.spoken import AudioBody, SpokenResponse, their_names
from qwen3tts_daemon.protocols.strict_json import convert, load
from qwen3tts_daemon.speech import Speech

PROTOCOL = "say"

_THEIR_NAMES = {"response_format": "format"}
_NUMBERS = ("seed", "speed")
_HEADERS = {
    "cross-origin-resource-policy": "cross-origin",  # a player's own page, such as a Chromecast's, is elsewhere
    "connection": "close",  # the edge makes GET of HEAD: who only wanted the head leaves, and nothing more is spoken
}


class SayQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of GET /v1/audio/say. Names that are not known are ignored."""

    text: Text
    voice: str | None = None
    language: LanguageName | None = None
    format: FormatName = "mp3"
    instruct: Words | None = None
    seed: Seed | None = None
    speed: Speed = 1.0


def router(speech: Speech) -> APIRouter:
    """The route of this module; the edge round it admits and refuses."""
    routes = APIRouter(tags=["Speech"])

    @routes.get(
        "/v1/audio/say", response_class=Response, responses=binary(*SOUND_TYPES),
        openapi_extra={"parameters": _parameters()},
    )  # fmt: skip
    async def say(request: Request) -> Response:
        """Speak a text; the sound is sent while it is made."""
        await request.body()
        refuse_foreign_pages(request)
        query = convert(_fields(request.query_params), SayQuery)
        body = SpeechBody(
            input=query.text, voice=query.voice, language=query.language, instructions=query.instruct,
            response_format=query.format, seed=query.seed, speed=query.speed,
        )  # fmt: skip
        with their_names(_THEIR_NAMES):
            sound = await asyncio.to_thread(open_encoder, body.format, speech.capabilities.sample_rate)
            utterance = utterance_of(body, speech, PROTOCOL, caller_of(request.scope))
        return SpokenResponse(utterance, AudioBody(sound), _THEIR_NAMES, _HEADERS)

    return routes


def _fields(query: Mapping[str, str]) -> dict[str, Any]:
    """As JSON would have them; what was left empty is not there."""
    given = {name: value for name, value in query.items() if value or name == "text"}
    return {name: _number(value) if name in _NUMBERS else value for name, value in given.items()}


def _number(text: str) -> Any:
    """The text itself if it is none, which the field then refuses."""
    try:
        value = load(text)
    except Refusal:
        return text
    return value if isinstance(value, (int, float)) else text


def _parameters() -> list[dict[str, Any]]:
    """For the OpenAPI document. A query has no null: what is None is not there."""
    _, components = msgspec.json.schema_components((SayQuery,))
    schema = components[SayQuery.__name__]
    return [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": field.get("anyOf", [field])[0]}
        for name, field in schema["properties"].items()
    ]
