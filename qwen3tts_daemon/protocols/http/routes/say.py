"""Speech by a plain GET, for what can only fetch a URL: `<audio src>`, a player, `curl`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.http.audio_responses import Names, StreamedAudioResponse, their_names
from qwen3tts_daemon.protocols.http.field_types import read_numbers
from qwen3tts_daemon.protocols.http.request_state import caller_of, refuse_foreign_pages
from qwen3tts_daemon.protocols.http.sound_bodies import SOUND_OR_EVENTS, framing_of
from qwen3tts_daemon.protocols.http.speech_request import BroughtVoice, SpeechBody, utterance_of
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.speech.service import Speech

_OWN_NAMES = {
    "input": ("text",),
    "instructions": ("instruct", "instructions"),
    "response_format": ("format", "response_format"),
}
"""How the query calls these fields of the body; the others have the body's names."""
_FIELDS = {
    name: field
    for field in SpeechBody.__struct_fields__
    if field not in BroughtVoice.__struct_fields__  # which needs a body
    for name in _OWN_NAMES.get(field, (field,))
}
"""By the names of the query, the fields of the body."""
_SWITCHES = ("text_normalization", "markup", "chime", "private", "words")
_ELSEWHERE = {"input": "text", "speaker": "voice", "lang": "language", "rate": "speed", "ref_audio": "voice"}
"""What they are called at other doors, or elsewhere: who writes that would be ignored, and not know it."""
_HEADERS = {
    "cross-origin-resource-policy": "cross-origin",  # a player's own page, such as a Chromecast's, is elsewhere
    "connection": "close",  # HEAD is answered as GET: who only wanted the head leaves, and no more is spoken
}


def router(speech: Speech) -> APIRouter:
    """The route of this module."""
    routes = APIRouter(tags=["Speech"])

    @routes.get(
        "/v1/audio/say", response_class=Response, responses=SOUND_OR_EVENTS,
        openapi_extra={"parameters": _parameters()},
    )  # fmt: skip
    async def say(request: Request) -> Response:
        """Speak a text; the sound is sent while it is made."""
        await request.body()
        refuse_foreign_pages(request)
        body, names = _read(request.query_params)
        frame = speech.capabilities.samples_per_frame
        with their_names(names):
            sound = await body.encoder(speech.capabilities)
            framing = framing_of(body.stream_format, sound, frame, words=body.words)
            utterance = utterance_of(body, speech, "say", caller_of(request.scope))
        return StreamedAudioResponse(utterance, framing, names, _HEADERS)

    return routes


def _read(query: QueryParams) -> tuple[SpeechBody, Names]:
    """What the query asks for, and how it calls our fields. Raises Refusal."""
    given, written = _fields(query)
    if "input" not in given:
        raise Refusal("bad_field", "text: what to say is missing", param="text")
    try:
        body = convert(read_numbers(given) | _switches(given), SpeechBody)
    except Refusal as refusal:
        name = written[refusal.param or ""]
        rule = refusal.message.partition(": ")[2]
        raise Refusal(refusal.code, f"{name}: {rule}", param=name) from None
    return body, {**written, "text": "text", "instruct": written.get("instructions", "instruct")}


def _fields(query: QueryParams) -> tuple[dict[str, str], dict[str, str]]:
    """By the names of the body: what was given, and under which name. What was left empty is not there."""
    given: dict[str, str] = {}
    written: dict[str, str] = {}
    for name, value in query.multi_items():
        if not value and name != "text":
            continue
        if name in _ELSEWHERE:
            raise Refusal("bad_field", f"{name}: it is called {_ELSEWHERE[name]} here", param=name)
        if (field := _FIELDS.get(name)) is None:
            continue
        if given.get(field, value) != value:
            raise Refusal("bad_field", f"{name}: {written[field]} says something else", param=name)
        given[field], written[field] = value, name
    return given, written


def _switches(given: Mapping[str, str]) -> dict[str, bool]:
    """What is on or off; any other word is left to be refused."""
    words = {"true": True, "false": False}
    return {name: words[given[name]] for name in _SWITCHES if given.get(name) in words}


def _parameters() -> list[dict[str, Any]]:
    """For the OpenAPI document. A query has no null: what is None is not there."""
    _, components = msgspec.json.schema_components((SpeechBody,))
    schema = components[SpeechBody.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": name == "text", "schema": _plain(schema[field])}
        for name, field in _FIELDS.items()
    ]


def _plain(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a field that may have several shapes the one that a query can have."""
    shape: Mapping[str, Any] = field.get("anyOf", [field])[0]
    return shape
