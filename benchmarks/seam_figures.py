"""What a listener could hear where one piece of speech ends and the next begins: a wrong pause, a new level, a click.

Sound is judged in windows of 10 ms: one that is 30 dB below the loudest, or more, is quiet, the others are voiced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qwen_tts.audio.samples import Samples, from_pcm

WINDOW_MS = 10
QUIET_DB = -30
"""Speech at -20 dBFS has windows of up to some -12: what is below -42 dBFS is quiet then."""
_FLOOR_DB = -100
"""Silence is not minus infinity: JSON has none."""

# A click is compared with the sound around it: an s somewhere jumps by more than a full scale, and would hide it.
_NEARBY_MS = 100
_CLICK = 2
_FAINT = 0.005

_Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seam:
    """One place where a new piece begins."""

    sample: int
    silence_ms: int
    """Quiet windows that touch it, on both sides; 0: it lies within speech"""
    before_db: float
    """dBFS of what is voiced since the seam before"""
    after_db: float
    """The same, up to the next seam"""
    jump: float
    """Greatest difference of neighbouring samples within a window of it, in full scales"""
    jump_nearby: float
    """The same, in what is around"""

    @property
    def step_db(self) -> float:
        """How much louder it goes on."""
        return self.after_db - self.before_db

    @property
    def has_click(self) -> bool:
        return self.jump > _CLICK * max(self.jump_nearby, _FAINT)


def find_seams(pcm: bytes, sample_rate: int, starts: Sequence[int]) -> list[Seam]:
    """How it sounds where pieces begin; the first begins at 0 and is not among `starts`."""
    samples = from_pcm(pcm)
    window = sample_rate * WINDOW_MS // 1000
    pieces = [samples[start:end] for start, end in pairwise([0, *starts, len(samples)])]
    quiet_db = _levels_db(samples, window).max() + QUIET_DB
    nearby = sample_rate * _NEARBY_MS // 1000
    return [
        Seam(
            sample=start,
            silence_ms=_silence_ms(before[::-1], window, quiet_db) + _silence_ms(after, window, quiet_db),
            before_db=_voiced_db(before, window, quiet_db),
            after_db=_voiced_db(after, window, quiet_db),
            jump=_greatest_jump(samples[max(0, start - window) : start + window]),
            jump_nearby=max(_greatest_jump(before[-nearby:-window]), _greatest_jump(after[window:nearby])),
        )
        for start, (before, after) in zip(starts, pairwise(pieces), strict=True)
    ]


def _levels_db(samples: Samples, window: int) -> _Levels:
    """dBFS of every whole window."""
    windows = samples[: len(samples) // window * window].astype(np.float64).reshape(-1, window)
    return np.asarray(10 * np.log10(np.maximum(np.mean(windows**2, axis=1), 10 ** (_FLOOR_DB / 10))))


def _silence_ms(samples: Samples, window: int, quiet_db: float) -> int:
    """How long it is quiet at the beginning."""
    voiced = np.flatnonzero(_levels_db(samples, window) > quiet_db)
    return WINDOW_MS * int(voiced[0] if voiced.size else len(samples) // window)


def _voiced_db(samples: Samples, window: int, quiet_db: float) -> float:
    """The mean power of the voiced windows."""
    levels = _levels_db(samples, window)
    voiced = levels[levels > quiet_db]
    return float(10 * np.log10(np.mean(10 ** (voiced / 10)))) if voiced.size else _FLOOR_DB


def _greatest_jump(samples: Samples) -> float:
    return float(np.abs(np.diff(samples)).max(initial=0))
