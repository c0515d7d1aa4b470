"""How long speech may become: a few times what is expected of its text, and a little more."""

from qwen_tts.config.engine import GuardConfig
from qwen_tts.config.expectations import Expectations


class ExpectedLength:
    """Counts in frames of `frame_s`. Slow speech takes twice what is expected, so the limit is far from it."""

    def __init__(self, expectations: Expectations, guards: GuardConfig, frame_s: float) -> None:
        self._expectations, self._guards, self._frame_s = expectations, guards, frame_s

    def frames(self, text: str, language: str) -> float:
        """That `text` is expected to take."""
        return self._expectations.seconds(text, language) / self._frame_s

    def most(self, frames: float, tokens: int, room: int) -> int:
        """That a text may take of which so many are expected; each of its tokens may be read beside one. `room`: what
        else limits it."""
        factor, spare_s = self._guards.length_factor, self._guards.spare_s
        return room if factor is None else round(min(room, spare_s / self._frame_s + factor * max(frames, tokens)))
