"""What is asked of an engine and what it answers: plain values, immutable, without torch.

They are msgspec structs so that they cross a process border without a second definition.
"""

import math
from typing import Annotated, ClassVar, Literal, get_args

import msgspec

from qwen_tts.errors import InvalidRequest, TextTooLong
from qwen_tts.limits import (
    MAX_TEXT_CHARS,
    REPETITION_PENALTY,
    SEED,
    TEMPERATURE,
    TOP_K,
    TOP_P,
    Range,
)

PCM_BYTES = 2
"""Bytes of one PCM sample: signed 16-bit little-endian, mono, everywhere behind the seam."""

AUTO = "auto"
"""The language of a request whose language the engine detects."""


class Audio(msgspec.Struct, frozen=True, kw_only=True):
    """A recording: mono PCM, signed 16-bit little-endian."""

    pcm: bytes
    sample_rate: int

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / PCM_BYTES / self.sample_rate


class VoicePrompt(msgspec.Struct, frozen=True):
    """What an engine keeps of a reference audio: codes, speaker embedding and transcript as safetensors bytes."""

    data: bytes


VoiceKind = Literal["preset", "cloned", "designed"]


class PresetVoice(msgspec.Struct, frozen=True, tag="preset"):
    """A voice that the engine names in its capabilities."""

    kind: ClassVar[VoiceKind] = "preset"
    name: str


class ClonedVoice(msgspec.Struct, frozen=True, tag="cloned"):
    """The voice of a reference audio, as `SpeechEngine.encode_reference` gave it."""

    kind: ClassVar[VoiceKind] = "cloned"
    prompt: VoicePrompt


class DesignedVoice(msgspec.Struct, frozen=True, tag="designed"):
    """A voice described by words."""

    kind: ClassVar[VoiceKind] = "designed"
    description: str


Voice = PresetVoice | ClonedVoice | DesignedVoice


SettledLayout = Literal["whole", "streaming"]
"""How a model reads a text: all of it before the first frame, or a token beside each frame."""
TextLayout = Literal["auto", "whole", "streaming"]
"""One of them, or "auto", which leaves it open."""


def _check(ok: bool, param: str, rule: str, value: object) -> None:
    if not ok:
        raise InvalidRequest(f"{param} must be {rule}, got {value!r}", param=param)


def _check_number(number: float | None, bounds: Range, param: str) -> None:
    """None is no number that could be wrong."""
    _check(number is None or number in bounds, param, str(bounds), number)


def check_length(chars: int, *, of: str = "one utterance") -> None:
    """Raises TextTooLong for more characters than one request may speak; `of`: the caller's word for it."""
    if chars > MAX_TEXT_CHARS:
        raise TextTooLong(f"{of} takes at most {MAX_TEXT_CHARS} characters", param="text")


def check_characters(text: str, param: str) -> None:
    """Raises InvalidRequest if the text has half a surrogate pair, which is no character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"the {param} has half a surrogate pair; send whole characters", param=param) from error


class CodePredictorSampling(msgspec.Struct, frozen=True, kw_only=True):
    """How codebooks 1.. are drawn; None: as the checkpoint's generation_config.json says."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How codec tokens are drawn; temperature 0 is greedy. None: as the checkpoint's generation_config.json says."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None
    code_predictor: CodePredictorSampling = CodePredictorSampling()
    seed: int | None = None

    def __post_init__(self) -> None:
        for prefix, part in (("", self), ("code_predictor.", self.code_predictor)):
            _check_number(part.temperature, TEMPERATURE, f"{prefix}temperature")
            _check_number(part.top_k, TOP_K, f"{prefix}top_k")
            _check_number(part.top_p, TOP_P, f"{prefix}top_p")
        _check_number(self.repetition_penalty, REPETITION_PENALTY, "repetition_penalty")
        _check_number(self.seed, SEED, "seed")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Where an engine stops even if the speech has not ended."""

    max_audio_s: float | None = None

    def __post_init__(self) -> None:
        length = self.max_audio_s
        ok = length is None or (math.isfinite(length) and length > 0)
        _check(ok, "max_audio_s", "a positive number of seconds", length)


class SynthesisRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance. With `live` the text comes later, through `AudioStream.feed`."""

    voice: Voice
    text: str = ""
    live: bool = False
    language: str = AUTO
    instruct: str = ""
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    text_layout: TextLayout = "auto"
    """ "auto": as the engine's options say. Engines that know no layouts take no notice."""
    fed_at_once: bool = False
    """With `live`: nobody writes on, and all of the text is fed at once. It is spoken as a whole text is; the pieces
    only tell what a chunk speaks."""
    request_id: str = ""
    client: str = ""
    """Who asks: where many wait, they are served in turn by client."""
    passed_on_by: tuple[str, ...] = ()
    """The daemons that it came through before it came here: one that finds itself there would go round in a circle."""
    word_times: bool = False
    """Chunks tell where the words are, from engines that know it (Capabilities.word_times)."""
    streamed: bool = True
    """Whether somebody hears it while it is spoken. False: the whole is wanted, so sound may come late and at once, and
    an engine may speak once more what went wrong."""

    def __post_init__(self) -> None:
        _check(not (self.live and self.text), "text", "empty when live is set", self.text[:20])
        _check(self.live or not self.fed_at_once, "fed_at_once", "unset unless live is set", self.fed_at_once)
        layouts = get_args(TextLayout)
        _check(self.text_layout in layouts, "text_layout", f"one of {', '.join(layouts)}", self.text_layout)

    def layout(self, setting: TextLayout = "auto") -> SettledLayout:
        """How the text is read where `setting` decides what the request leaves open. What both leave open: a whole
        text whole, and live text as it comes."""
        asked = setting if self.text_layout == "auto" else self.text_layout
        if asked != "auto":
            return asked
        return "streaming" if self.live and not self.fed_at_once else "whole"


