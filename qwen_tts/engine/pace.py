"""What this machine keeps up with: who may begin beside those who speak, and how long the others wait. Pure: no torch,
no clock.

Where nobody speaks the next one begins, however slow the machine is. Beside others one more begins

1. if a step of all of them takes no longer than its sound lasts, and its prompt is read before anybody hears silence;
2. else if all of its speech is made before anybody hears silence: a machine that is ahead of its listeners need not
   rest while somebody waits.

How long a step takes is measured. Of more rows than were measured, each is taken to cost as much as the others do.
"""

import heapq
from collections.abc import Iterable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from qwen_tts.stream import WINDOW_FRAMES

LONGER = 1.5
"""Speech may take so many times what is expected of its text."""

_MOST_ROWS = 64


@dataclass(frozen=True)
class Speaker:
    """One who speaks, or goes on as soon as it can."""

    lead_s: float
    """Sound that its listener has left to play"""
    is_playing: bool
    """Its listener has begun to play it: before that, nobody hears a silence"""
    left_s: float
    """Speech that it has still to make, as expected"""


@dataclass(frozen=True)
class Newcomer:
    """One who would begin."""

    positions: int
    """Of its prompt, that are read before it speaks"""
    speech_s: float
    """That it is expected to make; inf: nobody knows"""


class Pace:
    """Learns how long steps and prompts take."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._step_s: dict[int, float] = {}
        self._position_s = 0.0

    def record_step(self, rows: int, step_s: float) -> None:
        """A step of `rows` rows took so long. One that was held up counts little."""
        known = self._step_s.get(rows)
        if known is not None:
            step_s = 0.8 * known + 0.2 * min(step_s, 2 * max(known, self._frame_s))
        self._step_s[rows] = step_s

    def record_reading(self, positions: int, reading_s: float) -> None:
        """So many positions of prompts were read in so long."""
        each = reading_s / positions
        self._position_s = 0.8 * self._position_s + 0.2 * each if self._position_s else each

    def step_s(self, rows: int) -> float:
        """How long a step of so many rows takes; 0 before any was measured."""
        fewer = {known: step_s for known, step_s in self._step_s.items() if known < rows}
        more = [self._step_s[known] for known in sorted(self._step_s) if known >= rows]
        foreseen = [] if rows in self._step_s else [step_s * rows / known for known, step_s in fewer.items()]
        return max([min(foreseen + more[:1], default=0.0), *fewer.values()])

    def keeps_up(self, rows: int) -> bool:
        """With real time."""
        return self.step_s(rows) <= self._frame_s

    @property
    def rows(self) -> int:
        """That it keeps up with; one at least speaks."""
        return next((rows for rows in range(1, _MOST_ROWS) if not self.keeps_up(rows + 1)), _MOST_ROWS)

    def may_begin(self, newcomer: Newcomer, others: SequenceOf[Speaker]) -> bool:
        """Beside those who speak."""
        if not others:
            return True
        rows = len(others) + 1
        # The frame that follows a prompt is heard after it.
        reading_s = newcomer.positions * self._position_s + self.step_s(rows)
        if self.keeps_up(rows):
            return all(one.lead_s >= reading_s for one in others if one.is_playing)
        making_s = reading_s + LONGER * newcomer.speech_s * self._slowness
        return all(one.is_playing and one.lead_s >= making_s for one in others)

    def waits_s(self, others: Iterable[Speaker], line: Iterable[float]) -> list[float] | None:
        """How long those in the line will wait, about, of whom so many seconds of speech are expected; None: nobody
        knows."""
        if not self._step_s:
            return None
        rows, slowness = self.rows, self._slowness
        free_s = heapq.nlargest(rows, (self._ends_s(one, slowness) for one in others))
        free_s = sorted([0.0] * (rows - len(free_s)) + free_s)
        waits = []
        for speech_s in line:
            waits.append(free_s[0])
            heapq.heapreplace(free_s, free_s[0] + speech_s * slowness)
        return waits

    @property
    def _slowness(self) -> float:
        """Seconds that a second of sound takes, where it speaks with all rows."""
        return self.step_s(self.rows) / self._frame_s

    def _ends_s(self, speaker: Speaker, slowness: float) -> float:
        """When its speech is made: if it is heard while it is made, no sooner than a window before it is heard."""
        window_s = WINDOW_FRAMES * self._frame_s
        made_s = speaker.left_s * slowness
        return made_s if speaker.lead_s > window_s else max(made_s, speaker.left_s + speaker.lead_s - window_s)
