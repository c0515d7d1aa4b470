"""Float32 samples in -1..1, and the same sound as 16-bit PCM."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

PCM_SCALE = 2**15


def from_pcm(pcm: bytes | memoryview) -> Samples:
    """Signed 16-bit little-endian -> samples [n]."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(PCM_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """The reverse of `from_pcm`, exact for what came from there; what is beyond -1..1 is clipped."""
    scaled = np.rint(samples * PCM_SCALE).clip(-PCM_SCALE, PCM_SCALE - 1)
    return scaled.astype("<i2").tobytes()
