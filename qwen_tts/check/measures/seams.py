"""What is heard where one piece of speech ends and the next begins: a wrong pause, a new level, a click."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qwen_tts.audio.samples import Samples, from_pcm
from qwen_tts.check.measures.sound import WINDOW_MS, levels_db, quiet_below_db, voiced_db, window_of

# A click is compared with the sound around it: an s somewhere jumps by more than a full scale, and would hide it.
_NEARBY_MS = 100
_CLICK = 2
_FAINT = 0.005


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
    window = window_of(sample_rate)
    pieces = [samples[start:end] for start, end in pairwise([0, *starts, len(samples)])]
    quiet_db = quiet_below_db(samples, window)
    nearby = sample_rate * _NEARBY_MS // 1000
    return [
        Seam(
            sample=start,
            silence_ms=_silence_ms(before[::-1], window, quiet_db) + _silence_ms(after, window, quiet_db),
            before_db=voiced_db(before, window, quiet_db),
            after_db=voiced_db(after, window, quiet_db),
            jump=_greatest_jump(samples[max(0, start - window) : start + window]),
            jump_nearby=max(_greatest_jump(before[-nearby:-window]), _greatest_jump(after[window:nearby])),
        )
        for start, (before, after) in zip(starts, pairwise(pieces), strict=True)
    ]


def _silence_ms(samples: Samples, window: int, quiet_db: float) -> int:
    """How long it is quiet at the beginning."""
    voiced = np.flatnonzero(levels_db(samples, window) > quiet_db)
    return WINDOW_MS * int(voiced[0] if voiced.size else len(samples) // window)


def _greatest_jump(samples: Samples) -> float:
    return float(np.abs(np.diff(samples)).max(initial=0))
