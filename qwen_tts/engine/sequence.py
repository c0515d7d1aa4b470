"""One sequence: what the talker says from one prompt to one end of speech. No torch."""

from dataclasses import dataclass, field
from typing import Literal

from qwen_tts.config.engine import GuardConfig


@dataclass(eq=False)
class Sequence:
    """A row's life. All of its prompt but the last position is read before its first frame; that one is its input."""

    row: int
    prompt_positions: int
    cached_positions: int
    """Of the prompt, that are in the cache or on their way"""
    max_frames: int
    """That its text allows"""
    room: int
    """Frames that the cache and the checkpoint allow"""
    text_tokens: int = 0
    """Read, or in the prompt"""
    pages: list[int] = field(default_factory=list)
    frames: int = 0
    """Launched; the results of the last may not be there yet"""
    end: Literal["complete", "limit", "cancelled"] | None = None

    @property
    def prefill_left(self) -> int:
        """Positions to read before the first frame."""
        return self.prompt_positions - 1 - self.cached_positions

    @property
    def position(self) -> int:
        """Where the next frame's input stands."""
        return self.prompt_positions - 1 + self.frames

    @property
    def may_step(self) -> bool:
        return self.end is None and not self.prefill_left and not self.is_at_its_limit

    @property
    def is_at_its_limit(self) -> bool:
        return self.frames >= min(self.max_frames, self.room)


def max_frames(guards: GuardConfig, text_tokens: int, room: int) -> int:
    """Frames that so many tokens of text allow a sequence, in which there is `room` for so many."""
    if guards.frames_per_token is None:
        return room
    return guards.spare_frames + int(text_tokens * guards.frames_per_token)
