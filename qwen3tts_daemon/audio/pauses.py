"""Where sound is quiet: so that a pause between two passages is as long as was asked for, and no edge clicks."""

import struct

import numpy as np
from numpy.typing import NDArray

from qwen_tts.api import PCM_BYTES

_QUIET = round(32_768 * 10 ** (-50 / 20))
"""-50 dBFS: breath and room are below it, consonants above"""
_FADE_MS = 10
"""Over what is quiet"""
_EDGE_MS = 2
"""Over what is not, where sound begins or ends at once"""
_LAST_BYTES = 64
_LAST = struct.Struct("<h")


def quiet_end(pcm: bytes) -> int:
    """How many samples at the end are quiet."""
    # It is asked of every chunk, and nearly all are loud until their end: their last samples tell at a fraction.
    if pcm and abs(_LAST.unpack_from(pcm, len(pcm) - PCM_BYTES)[0]) > _QUIET:
        return 0
    for quiet, sample in enumerate(np.frombuffer(pcm[-_LAST_BYTES:], "<i2")[::-1].tolist()):
        if abs(sample) > _QUIET:
            return quiet
    loud = _loud(pcm)
    samples = len(pcm) // PCM_BYTES
    return samples - 1 - int(loud[-1]) if loud.size else samples


def quiet_start(pcm: bytes) -> int:
    """How many samples at the beginning are quiet."""
    loud = _loud(pcm)
    return int(loud[0]) if loud.size else len(pcm) // PCM_BYTES


def _loud(pcm: bytes) -> NDArray[np.intp]:
    """Which samples are not quiet."""
    samples = np.frombuffer(pcm, "<i2")
    return np.flatnonzero((samples > _QUIET) | (samples < -_QUIET))


def fade_samples(sample_rate: int) -> int:
    return sample_rate * _FADE_MS // 1000


def edge_samples(sample_rate: int) -> int:
    return sample_rate * _EDGE_MS // 1000


def faded_out(pcm: bytes) -> bytes:
    """Down to nothing over all of it, without the zeros at its end: they would be part of the pause."""
    return np.trim_zeros(_faded(pcm, 1, 0), "b").tobytes()


def faded_in(pcm: bytes) -> bytes:
    """Up from nothing over all of it, without the zeros at its beginning."""
    return np.trim_zeros(_faded(pcm, 0, 1), "f").tobytes()


def _faded(pcm: bytes, before: int, after: int) -> NDArray[np.int16]:
    samples = np.frombuffer(pcm, "<i2")
    return np.rint(samples * np.linspace(before, after, len(samples), endpoint=False)).astype("<i2")
