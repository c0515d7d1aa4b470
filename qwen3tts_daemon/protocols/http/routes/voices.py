"""Voices over HTTP: listed, heard, changed, exported, taken away; new_voices makes them."""

import asyncio
import contextlib
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, cast
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query
from msgspec import UNSET, UnsetType
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import AUDIO_FORMATS, open_encoder
from qwen3tts_daemon.audio.formats import DEFAULT_FORMAT
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Description, Gain, Instruct, Speed
from qwen3tts_daemon.protocols.http.audio_responses import StreamedAudioResponse, their_names
from qwen3tts_daemon.protocols.http.field_types import (
    FORMAT_SCHEMA,
    LANGUAGE_SCHEMA,
    LanguageName,
    SeedField,
    ShownName,
)
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import binary_of, json_body, sound_of
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of, refuse_foreign_pages
from qwen3tts_daemon.protocols.http.response_schemas import (
    KeptVoice,
    ListedVoice,
    Voices,
)
from qwen3tts_daemon.protocols.http.sound_bodies import AudioBody
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.speaker_translations import descriptions_of
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.api import AUTO, Gender, TextLayout
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import UnknownVoice

VoiceId = Annotated[str, AfterValidator(partial(unicodedata.normalize, "NFC"))]
"""In a path: some clients send letters and their accents apart."""

_PREVIEW_NAMES = {"response_format": "format"}


class VoiceChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed; what is absent stays."""

    name: ShownName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    gender: Gender | UnsetType = UNSET
    language: LanguageName | UnsetType = UNSET
    instruct: Instruct | UnsetType = UNSET
    speed: Speed | UnsetType = UNSET
    gain_db: Gain | UnsetType = UNSET
    seed: SeedField | UnsetType | None = UNSET
    text_layout: TextLayout | UnsetType | None = UNSET
    text_normalization: bool | UnsetType | None = UNSET


def router(speech: Speech, library: VoiceLibrary | None, samples: VoiceSamples | None = None) -> APIRouter:
    """The routes of this module. Without a library voices are listed, and none are changed."""
    routes = APIRouter(tags=["Voices"])
    _add_list(routes, speech, samples)
    _add_sample(routes, speech, samples)
    if library is not None:
        _add_changing(routes, speech, library, samples)
    return routes


# -- listing ---------------------------------------------------------------------------------------------------


def _add_list(routes: APIRouter, speech: Speech, samples: VoiceSamples | None) -> None:
    @routes.get("/v1/audio/voices")
    async def list_voices() -> Voices:
        """Every voice, and for each language the one that speaks when none is named."""
        voices, capabilities = speech.voices, speech.capabilities
        listed = [_listed(known, speech, samples) for known in voices.known]
        named = {entry["id"] for entry in listed}
        silent = [_silent(voice, speech.voices) for voice in voices.stored if voice.id not in named]
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
            "styles": voices.config.styles.names,
            "preview": capabilities.is_preview,
            "revision": voices.revision,
        }

    @routes.get("/v1/audio/voices/{id}")
    async def show_voice(id: VoiceId) -> ListedVoice:
        """One voice."""
        stored = next((voice for voice in speech.voices.stored if voice.id == id), None)
        if stored is not None and not speech.voices.can_speak(stored):
            return _silent(stored, speech.voices)
        with _not_found():
            return _listed(speech.voices.find(id), speech, samples)

    @routes.get("/v1/audio/voices/{id}/preview", response_class=Response, responses=sound_of(*AUDIO_FORMATS))
    async def preview(
        request: Request,
        id: VoiceId,
        language: Annotated[str, Query(json_schema_extra=LANGUAGE_SCHEMA)] = "",
        format: Annotated[str, Query(json_schema_extra=FORMAT_SCHEMA)] = DEFAULT_FORMAT,
    ) -> Response:
        """The voice says a sentence of its language, sent while it is made."""
        with _not_found():
            known = speech.voices.find(id)
            choice = speech.voices.check(id, language or None)
        sample_language = known.info.languages[0] if choice.language == AUTO else choice.language
        refuse_foreign_pages(request)
        with their_names(_PREVIEW_NAMES):
            sound = await asyncio.to_thread(open_encoder, format, speech.capabilities.sample_rate)
        utterance = speech.whole_utterance(
            Order("rest", id, sample_language), LANGUAGES[sample_language].sample, caller_of(request.scope)
        )
        return StreamedAudioResponse(utterance, AudioBody(sound), {})


def _add_sample(routes: APIRouter, speech: Speech, samples: VoiceSamples | None) -> None:
    @routes.get("/v1/audio/voices/{id}/sample", response_class=Response, responses=sound_of("wav"))
    async def sample(id: VoiceId) -> Response:
        """A sentence that the voice has said before: at once, and without an engine. 404 until it is made."""
        with _not_found():
            known = speech.voices.find(id)
        wav = None if samples is None else await asyncio.to_thread(samples.read, known)
        if wav is None:
            raise Refusal(
                "not_found", f"no sample of voice {id[:64]!r} is made yet; ask for its preview", param="voice"
            )
        return Response(wav, media_type=AUDIO_FORMATS["wav"].bare_media_type)


@contextlib.contextmanager
def _not_found() -> Iterator[None]:
    """In a path an unknown voice is a page that is not there."""
    try:
        yield
    except UnknownVoice as error:
        raise Refusal("not_found", str(error), param="voice") from None


def _listed(known: KnownVoice, speech: Speech, samples: VoiceSamples | None) -> ListedVoice:
    info, capabilities = known.info, speech.capabilities
    entry: ListedVoice = {
        "id": info.name,
        "name": known.stored.name if known.stored else info.name,
        "kind": known.stored.kind if known.stored else known.kind,
        "languages": info.languages,
        "description": info.description,
        "descriptions": descriptions_of(info),
        "gender": info.gender,
        "accented": info.accented,
        "takes_instruct": known.kind in capabilities.instruct_kinds,
        "preview": capabilities.is_preview,
        "available": True,
        "has_sample": samples is not None and samples.has(known),
    }
    return {**_own_fields(known.stored, speech.voices), **entry} if known.stored else entry


def _silent(voice: StoredVoice, voices: VoiceCatalogue) -> ListedVoice:
    """Of one that nothing that is loaded can speak."""
    return cast(ListedVoice, {**_own_fields(voice, voices), "available": False})


def _own_fields(voice: StoredVoice, voices: VoiceCatalogue) -> ListedVoice:
    return cast(ListedVoice, {**stored_fields(voice), "in_settings": voice.id in voices.config.profiles})


def stored_fields(voice: StoredVoice) -> KeptVoice:
    """A voice of one's own, as it is told."""
    fields: dict[str, Any] = msgspec.to_builtins(voice)
    return cast(KeptVoice, {name: fields[name] for name in KeptVoice.__annotations__})


