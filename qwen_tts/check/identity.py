"""A checkpoint as a report names it. No torch."""

import hashlib
from pathlib import Path

from qwen_tts.check.privacy import without_private
from qwen_tts.check.report import Identity
from qwen_tts.config.checkpoint import read_checkpoint_config

_FILES = (
    "config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json", "added_tokens.json",
    "vocab.json", "merges.txt", "*.index.json", "model*.safetensors", "speech_tokenizer/config.json",
    "speech_tokenizer/*.index.json", "speech_tokenizer/model*.safetensors",
)  # fmt: skip


def identity(directory: Path) -> Identity:
    """Raises BadCheckpoint."""
    config = read_checkpoint_config(directory)
    return Identity(
        name=without_private(directory.absolute().name),
        kind=config.kind,
        size=without_private(config.size),
        config_sha256=hashlib.sha256((directory / "config.json").read_bytes()).hexdigest(),
        file_bytes={
            path.relative_to(directory).as_posix(): path.stat().st_size
            for pattern in _FILES
            for path in sorted(directory.glob(pattern))
        },
    )
