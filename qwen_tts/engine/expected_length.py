"""How long speech may become: a few times what is expected of its text, and a little more."""

from functools import lru_cache

from qwen_tts.config.engine import GuardConfig
from qwen_tts.config.expectations import Expectations

_TEXTS = 256
"""Whose lengths are remembered: of those that wait they are asked again and again"""


class ExpectedLength:
    """Counts in frames of `frame_s`. Slow speech takes twice what is expected, so the limit is far from it."""

    def __init__(self, expectations: Expectations, guards: GuardConfig, frame_s: float) -> None:
        self._guards, self.frame_s = guards, frame_s
        self.seconds = lru_cache(_TEXTS)(expectations.seconds)
        """That a text in a language is expected to take"""

    def frames(self, text: str, language: str) -> float:
        """That `text` is expected to take."""
        return self.seconds(text, language) / self.frame_s

    def most(self, frames: float, tokens: int, room: int) -> int:
        """That a text may take of which so many are expected; each of its tokens may be read beside one. `room`: what
        else limits it."""
        factor, spare_s = self._guards.length_factor, self._guards.spare_s
        return room if factor is None else round(min(room, spare_s / self.frame_s + factor * max(frames, tokens)))
