"""One context of a voice.v1 socket: a text, its utterance and its sound; and what is to be done with that utterance.

It waits, runs, and is done. What becomes of its utterance is told to it by who carries the sound; what it says of that
goes into the outbox of its socket, and nothing after its `done`.
"""

from dataclasses import dataclass, field
from typing import Literal

from qwen3tts_daemon.protocols.voice_v1.context_text import ContextText
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import (
    DaemonMessage,
    DoneMessage,
    DoneMetrics,
    DoneReason,
    QueuedMessage,
    SegmentMessage,
    TimedWord,
    WarningMessage,
    WordsMessage,
)
from qwen3tts_daemon.protocols.voice_v1.frames import AnyFramer, SoundFrame
from qwen3tts_daemon.protocols.voice_v1.options import ContextOptions
from qwen3tts_daemon.protocols.voice_v1.outbox import Outbox
from qwen3tts_daemon.protocols.voice_v1.playback import PlayClock
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.request import new_request_id
from qwen3tts_daemon.speech.voice_selection import LeftOut
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import QueuePosition


@dataclass(eq=False, slots=True)
class Context:
    """What is known of it."""

    name: str
    options: ContextOptions
    outbox: Outbox
    text: ContextText
    framer: AnyFramer
    playback: PlayClock
    channel: int
    is_implicit: bool = False
    """The client gave it no name."""
    request_id: str = field(default_factory=new_request_id)
    measures: Measures = field(default_factory=Measures)
    """Whoever runs the context puts those of its utterance here."""
    phase: Literal["waiting", "running", "done"] = "waiting"
    position: int = 0
    """Contexts that are before it."""
    sent_samples: int = 0
    segments: list[SegmentMessage] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.phase == "done"

    def say(self, message: DaemonMessage, *, kept: bool = False) -> None:
        """It goes with what is not sent if the context is cut off, unless it is `kept`."""
        self.outbox.say(message, owner=self, kept=kept)

    def tell_position(self, position: int) -> None:
        """In the queue of its socket."""
        if position != self.position:
            self.position = position
            self.say(QueuedMessage(ctx=self.name, position=position))

    def tell_queue_position(self, in_line: QueuePosition) -> None:
        """It has come on in the line of all clients."""
        if not self.is_done:
            wait_s = None if in_line.wait_s is None else round(in_line.wait_s, 1)
            self.say(QueuedMessage(ctx=self.name, position=0, place=in_line.place, wait_s=wait_s))

    def segment(self, started: SegmentStarted) -> None:
        """The sound that follows speaks a new segment."""
        if self.is_done:
            return
        message = SegmentMessage(
            ctx=self.name, index=started.index, text=started.text,
            char_start=started.start, char_end=started.end, sample=self.framer.position(started.sample),
            voice=started.voice, language=started.language,
        )  # fmt: skip
        self.segments.append(message)
        self.say(message)

    def words(self, told: WordsTold) -> None:
        """When some words of the segment in hand are heard."""
        if self.is_done:
            return
        position = self.framer.position
        words = [
            TimedWord(
                text=word.text, char_start=word.start, char_end=word.end,
                sample=position(word.first_sample), sample_end=position(word.end_sample),
            )
            for word in told.words
        ]  # fmt: skip
        self.say(WordsMessage(ctx=self.name, index=told.segment, words=words, estimated=told.is_estimated))

    def warn_of_left_out(self, left_out: LeftOut) -> None:
        """Some of its words were not spoken."""
        if not self.is_done:
            self.say(WarningMessage(code="unread", message=left_out.message, ctx=self.name, instead=left_out.instead))

    def delay_s(self, frame: SoundFrame, now: float) -> float:
        """How long the frame has to wait, or it is too far ahead of the listener; inf: until `played`."""
        return self.playback.delay_s(frame.first_sample, frame.samples, now)

    def send(self, frame: SoundFrame) -> None:
        """Put a frame into the outbox, before the context is done."""
        self.sent_samples = frame.first_sample + frame.samples
        self.outbox.send(frame, self)

    def take_back(self) -> None:
        """What is in the outbox is not sent any more, nor counted as sent."""
        if (first_unsent := self.outbox.drop(self)) is not None:
            self.sent_samples = first_unsent

    def say_done(self, reason: DoneReason) -> None:
        """The last thing said of it, whatever is taken back."""
        self.phase = "done"
        self.outbox.say(self._done_message(reason))

    def _done_message(self, reason: DoneReason) -> DoneMessage:
        """What it came to; of one that was not complete, only what the listener heard counts as spoken."""
        heard = self.playback.heard(self.sent_samples)
        begun = [segment.char_end for segment in self.segments if segment.sample < heard or reason == "complete"]
        audio_s = self.sent_samples / self.options.format.sample_rate
        return DoneMessage(
            ctx=self.name, reason=reason, samples=self.sent_samples, chars_spoken=max(begun, default=0),
            metrics=_metrics(self.measures, audio_s),
        )  # fmt: skip


# -- what a session wants done with its utterance ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenUtterance:
    """Make it: text may be fed, but it does not run yet."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class RunUtterance:
    """Let it speak."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class FeedText:
    """Append text."""

    ctx: Context
    text: str


@dataclass(frozen=True, slots=True)
class FlushText:
    """Speak what was fed; if it was the session's idea and had an effect, tell it by `auto_flushed`."""

    ctx: Context
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class EndText:
    """No more text comes."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class WakePump:
    """`delay_s` may have become shorter."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class CancelUtterance:
    """End its work now; the session wants to hear no more of it."""

    ctx: Context


ContextAction = OpenUtterance | RunUtterance | FeedText | FlushText | EndText | WakePump | CancelUtterance


# -- figures ------------------------------------------------------------------------------------------------


def _metrics(measures: Measures, audio_s: float) -> DoneMetrics:
    return DoneMetrics(
        queue_ms=_ms(measures.queue_s), load_ms=_ms(measures.load_s), audio_ms=_ms(audio_s),
        ttfa_ms=None if measures.ttfa_s is None else _ms(measures.ttfa_s),
        gen_ms=None if measures.synthesis_s is None else _ms(measures.synthesis_s),
        rtf=None if measures.rtf is None else round(measures.rtf, 4),
        guards=dict(measures.guards), cached=measures.is_cached,
    )  # fmt: skip


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
