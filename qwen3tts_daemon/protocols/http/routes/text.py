"""A text as it would be spoken, before any sound."""

from typing import Annotated

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request

from qwen3tts_daemon.protocols.http.audio_responses import their_names
from qwen3tts_daemon.protocols.http.field_types import InputText, LanguageName
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import json_body
from qwen3tts_daemon.protocols.http.request_state import caller_of
from qwen3tts_daemon.protocols.http.speech_request import THEIR_NAMES, NamedVoice, name_of
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.text_reading import SpokenText
from qwen3tts_daemon.text.lexicon import Entry, checked
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen_tts.errors import InvalidRequest


class SpokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """The request of POST /v1/text/spoken."""

    input: InputText
    """What would be said."""
    language: LanguageName | None = None
    """As for /v1/audio/speech: without it, and for "auto", it is found in the text."""
    voice: str | NamedVoice | None = None
    """Who would say it: a voice may have a language of its own, and leave numbers as they are written."""
    text_normalization: bool | None = None
    """Whether numbers, signs and abbreviations become words; without it as the voice or the settings say."""
    markup: bool | None = None
    """Whether what the text says of how it is spoken is meant; without it as the settings say."""
    text_format: TextFormat | None = None
    """"text" or "ssml"; without it a text that begins with <speak is SSML."""
    words: Annotated[list[Entry], Meta(max_length=64)] = []
    """How some words would be said, beside the lexicon and before it: to try what is not kept there."""


def router(speech: Speech) -> APIRouter:
    """The route of this module."""
    routes = APIRouter(tags=["Speech"])

    @routes.post("/v1/text/spoken", openapi_extra=json_body(SpokenBody))
    async def spoken(request: Request) -> SpokenText:
        """What would be spoken, segment by segment, before any sound; no engine is loaded or woken for it."""
        body = await read_json(request, SpokenBody)
        order = Order(
            "http", name_of(body.voice), language=body.language, text_normalization=body.text_normalization,
            markup=body.markup, text_format=body.text_format,
            words=tuple(_checked(entry, number) for number, entry in enumerate(body.words)),
        )  # fmt: skip
        with their_names(THEIR_NAMES):
            return await speech.whole_utterance(order, body.input, caller_of(request.scope)).read()

    return routes


def _checked(entry: Entry, number: int) -> Entry:
    """Raises InvalidRequest, which names the field of the body."""
    try:
        return checked(entry)
    except InvalidRequest as error:
        error.param = f"words[{number}].{error.param}"
        raise
