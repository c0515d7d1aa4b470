"""Another sample rate, exactly as the release resamples a recording."""

import math

import numpy as np
import soxr  # type: ignore[import-untyped]

from qwen_tts.audio.samples import Samples


def resample(samples: Samples, sample_rate: int, target_rate: int) -> Samples:
    """samples [n] -> [n * target_rate / sample_rate, rounded up]."""
    if sample_rate == target_rate:
        return samples
    resampled: Samples = soxr.resample(samples, sample_rate, target_rate, quality="HQ")
    # The release's librosa rounds the length up, soxr to the nearest: a sample more is silent.
    length = math.ceil(len(samples) * (target_rate / sample_rate))
    return np.pad(resampled[:length], (0, max(0, length - len(resampled))))
