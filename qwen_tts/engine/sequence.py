"""One sequence: what the talker says from one prompt to one end of speech. No torch."""

from dataclasses import dataclass, field
from typing import Literal

from qwen_tts.engine.listener import SequenceListener

SequenceEnd = Literal["complete", "silence", "length", "asked", "cancelled"]
"""The talker drew the end of speech, fell silent, came to the length that its text or its row allows, or to the one
that was asked for; or nobody wants it any more."""


@dataclass(eq=False)
class Sequence:
    """A row's life. All of its prompt but the last position is read before its first frame; that one is its input."""

    row: int
    prompt_positions: int
    cached_positions: int
    """Of the prompt, that are in the cache or on their way"""
    room: int
    """Frames that the cache and the checkpoint allow"""
    max_frames: int
    """That its text allows, as far as it was read"""
    text_tokens: int = 0
    """Of that text"""
    spoken_frames: float = 0.0
    """That it is expected to take"""
    has_words: bool = False
    """Whether something in it can be said"""
    pages: list[int] = field(default_factory=list)
    frames: int = 0
    """Launched; the results of the last may not be there yet"""
    end: SequenceEnd | None = None
    listener: SequenceListener = field(init=False)
    """To its sound"""

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

    def read(self, text: str, tokens: int, frames: float) -> None:
        """So much more text is in the prompt, or was read beside a frame."""
        self.text_tokens += tokens
        self.spoken_frames += frames
        self.has_words |= any(map(str.isalnum, text))
