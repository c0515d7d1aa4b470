"""What the existing REST wrapper of Qwen3-TTS tells of speakers, languages and models, and how it unloads them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from qwen3tts_daemon.protocols.http.audio_responses import their_names
from qwen3tts_daemon.protocols.http.field_types import LANGUAGE_SCHEMA
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import (
    GpuStatus,
    Languages,
    Message,
    Models,
    ModelType,
    Speaker,
    Speakers,
)
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.text.languages import parse_language, writes_traditional
from qwen3tts_daemon.voices.speaker_translations import descriptions_of
from qwen_tts.api import VoiceInfo, VoiceKind, mebibytes
from qwen_tts.config.languages import LANGUAGES, Language

_MODEL_TYPES: dict[VoiceKind, ModelType] = {
    "preset": "custom_voice",
    "designed": "voice_design",
    "cloned": "voice_clone",
}


def router(speech: Speech) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["REST"])
    _add_status(routes, speech)
    _add_lists(routes, speech)
    return routes


def _add_lists(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/api/speakers")
    async def speakers() -> Speakers:
        """The engine's own voices."""
        voices = speech.capabilities.voices
        return {"speakers": [voice.name for voice in voices], "details": {one.name: _speaker(one) for one in voices}}

    @routes.get("/api/languages")
    async def languages() -> Languages:
        """Names that `language` may have."""
        return {"languages": ["Auto", *(LANGUAGES[code].english for code in speech.voices.languages)]}

    @routes.get("/api/sample-texts")
    async def sample_texts(locale: Annotated[str, Query(json_schema_extra=LANGUAGE_SCHEMA)] = "") -> dict[str, str]:
        """Something to say in each language; `Auto` is in the reader's own, where it is spoken."""
        with their_names({"language": "locale"}):
            own = parse_language(locale)
        traditional = writes_traditional(locale)
        texts = {code: _sample(LANGUAGES[code], traditional) for code in speech.voices.languages}
        auto = texts.get(own) or texts[speech.voices.default_language]
        return {"Auto": auto, **{LANGUAGES[code].english: text for code, text in texts.items()}}

    @routes.get("/api/models")
    async def models() -> Models:
        """The checkpoints by what they do; null where there is none."""
        status = speech.manager.status
        named: dict[ModelType, str | None] = dict.fromkeys(_MODEL_TYPES.values())
        named |= {_MODEL_TYPES[model.kind]: model.name for model in status.models}
        ready = [_MODEL_TYPES[model.kind] for model in status.models if model.state == "ready"]
        return {"models": named, "current": ready[0] if ready else None, "ready": ready}


def _sample(language: Language, traditional: bool) -> str:
    return (traditional and language.traditional_sample) or language.sample


def _add_status(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/api/gpu-status")
    async def gpu_status() -> GpuStatus:
        """What is loaded, and the card's memory as it was when something last moved. Nothing wakes."""
        status, manager = speech.manager.status, speech.manager
        ready = [model for model in status.models if model.state == "ready"]
        total, free = status.total_bytes, status.free_bytes
        return {
            "loaded": bool(ready),
            "state": manager.state,
            "model_type": _MODEL_TYPES[ready[0].kind] if ready else None,
            "model_name": ready[0].name if ready else None,
            "idle_seconds": round(manager.idle_s, 1),
            "gpu_name": status.device or None,
            "memory_total_mb": mebibytes(total),
            "memory_free_mb": mebibytes(free),
            "memory_reserved_mb": mebibytes(None if total is None or free is None else total - free),
            "memory_allocated_mb": mebibytes(sum(model.memory_bytes or 0 for model in ready)),
            "active": speech.active,
            "models": [
                {
                    "name": model.name, "type": _MODEL_TYPES[model.kind], "size": model.size, "state": model.state,
                    "active": model.active, "memory_mb": mebibytes(model.memory_bytes),
                }
                for model in status.models
            ],
        }  # fmt: skip

    @routes.post("/api/gpu-offload")
    async def gpu_offload(request: Request) -> Message:
        """Give the card back as soon as nobody speaks; the next request loads again."""
        principal_of(request.scope).require("manage")
        was_up = speech.manager.evict()
        return {"message": "the model is unloaded when nobody speaks" if was_up else "no model is loaded"}


def _speaker(voice: VoiceInfo) -> Speaker:
    descriptions = descriptions_of(voice)
    return {
        "desc_en": descriptions.get("en", voice.description), "desc_zh": descriptions.get("zh-CN", voice.description),
        "descriptions": descriptions, "native": LANGUAGES[voice.languages[0]].english, "gender": voice.gender,
    }  # fmt: skip
