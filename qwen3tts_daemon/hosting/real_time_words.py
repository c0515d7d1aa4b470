"""What this machine was measured to speak, in a line for the log and in values for pages and programs."""

import math
from collections.abc import Iterator
from typing import Literal

import msgspec

from qwen3tts_daemon.hosting.checkpoints import Checkpoint
from qwen3tts_daemon.hosting.real_time import InTime, TooSlow, Unmeasured, Verdict
from qwen_tts.bench.figures import FRAME_MS, Failed, Figures, Way
from qwen_tts.config.engine import Weights

_CORES_WORTH_NAMING = 16


class RealTime(msgspec.Struct, frozen=True, kw_only=True):
    """In values."""

    state: Literal["measuring", "in_time", "too_slow", "failed"]
    size: str
    """Of the checkpoint that was measured last: 0.6B"""
    weights: Weights
    frame_ms: float | None
    """For 80 ms of sound; null while it is measured, and if it could not be"""


def in_values(verdict: Verdict) -> RealTime:
    match verdict:
        case Unmeasured(checkpoint, way):
            return _values("measuring", checkpoint, way)
        case InTime(_, checkpoint, way, figures):
            return _values("in_time", checkpoint, way, figures.frame_ms)
        case TooSlow(checkpoint, way, Figures() as figures):
            return _values("too_slow", checkpoint, way, figures.frame_ms)
    return _values("failed", verdict.checkpoint, verdict.way)


def _values(
    state: Literal["measuring", "in_time", "too_slow", "failed"], checkpoint: Checkpoint, way: Way,
    frame_ms: float | None = None,
) -> RealTime:  # fmt: skip
    return RealTime(state=state, size=checkpoint.size_in_words, weights=way.weights, frame_ms=frame_ms)


def told(verdict: Verdict, most_rtf: float, *, has_smaller: bool, has_openvino: bool) -> str:
    """In one line: what was measured, what was chosen, and what would help. `has_smaller`: a smaller checkpoint could
    be fetched."""
    if isinstance(verdict, Unmeasured):
        what = named(verdict.checkpoint, verdict.way)
        return f"the preview voice speaks while it is measured how fast {what} is on this machine"
    if isinstance(verdict, InTime):
        took = _took(verdict.measured, verdict.way, verdict.figures)
        names = ", ".join(one.name for one in verdict.checkpoints)
        return f"{took}, the first sound {verdict.figures.first_audio_ms:.0f} ms: in time ({names})"
    outcome = verdict.outcome
    if isinstance(outcome, Failed):
        what = named(verdict.checkpoint, verdict.way)
        return (
            f"how fast {what} is on this machine could not be measured ({outcome.reason}): the preview voice speaks. "
            "`qwen3tts-daemon bench` tries it again"
        )
    took = _took(verdict.checkpoint, verdict.way, outcome)
    ways_out = [*_ways_out(verdict, outcome, most_rtf, has_smaller=has_smaller, has_openvino=has_openvino)]
    return (
        f"{took}, and more than {most_rtf * FRAME_MS:.0f} would leave gaps: the preview voice speaks. "
        f'What would do: {"; ".join(ways_out)}. engine = "qwen" speaks all the same{_doubt(outcome)}'
    )


def _doubt(figures: Figures) -> str:
    if not figures.was_busy:
        return ""
    return f". Other programs took {figures.others:.0%} of the processors meanwhile: the next start measures again"


def named(checkpoint: Checkpoint, way: Way) -> str:
    bits = {"auto": "as it is", "int8": "in 8 bits", "int4": "in 4 bits"}[way.weights]
    return f"Qwen3-TTS {checkpoint.size_in_words} {bits}"


def _took(checkpoint: Checkpoint, way: Way, figures: Figures) -> str:
    return f"this machine takes {figures.frame_ms:.0f} ms for {FRAME_MS:.0f} ms of {named(checkpoint, way)}"


def _ways_out(
    slow: TooSlow, figures: Figures, most_rtf: float, *, has_smaller: bool, has_openvino: bool
) -> Iterator[str]:
    if not has_openvino:
        yield "the package openvino, several times as fast (pip install 'qwen3tts-daemon[cpu]')"
    if slow.in_4_bits is not None:
        yield (
            f"4 bits, which take {slow.in_4_bits.frame_ms:.0f} ms and which nobody has judged by ear: they are chosen "
            f"once `qwen3tts-daemon check --weights int4 {slow.checkpoint.name}` has passed"
        )
    if has_smaller:
        yield "a smaller checkpoint (qwen3tts-daemon models download 0.6B-CustomVoice)"
    cores = math.ceil(figures.threads * figures.rtf / most_rtf)
    if cores <= _CORES_WORTH_NAMING:
        yield f"about {cores} cores like these, with as much more of memory's speed"
    yield "an NVIDIA card"
