"""With which checkpoints a machine without a card speaks in real time, by what was measured. Nothing is measured here.

- The largest checkpoint that is in time speaks; smaller ones are asked about first, since a larger one takes longer.
- 8 bits are enough. Fewer are used for a checkpoint that has passed `qwen3tts-daemon check` with them, on this machine.
- PyTorch's own float32 is asked about only where there is no OpenVINO: it takes several times as long, and the memory.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.hosting.checkpoints import Checkpoint, best_of_each_kind
from qwen_tts.bench.figures import Figures, Measured, Way

FLOAT32, INT8, INT4 = Way("cpu"), Way("cpu", "int8"), Way("cpu", "int4")

_HALVED = 2
"""What 4 bits could save at most, beside 8"""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """It cannot be said yet: this is to be measured."""

    checkpoint: Checkpoint
    way: Way


@dataclass(frozen=True, slots=True)
class InTime:
    """These speak, one for a kind of voice."""

    checkpoints: tuple[Checkpoint, ...]
    measured: Checkpoint
    way: Way
    figures: Figures


@dataclass(frozen=True, slots=True)
class TooSlow:
    """Not even the smallest one is in time, or it could not be measured."""

    checkpoint: Checkpoint
    way: Way
    outcome: Measured
    in_4_bits: Figures | None = None
    """In time, and not checked yet"""


Verdict = Unmeasured | InTime | TooSlow


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the verdict goes by."""

    measured: Callable[[Checkpoint, Way], Measured | None]
    """None: nobody has"""
    is_checked: Callable[[Checkpoint], bool]
    """In 4 bits, on this machine"""
    has_openvino: bool
    most_rtf: float

    def is_in_time(self, outcome: Measured) -> bool:
        return isinstance(outcome, Figures) and outcome.rtf <= self.most_rtf

    def ways(self, checkpoints: Iterable[Checkpoint]) -> list[Way]:
        """That may be used for some of them, the better first."""
        if not self.has_openvino:
            return [FLOAT32]
        return [INT8, INT4] if any(map(self.is_checked, checkpoints)) else [INT8]


def verdict(found: Sequence[Checkpoint], known: Knowledge) -> Verdict:
    """`found`: at least one; of equals the one that is named first speaks."""
    best: Verdict | None = None
    for size in _by_size(found):
        tried = _of_one_size(size, found, known)
        if isinstance(tried, Unmeasured):
            return tried
        if isinstance(tried, TooSlow):
            return best or _with_hope(tried, known)
        best = tried
    assert best is not None
    return best


def _by_size(found: Sequence[Checkpoint]) -> list[list[Checkpoint]]:
    sizes = sorted({one.weights_per_frame for one in found})
    return [[one for one in found if one.weights_per_frame == size] for size in sizes]


def _of_one_size(size: list[Checkpoint], found: Sequence[Checkpoint], known: Knowledge) -> Verdict:
    slow: TooSlow | None = None
    for way in known.ways(size):
        outcome = known.measured(size[0], way)
        if outcome is None:
            return Unmeasured(size[0], way)
        if isinstance(outcome, Figures) and known.is_in_time(outcome):
            return InTime(_speaking(size, found, way, known), size[0], way, outcome)
        slow = slow or TooSlow(size[0], way, outcome)
    assert slow is not None
    return slow


def _speaking(
    size: list[Checkpoint], found: Sequence[Checkpoint], way: Way, known: Knowledge
) -> tuple[Checkpoint, ...]:
    """Of each kind the largest up to this size, which may be run in this way."""
    those = [
        one
        for one in sorted(found, key=lambda one: -one.weights_per_frame)
        if one.weights_per_frame <= size[0].weights_per_frame and (way != INT4 or known.is_checked(one))
    ]
    best = best_of_each_kind(those)
    return tuple(one for one in found if one in best)


def _with_hope(slow: TooSlow, known: Knowledge) -> Verdict:
    """4 bits, measured where they might be in time, though nobody may choose them yet."""
    outcome, checkpoint = slow.outcome, slow.checkpoint
    if slow.way != INT8 or known.is_checked(checkpoint) or not isinstance(outcome, Figures):
        return slow
    if outcome.rtf > known.most_rtf * _HALVED:
        return slow
    in_4_bits = known.measured(checkpoint, INT4)
    if in_4_bits is None:
        return Unmeasured(checkpoint, INT4)
    if isinstance(in_4_bits, Figures) and known.is_in_time(in_4_bits):
        return TooSlow(checkpoint, slow.way, outcome, in_4_bits)
    return slow
