"""What the fields of requests may hold, for every body and query.

`Meta` refuses a value as `bad_field`. What `_told` says stands in the OpenAPI document only: such a value is refused
later, with a code and words of its own, or (another way to write a language's name) is not refused at all.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from qwen3tts_daemon.audio import AUDIO_FORMATS, FILE_FORMATS
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import Description, VoiceName, within
from qwen3tts_daemon.protocols.strict_json import load
from qwen_tts.api import AUTO
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.limits import MAX_TEXT_CHARS, REPETITION_PENALTY, SEED, TEMPERATURE, TOP_K, TOP_P

_LONGEST_NUMBER = 64


def _told(**schema: Any) -> Meta:
    return Meta(extra_json_schema=schema)


_names = [name for language in LANGUAGES.values() for name in (language.code, language.english, language.native)]

LANGUAGE_SCHEMA = {
    "anyOf": [
        {"enum": list(dict.fromkeys(["", AUTO, AUTO.capitalize(), *_names]))},
        {"pattern": f"^({'|'.join(LANGUAGES)})([-_][A-Za-z0-9]{{2,8}})+$"},
    ]
}
FORMAT_SCHEMA = {"enum": list(AUDIO_FORMATS)}

InputText = Annotated[
    str,
    _told(
        pattern=r"\S",
        description=f"Not blank; at most {MAX_TEXT_CHARS:,} characters, else 413. Without words it is a short silence",
    ),
]
LanguageName = Annotated[str, _told(**LANGUAGE_SCHEMA)]
FormatName = Annotated[str, _told(enum=["", *AUDIO_FORMATS])]
"""Empty is the default."""
ClipFormatName = Annotated[str, _told(enum=["", *FILE_FORMATS])]

ShownName = Annotated[VoiceName, _told(pattern=r"\S")]
"""What a voice is called for people; not blank."""
Design = Annotated[Description, _told(pattern=r"\S")]
"""How a voice sounds; not blank."""
SeedField = Annotated[int, Meta(ge=SEED.low, extra_json_schema={"format": "int64"})]
"""The format is its upper bound: as a number FastAPI would tell a rounded one."""
Temperature = Annotated[float, within(TEMPERATURE)]
TopK = Annotated[int, within(TOP_K)]
TopP = Annotated[float, within(TOP_P)]
RepetitionPenalty = Annotated[float, within(REPETITION_PENALTY)]
SampleRate = Literal[8000, 16000, 24000, 48000]

NUMBER_TEXTS: Mapping[str, str] = {
    "speed": r"^(0\.(2[5-9]|[3-9])[0-9]{0,4}|[1-3](\.[0-9]{1,6})?|4(\.0{1,6})?)$",
    "gain_db": r"^(-(40|[1-3]?[0-9](\.[0-9]{1,6})?)|(20|1?[0-9](\.[0-9]{1,6})?))$",
    "lead_silence_ms": r"^(0|[1-9][0-9]{0,2}|1[0-9]{3}|2000)$",
    "tail_silence_ms": r"^(0|[1-9][0-9]{0,2}|1[0-9]{3}|2000)$",
    "sentence_silence_ms": r"^(0|[1-9][0-9]{0,2}|1[0-9]{3}|2000)$",
    "sample_rate": r"^(8000|16000|24000|48000)$",
    "seed": r"^(0|[1-9][0-9]{0,17})$",
    "temperature": r"^([0-4](\.[0-9]{1,6})?|5(\.0{1,6})?)$",
    "top_k": r"^([1-9][0-9]{0,3}|10000)$",
    "top_p": r"^(0\.[0-9]{0,5}[1-9]|1(\.0{1,6})?)$",
    "repetition_penalty": r"^(0\.[5-9][0-9]{0,5}|[1-4](\.[0-9]{1,6})?|5(\.0{1,6})?)$",
}
"""The numbers that some of OpenAI's clients send as text, and how: for the OpenAPI document."""


def read_numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request, with the number where there was such a text; any other is left to be refused."""
    return {**fields, **{name: _number(fields[name]) for name in NUMBER_TEXTS if name in fields}}


def _number(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return value
    try:
        number = load(value)
    except Refusal:
        return value
    return number if isinstance(number, (int, float)) else value