class WordTime(msgspec.Struct, frozen=True):
    """Characters [start, end) of a piece of text are heard in samples [first_sample, end_sample) of their stream."""

    start: int
    end: int
    first_sample: int
    end_sample: int


class AudioChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of mono PCM; `segment` counts the pieces of text fed before the one that it speaks."""

    pcm: bytes
    first_sample: int
    sample_rate: int
    segment: int = 0
    words: tuple[WordTime, ...] = ()
    """If they were asked for: of words of its segment, which end in it or later. Each is told once, in order."""

    @property
    def samples(self) -> int:
        return len(self.pcm) // PCM_BYTES


Guard = Literal["length", "silence", "retry", "start"]
"""What guards against a model's mistakes: it stops what is much longer than its text, or has fallen silent; speaks once
more; leaves out noise before the first word."""


class QueuePosition(msgspec.Struct, frozen=True):
    """How far an utterance has come in an engine's line."""

    place: int
    """1 is next; 0: it does not wait, or nobody knows how long"""
    wait_s: float | None = None
    """About how long it will wait, if that is known"""


class StreamEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How an utterance ended by itself, and what the engine measured."""

    reason: Literal["complete", "limit"] = "complete"
    """limit: some of it was stopped before it ended by itself"""
    guards: dict[Guard, int] = {}
    """How often each had to act"""
    unread: int = 0
    """Words that the voice cannot read, and that were left out"""
    queue_s: float = 0.0
    """From the request to the first work on it."""
    synthesis_s: float = 0.0
    """Time that the engine worked on it; divided by the audio's length it is the RTF."""


Gender = Literal["female", "male", ""]
"""Of a voice; "" if it is not known."""


class VoiceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A preset voice as the engine describes it."""

    name: str
    languages: tuple[str, ...]
    """ISO 639-1; the first is the voice's own."""
    description: str = ""
    gender: Gender = ""
    accented: bool = False
    """Understood, but with a foreign accent."""


ModelState = Literal["unloaded", "loading", "ready", "sleeping", "failed"]


class ModelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint of an engine, and where it is."""

    name: str
    kind: VoiceKind
    size: str
    """0b6 or 1b7; a fine-tune may say something else"""
    state: ModelState
    active: int = 0
    """Utterances that it speaks or that wait for a row"""
    memory_bytes: int | None = None
    """Of the device, as measured when it was loaded; None: not loaded yet, or not known"""


def mebibytes(size: int | None) -> int | None:
    """Bytes of memory as people read them; None stays unknown."""
    return None if size is None else round(size / 2**20)


class EngineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine holds, as it was when something last changed."""

    models: tuple[ModelStatus, ...] = ()
    device: str = ""
    total_bytes: int | None = None
    free_bytes: int | None = None


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine can do, known before its weights are loaded."""

    engine: str
    sample_rate: int
    samples_per_frame: int
    languages: tuple[str, ...]
    voice_kinds: tuple[VoiceKind, ...]
    voices: tuple[VoiceInfo, ...]
    """Preset voices; the first that speaks a language is that language's default. None are known of a server elsewhere
    that has not answered yet."""
    live_text: Literal["words", "sentences"]
    """What `feed` wants: text as it comes, or whole sentences."""
    rows: Annotated[int, msgspec.Meta(ge=1)]
    """Utterances that run at once."""
    voice_prompts: str = ""
    """For which family of checkpoints `encode_reference` makes prompts; "" if it makes none. Others cannot use them."""
    instruct_kinds: tuple[VoiceKind, ...] = ()
    """Kinds of voices that can be told how to speak."""
    phonemes: Literal["", "ipa"] = ""
    """Whether words of a text may come with their sounds (qwen_tts/text/annotations.py), and in which alphabet."""
    word_times: bool = False
    """Whether chunks can tell where words are."""
    is_preview: bool = False
    """A stand-in until Qwen3-TTS is there."""
    text_goes_to: str = ""
    """The host that texts are sent to; "" if they stay on this machine."""

    @property
    def knows_voices(self) -> bool:
        """False until a server elsewhere has told them."""
        return bool(self.voices) or not self.text_goes_to
