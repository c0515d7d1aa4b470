"""The official checkpoints and where they come from, by the names that people type."""

from enum import StrEnum

CHECKPOINTS = (
    "Qwen3-TTS-12Hz-1.7B-CustomVoice",
    "Qwen3-TTS-12Hz-1.7B-VoiceDesign",
    "Qwen3-TTS-12Hz-1.7B-Base",
    "Qwen3-TTS-12Hz-0.6B-CustomVoice",
    "Qwen3-TTS-12Hz-0.6B-Base",
    "Qwen3-TTS-Tokenizer-12Hz",
)


class SourceName(StrEnum):
    """The checkpoints have the same names at each."""

    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


class DownloadFailed(Exception):
    """The message is one line and names the checkpoint, the reason and the way out."""


def short(name: str) -> str:
    """1.7B-CustomVoice for Qwen3-TTS-12Hz-1.7B-CustomVoice."""
    return name.removeprefix("Qwen3-TTS-").removeprefix("12Hz-")


def official(name: str) -> str | None:
    """The checkpoint that `name` means: its own name, the hub's, or the short one, in any case; None if it is none."""
    return _NAMES.get(name.removeprefix("Qwen/").lower())


_NAMES = {name.lower(): checkpoint for checkpoint in CHECKPOINTS for name in (checkpoint, short(checkpoint))}
