"""The text of one context as it comes, and what is due when no more comes."""

import math
from typing import Literal

from qwen_tts.api import check_length

DueText = Literal["flush", "end"]


class ContextText:
    """Counts it, and knows when it is forgotten: unfinished text is spoken, a text that goes on is ended."""

    def __init__(self, now: float, *, auto_flush_s: float, idle_s: float) -> None:
        self._auto_flush_s = auto_flush_s
        self._idle_s = idle_s
        self._at = now
        self._may_be_unspoken = False
        """Text came since the last flush."""
        self.chars = 0
        self.has_ended = False

    def append(self, text: str, now: float) -> None:
        """Raises TextTooLong, and takes nothing of it then."""
        check_length(self.chars + len(text), of="a context")
        if text:
            self.chars += len(text)
            self._at = now
            self._may_be_unspoken = True

    def keep_alive(self, now: float) -> None:
        """Its client is there, with nothing to add."""
        if not self._may_be_unspoken:
            self._at = now

    def flush(self) -> None:
        """What came is spoken."""
        self._may_be_unspoken = False

    def end(self) -> bool:
        """No more comes; False if that is known already."""
        is_new = not self.has_ended
        self.has_ended = True
        return is_new

    @property
    def deadline(self) -> float:
        """When something is due."""
        if self.has_ended:
            return math.inf
        return self._at + (self._auto_flush_s if self._may_be_unspoken else self._idle_s)

    def due(self, now: float) -> DueText | None:
        """What is to be done, because nothing came for too long."""
        if now < self.deadline:
            return None
        return "flush" if self._may_be_unspoken else "end"
