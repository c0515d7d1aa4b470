"""WAV files and PCM as float32 samples in -1..1, and back.

The standard library's reader knows neither float nor, before Python 3.12, the extensible header that most recorders
write for 24 bits; so the chunks are read here.
"""

import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES
from qwen_tts.errors import BadReferenceAudio

Samples = NDArray[np.float32]

MAX_WAV_BYTES = 256 * 2**20
"""Ten minutes of stereo at 48 kHz and 32 bits: far more than a reference needs."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_PCM_SCALE = 2**15


class _Format(NamedTuple):
    encoding: int
    channels: int
    sample_rate: int
    bits: int


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples [n, channels] and their rate. Raises BadReferenceAudio, naming the file and what is wrong with it.

    Integers of 16, 24 and 32 bits and 32-bit float. A data chunk that is shorter than it says is taken as far as it
    goes: a stream whose end was not known has such a header.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_WAV_BYTES + 1)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_WAV_BYTES:
        raise _bad(path, f"is larger than {MAX_WAV_BYTES // 2**20} MiB; cut it to the part that is needed")
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise _bad(path, "is not a WAV file; convert it to one")
    form = _read_format(path, _chunk(path, content, b"fmt "))
    return _decode(_chunk(path, content, b"data"), form).reshape(-1, form.channels), form.sample_rate


def write_wav(path: Path, samples: Samples, sample_rate: int) -> None:
    """samples [n] or [n, channels] as 16-bit PCM; what is beyond -1..1 is clipped. Raises OSError."""
    write_pcm(path, to_pcm(samples), sample_rate, channels=1 if samples.ndim == 1 else samples.shape[1])


def write_pcm(path: Path, pcm: bytes, sample_rate: int, *, channels: int = 1) -> None:
    """Signed 16-bit little-endian. Raises OSError."""
    with path.open("wb") as target, wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(PCM_BYTES)
        file.setframerate(sample_rate)
        file.writeframes(pcm)


def from_pcm(pcm: bytes | memoryview) -> Samples:
    """Signed 16-bit little-endian -> samples [n]."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_PCM_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """The reverse of `from_pcm`, exact for what came from there; what is beyond -1..1 is clipped."""
    scaled = np.rint(samples * _PCM_SCALE).clip(-_PCM_SCALE, _PCM_SCALE - 1)
    return scaled.astype("<i2").tobytes()


def _chunk(path: Path, content: bytes, wanted: bytes) -> memoryview:
    for name, body in _chunks(content):
        if name == wanted:
            return body
    raise _bad(path, f"has no {wanted.decode().strip()} chunk; record or export it again")


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    position = 12
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        position += 8
        yield name, memoryview(content)[position : position + size]
        position += size + size % 2


def _read_format(path: Path, body: memoryview) -> _Format:
    if len(body) < 16:
        raise _bad(path, "has a header that breaks off; record or export it again")
    encoding, channels, sample_rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    if encoding == _EXTENSIBLE and len(body) >= 26:
        (encoding,) = struct.unpack_from("<H", body, 24)
    if (encoding, bits) not in _DECODERS:
        raise _bad(path, f"holds encoding {encoding} of {bits} bits; convert it to 16-bit PCM")
    if channels == 0 or block != channels * bits // 8:
        raise _bad(path, f"has a header that contradicts itself: {channels} channels of {bits} bits in {block} bytes")
    return _Format(encoding, channels, sample_rate, bits)


def _decode(body: memoryview, form: _Format) -> Samples:
    block = form.channels * form.bits // 8
    return _DECODERS[form.encoding, form.bits](body[: len(body) - len(body) % block])


def _from_int24(body: memoryview) -> Samples:
    wide = np.zeros((len(body) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
    return _from_int32(memoryview(wide.tobytes()))


def _from_int32(body: memoryview) -> Samples:
    return np.frombuffer(body, "<i4").astype(np.float32) / np.float32(2**31)


def _from_float(body: memoryview) -> Samples:
    return np.frombuffer(body, "<f4").astype(np.float32)


_DECODERS = {(_PCM, 16): from_pcm, (_PCM, 24): _from_int24, (_PCM, 32): _from_int32, (_FLOAT, 32): _from_float}


def _bad(path: Path, problem: str) -> BadReferenceAudio:
    return BadReferenceAudio(f"{path} {problem}", param="audio")
