"""Machine and checkpoint as a report names them."""

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from qwen_tts.api import mebibytes
from qwen_tts.check.privacy import without_private
from qwen_tts.check.report import Identity, Machine
from qwen_tts.config.checkpoint import read_checkpoint_config

_PACKAGES = ("qwen3tts-daemon", "torch", "triton", "transformers", "tokenizers", "safetensors", "numpy", "flash-attn")
_FILES = (
    "config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json", "added_tokens.json",
    "vocab.json", "merges.txt", "*.index.json", "model*.safetensors", "speech_tokenizer/config.json",
    "speech_tokenizer/*.index.json", "speech_tokenizer/model*.safetensors",
)  # fmt: skip


def machine(device: torch.device) -> Machine:
    is_cuda = device.type == "cuda"
    card = torch.cuda.get_device_properties(device) if is_cuda else None
    return Machine(
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        card=None if card is None else card.name,
        card_memory_mib=None if card is None else mebibytes(card.total_memory),
        versions={name: found for name in _PACKAGES if (found := _version(name))}
        | ({"cuda": str(torch.version.cuda)} if is_cuda else {}),
    )


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


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
