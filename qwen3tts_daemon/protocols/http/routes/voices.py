"""Voices over HTTP: listed, made, tried, changed, taken away. What changes the list needs the scope `manage`."""

import asyncio
import contextlib
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query
from msgspec import UNSET, Meta, UnsetType
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Description, Instruct, Speed, Transcript, VoiceName
from qwen3tts_daemon.protocols.http.audio_responses import AudioBody, StreamedAudioResponse, their_names
from qwen3tts_daemon.protocols.http.field_types import (
    FORMAT_SCHEMA,
    LANGUAGE_SCHEMA,
    Design,
    LanguageName,
    Seed,
)
from qwen3tts_daemon.protocols.http.json_body import body_of, read_json, schemas_of
from qwen3tts_daemon.protocols.http.middleware import caller_of, principal_of, refuse_foreign_pages
from qwen3tts_daemon.protocols.http.multipart import NoFields, form_schema, read_form
from qwen3tts_daemon.protocols.http.response_schemas import (
    SOUND_TYPES,
    KeptVoice,
    ListedVoice,
    Reference,
    Voices,
    binary,
)
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_making import About, VoiceMaker
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.release_speakers import DESCRIPTIONS
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.trial_references import EXPIRES_S
from qwen_tts.api import AUTO, Capabilities, Gender
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownVoice

Name = Annotated[VoiceName, Meta(extra_json_schema={"pattern": r"\S"})]

Id = Annotated[str, AfterValidator(partial(unicodedata.normalize, "NFC"))]
"""In a path: some clients send letters and their accents apart."""

_CLONE_NAMES = {"transcript": "ref_text", "audio": "ref_audio", "voice": "ref_audio"}
_IMPORT_NAMES = {"voice": "file"}
_TAKE_NAMES = {"transcript": "take", "audio": "take"}
_PREVIEW_NAMES = {"response_format": "format"}


