"""REST as the existing wrapper of Qwen3-TTS has it: its paths, its fields, its headers.

Whole answers are WAV with what they cost in the headers; `/stream` sends PCM while it is made, and what it cost is at
/v1/audio/requests/<X-Request-ID> afterwards. Fields that are not sent have the model's own defaults.
"""

from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder, to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Instruct, Transcript
from qwen3tts_daemon.protocols.http.audio_responses import (
    AudioBody,
    StreamedAudioResponse,
    WholeAudioResponse,
    cost_headers,
    their_names,
)
from qwen3tts_daemon.protocols.http.field_types import (
    Design,
    LanguageName,
    RepetitionPenalty,
    Seed,
    Temperature,
    Text,
    TopK,
    TopP,
)
from qwen3tts_daemon.protocols.http.json_body import body_of, json_body, read_json, schemas_of
from qwen3tts_daemon.protocols.http.middleware import caller_of, principal_of
from qwen3tts_daemon.protocols.http.multipart import Form, NoFields, form_schema, read_form
from qwen3tts_daemon.protocols.http.response_schemas import (
    Codes,
    Costs,
    GpuStatus,
    Languages,
    Message,
    Models,
    ModelType,
    Report,
    Speaker,
    Speakers,
    binary,
)
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.voices.release_speakers import DESCRIPTIONS
from qwen_tts.api import (
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    Limits,
    Sampling,
    Voice,
    VoiceKind,
    VoicePrompt,
    mebibytes,
)
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest

PROTOCOL = "rest"
_KINDS: dict[VoiceKind, ModelType] = {"preset": "custom_voice", "designed": "voice_design", "cloned": "voice_clone"}

_THEIR_NAMES = {
    "code_predictor.temperature": "subtalker_temperature", "code_predictor.top_k": "subtalker_top_k",
    "code_predictor.top_p": "subtalker_top_p", "max_audio_s": "max_new_tokens", "transcript": "ref_text",
    "audio": "ref_audio",
}  # fmt: skip
_RECORDING_NAMES = {**_THEIR_NAMES, "voice": "ref_audio", "codes": "ref_audio"}
_VOICE_FIELDS = {"custom-voice": "speaker", "voice-design": "instruct", "voice-clone": "ref_audio",
                 "voice-clone-from-prompt": "voice_prompt"}  # fmt: skip


class SpokenText(msgspec.Struct, frozen=True, kw_only=True):
    """What every synthesis takes; numbers that are not given are the model's own."""

    text: Text
    language: LanguageName = "Auto"
    do_sample: bool = True
    """false: always the likeliest token"""
    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: RepetitionPenalty | None = None
    subtalker_dosample: bool = True
    subtalker_temperature: Temperature | None = None
    subtalker_top_k: TopK | None = None
    subtalker_top_p: TopP | None = None
    max_new_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Frames of 80 ms"""
    seed: Seed | None = None


class CustomVoice(SpokenText, frozen=True, kw_only=True):
    """A speaker of the checkpoint, or a stored voice."""

    speaker: str = "Vivian"
    instruct: Instruct = ""


class VoiceDesign(SpokenText, frozen=True, kw_only=True):
    """A voice in words."""

    instruct: Design


class VoiceClone(SpokenText, frozen=True, kw_only=True):
    """The voice of a recording."""

    ref_text: Transcript = ""
    """Its words"""
    x_vector_only_mode: bool = False
    """Use the speaker embedding only; then its words are not needed"""


class CloneFromPrompt(SpokenText, frozen=True, kw_only=True):
    """The voice of a prompt.safetensors."""


class SavePrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A recording to be kept as a voice prompt."""

    ref_text: Transcript = ""
    x_vector_only_mode: bool = False


def router(speech: Speech) -> APIRouter:
    """The routes of this module; the edge round them admits and refuses."""
    routes = APIRouter()
    _add_status(routes, speech)
    _add_lists(routes, speech)
    _add_synthesis(routes, speech)
    _add_codec(routes, speech)
    return routes


def schemas() -> dict[str, Any]:
    """The JSON bodies, for the OpenAPI document."""
    return schemas_of(CustomVoice, VoiceDesign)


# -- synthesis -------------------------------------------------------------------------------------------------


