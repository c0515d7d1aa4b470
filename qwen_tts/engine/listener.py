"""What the sound of a sequence tells: noise before the first word, and that speech has ended without saying so.

Now and then the model goes on after the last word, in silence or in a room tone some 25 dB below the speech, for
minutes. So a stretch is the end if all of it lies far below the loud part of the utterance's own speech: a whisper is
quiet, too. Pure: no torch, no clock.
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qwen_tts.config.checkpoint import CheckpointConfig
from qwen_tts.config.engine import GuardConfig
from qwen_tts.config.expectations import Expectations

Pcm = NDArray[np.int16]
"""[samples] of one frame"""

SILENCE_PEAK = 100
"""-50 dBFS in 16 bits: a frame that never gets louder is silent."""

LOUD_SHARE = 0.25
"""Of the frames that a text is expected to take, those that say how loud its speech is"""

FADE_IN_SAMPLES = 240
"""10 ms at 24 kHz"""


@dataclass(frozen=True)
class ListenerOptions:
    """What is listened for."""

    silence_frames: int | None
    quiet_db: float | None
    start_frames: int
    start_dbfs: float

    @classmethod
    def of(
        cls, guards: GuardConfig, expectations: Expectations, checkpoint: CheckpointConfig, frame_s: float
    ) -> "ListenerOptions":
        """As the options say, and the table of this checkpoint."""
        known = expectations.of_checkpoint(checkpoint.type_name)
        silence = None if guards.silence_s is None else max(1, round(guards.silence_s / frame_s))
        start = known.start_frames if guards.start_frames is None else guards.start_frames
        return cls(silence, guards.quiet_db, start, known.start_dbfs)


class SpeechLevel:
    """How loud an utterance's speech is: the level that a quarter of the frames reached that its text should take.

    So minutes of murmur do not lower it, whatever their share of the sound; nor does a click raise it.
    """

    def __init__(self) -> None:
        self._frames = Counter[int]()  # by level in whole dBFS
        self._expected = 0.0

    def expect(self, frames: float) -> None:
        """So much more text is read."""
        self._expected += frames

    def hear(self, level: float) -> None:
        """dBFS of a frame."""
        self._frames[math.floor(level)] += 1

    @property
    def dbfs(self) -> float | None:
        """None as long as too little was heard."""
        missing = max(1.0, self._expected * LOUD_SHARE)
        for level in sorted(self._frames, reverse=True):
            missing -= self._frames[level]
            if missing <= 0:
                return level
        return None


class SequenceListener:
    """Listens to one sequence, frame by frame; `speech` is what its stream's sequences have in common.

    One that `goes_on` from another fades in: a codec that begins anew begins with a step, -30 dBFS on a small trained
    one, which within a text is heard as a click.
    """

    def __init__(self, speech: SpeechLevel, options: ListenerOptions, *, goes_on: bool = False) -> None:
        self._speech, self._options, self._goes_on = speech, options, goes_on
        self._levels: list[float] = []  # -inf: silent
        self._frames_after_text = 0
        self.dropped_frames = 0
        """Noise before the first word"""

    @property
    def frames(self) -> int:
        """That may be heard."""
        return len(self._levels)

    def hear(self, pcm: Pcm, *, text_is_read: bool) -> Pcm | None:
        """The next frame -> what of it may be heard; None: nothing, it is noise before the first word."""
        level = level_of(pcm)
        if self._is_start_noise(level):
            self.dropped_frames += 1
            return None
        is_first = not self._levels
        self._levels.append(-math.inf if peak_of(pcm) < SILENCE_PEAK else level)
        self._frames_after_text += text_is_read
        self._speech.hear(level)
        return faded_in(pcm) if is_first and (self._goes_on or self.dropped_frames) else pcm

    def _is_start_noise(self, level: float) -> bool:
        can_be = not self._levels and self.dropped_frames < self._options.start_frames
        return can_be and level < self._options.start_dbfs

    @property
    def has_fallen_silent(self) -> bool:
        """For good, after all of the text was read."""
        most = self._options.silence_frames
        if most is None or self._frames_after_text < most:
            return False
        threshold = self._threshold
        return all(_is_quiet(level, threshold) for level in self._levels[: -most - 1 : -1])

    @property
    def quiet_frames(self) -> int:
        """The last ones, in which nothing is said any more; 0 where nobody listens for that."""
        return 0 if self._options.silence_frames is None else self._last_below(self._threshold)

    @property
    def silent_frames(self) -> int:
        """The last ones, in which nothing is heard."""
        return self._last_below(-math.inf)

    def _last_below(self, threshold: float) -> int:
        louder = (n for n, level in enumerate(reversed(self._levels)) if not _is_quiet(level, threshold))
        return next(louder, self.frames)

    @property
    def _threshold(self) -> float:
        speech, below = self._speech.dbfs, self._options.quiet_db
        return -math.inf if speech is None or below is None else speech - below


def _is_quiet(level: float, threshold: float) -> bool:
    return level == -math.inf or level < threshold


def peak_of(pcm: Pcm) -> int:
    """The largest sample, without its sign."""
    return int(np.abs(pcm.astype(np.int32)).max(initial=0))


def level_of(pcm: Pcm) -> float:
    """dBFS, root mean square; -100 if it is nothing."""
    power = float(np.square(pcm.astype(np.float64)).mean())
    return 10 * math.log10(max(power / 2**30, 1e-10))


def faded_in(pcm: Pcm) -> Pcm:
    """Over its first 10 ms."""
    ramp = np.ones(len(pcm))
    count = min(FADE_IN_SAMPLES, len(pcm))
    ramp[:count] = np.arange(count) / count
    return np.rint(pcm * ramp).astype(np.int16)


def faded_out(pcm: Pcm) -> Pcm:
    """Over all of it, to silence."""
    return np.rint(pcm * np.linspace(1, 0, len(pcm))).astype(np.int16)
