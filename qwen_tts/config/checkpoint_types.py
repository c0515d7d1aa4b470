"""The types of talker checkpoint, one line each: which kind of voice it speaks, and what the release calls it."""

from typing import Literal, NamedTuple

from qwen_tts.api import VoiceKind

TypeName = Literal["custom_voice", "base", "voice_design"]


class CheckpointType(NamedTuple):
    """What all checkpoints of a type have in common."""

    name: TypeName
    """`tts_model_type` in config.json"""
    voice_kind: VoiceKind
    """The only kind of voice that it speaks with"""
    release_name: str
    """How the names of the official checkpoints end"""
    takes_instruct: bool
    """Trained with an instruction"""

    @property
    def official(self) -> str:
        """The large official checkpoint of this type."""
        return f"Qwen3-TTS-12Hz-1.7B-{self.release_name}"


CHECKPOINT_TYPES = (
    CheckpointType("custom_voice", "preset", "CustomVoice", takes_instruct=True),
    CheckpointType("base", "cloned", "Base", takes_instruct=False),
    CheckpointType("voice_design", "designed", "VoiceDesign", takes_instruct=True),
)
"""The best to begin with first: preset voices need nothing but a name."""


def type_named(name: TypeName) -> CheckpointType:
    """The type that a checkpoint's config.json names."""
    return next(one for one in CHECKPOINT_TYPES if one.name == name)


def type_speaking(kind: VoiceKind) -> CheckpointType:
    """The type that speaks this kind of voice."""
    return next(one for one in CHECKPOINT_TYPES if one.voice_kind == kind)
