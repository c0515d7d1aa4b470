"""WAV files and PCM as float32 samples in -1..1, and back.

The standard library's reader knows neither float nor, before Python 3.12, the extensible header that most recorders
write for 24 bits; so the chunks are read here, see riff.py.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES
from qwen_tts.audio.riff import FLOAT, PCM, Chunk, Format, find, is_wav, read_format, used_bytes
from qwen_tts.errors import BadReferenceAudio

Samples = NDArray[np.float32]

MAX_WAV_BYTES = 256 * 2**20
"""Ten minutes of stereo at 48 kHz and 32 bits: far more than a reference needs."""

PCM_SCALE = 2**15


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples [n, channels] and their rate. Raises BadReferenceAudio, naming the file and what is wrong with it.

    Integers of 16, 24 and 32 bits and 32-bit float. A data chunk is taken as far as it goes, whatever its header says:
    a stream whose end was not known has a wrong one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_WAV_BYTES + 1)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_WAV_BYTES:
        raise _bad(path, f"is larger than {MAX_WAV_BYTES // 2**20} MiB; cut it to the part that is needed")
    if not is_wav(content):
        raise _bad(path, "is not a WAV file; convert it to one")
    form = _read_format(path, content)
    sound = _chunk(path, content, b"data")
    return _decode(content[sound.start : sound.end], form).reshape(-1, form.channels), form.sample_rate


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
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(PCM_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """The reverse of `from_pcm`, exact for what came from there; what is beyond -1..1 is clipped."""
    scaled = np.rint(samples * PCM_SCALE).clip(-PCM_SCALE, PCM_SCALE - 1)
    return scaled.astype("<i2").tobytes()


def _chunk(path: Path, content: bytes, name: bytes) -> Chunk:
    chunk = find(content, name)
    if chunk is None:
        raise _bad(path, f"has no {name.decode().strip()} chunk; record or export it again")
    return chunk


def _read_format(path: Path, content: bytes) -> Format:
    form = read_format(content, _chunk(path, content, b"fmt "))
    if form is None:
        raise _bad(path, "has a header that breaks off; record or export it again")
    if (form.encoding, form.bits) not in _DECODERS:
        raise _bad(path, f"holds encoding {form.encoding} of {form.bits} bits; convert it to 16-bit PCM")
    if not form.is_consistent or (form.encoding, form.container_bits) not in _DECODERS:
        parts = f"{form.channels} channels of {form.bits} bits in {form.block} bytes"
        raise _bad(path, f"has a header that contradicts itself: {parts}")
    return form


def _decode(body: bytes, form: Format) -> Samples:
    body, size = body[: len(body) - len(body) % form.block], form.container_bits // 8
    if form.encoding == PCM:
        body, size = used_bytes(body, form)
    return _DECODERS[form.encoding, 8 * size](body)


def _from_int24(body: bytes) -> Samples:
    wide = np.zeros((len(body) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
    return _from_int32(wide.tobytes())


def _from_int32(body: bytes) -> Samples:
    return np.frombuffer(body, "<i4").astype(np.float32) / np.float32(2**31)


def _from_float(body: bytes) -> Samples:
    return np.frombuffer(body, "<f4").astype(np.float32)


_DECODERS = {(PCM, 16): from_pcm, (PCM, 24): _from_int24, (PCM, 32): _from_int32, (FLOAT, 32): _from_float}


def _bad(path: Path, problem: str) -> BadReferenceAudio:
    return BadReferenceAudio(f"{path} {problem}", param="audio")
