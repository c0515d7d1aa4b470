"""How loud, how long, how quiet: sound is judged in windows of 10 ms; 30 dB below the loudest they are quiet."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from qwen_tts.audio.samples import Samples

WINDOW_MS = 10
QUIET_DB = -30
"""Speech at -20 dBFS has windows of up to some -12: what is below -42 dBFS is quiet then."""
FLOOR_DB = -100
"""Silence is not minus infinity: JSON has none."""
_FULL_SCALE = 32_767 / 32_768
_BEST_DB = 120.0

Levels = NDArray[np.float64]


class Level(msgspec.Struct, frozen=True):
    """How loud a sound is, in dBFS."""

    voiced_db: float
    """The mean power of what is not quiet"""
    peak_db: float
    clipped: int
    """Samples at full scale"""


class Silences(msgspec.Struct, frozen=True):
    """How long it is quiet, in seconds."""

    start_s: float
    longest_inside_s: float
    end_s: float


def window_of(sample_rate: int) -> int:
    """Samples of a window."""
    return sample_rate * WINDOW_MS // 1000


def levels_db(samples: Samples, window: int) -> Levels:
    """dBFS of every whole window."""
    windows = samples[: len(samples) // window * window].astype(np.float64).reshape(-1, window)
    return np.asarray(10 * np.log10(np.maximum(np.mean(windows**2, axis=1), 10 ** (FLOOR_DB / 10))))


def quiet_below_db(samples: Samples, window: int) -> float:
    """What is not louder is quiet in this sound."""
    return float(levels_db(samples, window).max(initial=FLOOR_DB)) + QUIET_DB


def voiced_db(samples: Samples, window: int, quiet_db: float) -> float:
    """The mean power of the voiced windows."""
    levels = levels_db(samples, window)
    voiced = levels[levels > max(quiet_db, FLOOR_DB)]
    return float(10 * np.log10(np.mean(10 ** (voiced / 10)))) if voiced.size else FLOOR_DB


def level(samples: Samples, sample_rate: int) -> Level:
    window = window_of(sample_rate)
    peaks = np.abs(samples)
    peak = float(peaks.max(initial=0.0))
    return Level(
        voiced_db=voiced_db(samples, window, quiet_below_db(samples, window)),
        peak_db=max(FLOOR_DB, 20 * float(np.log10(max(peak, 1e-9)))),
        clipped=int(np.count_nonzero(peaks >= _FULL_SCALE)),
    )


def silences(samples: Samples, sample_rate: int) -> Silences:
    """Of a sound that is quiet throughout, all of it is its start."""
    window = window_of(sample_rate)
    levels = levels_db(samples, window)
    voiced = np.flatnonzero(levels > max(quiet_below_db(samples, window), FLOOR_DB))
    if not voiced.size:
        return Silences(len(samples) / sample_rate, 0.0, 0.0)
    inside = int(np.diff(voiced).max(initial=1)) - 1
    windows = (int(voiced[0]), inside, len(levels) - 1 - int(voiced[-1]))
    return Silences(*(count * WINDOW_MS / 1000 for count in windows))


def snr_db(reference: Samples, heard: Samples) -> float:
    """Signal to error, of two sounds of one length; 120: no error."""
    assert reference.shape == heard.shape, (reference.shape, heard.shape)
    signal, error = (float(np.sum(x.astype(np.float64) ** 2)) for x in (reference, reference - heard))
    if error == 0:
        return _BEST_DB
    return float(np.clip(10 * np.log10(max(signal, 1e-30) / error), FLOOR_DB, _BEST_DB))