def _add_synthesis(routes: APIRouter, speech: Speech) -> None:
    async def custom_voice(request: Request) -> tuple[SpokenText, Order]:
        body = await read_json(request, CustomVoice)
        return body, _order(speech, body, body.speaker, instruct=body.instruct)

    async def voice_design(request: Request) -> tuple[SpokenText, Order]:
        body = await read_json(request, VoiceDesign)
        return body, _order(speech, body, DesignedVoice(body.instruct))

    async def voice_clone(request: Request) -> tuple[SpokenText, Order]:
        form = await read_form(request)
        body = form.convert(VoiceClone)
        prompt = await _prompt(speech, form, body.ref_text, only_embedding=body.x_vector_only_mode)
        return body, _order(speech, body, ClonedVoice(prompt))

    async def clone_from_prompt(request: Request) -> tuple[SpokenText, Order]:
        form = await read_form(request)
        body = form.convert(CloneFromPrompt)
        return body, _order(speech, body, ClonedVoice(_stored_prompt(form)))

    for name, read, extra in (
        ("custom-voice", custom_voice, body_of(CustomVoice)),
        ("voice-design", voice_design, body_of(VoiceDesign)),
        ("voice-clone", voice_clone, form_schema(VoiceClone, "ref_audio")),
        ("voice-clone-from-prompt", clone_from_prompt, form_schema(CloneFromPrompt, "voice_prompt")),
    ):
        _add_one(routes, speech, name, read, extra)


def _add_one(routes: APIRouter, speech: Speech, name: str, read: Any, extra: dict[str, Any]) -> None:
    names = {**_THEIR_NAMES, "voice": _VOICE_FIELDS[name]}

    async def speak(request: Request, *, streams: bool) -> Response:
        with their_names(names):
            body, order = await read(request)
            utterance = speech.whole_utterance(order, body.text, caller_of(request.scope))
        rate = speech.capabilities.sample_rate
        if not streams:
            return WholeAudioResponse(utterance, rate, names, f"{name}.wav")
        sound = AudioBody(open_encoder("pcm", rate))
        sound.media_type = f"audio/pcm;rate={rate};encoding=signed-int;bits=16"
        headers = {"x-sample-rate": str(rate), "x-audio-format": "pcm_s16le", "x-audio-channels": "1"}
        return StreamedAudioResponse(utterance, sound, names, headers)

    async def whole(request: Request) -> Response:
        """A whole WAV; what it cost is in the headers."""
        return await speak(request, streams=False)

    async def stream(request: Request) -> Response:
        """Raw PCM, sent while it is made."""
        return await speak(request, streams=True)

    path, tags = f"/api/tts/{name}", ["REST"]
    for at, answer, sound in ((path, whole, "audio/wav"), (f"{path}/stream", stream, "audio/pcm")):
        routes.add_api_route(
            at, answer, methods=["POST"], response_class=Response, responses=binary(sound), openapi_extra=extra,
            tags=list(tags), operation_id=at.strip("/").replace("/", "_").replace("-", "_"),
        )  # fmt: skip


def _order(speech: Speech, body: SpokenText, voice: str | Voice, *, instruct: str = "") -> Order:
    """Raises InvalidRequest."""
    predictor = _given(body, "subtalker_", CodePredictorSampling)
    if not body.subtalker_dosample:
        predictor["temperature"] = 0.0
    given = _given(body, "", Sampling)
    if not body.do_sample:
        given["temperature"] = 0.0
    frame_s = speech.capabilities.samples_per_frame / speech.capabilities.sample_rate
    limits = Limits(max_audio_s=None if body.max_new_tokens is None else body.max_new_tokens * frame_s)
    sampling = Sampling(**{**given, "code_predictor": CodePredictorSampling(**predictor)})
    return Order(PROTOCOL, voice, body.language, instruct=instruct, sampling=sampling, limits=limits)


