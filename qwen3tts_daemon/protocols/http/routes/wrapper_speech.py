"""REST as the existing wrapper of Qwen3-TTS has it: its paths, its fields, its headers.

Whole answers are WAV with what they cost in the headers; `/stream` sends PCM while it is made, and what it cost is at
/v1/audio/requests/<X-Request-ID> afterwards. Fields that are not sent have the model's own defaults.
"""

import dataclasses
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.audio import open_encoder, to_wav
from qwen3tts_daemon.limits import Instruct, Transcript
from qwen3tts_daemon.protocols.http.audio_responses import StreamedAudioResponse, WholeAudioResponse, their_names
from qwen3tts_daemon.protocols.http.field_types import (
    Design,
    InputText,
    LanguageName,
    RepetitionPenalty,
    SeedField,
    Temperature,
    TopK,
    TopP,
)
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.multipart import Form, NoFields, read_form, voice_prompt_of
from qwen3tts_daemon.protocols.http.openapi import binary_of, form_body, json_body, sound_of
from qwen3tts_daemon.protocols.http.request_state import caller_of
from qwen3tts_daemon.protocols.http.response_schemas import (
    Codes,
)
from qwen3tts_daemon.protocols.http.sound_bodies import AudioBody
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import (
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    Limits,
    Sampling,
    TextLayout,
    Voice,
    VoicePrompt,
)
from qwen_tts.errors import InvalidRequest

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

    text: InputText
    language: LanguageName = "Auto"
    do_sample: bool = True
    """false: always the likeliest token; true: as the checkpoint has it"""
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
    seed: SeedField | None = None
    text_layout: TextLayout = "auto"
    """How the model reads the text: "whole", before the first sound, or "streaming", a token beside each frame"""
    non_streaming_mode: bool | None = None
    """The same in the official package's word: true is whole, false streaming"""
    text_normalization: bool | None = None
    """Whether numbers, signs and abbreviations become words first; without it as the voice or the settings say"""


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
    """The routes of this module."""
    routes = APIRouter(tags=["REST"])
    _add_synthesis(routes, speech)
    _add_codec(routes, speech)
    return routes


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
        return body, _order(speech, body, ClonedVoice(VoicePrompt(voice_prompt_of(form).data)))

    for name, read, extra in (
        ("custom-voice", custom_voice, json_body(CustomVoice)),
        ("voice-design", voice_design, json_body(VoiceDesign)),
        ("voice-clone", voice_clone, form_body(VoiceClone, "ref_audio")),
        ("voice-clone-from-prompt", clone_from_prompt, form_body(CloneFromPrompt, "voice_prompt")),
    ):
        _add_one(routes, speech, name, read, extra)


def _add_one(routes: APIRouter, speech: Speech, name: str, read: Any, extra: dict[str, Any]) -> None:
    names = {**_THEIR_NAMES, "voice": _VOICE_FIELDS[name]}

    async def speak(request: Request, *, streams: bool) -> Response:
        with their_names(names):
            body, order = await read(request)
            order = dataclasses.replace(order, streamed=streams)
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

    path = f"/api/tts/{name}"
    for at, answer, sound in ((path, whole, "wav"), (f"{path}/stream", stream, "pcm")):
        routes.add_api_route(
            at, answer, methods=["POST"], response_class=Response, responses=sound_of(sound), openapi_extra=extra,
            operation_id=at.strip("/").replace("/", "_").replace("-", "_"),
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
    return Order(
        "rest", voice, body.language, instruct=instruct, text_layout=_layout(body),
        text_normalization=body.text_normalization, sampling=sampling, limits=limits,
    )  # fmt: skip


def _layout(body: SpokenText) -> TextLayout:
    """Raises InvalidRequest if its two words for it contradict each other."""
    if body.non_streaming_mode is None:
        return body.text_layout
    layout: TextLayout = "whole" if body.non_streaming_mode else "streaming"
    if body.text_layout not in ("auto", layout):
        reason = f"non_streaming_mode: text_layout says {body.text_layout}; leave one of them out"
        raise InvalidRequest(reason, param="non_streaming_mode")
    return layout


def _given(body: SpokenText, prefix: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    values = {name: getattr(body, prefix + name, None) for name in kind.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


async def _prompt(speech: Speech, form: Form, words: str, *, only_embedding: bool) -> VoicePrompt:
    if not words.strip() and not only_embedding:
        raise InvalidRequest("ref_text: the words of the recording, or x_vector_only_mode=true", param="ref_text")
    recording = await form.recording("ref_audio")
    return await speech.encode_reference(recording, None if only_embedding else words)


# -- voice prompts and codes -----------------------------------------------------------------------------------


def _add_codec(routes: APIRouter, speech: Speech) -> None:
    @routes.post(
        "/api/voice-prompt/save", response_class=Response,
        responses=binary_of("application/octet-stream"),
        openapi_extra=form_body(SavePrompt, "ref_audio"),
    )  # fmt: skip
    async def save_prompt(request: Request) -> Response:
        """The voice of a recording as prompt.safetensors."""
        with their_names(_RECORDING_NAMES):
            form = await read_form(request)
            body = form.convert(SavePrompt)
            prompt = await _prompt(speech, form, body.ref_text, only_embedding=body.x_vector_only_mode)
        headers = {"content-disposition": 'attachment; filename="prompt.safetensors"'}
        return Response(prompt.data, media_type="application/octet-stream", headers=headers)

    @routes.post("/api/tokenizer/encode", openapi_extra=form_body(NoFields, "ref_audio"))
    async def encode(request: Request) -> Codes:
        """The codec tokens of a recording, [frames][codebooks]."""
        with their_names(_RECORDING_NAMES):
            codes = await speech.encode(await (await read_form(request)).recording("ref_audio"))
        return {"codes": codes, "num_frames": len(codes)}

    @routes.post("/api/tokenizer/decode", response_class=Response, responses=sound_of("wav"),
                 openapi_extra=_CODES_BODY)  # fmt: skip
    async def decode(request: Request) -> Response:
        """The sound of codec tokens: a bare [[int, ...], ...]."""
        audio = await speech.decode(await read_json(request, list[list[_CodecToken]], most_values=_MOST_CODES))
        return Response(to_wav(audio), media_type="audio/wav", headers={"x-audio-duration": f"{audio.duration_s:.3f}"})


_CodecToken = Annotated[int, Meta(ge=0, lt=2**31)]
_MOST_CODES = 150_000
"""And brackets, of the longest sound that is decoded."""

_CODES_BODY = json_body(list[list[_CodecToken]])
