"""What may be ordered over HTTP: the body of OpenAI's clients with fields of our own, and what becomes of it."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from qwen3tts_daemon.audio import Encoder, open_encoder
from qwen3tts_daemon.audio.formats import DEFAULT_FORMAT
from qwen3tts_daemon.hosting.model_names import ALWAYS_LISTED, OWN
from qwen3tts_daemon.limits import MAX_REF_AUDIO_CHARS, Gain, Instruct, Silence, Speed, Transcript
from qwen3tts_daemon.protocols.http.field_types import (
    NUMBER_TEXTS,
    FormatName,
    InputText,
    LanguageName,
    RepetitionPenalty,
    SampleRate,
    SeedField,
    Temperature,
    TopK,
    TopP,
)
from qwen3tts_daemon.protocols.http.openapi import json_body, schemas_of
from qwen3tts_daemon.speech.clip import Encoding
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen_tts.api import Capabilities, Sampling, TextLayout, Voice

_SAMPLING_FIELDS = ("seed", "temperature", "top_k", "top_p", "repetition_penalty")

THEIR_NAMES: Mapping[str, str] = {"text": "input", "instruct": "instructions"}
"""How a SpeechBody calls our fields."""


class NamedVoice(msgspec.Struct, frozen=True):
    """How OpenAI's clients name a voice of one's own."""

    id: str


class BroughtVoice(msgspec.Struct, frozen=True, kw_only=True):
    """The voice that a body brings along; it is taken out where the body is read (see speech_bodies)."""

    ref_audio: Annotated[str, Meta(max_length=MAX_REF_AUDIO_CHARS)] | None = None
    """A recording whose voice speaks this once, in place of `voice`: base64, or a name from /v1/audio/references."""
    ref_text: Transcript | None = ""
    """Its words; without them only its speaker embedding is used."""
    x_vector_only_mode: bool | None = False
    """Use the speaker embedding only, words or not."""


class SpeechBody(BroughtVoice, frozen=True, kw_only=True):
    """The request of POST /v1/audio/speech. Fields that are not known are ignored."""

    input: InputText
    """What to say."""
    model: Annotated[str, Meta(extra_json_schema={"examples": list(ALWAYS_LISTED)})] | None = OWN
    """Any; X-Model of the answer says what spoke. 503 for a Qwen3-TTS checkpoint that is not here."""
    voice: str | NamedVoice | None = None
    """A name from /v1/audio/voices, an alias or one of OpenAI's; without it the language's own voice."""
    instructions: Instruct | None = None
    """How to say it, in words."""
    style: str | None = None
    """The name of a style, such as "whisper"; left out by voices that take no instructions."""
    response_format: FormatName | None = DEFAULT_FORMAT
    """mp3, opus, aac, flac, wav or pcm (16-bit little-endian mono)."""
    speed: Speed | None = 1.0
    gain_db: Gain | None = 0.0
    """Louder or softer than the voice is; what becomes louder is limited at a peak of -1 dB."""
    lead_silence_ms: Silence | None = None
    """Before the first word; without it as the settings say, and so below."""
    tail_silence_ms: Silence | None = None
    """After the last word."""
    sentence_silence_ms: Silence | None = None
    """Between sentences, exactly; without it as the settings say, else as the voice pauses by itself."""
    chime: bool | None = None
    """Whether a chime stands before the first word; without it as the settings say."""
    sample_rate: SampleRate | None = None
    """In Hz: 8000, 16000, 24000 or 48000; without it the engine's."""
    stream_format: Literal["audio", "sse", "json"] | None = "audio"
    """The sound alone, events, or one object with the sound as base64."""
    words: bool = False
    """Whether it is told when each word is heard: in the events, the object, or the captions of a clip."""
    text_layout: TextLayout | None = "auto"
    """How the model reads the text: "whole", before the first sound, or "streaming", a token beside each frame."""
    text_normalization: bool | None = None
    """Whether numbers, signs and abbreviations become words first; without it as the voice or the settings say."""
    markup: bool | None = None
    """Whether [pause 500ms] and [voice: anna] in the text are meant; without it as the settings say."""
    text_format: TextFormat | None = None
    """"text" or "ssml"; without it a text that begins with <speak is SSML."""
    private: bool = False
    """What is said is neither kept nor logged."""
    language: LanguageName | None = None
    """ISO 639-1, a tag like pt-BR, an English name, or "auto"."""
    seed: SeedField | None = None
    """The same seed gives the same sound."""
    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: RepetitionPenalty | None = None

    @property
    def format(self) -> str:
        """What the sound is sent as."""
        return self.response_format or DEFAULT_FORMAT

    async def encoder(self, engine: Capabilities) -> Encoder:
        """For the sound of that engine, in the wanted format and rate. Raises UnsupportedFormat."""
        rate = self.sample_rate or engine.sample_rate
        # In a thread: the first compressed one imports FFmpeg.
        return await asyncio.to_thread(open_encoder, self.format, rate, engine.sample_rate)

    async def encoding(self, engine: Capabilities) -> Encoding:
        """The same, to be kept."""
        return await asyncio.to_thread(Encoding, self.format, engine.sample_rate, self.sample_rate)


def name_of(voice: str | NamedVoice | None) -> str | None:
    """None if none is named."""
    return (voice.id if isinstance(voice, NamedVoice) else voice) or None


def speech_components(kind: type[SpeechBody]) -> dict[str, Any]:
    """Its schemas for the OpenAPI document, in which numbers may be text."""
    components = schemas_of(kind)
    for name, pattern in NUMBER_TEXTS.items():
        components[kind.__name__]["properties"][name]["anyOf"].append({"type": "string", "pattern": pattern})
    return components


def speech_body(kind: type[SpeechBody]) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads it."""
    return json_body(kind, speech_components(kind))


def utterance_of(
    body: SpeechBody, speech: Speech, protocol: str, caller: Caller, *,
    voice: str | Voice | None = None, streamed: bool = True,
) -> Utterance:  # fmt: skip
    """The utterance, with its whole text; `voice` speaks in place of the body's. Raises InvalidRequest, which has our
    names of the fields, and Refusal."""
    speech.models.check(body.model)
    order = _order_of(body, protocol, voice or name_of(body.voice), streamed=streamed)
    return speech.whole_utterance(order, body.input, caller)


def _order_of(body: SpeechBody, protocol: str, voice: str | Voice | None, *, streamed: bool) -> Order:
    """The body in our words."""
    given = {name: value for name in _SAMPLING_FIELDS if (value := getattr(body, name)) is not None}
    return Order(
        protocol=protocol, voice=voice, language=body.language, instruct=body.instructions or "",
        style=body.style or "",
        speed=1.0 if body.speed is None else body.speed, gain_db=body.gain_db or 0.0,
        lead_silence_ms=body.lead_silence_ms, tail_silence_ms=body.tail_silence_ms,
        sentence_silence_ms=body.sentence_silence_ms, chime=body.chime, text_format=body.text_format,
        text_layout=body.text_layout or "auto", text_normalization=body.text_normalization,
        markup=body.markup, private=body.private, word_times=body.words, sampling=Sampling(**given), streamed=streamed,
    )  # fmt: skip