class _About(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    description: Description = ""
    gender: Gender = ""
    language: LanguageName = ""
    """The voice's own language"""


class NewClone(_About, frozen=True, kw_only=True):
    """A voice of a recording (multipart, with the file ref_audio)."""

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
    seed: Seed | None = None


class VoiceChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    gender: Gender | UnsetType = UNSET
    language: LanguageName | UnsetType = UNSET
    instruct: Instruct | UnsetType = UNSET
    speed: Speed | UnsetType = UNSET
    seed: Seed | UnsetType | None = UNSET


class NewReference(msgspec.Struct, frozen=True, kw_only=True):
    """A recording to try (multipart, with the file ref_audio)."""

    ref_text: Transcript = ""


_WAYS: dict[str, dict[str, Any]] = {"design": {}, "take": {"instruct": {"maxLength": 0}}, "voice": {}}
_NONE = {way: {"type": "null"} for way in _WAYS}
_ONE_OF_THREE = {
    "oneOf": [
        {"required": [way], "properties": {**_NONE, way: {"type": "string"}, **more}} for way, more in _WAYS.items()
    ]
}
"""What `_make` wants, for the OpenAPI document."""


def schemas() -> dict[str, Any]:
    """The JSON bodies, for the OpenAPI document."""
    schemas = schemas_of(NewVoice, VoiceChanges)
    schemas["NewVoice"] |= _ONE_OF_THREE
    return schemas


def router(speech: Speech, maker: VoiceMaker | None) -> APIRouter:
    """The routes of this module. Without a maker voices are listed, and none are kept."""
    routes = APIRouter(tags=["Voices"])
    if maker is not None:
        _add_making(routes, maker)  # before /{id}: the path of /import is its own
    _add_list(routes, speech)
    if maker is not None:
        _add_changing(routes, speech, maker)
    return routes


# -- listing ---------------------------------------------------------------------------------------------------


def _add_list(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/v1/audio/voices")
    async def list_voices() -> Voices:
        """Every voice, and for each language the one that speaks when none is named."""
        voices, capabilities = speech.voices, speech.capabilities
        listed = [_listed(known, capabilities) for known in voices.known]
        named = {entry["id"] for entry in listed}
        stored = voices.library.voices if voices.library else []
        silent = [_silent(voice) for voice in stored if voice.id not in named]
        return {
            "voices": listed + silent,
            "kinds": capabilities.voice_kinds,
            "languages": [
                {
                    "code": code,
                    "name": LANGUAGES[code].english,
                    "native_name": LANGUAGES[code].native,
                    "default_voice": voices.default_for(code).name if listed else None,
                }
                for code in voices.languages
            ],
            "default_language": voices.default_language,
            "preview": capabilities.is_preview,
        }

    @routes.get("/v1/audio/voices/{id}")
    async def show_voice(id: Id) -> ListedVoice:
        """One voice."""
        stored = speech.voices.library.find(id) if speech.voices.library else None
        if stored is not None and not speech.voices.can_speak(stored):
            return _silent(stored)
        with _not_found():
            return _listed(speech.voices.find(id), speech.capabilities)

    @routes.get("/v1/audio/voices/{id}/preview", response_class=Response, responses=binary(*SOUND_TYPES))
    async def preview(
        request: Request,
        id: Id,
        language: Annotated[str, Query(json_schema_extra=LANGUAGE_SCHEMA)] = "",
        format: Annotated[str, Query(json_schema_extra=FORMAT_SCHEMA)] = "mp3",
    ) -> Response:
        """The voice says a sentence of its language, sent while it is made."""
        with _not_found():
            known = speech.voices.find(id)
            choice = speech.voices.check(id, language or None)
        spoken = known.info.languages[0] if choice.language == AUTO else choice.language
        refuse_foreign_pages(request)
        with their_names(_PREVIEW_NAMES):
            sound = await asyncio.to_thread(open_encoder, format, speech.capabilities.sample_rate)
        utterance = speech.whole_utterance(
            Order("rest", id, spoken), LANGUAGES[spoken].sample, caller_of(request.scope)
        )
        return StreamedAudioResponse(utterance, AudioBody(sound), {})


@contextlib.contextmanager
def _not_found() -> Iterator[None]:
    """In a path an unknown voice is a page that is not there."""
    try:
        yield
    except UnknownVoice as error:
        raise Refusal("not_found", str(error), param="voice") from None


def _listed(known: KnownVoice, capabilities: Capabilities) -> ListedVoice:
    info = known.info
    entry: ListedVoice = {
        "id": info.name,
        "name": known.stored.name if known.stored else info.name,
        "kind": known.stored.kind if known.stored else known.kind,
        "languages": info.languages,
        "description": info.description,
        "descriptions": DESCRIPTIONS.get(info.name, {}),
        "gender": info.gender,
        "accented": info.accented,
        "takes_instruct": known.kind in capabilities.instruct_kinds,
        "preview": capabilities.is_preview,
        "available": True,
    }
    return {**_stored(known.stored), **entry} if known.stored else entry


def _silent(voice: StoredVoice) -> ListedVoice:
    """Of one that nothing that is loaded can speak."""
    return cast(ListedVoice, {**_stored(voice), "available": False})


def _stored(voice: StoredVoice) -> KeptVoice:
    fields: dict[str, Any] = msgspec.to_builtins(voice)
    return cast(KeptVoice, {name: fields[name] for name in KeptVoice.__annotations__})


# -- making ----------------------------------------------------------------------------------------------------


def _add_making(routes: APIRouter, maker: VoiceMaker) -> None:
    new_body = body_of(NewVoice)
    clone = form_schema(NewClone, "ref_audio", required=["name", "consent", "ref_audio"])
    new_body["requestBody"]["content"] |= clone["requestBody"]["content"]

    @routes.post("/v1/audio/voices", status_code=201, openapi_extra=new_body)
    async def make_voice(request: Request) -> KeptVoice:
        """Clone a recording (multipart), or describe, keep or vary a voice (JSON). It can be used at once."""
        principal_of(request.scope).require("manage")
        is_form = request.headers.get("content-type", "").startswith("multipart/")
        return _stored(await (_clone(maker, request) if is_form else _make(maker, await read_json(request, NewVoice))))

    @routes.post("/v1/audio/voices/import", status_code=201, openapi_extra=form_schema(NoFields, "file"))
    async def import_voice(request: Request) -> KeptVoice:
        """What /export gave, under a new id."""
        principal_of(request.scope).require("manage")
        with their_names(_IMPORT_NAMES):
            form = await read_form(request)
            return _stored(await maker.bring_in(form.file("file").data))

    @routes.post("/v1/audio/references", status_code=201, openapi_extra=form_schema(NewReference, "ref_audio"))
    async def try_reference(request: Request) -> Reference:
        """A recording to try before it is kept: `voice` of the answer is a voice's name for an hour, everywhere."""
        with their_names(_CLONE_NAMES):
            form = await read_form(request)
            body = form.convert(NewReference)
            recording = await form.recording("ref_audio")
            name = await maker.reference(recording, body.ref_text or None)
        return {"voice": name, "expires_in_s": EXPIRES_S, "duration_s": round(recording.duration_s, 3)}


async def _clone(maker: VoiceMaker, request: Request) -> StoredVoice:
    with their_names(_CLONE_NAMES):
        form = await read_form(request)
        body = form.convert(NewClone)
        about = _about(body, consent=body.consent, source=form.file("ref_audio").name)
        about.check_consent()  # before anything is decoded
        return await maker.clone(about, await form.recording("ref_audio"), body.ref_text or None)


async def _make(maker: VoiceMaker, body: NewVoice) -> StoredVoice:
    about = replace(_about(body), instruct=body.instruct, speed=body.speed, seed=body.seed)
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
    return About(body.name, body.description, body.gender, body.language, consent, source)


# -- changing --------------------------------------------------------------------------------------------------


def _add_changing(routes: APIRouter, speech: Speech, maker: VoiceMaker) -> None:
    @routes.patch("/v1/audio/voices/{id}", openapi_extra=body_of(VoiceChanges))
    async def change_voice(request: Request, id: Id) -> KeptVoice:
        """Rename or describe a stored voice; its id stays."""
        principal_of(request.scope).require("manage")
        changes = await read_json(request, VoiceChanges)
        given = {name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not UNSET}
        if "language" in given:
            language = parse_language(given["language"])
            given["language"] = "" if language == AUTO else language
        if "name" in given:
            given["name"] = given["name"].strip()
        with _not_found():
            if given.get("instruct") and speech.voices.can_speak(maker.library.get(id)):
                speech.voices.check_instruct(speech.voices.find(id), given["instruct"])
            return _stored(await asyncio.to_thread(maker.library.change, id, **given))

    @routes.delete("/v1/audio/voices/{id}", status_code=204)
    async def delete_voice(request: Request, id: Id) -> Response:
        """Take a stored voice away, for good."""
        principal_of(request.scope).require("manage")
        with _not_found():
            await asyncio.to_thread(maker.library.remove, id)
        return Response(status_code=204)

    @routes.get("/v1/audio/voices/{id}/export", response_class=Response, responses=binary("application/zip"))
    async def export_voice(request: Request, id: Id) -> Response:
        """A ZIP of the voice, for another daemon."""
        principal_of(request.scope).require("manage")
        with _not_found():
            packed = await asyncio.to_thread(maker.library.export, id)
        return Response(packed, media_type="application/zip", headers={"content-disposition": _download(id)})


def _download(id: str) -> str:
    """RFC 6266: what is not ASCII is percent-encoded, and says so."""
    name = f"{id}.voice.zip"
    return f'attachment; filename="{name}"' if id.isascii() else f"attachment; filename*=UTF-8''{quote(name)}"
