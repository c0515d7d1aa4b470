"""One stream's way through the engine: its text, its sequences one after the other, and its sound on the way out.

The event loop calls what StreamSource asks for; everything else belongs to the engine's thread.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from qwen_tts.api import SettledLayout, SynthesisRequest
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.engine.live_text import LiveSentences, LiveText
from qwen_tts.engine.sequence import Sequence
from qwen_tts.stream import WINDOW_FRAMES, AudioStream

SILENCE_PEAK = 100
"""-50 dBFS in 16 bits: a frame that never gets louder is silent."""

SOONEST_FRAMES_A_TOKEN = 2
"""Speech takes 4 to 5, and where it is quick in Chinese little more than this."""


@dataclass(eq=False)
class EngineStream:
    """See the module. A StreamSource."""

    request: SynthesisRequest
    reference: ReferenceVoice | None
    seed: int
    tokens: list[int] | None
    """Of the whole text, not yet begun; None: live text, or begun"""
    text: LiveText | LiveSentences | None
    """Live text, or one that is too long for one sequence"""
    layout: SettledLayout
    samples_per_frame: int
    asked_s: float
    wake: Callable[[], None]
    """Tells the engine's thread that something is to be done"""
    on_cancel: Callable[["EngineStream"], None]
    """Tells the event loop's side"""

    sequence: Sequence | None = None
    text_slots: deque[int] = field(default_factory=deque)
    """Of the text table: the text beside frames to come"""
    segments: deque[int] = field(default_factory=deque)
    """Of the frames on their way"""
    segment: int = 0
    later_segments: deque[tuple[int, int]] = field(default_factory=deque)
    """(frame of the sequence that may begin it, segment)"""
    text_is_read: bool = False
    """The sequence has read its text to the end"""
    silent_frames: int = 0
    made_frames: int = 0
    """Launched, of all sequences, that may be heard"""
    given_samples: int = 0
    taken_samples: int = 0
    plays_from_s: float | None = None
    """When the listener would have begun if there had been no silence"""
    started_s: float | None = None
    end: Literal["complete", "limit"] = "complete"
    queue_position: int = 0
    """In the line for a row, as it was told: 1 is next"""
    is_cancelled: bool = False
    is_over: bool = False
    """It was stopped: what text is left is not spoken"""

    def __post_init__(self) -> None:
        self.audio = AudioStream(self, live=self.request.live)
        self._inbox: deque[Callable[[float], None]] = deque()
        self._lock = threading.Lock()

    # -- the event loop's side --------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        assert self.text is not None
        live = self.text
        self._post(lambda now: live.feed(text, now))

    def flush(self) -> None:
        if self.text is not None:
            live = self.text
            self._post(lambda _: live.flush())

    def end_text(self) -> None:
        assert self.text is not None
        live = self.text
        self._post(lambda _: live.end())

    def cancel(self) -> None:
        self.is_cancelled = True
        self.on_cancel(self)
        self.wake()

    def taken(self, samples: int) -> None:
        self.taken_samples += samples
        self.wake()

    def _post(self, action: Callable[[float], None]) -> None:
        with self._lock:
            self._inbox.append(action)
        self.wake()

    # -- the engine's side ------------------------------------------------------------------------------------------

    def read_inbox(self, now: float) -> None:
        """Carry out what the event loop asked for. Raises InvalidRequest for text that is none."""
        while self._inbox:
            with self._lock:
                action = self._inbox.popleft()
            action(now)

    @property
    def goes_on_from_transcript(self) -> bool:
        """The voice has a reference whose words are known."""
        return self.reference is not None and self.reference.codes is not None

    @property
    def is_a_window_ahead(self) -> bool:
        made = self.made_frames * self.samples_per_frame
        return made - self.taken_samples >= WINDOW_FRAMES * self.samples_per_frame

    def lead_s(self, now: float, sample_rate: int) -> float:
        """Sound that the listener has in hand if it plays what comes at once."""
        if self.plays_from_s is None:
            return 0.0
        return self.given_samples / sample_rate - (now - self.plays_from_s)

    def given(self, samples: int, now: float, sample_rate: int) -> None:
        """So many more are given. After a silence the listener goes on from now."""
        played_s = self.given_samples / sample_rate
        self.plays_from_s = now - played_s if self.plays_from_s is None else max(self.plays_from_s, now - played_s)
        self.given_samples += samples

    @property
    def has_no_more(self) -> bool:
        """No sequence is open and no text is left."""
        if self.is_over:
            return True
        if self.sequence is not None or self.tokens is not None:
            return False
        return self.text is None or self.text.is_done

    def wants_sequence(self, now: float) -> bool:
        """Whether its next sequence should begin."""
        if self.sequence is not None or self.is_cancelled or self.is_over:
            return False
        if self.tokens is not None or self.text is None:
            return self.tokens is not None
        return self.text.can_begin() if isinstance(self.text, LiveText) else self.text.can_begin(now)

    def take_sentences(self, now: float) -> None:
        """Sentences of a live text become the tokens of a whole one."""
        if self.tokens is None and isinstance(self.text, LiveSentences) and (taken := self.text.take(now)):
            self.tokens = taken.tokens
            most = len(taken.tokens) * SOONEST_FRAMES_A_TOKEN
            self.later_segments = deque((round(share * most), segment) for share, segment in taken.starts)
            self.reach(0)

    def reach(self, frame: int) -> None:
        """Guess which segment is spoken in this frame of a sequence that has read its text: better too soon than
        never."""
        while self.later_segments and self.later_segments[0][0] <= frame:
            _, self.segment = self.later_segments.popleft()

    def begin(self, sequence: Sequence, now: float) -> None:
        """Its next sequence has a row."""
        self.sequence, self.text_is_read, self.silent_frames = sequence, False, 0
        self.started_s = self.started_s or now

    def pause_ends_at(self, now: float) -> float | None:
        """When the pause is over that it waited for at `now`; None: it waited for something else."""
        is_open = self.sequence is not None
        if isinstance(self.text, LiveText):
            return self.text.pause_ends_at() if is_open and self.text.waits(now) else None
        if self.text is None or is_open or self.tokens is not None:
            return None
        ends_at = self.text.pause_ends_at()
        return ends_at if ends_at is not None and now < ends_at else None
