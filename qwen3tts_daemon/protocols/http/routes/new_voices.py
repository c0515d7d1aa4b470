"""Voices are made: of a recording, a description, a take, another voice, or what another daemon exported."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from msgspec import Meta
from starlette.requests import Request

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Description, Gain, Instruct, Speed, Transcript
from qwen3tts_daemon.protocols.http import response_schemas
from qwen3tts_daemon.protocols.http.audio_responses import their_names
from qwen3tts_daemon.protocols.http.field_types import Design, LanguageName, SeedField, ShownName
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.multipart import NoFields, read_form, voice_prompt_of
from qwen3tts_daemon.protocols.http.openapi import form_body, json_body, schemas_of, with_form
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import KeptVoice
from qwen3tts_daemon.protocols.http.routes.voices import stored_fields
from qwen3tts_daemon.speech.voice_making import About, VoiceMaker
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.trial_references import EXPIRES_S
from qwen_tts.api import Gender, TextLayout

_CLONE_NAMES = {"transcript": "ref_text", "audio": "ref_audio", "voice": "ref_audio"}
_PROMPT_NAMES = {"voice": "voice_prompt"}
_IMPORT_NAMES = {"voice": "file"}
_TAKE_NAMES = {"transcript": "take", "audio": "take"}


class _About(msgspec.Struct, frozen=True, kw_only=True):
    name: ShownName
    description: Description = ""
    gender: Gender = ""
    language: LanguageName = ""
    """The voice's own language"""
    text_layout: TextLayout | None = None
    """How the model reads its texts, unless a request says otherwise"""
    text_normalization: bool | None = None
    """Whether numbers, signs and abbreviations become words first, unless a request says otherwise"""


class NewClone(_About, frozen=True, kw_only=True):
    """A voice of a recording or of a voice prompt (multipart, with the file ref_audio or voice_prompt)."""

    ref_text: Transcript = ""
    """Its words; without them only its speaker embedding is used"""
    consent: Annotated[bool, Meta(extra_json_schema={"const": True})] = False
    """The speaker agrees; nothing is cloned without"""


class NewVoice(_About, frozen=True, kw_only=True):
    """A voice without a recording: one of `design`, `take` and `voice`."""

    design: Design | None = None
    """How it sounds, in words"""
    take: str | None = None
    """The request id of an utterance of a described voice, which becomes a voice that stays the same"""
    voice: str | None = None
    """Another voice, which this one is a profile of"""
    instruct: Instruct = ""
    speed: Speed = 1.0
    gain_db: Gain = 0.0
    seed: SeedField | None = None


class NewReference(msgspec.Struct, frozen=True, kw_only=True):
    """A recording to try (multipart, with the file ref_audio)."""

    ref_text: Transcript = ""


_MOST_ASKED = 64
"""Takes in one question: the history of the page has fewer."""
_ONE_FILE = [{"required": ["ref_audio"]}, {"required": ["voice_prompt"]}]

_WAYS: dict[str, dict[str, Any]] = {"design": {}, "take": {"instruct": {"maxLength": 0}}, "voice": {}}
_NONE = {way: {"type": "null"} for way in _WAYS}
_ONE_OF_THREE = {
    "oneOf": [
        {"required": [way], "properties": {**_NONE, way: {"type": "string"}, **more}} for way, more in _WAYS.items()
    ]
}
"""What `_make` wants, for the OpenAPI document."""


def router(maker: VoiceMaker) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Voices"])
    described = json_body(NewVoice, {"NewVoice": schemas_of(NewVoice)["NewVoice"] | _ONE_OF_THREE})
    cloned = form_body(NewClone, "ref_audio", "voice_prompt", required=["name", "consent"], oneOf=_ONE_FILE)

    @routes.post("/v1/audio/voices", status_code=201, openapi_extra=with_form(described, cloned))
    async def make_voice(request: Request) -> KeptVoice:
        """Clone a recording or take in a voice prompt (multipart), or describe, keep or vary a voice (JSON)."""
        principal_of(request.scope).require("manage")
        is_form = request.headers.get("content-type", "").startswith("multipart/")
        return stored_fields(
            await (_clone(maker, request) if is_form else _make(maker, await read_json(request, NewVoice)))
        )

    @routes.post("/v1/audio/voices/import", status_code=201, openapi_extra=form_body(NoFields, "file"))
    async def import_voice(request: Request) -> KeptVoice:
        """What /export gave, under a new id."""
        principal_of(request.scope).require("manage")
        with their_names(_IMPORT_NAMES):
            form = await read_form(request)
            return stored_fields(await maker.bring_in(form.file("file").data))

    @routes.get("/v1/audio/takes")
    async def held_takes(id: Annotated[list[str], Query(max_length=_MOST_ASKED)]) -> response_schemas.HeldTakes:
        """Which of these utterances of described voices may still be kept."""
        return {"takes": [one for one in id if maker.has_take(one)]}

    @routes.post("/v1/audio/references", status_code=201, openapi_extra=form_body(NewReference, "ref_audio"))
    async def try_reference(request: Request) -> response_schemas.Reference:
        """A recording to try before it is kept: `voice` of the answer is a voice's name for an hour, everywhere."""
        with their_names(_CLONE_NAMES):
            form = await read_form(request)
            body = form.convert(NewReference)
            recording = await form.recording("ref_audio")
            name = await maker.reference(recording, body.ref_text or None)
        return {"voice": name, "expires_in_s": EXPIRES_S, "duration_s": round(recording.duration_s, 3)}

    return routes


async def _clone(maker: VoiceMaker, request: Request) -> StoredVoice:
    with their_names(_CLONE_NAMES):
        form = await read_form(request)
        body = form.convert(NewClone)
        if "voice_prompt" in form.files:
            prompt = voice_prompt_of(form)
            with their_names(_PROMPT_NAMES):
                return await maker.take_in(_about(body, consent=body.consent, source=prompt.name), prompt.data)
        about = _about(body, consent=body.consent, source=form.file("ref_audio").name)
        about.check_consent()  # before anything is decoded
        return await maker.clone(about, await form.recording("ref_audio"), body.ref_text or None)


async def _make(maker: VoiceMaker, body: NewVoice) -> StoredVoice:
    about = replace(_about(body), instruct=body.instruct, speed=body.speed, gain_db=body.gain_db, seed=body.seed)
    match (body.design, body.take, body.voice):
        case (str() as design, None, None):
            return await maker.design(about, design)
        case (None, str() as take, None):
            with their_names(_TAKE_NAMES):
                return await maker.keep(about, take)
        case (None, None, str() as base):
            return await maker.profile(about, base)
    raise Refusal("bad_field", "give one of design, take and voice, or a recording as multipart/form-data")


def _about(body: _About, *, consent: bool = False, source: str = "") -> About:
    return About(
        body.name, body.description, body.gender, body.language, consent, source, body.text_layout,
        body.text_normalization,
    )  # fmt: skip
