"""Which rows get a frame in the next step, and how much of whose prompt is read in it. Pure: no torch, no clock.

1. Every row that can speak gets a frame in every step, as long as a step takes less time than its sound lasts.
2. A machine too slow for that gives a frame to as many rows as keep up with real time, and the rows whose listeners
   run out of sound first come first (earliest deadline first).
3. Prompts are read in the same step, the oldest first: few positions while a listener is close to silence, else many
   (chunked prefill).

How long a step of so many rows takes is measured, and that is all that is remembered.
"""

from collections.abc import Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from qwen_tts.engine.sequence import Sequence

CLOSE_TO_SILENCE_S = 0.25
"""A listener with less sound left to play is close to silence."""

PREFILL_TOKENS = 512
"""Prompt positions read in a step while nobody is close to silence."""

URGENT_PREFILL_TOKENS = 64
"""And while somebody is."""

DECAY = 0.98
"""With every step, the remembered times of all sizes shrink by this factor."""


@dataclass(frozen=True)
class Speaking:
    """A sequence that can speak in the next step."""

    sequence: Sequence
    lead_s: float
    """Sound that its listener has left to play"""
    is_playing: bool
    """Its listener has begun to play it: before that, nobody hears a silence"""


@dataclass(frozen=True)
class Plan:
    """What happens in one step."""

    prefill: list[tuple[Sequence, int]]
    """Sequences and how many of their next prompt positions are read"""
    frame: list[Sequence]
    """Sequences that get a frame, those among them whose prompts are read to their end in this step"""


class Scheduler:
    """Plans each step; learns how long steps take."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._step_s: dict[int, float] = {}
        self._shrinking_s: dict[int, float] = {}

    def record_step(self, rows: int, step_s: float) -> None:
        """A step of `rows` rows took so long. Since remembered times shrink, a size that was once too slow is tried
        again, when nobody is close to silence."""
        for size in self._shrinking_s:
            self._shrinking_s[size] *= DECAY
        for times in (self._step_s, self._shrinking_s):
            known = times.get(rows)
            taken_s = min(step_s, 2 * self._frame_s)
            times[rows] = taken_s if known is None else 0.8 * known + 0.2 * taken_s

    def plan(self, reading: SequenceOf[Sequence], speaking: SequenceOf[Speaking]) -> Plan:
        """`reading`: sequences whose prompts are not read yet, the oldest first; `speaking`: those that can speak."""
        prefill = self._share(reading, self._budget(speaking))
        done = [sequence for sequence, tokens in prefill if tokens == sequence.prefill_left]
        frame = self._keep_up(speaking, len(done))
        return Plan(prefill, frame + done)

    def _budget(self, speaking: SequenceOf[Speaking]) -> int:
        return URGENT_PREFILL_TOKENS if _is_urgent(speaking) else PREFILL_TOKENS

    def _share(self, reading: SequenceOf[Sequence], budget: int) -> list[tuple[Sequence, int]]:
        shares = []
        for sequence in reading:
            tokens = min(sequence.prefill_left, budget)
            if tokens <= 0:
                break
            shares.append((sequence, tokens))
            budget -= tokens
        return shares

    def _keep_up(self, speaking: SequenceOf[Speaking], beginning: int) -> list[Sequence]:
        times = self._step_s if _is_urgent(speaking) else self._shrinking_s
        most = self._most_rows(len(speaking) + beginning, times) - beginning
        ordered = sorted(speaking, key=lambda one: one.lead_s) if most < len(speaking) else speaking
        return [one.sequence for one in ordered[: max(1, most)]]

    def _most_rows(self, wanted: int, times: Mapping[int, float]) -> int:
        """How many rows a step may have, of the `wanted`, so that it takes no longer than its sound lasts."""
        in_time = max((rows for rows, step_s in times.items() if step_s <= self._frame_s), default=0)
        too_slow = [rows for rows, step_s in times.items() if step_s > self._frame_s and rows > in_time]
        return wanted if not too_slow or wanted < min(too_slow) else max(1, in_time)


def _is_urgent(speaking: SequenceOf[Speaking]) -> bool:
    """A listener is close to silence."""
    return any(one.is_playing and one.lead_s < CLOSE_TO_SILENCE_S for one in speaking)
