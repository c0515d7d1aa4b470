"""Samples and 16-bit PCM."""

import numpy as np

from qwen_tts.audio.samples import from_pcm, to_pcm


def test_pcm_and_samples_are_inverse() -> None:
    pcm = np.arange(-(2**15), 2**15).astype("<i2").tobytes()
    samples = from_pcm(pcm)
    assert samples.dtype == np.float32
    assert (samples[0], samples[2**15], samples[-1]) == (-1, 0, 1 - 2**-15)
    assert to_pcm(samples) == pcm


def test_what_is_too_loud_is_clipped() -> None:
    loud = np.array([-3, -1.0001, 1, 3, np.inf, -np.inf], np.float32)
    assert from_pcm(to_pcm(loud)).tolist() == [-1, -1, 1 - 2**-15, 1 - 2**-15, 1 - 2**-15, -1]
