"""What one request may hold, whoever asks: the bounds that every engine keeps. Plain numbers; imports nothing.

What a recording must be to become a voice is in audio/bounds.py.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; both belong to it, unless `above_low` leaves the first one out."""

    low: float
    high: float
    above_low: bool = False
    high_name: str = ""
    """How `high` is written for people, if not with its digits."""

    def __contains__(self, number: float) -> bool:
        return (self.low < number if self.above_low else self.low <= number) and number <= self.high

    def __str__(self) -> str:
        """What a number must be."""
        high = self.high_name or f"{self.high}"
        return f"above {self.low} and at most {high}" if self.above_low else f"within {self.low}..{high}"

    def clamp(self, number: float) -> float:
        """The nearest that belongs to it."""
        assert not self.above_low
        return min(max(number, self.low), self.high)


MAX_TEXT_CHARS: Final = 8_000
"""Characters that one request may speak."""
MAX_TRANSCRIPT_CHARS: Final = 2_000
"""Two to three times what is said in the longest reference audio."""
MAX_VOICE_PROMPT_BYTES: Final = 128 * 1024
"""Twice a voice of the longest reference audio and transcript."""

SEED: Final = Range(0, 2**63 - 1, high_name="2^63-1")
TEMPERATURE: Final = Range(0, 5)
TOP_K: Final = Range(1, 10_000)
TOP_P: Final = Range(0, 1, above_low=True)
REPETITION_PENALTY: Final = Range(0.5, 5)
