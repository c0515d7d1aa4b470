"""A stored voice as its card says it: voice.toml, written by this daemon or another one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from qwen3tts_daemon.limits import MAX_SOURCE_CHARS, Description, Gain, Instruct, Seed, Speed, Transcript, VoiceName
from qwen3tts_daemon.uploads.voice_files import CARD
from qwen3tts_daemon.voices.voice_id import ID_PATTERN, is_id
from qwen_tts.api import Gender, TextLayout
from qwen_tts.toml import read_toml, toml_value

FORMAT = 1

StoredKind = Literal["cloned", "designed", "profile"]


class StoredVoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What voice.toml says."""

    id: Annotated[str, Meta(pattern=ID_PATTERN)]
    name: VoiceName
    kind: StoredKind
    format: int = FORMAT
    description: Description = ""
    gender: Gender = ""
    language: str = ""
    """The voice's own, ISO 639-1; "" if it has none."""
    source: Annotated[str, Meta(max_length=MAX_SOURCE_CHARS)] = ""
    """Where it came from: a recording's name, a kept take, an import."""
    consent: bool = False
    """Whoever made it said that the speaker agrees."""
    created_at: str = ""
    transcript: Transcript = ""
    """Cloned: the words of the reference audio; "" if only its speaker embedding is used."""
    prompt_family: str = ""
    """Cloned: for which checkpoints prompt.safetensors is (Capabilities.voice_prompts)."""
    design: Description = ""
    """Designed, or cloned from a kept take: the description in words."""
    base: str = ""
    """Profile: the voice that speaks."""
    instruct: Instruct = ""
    speed: Speed = 1.0
    gain_db: Gain = 0.0
    seed: Seed | None = None
    text_layout: TextLayout | None = None
    """None: what the request, the voice below or the settings say"""
    text_normalization: bool | None = None
    """Whether numbers, signs and short forms become words; None as above"""

    def __post_init__(self) -> None:
        if not is_id(self.id):
            raise ValueError(f"{self.id[:64]!r} is no id: letters and digits in lower case, with - or _ between")


def voice_of(fields: Mapping[str, Any]) -> StoredVoice:
    """From what a card says. Raises ValueError."""
    if (found := fields.get("format")) != FORMAT:
        raise ValueError(f"{CARD} has format {repr(found)[:32]}, and this version reads {FORMAT}; update it")
    return msgspec.convert(fields, StoredVoice)


def read_card(content: bytes) -> StoredVoice:
    """Raises ValueError."""
    return voice_of(read_toml(content.decode()))


def card_of(voice: StoredVoice) -> bytes:
    """As TOML."""
    lines = ["# A voice of the daemon; see docs/http.md.\n"]
    for name, value in msgspec.to_builtins(voice).items():
        if value is not None:
            lines.append(f"{name} = {toml_value(value)}\n")
    return "".join(lines).encode()


def field_of(error: msgspec.ValidationError) -> str | None:
    """Of "... - at `$.name`"."""
    _, found, place = str(error).partition("`$.")
    return place.rstrip("`") if found else None
