"""PCM in, PCM or telephone codes out. PCM is mono, signed 16-bit little-endian, in whole samples."""

import functools
from typing import Literal

import numpy as np
import soxr  # type: ignore[import-untyped]
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES

Law = Literal["mulaw", "alaw"]

_Int = NDArray[np.int32]


def silence(ms: int, sample_rate: int) -> bytes:
    """So many milliseconds of nothing."""
    return bytes(ms * sample_rate // 1000 * PCM_BYTES)


class Resampler:
    """Changes the sample rate of one stream; the pieces joined are the whole resampled at once."""

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._stream = None
        if source_rate != target_rate:
            self._stream = soxr.ResampleStream(source_rate, target_rate, num_channels=1, dtype="float32")

    def process(self, pcm: bytes) -> bytes:
        """What is complete so far; the filter holds back some 10 ms."""
        return self._resampled(pcm, last=False)

    def flush(self) -> bytes:
        """What the filter still holds; nothing may follow."""
        return self._resampled(b"", last=True)

    def _resampled(self, pcm: bytes, *, last: bool) -> bytes:
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        resampled = self._stream.resample_chunk(samples, last=last)
        # Rounded here: soxr's own 16-bit output is dithered, and silence would become noise.
        rounded: NDArray[np.int16] = np.rint(resampled).clip(-32768, 32767).astype("<i2")
        return rounded.tobytes()


def encode_g711(pcm: bytes, law: Law) -> bytes:
    """One byte a sample, as ITU-T G.711 has it."""
    codes: NDArray[np.uint8] = _g711_codes(law)[np.frombuffer(pcm, "<u2")]
    return codes.tobytes()


@functools.cache
def _g711_codes(law: Law) -> NDArray[np.uint8]:
    """The code of every 16-bit sample, indexed by its unsigned bits."""
    samples = np.arange(65536, dtype=np.int32).astype(np.int16).astype(np.int32)
    # The ones' complement, so that both halves of the scale are the same: -1 is as quiet as 0.
    magnitude = np.where(samples < 0, ~samples, samples)
    codes = _mulaw(magnitude) if law == "mulaw" else _alaw(magnitude)
    sign = np.where(samples < 0, 0, 0x80)
    # Every other bit (A-law) or all of them (mu-law) are inverted, so that silence is no run of zeros.
    return ((codes | sign) ^ (0x7F if law == "mulaw" else 0x55)).astype(np.uint8)


def _mulaw(magnitude: _Int) -> _Int:
    """14 bits: 8 segments of 16 steps, shifted by 33 so that each begins at a power of two."""
    biased = np.minimum((magnitude >> 2) + 33, 0x1FFF)
    segment = _bit_length(biased >> 6)
    codes: _Int = (segment << 4) | ((biased >> (segment + 1)) & 0xF)
    return codes


def _alaw(magnitude: _Int) -> _Int:
    """12 bits: 8 segments of 16 steps, the first two equally fine."""
    value = magnitude >> 4
    segment = _bit_length(value >> 4)
    codes: _Int = (segment << 4) | ((value >> np.maximum(segment - 1, 0)) & 0xF)
    return codes


def _bit_length(values: _Int) -> _Int:
    exponents: _Int = np.frexp(values.astype(np.float64))[1].astype(np.int32)
    return exponents