# -- changing --------------------------------------------------------------------------------------------------


def _add_changing(routes: APIRouter, speech: Speech, library: VoiceLibrary, samples: VoiceSamples | None) -> None:
    @routes.patch("/v1/audio/voices/{id}", openapi_extra=json_body(VoiceChanges))
    async def change_voice(request: Request, id: VoiceId) -> KeptVoice:
        """Rename or describe a stored voice; its id stays."""
        principal_of(request.scope).require("manage")
        changes = await read_json(request, VoiceChanges)
        given = {name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not UNSET}
        if "language" in given:
            language = parse_language(given["language"])
            given["language"] = "" if language == AUTO else language
        if "name" in given:
            given["name"] = given["name"].strip()
        speech.voices.config.profiles.check_kept(id)
        with _not_found():
            if given.get("instruct") and speech.voices.can_speak(library.get(id)):
                speech.voices.check_instruct(speech.voices.find(id), given["instruct"])
            return stored_fields(await in_write_thread(library.change, id, **given))

    @routes.delete("/v1/audio/voices/{id}", status_code=204)
    async def delete_voice(request: Request, id: VoiceId) -> Response:
        """Take a stored voice away, for good, and what it has said."""
        principal_of(request.scope).require("manage")
        speech.voices.config.profiles.check_kept(id)
        with _not_found():
            await in_write_thread(library.remove, id)
        if samples is not None:
            await in_write_thread(samples.forget, id)
        await speech.phrases.clear()  # nobody can tell whose voice is in which
        return Response(status_code=204)

    @routes.get("/v1/audio/voices/{id}/export", response_class=Response, responses=binary_of("application/zip"))
    async def export_voice(request: Request, id: VoiceId) -> Response:
        """A ZIP of the voice, for another daemon."""
        principal_of(request.scope).require("manage")
        speech.voices.config.profiles.check_kept(id)
        with _not_found():
            packed = await asyncio.to_thread(library.export, id)
        headers = {"content-disposition": _download(f"{id}.voice.zip")}
        return Response(packed, media_type="application/zip", headers=headers)

    @routes.get(
        "/v1/audio/voices/{id}/prompt", response_class=Response, responses=binary_of("application/octet-stream")
    )
    async def export_prompt(request: Request, id: VoiceId) -> Response:
        """The prompt.safetensors of a cloned voice: what speaks, without its recording."""
        principal_of(request.scope).require("manage")
        with _not_found():
            prompt = await asyncio.to_thread(library.prompt, id)
        if prompt is None:
            raise Refusal("not_found", f"voice {id[:64]!r} has no voice prompt yet: it is made when it first speaks")
        headers = {"content-disposition": _download(f"{id}.safetensors")}
        return Response(prompt, media_type="application/octet-stream", headers=headers)


def _download(name: str) -> str:
    """RFC 6266: what is not ASCII is percent-encoded, and says so."""
    return f'attachment; filename="{name}"' if name.isascii() else f"attachment; filename*=UTF-8''{quote(name)}"
