"""Machine and checkpoint as a report names them, and messages without what is private."""

import getpass
import hashlib
import os
import platform
import re
import socket
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from qwen_tts.api import mebibytes
from qwen_tts.check.report import Identity, Machine
from qwen_tts.config.checkpoint import read_checkpoint_config
from qwen_tts.config.release_speakers import RELEASE_SPEAKERS

_PACKAGES = ("qwen3tts-daemon", "torch", "triton", "transformers", "tokenizers", "safetensors", "numpy", "flash-attn")
_FILES = (
    "config.json", "generation_config.json", "tokenizer_config.json", "vocab.json", "merges.txt",
    "model*.safetensors", "speech_tokenizer/config.json", "speech_tokenizer/model*.safetensors",
)  # fmt: skip
_LEAST_NAME = 3
"""Shorter names of users and machines are in every other word."""


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


def voice_label(speaker: str) -> str:
    """A fine-tune's speaker may be called like somebody."""
    return speaker if speaker.lower() in RELEASE_SPEAKERS else "a speaker of its own"


def without_private(message: str) -> str:
    """Without folders, and names of user and machine."""
    message = message.replace(str(Path.home()), "~")
    message = re.sub(r"(?<![\w:/.])[~./]*/(?:[^\s/'\",;:()]+/)+", "", message)
    for name in _private_names():
        message = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "…", message, flags=re.IGNORECASE)
    return message


def _private_names() -> list[str]:
    names = [socket.gethostname(), socket.gethostname().partition(".")[0], Path.home().name]
    with suppress(KeyError, OSError):  # nobody has this user's number
        names.append(getpass.getuser())
    return sorted({name for name in names if len(name) >= _LEAST_NAME}, key=len, reverse=True)
