"""Which checkpoints have passed `qwen3tts-daemon check` on this machine, and with which weights: kept in a file."""

import hashlib
import logging
import platform
from collections.abc import Mapping
from pathlib import Path

import msgspec

from qwen3tts_daemon import durable_files
from qwen_tts.bench.machine import cpu_name
from qwen_tts.check.identity import identity
from qwen_tts.config.engine import Weights
from qwen_tts.errors import BadCheckpoint
from qwen_tts.json_decoding import decode_json

logger = logging.getLogger(__name__)

FILE_NAME = "checked.json"
"""In the data directory"""


class _Passed(msgspec.Struct, frozen=True):
    """By name and sizes of all files; the machine by its processor, since it is that which might compute wrongly."""

    checkpoint: str
    identity: str
    weights: Weights
    cpu: str


def remember(path: Path, outcomes: Mapping[Path, bool], weights: Weights) -> None:
    """Whether these checkpoints have passed; the last check counts. Raises OSError."""
    passed = set(_read(path))
    for directory, is_well in outcomes.items():
        (passed.add if is_well else passed.discard)(_passed(directory, weights))
    path.parent.mkdir(parents=True, exist_ok=True)
    durable_files.replace(path, msgspec.json.encode(sorted(passed, key=lambda one: (one.checkpoint, one.weights))))


def has_passed(path: Path, directory: Path, weights: Weights) -> bool:
    try:
        return _passed(directory, weights) in _read(path)
    except (BadCheckpoint, OSError):
        return False


def _passed(directory: Path, weights: Weights) -> _Passed:
    """Raises BadCheckpoint, OSError."""
    files = hashlib.sha256(msgspec.json.encode(identity(directory))).hexdigest()
    return _Passed(directory.absolute().name, files, weights, f"{platform.machine()} {cpu_name()}")


def _read(path: Path) -> frozenset[_Passed]:
    try:
        return frozenset(decode_json(path.read_bytes(), list[_Passed]))
    except FileNotFoundError:
        return frozenset()
    except (OSError, msgspec.DecodeError) as error:
        logger.warning("which checkpoints have passed a check cannot be read, so none has: %s: %s", path, error)
        return frozenset()