def _given(body: SpokenText, prefix: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    values = {name: getattr(body, prefix + name, None) for name in kind.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


async def _prompt(speech: Speech, form: Form, words: str, *, only_embedding: bool) -> VoicePrompt:
    if not words.strip() and not only_embedding:
        raise InvalidRequest("ref_text: the words of the recording, or x_vector_only_mode=true", param="ref_text")
    recording = await form.recording("ref_audio")
    return await speech.encode_reference(recording, None if only_embedding else words)


def _stored_prompt(form: Form) -> VoicePrompt:
    data = form.file("voice_prompt").data
    if data[:2] == b"PK" or data[:1] == b"\x80":
        raise Refusal(
            "bad_field",
            "a .pt file can run code when it is read, so it is not; if you trust it, make a prompt.safetensors of it: "
            "python -m qwen_tts.convert_prompt FILE.pt",
            param="voice_prompt",
        )
    return VoicePrompt(data)


# -- voice prompts and codes -----------------------------------------------------------------------------------


def _add_codec(routes: APIRouter, speech: Speech) -> None:
    @routes.post(
        "/api/voice-prompt/save", tags=["REST"], response_class=Response,
        responses=binary("application/octet-stream"),
        openapi_extra=form_schema(SavePrompt, "ref_audio"),
    )  # fmt: skip
    async def save_prompt(request: Request) -> Response:
        """The voice of a recording as prompt.safetensors."""
        with their_names(_RECORDING_NAMES):
            form = await read_form(request)
            body = form.convert(SavePrompt)
            prompt = await _prompt(speech, form, body.ref_text, only_embedding=body.x_vector_only_mode)
        headers = {"content-disposition": 'attachment; filename="prompt.safetensors"'}
        return Response(prompt.data, media_type="application/octet-stream", headers=headers)

    @routes.post("/api/tokenizer/encode", tags=["REST"], openapi_extra=form_schema(NoFields, "ref_audio"))
    async def encode(request: Request) -> Codes:
        """The codec tokens of a recording, [frames][codebooks]."""
        with their_names(_RECORDING_NAMES):
            codes = await speech.encode(await (await read_form(request)).recording("ref_audio"))
        return {"codes": codes, "num_frames": len(codes)}

    @routes.post("/api/tokenizer/decode", tags=["REST"], response_class=Response, responses=binary("audio/wav"),
                 openapi_extra=_CODES_BODY)  # fmt: skip
    async def decode(request: Request) -> Response:
        """The sound of codec tokens: a bare [[int, ...], ...]."""
        audio = await speech.decode(await read_json(request, list[list[_CodecToken]], most_values=_MOST_CODES))
        return Response(to_wav(audio), media_type="audio/wav", headers={"x-audio-duration": f"{audio.duration_s:.3f}"})


_CodecToken = Annotated[int, Meta(ge=0, lt=2**31)]
_MOST_CODES = 150_000
"""And brackets, of the longest sound that is decoded."""

_CODES_BODY = json_body(msgspec.json.schema(list[list[_CodecToken]]))


# -- what there is ---------------------------------------------------------------------------------------------


def _add_lists(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/api/speakers", tags=["REST"])
    async def speakers() -> Speakers:
        """The engine's own voices."""
        voices = speech.capabilities.voices
        details: dict[str, Speaker] = {
            voice.name: {
                "desc_en": DESCRIPTIONS.get(voice.name, {}).get("en", voice.description),
                "desc_zh": DESCRIPTIONS.get(voice.name, {}).get("zh-CN", voice.description),
                "descriptions": DESCRIPTIONS.get(voice.name, {}),
                "native": LANGUAGES[voice.languages[0]].english,
                "gender": voice.gender,
            }
            for voice in voices
        }
        return {"speakers": [voice.name for voice in voices], "details": details}

    @routes.get("/api/languages", tags=["REST"])
    async def languages() -> Languages:
        """Names that `language` may have."""
        return {"languages": ["Auto", *(LANGUAGES[code].english for code in speech.voices.languages)]}

    @routes.get("/api/sample-texts", tags=["REST"])
    async def sample_texts() -> dict[str, str]:
        """Something to say in each language."""
        texts = {LANGUAGES[code].english: LANGUAGES[code].sample for code in speech.voices.languages}
        return {"Auto": LANGUAGES[speech.voices.default_language].sample, **texts}

    @routes.get("/api/models", tags=["REST"])
    async def models() -> Models:
        """The checkpoints by what they do; null where there is none."""
        status = speech.manager.status
        named: dict[ModelType, str | None] = dict.fromkeys(_KINDS.values())
        named |= {_KINDS[model.kind]: model.name for model in status.models}
        ready = [_KINDS[model.kind] for model in status.models if model.state == "ready"]
        return {"models": named, "current": ready[0] if ready else None, "ready": ready}


def _add_status(routes: APIRouter, speech: Speech) -> None:
    @routes.get("/api/gpu-status", tags=["REST"])
    async def gpu_status() -> GpuStatus:
        """What is loaded, and the card's memory as it was when something last moved. Nothing wakes."""
        status, manager = speech.manager.status, speech.manager
        ready = [model for model in status.models if model.state == "ready"]
        total, free = status.total_bytes, status.free_bytes
        return {
            "loaded": bool(ready),
            "state": manager.state,
            "model_type": _KINDS[ready[0].kind] if ready else None,
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
                    "name": model.name, "type": _KINDS[model.kind], "size": model.size, "state": model.state,
                    "active": model.active, "memory_mb": mebibytes(model.memory_bytes),
                }
                for model in status.models
            ],
        }  # fmt: skip

    @routes.post("/api/gpu-offload", tags=["REST"])
    async def gpu_offload(request: Request) -> Message:
        """Give the card back as soon as nobody speaks; the next request loads again."""
        principal_of(request.scope).require("manage")
        was_up = speech.manager.evict()
        return {"message": "the model is unloaded when nobody speaks" if was_up else "no model is loaded"}

    @routes.get("/v1/audio/requests/{request_id}", tags=["Status"])
    async def how_it_went(request_id: str) -> Report:
        """What an utterance cost: the headers that a stream could not have."""
        if (report := speech.reports.get(request_id)) is None:
            raise Refusal("not_found", "no such request among the last ones, or it is still spoken")
        costs = {name.removeprefix("x-").replace("-", "_"): float(value)
                 for name, value in cost_headers(report.measures).items()}  # fmt: skip
        return {
            **cast(Costs, costs),
            "request_id": request_id, "end": report.end, "voice": report.voice, "language": report.language,
            "chars": report.measures.chars, "samples": report.measures.samples,
        }  # fmt: skip
