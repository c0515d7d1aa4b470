"""What may be ordered over HTTP: the body of OpenAI's clients with fields of our own, and what becomes of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.bodies import read_json, schemas_of
from qwen3tts_daemon.protocols.fields import (
    NUMBER_TEXTS,
    FormatName,
    LanguageName,
    RepetitionPenalty,
    Seed,
    Speed,
    Temperature,
    Text,
    TopK,
    TopP,
    Words,
    read_numbers,
)
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.speech import Caller, Order, Speech, Utterance
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.voices import VoiceCatalogue
from qwen_tts.api import AUTO, Sampling

MODELS = ("qwen3-tts", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""One engine answers to all of them: clients have the names built in."""

_FEMALE = ("alloy", "nova", "shimmer", "coral", "sage", "marin")
_MALE = ("onyx", "echo", "fable", "ash", "ballad", "verse", "cedar")

_SAMPLING_FIELDS = ("seed", "temperature", "top_k", "top_p", "repetition_penalty")

THEIR_NAMES: Mapping[str, str] = {"text": "input", "instruct": "instructions"}
"""How a SpeechBody calls our fields."""


class NamedVoice(msgspec.Struct, frozen=True):
    """How OpenAI's clients name a voice of one's own."""

    id: str


class SpeechBody(msgspec.Struct, frozen=True, kw_only=True):
    """The request of POST /v1/audio/speech. Fields that are not known are ignored."""

    input: Text
    """What to say."""
    model: Annotated[str, Meta(extra_json_schema={"enum": list(MODELS)})] = MODELS[0]
    voice: str | NamedVoice | None = None
    """A name from /v1/audio/voices or one of OpenAI's; without it the language's own voice."""
    instructions: Words | None = None
    """How to say it, in words."""
    response_format: FormatName | None = "mp3"
    """mp3, opus, aac, flac, wav or pcm (16-bit little-endian mono)."""
    speed: Speed | None = 1.0
    stream_format: Literal["audio", "sse"] | None = "audio"
    language: LanguageName | None = None
    """ISO 639-1, a tag like pt-BR, an English name, or "auto"."""
    seed: Seed | None = None
    """The same seed gives the same sound."""
    temperature: Temperature | None = None
    top_k: TopK | None = None
    top_p: TopP | None = None
    repetition_penalty: RepetitionPenalty | None = None

    @property
    def format(self) -> str:
        """What the sound is sent as."""
        return self.response_format or "mp3"


Body = TypeVar("Body", bound=SpeechBody)


async def read_speech(request: Request, kind: type[Body]) -> Body:
    """The body, in which numbers may be text. Raises Refusal."""
    return convert(read_numbers(await read_json(request, dict[str, Any])), kind)


def speech_schemas(*kinds: type[SpeechBody]) -> dict[str, Any]:
    """See bodies.schemas_of."""
    schemas = schemas_of(*kinds)
    for kind in kinds:
        for name, pattern in NUMBER_TEXTS.items():
            schemas[kind.__name__]["properties"][name]["anyOf"].append({"type": "string", "pattern": pattern})
    return schemas


def utterance_of(body: SpeechBody, speech: Speech, protocol: str, caller: Caller) -> Utterance:
    """The utterance, with its whole text. Raises InvalidRequest, which has our names of the fields, and Refusal."""
    return speech.whole_utterance(order_of(body, speech.voices, protocol), body.input, caller)


def order_of(body: SpeechBody, voices: VoiceCatalogue, protocol: str) -> Order:
    """The body in our words. Raises InvalidRequest and Refusal."""
    if body.model not in MODELS:
        known = ", ".join(MODELS)
        raise Refusal("bad_field", f"no model {body.model[:64]!r}; there are {known}", param="model")
    given = {name: value for name in _SAMPLING_FIELDS if (value := getattr(body, name)) is not None}
    name = body.voice.id if isinstance(body.voice, NamedVoice) else body.voice
    language = body.language
    if name and _is_alias(name, voices):
        language = parse_language(language or AUTO)
        if language == AUTO:
            language = detect_language(body.input, voices.languages, voices.default_language)
        name = _stand_in(name.lower(), language, voices)
    return Order(
        protocol=protocol, voice=name or None, language=language, instruct=body.instructions or "",
        speed=1.0 if body.speed is None else body.speed, sampling=Sampling(**given),
    )  # fmt: skip


def _is_alias(name: str, voices: VoiceCatalogue) -> bool:
    """One of OpenAI's names, unless a voice of ours has it."""
    lower = name.lower()
    return lower in _FEMALE + _MALE and all(voice.name.lower() != lower for voice in voices.voices)


def _stand_in(alias: str, language: str, voices: VoiceCatalogue) -> str | None:
    """A voice of the alias' gender and this language, another one for each alias as far as they go."""
    aliases, gender = (_FEMALE, "female") if alias in _FEMALE else (_MALE, "male")
    similar = [voice for voice in voices.voices if voice.languages[0] == language and voice.gender == gender]
    return similar[aliases.index(alias) % len(similar)].name if similar else None
