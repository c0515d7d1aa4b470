"""What is measured, and what came of it: plain values, of which the JSON of both sides is made. No torch."""

from typing import Literal

import msgspec

from qwen_tts.config.engine import Weights

FRAME_MS = 80.0
"""Of sound, in a frame of the release's models"""

_OTHERS_NOTICED = 0.15

Device = Literal["cpu", "cuda", "mps"]


class Way(msgspec.Struct, frozen=True):
    """What a checkpoint is run on, and with which weights; auto: as they are in it."""

    device: Device
    weights: Weights = "auto"


class MeasureOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be measured."""

    checkpoint: str
    """A directory"""
    way: Way
    threads: int | None = None
    """None: as many as the engine takes by itself"""
    cache_dir: str | None = None
    """Where weights of few bits are kept that are made for it; the engine finds them there"""
    speaking_s: float = 3.0
    """It speaks for so long, after the first frames"""
    limit_s: float = 300.0
    """The process ends itself then: the first load of a checkpoint takes a while"""


class Figures(msgspec.Struct, frozen=True, kw_only=True, tag="figures"):
    """Of one listener; times in milliseconds."""

    frame_ms: float
    """For `FRAME_MS` of sound, the codec's part with it: the mean of some frames that follow each other, where it was
    least"""
    first_audio_ms: float
    """From a prompt of 40 positions to the sound of its first frame"""
    memory_mib: int
    """Of the process; on a card, of the card"""
    load_s: float
    threads: int
    copy_gb_s: float
    """The machine's memory, copied: read and written"""
    others: float = 0.0
    """The share of the processors that other programs took meanwhile"""

    @property
    def was_busy(self) -> bool:
        """Alone, the machine might be faster."""
        return self.others > _OTHERS_NOTICED

    @property
    def rtf(self) -> float:
        return self.frame_ms / FRAME_MS


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Nothing could be measured."""

    reason: str


Measured = Figures | Failed
