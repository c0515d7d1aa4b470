"""A stream's sound on its way to the listener: made, perhaps held back, given, taken. In whole frames; no torch.

Who wants the whole gets a sequence's sound when that has ended: until then it can be spoken once more. How far the
listener is ahead counts what is held back as if it were given, so that nobody gains or loses a turn by it.
"""

from typing import NamedTuple

from qwen_tts.api import AudioChunk
from qwen_tts.engine.listener import Pcm, faded_out
from qwen_tts.stream import WINDOW_FRAMES


class HeldFrame(NamedTuple):
    pcm: Pcm
    segment: int


class StreamSound:
    """See the module. `taken` is called by the event loop; everything else by the engine's thread."""

    def __init__(self, samples_per_frame: int, sample_rate: int, *, holds_back: bool) -> None:
        self.samples_per_frame, self._sample_rate = samples_per_frame, sample_rate
        self.holds_back = holds_back
        self.made_frames = 0
        """Launched, of all sequences, that may be heard"""
        self.given_samples = 0
        self._taken_samples = 0
        self._held: list[HeldFrame] = []
        self._segment = 0
        self._plays_from_s: float | None = None
        """When the listener would have begun if there had been no silence"""
        self._seen_taking = (0, 0.0)
        """Samples that were taken when that was looked at, and since when there have been so many"""

    def taken(self, samples: int) -> None:
        """The listener took so many more."""
        self._taken_samples += samples

    @property
    def is_a_window_ahead(self) -> bool:
        """What is held back cannot be taken: who waited for that would wait for ever."""
        to_be_taken = (self.made_frames - len(self._held)) * self.samples_per_frame
        return to_be_taken - self._taken_samples >= WINDOW_FRAMES * self.samples_per_frame

    @property
    def untaken_s(self) -> float:
        """Sound that was given and that the listener has not taken."""
        return (self.given_samples - self._taken_samples) / self._sample_rate

    @property
    def made_s(self) -> float:
        return self.made_frames * self.samples_per_frame / self._sample_rate

    # -- the listener's clock ---------------------------------------------------------------------------------------

    def look_at_the_listener(self, now: float) -> None:
        """Now and then: one that has stopped has in hand what it has not taken, whenever it goes on."""
        if self._seen_taking[0] != self._taken_samples:
            self._seen_taking = self._taken_samples, now
        elif self.has_stopped(now):
            self._plays_from_s = now - (self._length_s - self.untaken_s)

    def has_stopped(self, now: float) -> bool:
        """The listener has left a whole window untaken, for as long as that plays: nothing is made for it."""
        still_s = now - self._seen_taking[1]
        return self.is_a_window_ahead and still_s >= WINDOW_FRAMES * self.samples_per_frame / self._sample_rate

    @property
    def is_playing(self) -> bool:
        """The listener has begun to play."""
        return self._plays_from_s is not None

    def lead_s(self, now: float) -> float:
        """Sound that the listener has in hand if it plays what comes at once."""
        return 0.0 if self._plays_from_s is None else self._length_s - (now - self._plays_from_s)

    @property
    def _length_s(self) -> float:
        return (self.given_samples + len(self._held) * self.samples_per_frame) / self._sample_rate

    # -- frame by frame ---------------------------------------------------------------------------------------------

    def add(self, pcm: Pcm, segment: int, now: float) -> None:
        """The next frame, held back at first. After a silence the listener goes on from now."""
        begins_s = now - self._length_s
        self._plays_from_s = begins_s if self._plays_from_s is None else max(self._plays_from_s, begins_s)
        self._held.append(HeldFrame(pcm, segment))

    def drop(self) -> None:
        """A frame that was made will not be heard."""
        self.made_frames -= 1

    def take_back(self, quiet_frames: int = 0) -> list[HeldFrame]:
        """What is held back, without its last frames, as if it had not been made."""
        held, self._held = self._held, []
        self.made_frames -= len(held)
        return held[: len(held) - quiet_frames]

    def put_back(self, frames: list[HeldFrame]) -> None:
        """Hold back what was taken back."""
        assert not self._held
        self._held = frames
        self.made_frames += len(frames)

    def release(self) -> list[AudioChunk]:
        """Give what is held back."""
        held, self._held = self._held, []
        return [self._chunk(pcm, segment) for pcm, segment in held]

    def fade_out(self) -> None:
        """The last frame that is held back."""
        if self._held:
            pcm, segment = self._held.pop()
            self._held.append(HeldFrame(faded_out(pcm), segment))

    def _chunk(self, pcm: Pcm, segment: int) -> AudioChunk:
        """What is spoken once more may begin a segment that was begun before: segments never go back."""
        self._segment = max(self._segment, segment)
        chunk = AudioChunk(
            pcm=pcm.tobytes(), first_sample=self.given_samples, sample_rate=self._sample_rate, segment=self._segment
        )
        self.given_samples += chunk.samples
        return chunk
