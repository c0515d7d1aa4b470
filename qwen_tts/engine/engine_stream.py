"""One stream's way through the engine: its text, its sequences one after the other, and its sound on the way out.

The event loop calls what StreamSource asks for; everything else belongs to the engine's thread.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from qwen_tts.api import Guard, SettledLayout, SynthesisRequest
from qwen_tts.checkpoint.voice_prompt import ReferenceVoice
from qwen_tts.engine.attempt import Attempt, better
from qwen_tts.engine.expected_length import ExpectedLength
from qwen_tts.engine.listener import SpeechLevel
from qwen_tts.engine.live_text import LiveSentences, LiveText
from qwen_tts.engine.sequence import Sequence, SequenceEnd
from qwen_tts.engine.stream_sound import StreamSound
from qwen_tts.errors import SynthesisFailed
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

OTHER_SEED = 0x9E3779B97F4A7C1
"""What a second try's seed differs in"""

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
    sound: StreamSound
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
    speech: SpeechLevel = field(default_factory=SpeechLevel)
    guards: Counter[Guard] = field(default_factory=Counter)
    """What they did"""
    first_try: Attempt | None = None
    """At what is spoken now; None: this is the first"""
    started_s: float | None = None
    has_spoken: bool = False
    """Something was said to a part of its text"""
    end: Literal["complete", "limit"] = "complete"
    queue_place: int = 0
    """In the line for a row, as it was told: 1 is next"""
    is_cancelled: bool = False
    is_over: bool = False
    """It was stopped: what text is left is not spoken"""

    def __post_init__(self) -> None:
        self.audio = AudioStream(self, live=self.request.live)
        self._inbox: deque[Callable[[float], None]] = deque()
        self._lock = threading.Lock()
        self._open_tokens: list[int] | None = None
        self._open_segments: list[tuple[int, int]] = []

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
        self.sound.taken(samples)
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

    def may_need_frames(self, now: float) -> bool:
        """It speaks and waits neither for text nor for a listener that has stopped; or its listener still hears what it
        has said, and more may come."""
        if self.sound.has_stopped(now):
            return False
        if self.sequence is not None and not (isinstance(self.text, LiveText) and self.text.waits(now)):
            return True
        return self.started_s is not None and self.sound.lead_s(now) > 0

    def take_sentences(self, now: float) -> None:
        """Sentences of a live text become the tokens of a whole one."""
        if self.tokens is None and isinstance(self.text, LiveSentences) and (taken := self.text.take(now)):
            self.tokens = taken.tokens
            most = len(taken.tokens) * SOONEST_FRAMES_A_TOKEN
            self._open_segments = [(round(share * most), segment) for share, segment in taken.starts]
            self._begin_segments()

    def _begin_segments(self) -> None:
        """Of the sentences that are spoken next."""
        self.later_segments = deque(self._open_segments)
        self.reach(0)

    def reach(self, frame: int) -> None:
        """Guess which segment is spoken in this frame of a sequence that has read its text: better too soon than
        never."""
        while self.later_segments and self.later_segments[0][0] <= frame:
            _, self.segment = self.later_segments.popleft()

    def begin(self, sequence: Sequence, now: float) -> None:
        """Its next sequence has a row."""
        self.sequence, self.text_is_read = sequence, False
        self._open_tokens, self.tokens = self.tokens, None
        self.started_s = self.started_s or now

    def read(self, text: str, tokens: int, length: ExpectedLength) -> None:
        """Its sequence has so much more text: it may become longer."""
        sequence, frames = self.sequence, length.frames(text, self.request.language)
        assert sequence is not None
        sequence.read(text, tokens, frames)
        sequence.max_frames = length.most(sequence.spoken_frames, sequence.text_tokens, sequence.room)
        self.speech.expect(frames)

    def ended(self) -> None:
        """Its sequence has given its row back; what text is left is for the next one."""
        self.sequence, self.first_try = None, None
        if isinstance(self.text, LiveText):
            self.text.ended()

    def finish(self, sequence: Sequence, end: SequenceEnd, *, may_retry: bool, is_greedy: bool) -> None:
        """Its sequence has ended so: what it holds back may be given now, or the same text is to be spoken again, if
        another seed may say something else.

        Raises SynthesisFailed if nothing was said to words, now or before.
        """
        self._count_guards(sequence, end)
        attempt = Attempt.at(sequence, end, self.sound)
        went_wrong = attempt.is_mute or (attempt.end == "length" and self.sound.holds_back)
        if went_wrong and may_retry and not is_greedy and self.first_try is None:
            self._speak_again(attempt)
            return
        if self.first_try is not None:
            attempt = better(self.first_try, attempt)
        self.ended()
        # What is greedy and ends in its first frames is what the official package says, too.
        if may_retry and attempt.is_mute and not (is_greedy and attempt.end == "complete"):
            if not self.has_spoken:
                way_out = "other words, or a temperature" if is_greedy else "another seed or other words"
                raise SynthesisFailed(f"the voice said nothing to this text; try {way_out}")
            self.end = "limit"
        self._accept(attempt)

    def _count_guards(self, sequence: Sequence, end: SequenceEnd) -> None:
        if end == "length" or end == "silence":
            self.guards[end] += 1
        if end == "length":
            logger.warning("speech id=%s: no end of speech after %d frames", self.request.request_id, sequence.frames)
        if sequence.listener.dropped_frames:
            self.guards["start"] += 1

    def _accept(self, attempt: Attempt) -> None:
        self.has_spoken |= not attempt.is_mute
        self.sound.put_back(attempt.frames)
        if attempt.end != "complete":
            self.sound.fade_out()
        if attempt.is_cut:
            self.end = "limit"
        self.is_over |= attempt.end == "asked"

    def _speak_again(self, attempt: Attempt) -> None:
        """Instead of `ended`: the next sequence reads the same text, with another seed."""
        what = "nothing was said: " if attempt.is_mute else ""
        logger.warning("speech id=%s: %sonce more, with another seed", self.request.request_id, what)
        self.guards["retry"] += 1
        self.sequence, self.first_try = None, attempt
        if isinstance(self.text, LiveText):
            self.text.rewind()
        else:
            self.tokens = self._open_tokens
            self._begin_segments()

    @property
    def has_first_try(self) -> bool:
        """One that may be given if the second cannot be made. Not where a text is read beside frames: what is left of
        that text would have to be read to its end first."""
        return self.first_try is not None and not self.first_try.is_mute and not isinstance(self.text, LiveText)

    def settle_for_first_try(self) -> None:
        """Instead of `finish`."""
        assert self.first_try is not None
        first, self.tokens = self.first_try, None
        self.sound.take_back()
        self.ended()
        self._accept(first)

    @property
    def sequence_seed(self) -> int:
        """The request's own, but for a second try: so the same request gives the same sound."""
        return self.seed if self.first_try is None else self.seed ^ OTHER_SEED

    def pause_ends_at(self, now: float) -> float | None:
        """When the pause is over that it waited for at `now`; None: it waited for something else."""
        is_open = self.sequence is not None
        if isinstance(self.text, LiveText):
            return self.text.pause_ends_at() if is_open and self.text.waits(now) else None
        if self.text is None or is_open or self.tokens is not None:
            return None
        ends_at = self.text.pause_ends_at()
        return ends_at if ends_at is not None and now < ends_at else None
