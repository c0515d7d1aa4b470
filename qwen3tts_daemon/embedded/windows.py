"""Which frames of an utterance the generator makes at a time; a frame is an 80th of a second."""

from collections.abc import Sequence
from dataclasses import dataclass

_FIRST_FRAMES = 48
"""0.6 s: half of it is the silence before the first word."""
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


def windows(frames: int) -> Sequence[Window]:
    """All the frames, in windows that grow."""
    plan, start, size = [], 0, _FIRST_FRAMES
    while frames - start - size >= _LEAST_LAST_FRAMES:
        plan.append(Window(start, start + size, frames))
        start, size = start + size, round(size * _GROWTH)
    return [*plan, Window(start, frames, frames)]
