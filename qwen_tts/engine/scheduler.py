"""Who is read and who speaks in the next step. Pure: no torch, no clock, no state but what was measured.

1. Every row that may speak does, in every step, as long as a step is faster than its sound. On a slower machine as
   many do as keep up with real time, those first whose listeners will have heard everything first.
2. Prompts are read beside that, the oldest first: a little of them where a listener is close to silence, else a lot.
"""

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from qwen_tts.engine.sequence import Sequence

CLOSE_S = 0.25
"""A listener with less sound in hand is close to silence."""

PREFILL_TOKENS = 512
"""Prompt positions read in a step when nobody is close to silence."""

URGENT_PREFILL_TOKENS = 64
"""And when somebody is."""

FORGETTING = 0.98
"""What a step's time becomes with every other step."""


@dataclass(frozen=True)
class Speaking:
    """A sequence that may have a frame."""

    sequence: Sequence
    lead_s: float
    """Sound that its listener has in hand; before the first chunk there is none, and nothing to lose"""
    is_heard: bool
    """Its listener has begun to listen"""


@dataclass(frozen=True)
class Plan:
    """One step."""

    prefill: list[tuple[Sequence, int]]
    """Sequences and how many of their next prompt positions are read"""
    frame: list[Sequence]
    """Sequences that get a frame; prompts that are read to their end in this step among them"""

    def __bool__(self) -> bool:
        return bool(self.prefill or self.frame)


class Scheduler:
    """Plans steps; learns how long they take."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._step_s: dict[int, float] = {}

    def measured(self, rows: int, step_s: float) -> None:
        """A step of `rows` frames took this long. A hiccup is forgotten: what was too slow is tried again."""
        for other in self._step_s:
            self._step_s[other] *= FORGETTING
        known, step_s = self._step_s.get(rows), min(step_s, 2 * self._frame_s)
        self._step_s[rows] = step_s if known is None else 0.8 * known + 0.2 * step_s

    def step_s(self, rows: int) -> float:
        """What a step of `rows` frames takes, or of the nearest number that is known; 0 if none is."""
        nearest = min(self._step_s, key=lambda known: abs(known - rows), default=None)
        return 0.0 if nearest is None else self._step_s[nearest]

    def plan(self, reading: SequenceOf[Sequence], speaking: SequenceOf[Speaking]) -> Plan:
        """`reading`: sequences with prompt left, oldest first."""
        prefill = self._share(reading, self._budget(speaking))
        done = [sequence for sequence, tokens in prefill if tokens == sequence.prefill_left]
        frame = self._keep_up(speaking, len(done))
        return Plan(prefill, frame + done)

    def _budget(self, speaking: SequenceOf[Speaking]) -> int:
        urgent = any(one.is_heard and one.lead_s < CLOSE_S for one in speaking)
        return URGENT_PREFILL_TOKENS if urgent else PREFILL_TOKENS

    def _share(self, reading: SequenceOf[Sequence], budget: int) -> list[tuple[Sequence, int]]:
        shares = []
        for sequence in reading:
            tokens = min(sequence.prefill_left, budget)
            if tokens <= 0:
                break
            shares.append((sequence, tokens))
            budget -= tokens
        return shares

    def _keep_up(self, speaking: SequenceOf[Speaking], joining: int) -> list[Sequence]:
        most = self._most_rows(len(speaking) + joining) - joining
        ordered = sorted(speaking, key=lambda one: one.lead_s) if most < len(speaking) else speaking
        return [one.sequence for one in ordered[: max(1, most)]]

    def _most_rows(self, wanted: int) -> int:
        """How many rows a step may have so that each of them gets its sound in time."""
        in_time = max((rows for rows, step_s in self._step_s.items() if step_s <= self._frame_s), default=0)
        too_slow = [rows for rows, step_s in self._step_s.items() if step_s > self._frame_s and rows > in_time]
        return wanted if not too_slow or wanted < min(too_slow) else max(1, in_time)
