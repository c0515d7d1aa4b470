"""What a try at a sequence came to, and which of two tries is given. No torch."""

from dataclasses import dataclass

from qwen_tts.engine.sequence import Sequence, SequenceEnd
from qwen_tts.engine.stream_sound import HeldFrame, StreamSound

MUTE_FRAMES = 2
"""So few are no speech: the talker may not draw the end before."""

TAIL_FRAMES = 3
"""Of the silence after speech, where the rest of it is cut off"""


@dataclass(frozen=True)
class Attempt:
    """What is left to give of a sequence that has ended."""

    end: SequenceEnd
    is_mute: bool
    """There were words, and nothing was said"""
    frames: list[HeldFrame]

    @classmethod
    def at(cls, sequence: Sequence, end: SequenceEnd, sound: StreamSound) -> "Attempt":
        """What `sound` holds back is taken from it; a murmur after speech that nobody has heard yet is cut off."""
        listener, has_murmur = sequence.listener, sound.holds_back and end in ("silence", "length")
        murmur = max(0, listener.quiet_frames - TAIL_FRAMES) if has_murmur else 0
        said = listener.frames - (listener.quiet_frames if end == "silence" else listener.silent_frames)
        is_mute = end in ("complete", "silence") and sequence.has_words and said <= MUTE_FRAMES
        return cls(end, is_mute, sound.take_back(murmur))

    @property
    def is_cut(self) -> bool:
        """It did not come to its end by itself."""
        return self.end in ("length", "asked")


def better(first: Attempt, second: Attempt) -> Attempt:
    """One that said something, and came to its end; of two that did not, the shorter."""
    return min(first, second, key=lambda one: (one.is_mute, one.is_cut, len(one.frames)))
