"""The official checkpoints and where they come from, by the names that people type."""

from enum import StrEnum

from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, official, short

__all__ = ["CHECKPOINTS", "DownloadFailed", "SourceName", "official", "short"]


class SourceName(StrEnum):
    """The checkpoints have the same names at each."""

    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


class DownloadFailed(Exception):
    """The message is one line and names the checkpoint, the reason and the way out."""
