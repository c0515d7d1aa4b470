"""Which frames of an utterance the generator makes at a time; a frame is an 80th of a second."""

from collections.abc import Sequence
from dataclasses import dataclass

_FIRST_FRAMES = 48
"""0.6 s: half of it is the silence before the first word."""
_LONGER_FIRST_FRAMES = {"zh": 128}
"""Where a recogniser heard other words in shorter ones (docs/performance.md)"""
_GROWTH = 1.5
"""The next window takes less time than the last one sounds, as long as a second of sound takes less than 0.6 s."""
_LEAST_LAST_FRAMES = 48
"""The silence after the last word fits into it: it is trimmed with what comes with it."""
_HALO_FRAMES = 8
"""What a sample depends on at either side: 100 ms, by the kernels of the generator"""


@dataclass(frozen=True, slots=True)
class Window:
    """Frames [start, end) and those that are computed with them, [first, last)."""

    start: int
    end: int
    all_frames: int

    @property
    def first(self) -> int:
        return max(0, self.start - _HALO_FRAMES)

    @property
    def last(self) -> int:
        return min(self.all_frames, self.end + _HALO_FRAMES)

    @property
    def frames(self) -> int:
        return self.last - self.first


def first_frames(language: str) -> int:
    """The length of the first window in a language."""
    return _LONGER_FIRST_FRAMES.get(language, _FIRST_FRAMES)


def windows(frames: int, first: int) -> Sequence[Window]:
    """All the frames, in windows that grow; the first one is `first` frames long."""
    plan, start, size = [], 0, first
    while frames - start - size >= _LEAST_LAST_FRAMES:
        plan.append(Window(start, start + size, frames))
        start, size = start + size, round(size * _GROWTH)
    return [*plan, Window(start, frames, frames)]
