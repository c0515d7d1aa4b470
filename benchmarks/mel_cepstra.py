"""How far apart two sounds are as speech: their mel cepstra, compared after time warping.

The field calls it mel-cepstral distortion with dynamic time warping, MCD-DTW (Kubichek 1993, "Mel-cepstral distance
measure for objective speech quality assessment"; warping: Sakoe and Chiba 1978). The same words of one voice are near
each other whatever their tempo, loudness and the silence around them; other words are far.

    frames     50 ms under a Hann window, one every 10 ms
    mel        26 triangles from 0 to 8 kHz (Davis and Mermelstein 1980) over the power spectrum, in dB, none more than
               40 dB below the loudest of the sound
    cepstra    the orthonormal cosine transform (DCT-II) of a frame's levels, coefficients 1 to 12; number 0, the
               loudness, is left out
    ends       frames before the first and after the last one within 30 dB of the loudest are left out
    channel    the mean of each coefficient over the sound is taken away
    distance   of two frames: Euclid's, in dB. Of two sounds: of the cheapest path through the pairs of their frames, a
               step in both sounds counting twice, divided by the number of their frames (the symmetric form)
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 24_000
_WINDOW, _HOP, _FFT = 1_200, 240, 2_048
_BANDS, _HIGHEST_HZ = 26, 8_000
_COEFFICIENTS = 12
_FLOOR_DB, _QUIET_DB = -40, -30

Floats = NDArray[np.float64]


def mel_cepstra(samples: NDArray[np.floating]) -> Floats:
    """Samples [n] at SAMPLE_RATE -> [frames, coefficients]. Raises ValueError if nothing can be heard."""
    levels = _mel_levels(np.asarray(samples, np.float64))
    loud = np.flatnonzero(levels.max(axis=1) > _QUIET_DB)
    cepstra = levels[loud[0] : loud[-1] + 1] @ _cosines()
    return np.asarray(cepstra - cepstra.mean(axis=0))


def distance(one: Floats, other: Floats) -> float:
    """Of two sounds, by their mel cepstra [frames, coefficients]."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return _cheapest_path(np.sqrt(np.maximum(squares, 0))) / (len(one) + len(other))


def _cheapest_path(costs: Floats) -> float:
    """From the first to the last corner of costs [n, m]; a diagonal step counts twice.

    All cells (i, j) of one i + j are computed at once: they need those of the two sums before theirs alone.
    """
    rows, columns = costs.shape
    skewed = np.full((rows + columns - 1, rows), np.inf)  # cell (i, j) at [i + j, i]
    row, column = np.indices(costs.shape)
    skewed[row + column, row] = costs
    before, last = np.full((2, rows + 1), np.inf)  # of row i at [i + 1]
    last[1] = 2 * skewed[0, 0]
    for cost in skewed[1:]:
        here = np.full(rows + 1, np.inf)
        here[1:] = np.minimum(np.minimum(last[1:], last[:-1]) + cost, before[:-1] + 2 * cost)
        before, last = last, here
    return float(last[rows])


def _mel_levels(samples: Floats) -> Floats:
    """Samples [n] -> dB, the loudest being 0 [frames, bands]."""
    padded = np.pad(samples, _WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP] * np.hanning(_WINDOW)
    powers = np.abs(np.fft.rfft(windows, _FFT)) ** 2 @ _triangles()
    if not powers.max(initial=0) > 0:
        raise ValueError("nothing can be heard in this sound")
    return np.asarray(10 * np.log10(np.maximum(powers / powers.max(), 10 ** (_FLOOR_DB / 10))))


@cache
def _triangles() -> Floats:
    """[frequencies, bands]: each rises from the middle of the one before and falls to that of the one after."""
    mels = np.linspace(0, 2595 * np.log10(1 + _HIGHEST_HZ / 700), _BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    hz = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[:, None]
    return np.asarray(np.maximum(0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle))))


@cache
def _cosines() -> Floats:
    """[bands, coefficients]"""
    angles = np.pi / _BANDS * (np.arange(_BANDS) + 0.5)[:, None] * np.arange(1, _COEFFICIENTS + 1)
    return np.asarray(np.sqrt(2 / _BANDS) * np.cos(angles))
