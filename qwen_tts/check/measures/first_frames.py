"""What utterances begin with whatever they say: frames that are the same every time are no speech."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from qwen_tts.audio.samples import Samples
from qwen_tts.check.measures.sound import FLOOR_DB

FRAMES = 8
"""So many are looked at."""
CONSTANT = 0.9
"""A frame is the same every time in so many of them: a draw may go astray once in a while."""
AUDIBLE_DB = -50.0
LEAST_UTTERANCES = 5
"""Of fewer utterances nothing is said."""


class Opening(NamedTuple):
    """How one utterance begins."""

    first_codes: Sequence[int]
    """Of codebook 0, a frame each"""
    samples: Samples
    """Of these frames"""


class FirstFrame(msgspec.Struct, frozen=True):
    """One of the first frames, across utterances."""

    level_db: float
    """dBFS, the median"""
    spread_db: float
    """Between the loudest and the quietest"""
    same: float
    """Share of the utterances that have the commonest token of codebook 0 there"""


def first_frames(openings: Sequence[Opening], samples_per_frame: int) -> list[FirstFrame]:
    """As many as every utterance has, at most FRAMES."""
    count = min((len(one.first_codes) for one in openings), default=0)
    return [_frame(openings, index, samples_per_frame) for index in range(min(count, FRAMES))]


def _frame(openings: Sequence[Opening], index: int, size: int) -> FirstFrame:
    levels = [_level_db(one.samples[index * size : (index + 1) * size]) for one in openings]
    _, commonest = Counter(one.first_codes[index] for one in openings).most_common(1)[0]
    return FirstFrame(float(np.median(levels)), max(levels) - min(levels), commonest / len(openings))


def _level_db(samples: Samples) -> float:
    power = float(np.mean(samples.astype(np.float64) ** 2))
    return max(float(FLOOR_DB), 10 * float(np.log10(max(power, 1e-12))))


def start_frames(frames: Sequence[FirstFrame], utterances: int) -> int:
    """So many frames could be dropped: they are the same every time, and the last of them is heard."""
    if utterances < LEAST_UTTERANCES:
        return 0
    suggested = 0
    for index, frame in enumerate(frames):
        if frame.same < CONSTANT:
            break
        if frame.level_db > AUDIBLE_DB:
            suggested = index + 1
    return suggested
