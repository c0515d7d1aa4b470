"""Whether a series of figures grows: a slope that a few wild values do not change, held against a bar."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_APART_S = 30.0
"""Of two figures that are compared: what is closer says more about the moment than about the trend."""
WARM_UP_S = 120.0
"""Of a process: what it does for the first time takes memory that stays."""
LEAST_S = 240.0
"""Of a process that is judged, beyond its warm-up"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something counted or measured of a process."""

    at_s: float
    value: float
    pid: int = 0


def lives(series: Sequence[Figure]) -> list[list[Figure]]:
    """Those of each process alone, from its warm-up on; of processes that lived long enough."""
    pids = dict.fromkeys(figure.pid for figure in series)
    found = []
    for pid in pids:
        life = [figure for figure in series if figure.pid == pid]
        warm = [figure for figure in life if figure.at_s - life[0].at_s >= WARM_UP_S]
        if warm and warm[-1].at_s - warm[0].at_s >= LEAST_S:
            found.append(warm)
    return found


def slope_per_hour(series: Sequence[Figure]) -> float:
    """Theil and Sen's: the median of the slopes between any two figures that are far enough apart."""
    times = np.array([figure.at_s for figure in series])
    values = np.array([figure.value for figure in series], float)
    first, second = np.triu_indices(len(series), 1)
    apart_s = times[second] - times[first]
    counts = apart_s >= LEAST_APART_S
    if not counts.any():
        return 0.0
    slopes = (values[second] - values[first])[counts] / apart_s[counts]
    return float(np.median(slopes)) * 3600


def worst_slope_per_hour(series: Sequence[Figure]) -> float | None:
    """Of all lives in it; None if none was long enough."""
    slopes = [slope_per_hour(life) for life in lives(series)]
    return max(slopes) if slopes else None
