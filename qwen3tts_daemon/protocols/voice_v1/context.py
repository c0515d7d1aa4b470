"""One context of a voice.v1 socket, and what a session wants done with it."""

from dataclasses import dataclass, field

from qwen3tts_daemon.protocols.voice_v1.frames import Sound
from qwen3tts_daemon.protocols.voice_v1.messages import (
    DoneMessage,
    DoneMetrics,
    DoneReason,
    Effective,
    SegmentMessage,
)
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.request import Order, new_request_id
from qwen_tts.api import DesignedVoice


@dataclass(eq=False, slots=True)
class Context:
    """One text and its sound."""

    name: str
    options: Effective
    sound: Sound
    channel: int
    is_implicit: bool
    text_at: float
    request_id: str = field(default_factory=new_request_id)
    measures: Measures = field(default_factory=Measures)
    """Whoever runs the context puts those of its utterance here."""
    is_running: bool = False
    is_done: bool = False
    text_ended: bool = False
    may_hold_text: bool = False
    """Text came since the last flush."""
    chars: int = 0
    sent_samples: int = 0
    position: int = 0
    segments: list[SegmentMessage] = field(default_factory=list)
    plays_from: float | None = None
    """When the listener began to hear it, as far as the wall clock can tell."""
    played_s: float | None = None
    """How much the listener says to have heard."""

    @property
    def order(self) -> Order:
        options = self.options
        voice = DesignedVoice(options.design) if options.mode == "design" else options.voice
        return Order(
            protocol="websocket", voice=voice, language=options.language, instruct=options.instruct,
            speed=options.speed, split=options.split, sampling=options.sampling,
        )  # fmt: skip

    def seconds(self, samples: int) -> float:
        return samples / self.options.format.sample_rate


@dataclass(frozen=True, slots=True)
class Open:
    """Make the utterance of a context: text may be fed, but it does not run yet."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class Run:
    """Let it speak."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class Feed:
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
class CancelUtterance:
    """End its work now; the session wants to hear no more of it."""

    ctx: Context


@dataclass(frozen=True, slots=True)
class Wake:
    """`delay_s` may have become shorter."""

    ctx: Context


Action = Open | Run | Feed | FlushText | EndText | CancelUtterance | Wake


def done_message(ctx: Context, reason: DoneReason) -> DoneMessage:
    """What a context came to; of one that was not complete, only what the listener heard counts as spoken."""
    measures, samples = ctx.measures, ctx.sent_samples
    metrics = DoneMetrics(
        queue_ms=_ms(measures.queue_s), load_ms=_ms(measures.load_s), audio_ms=_ms(ctx.seconds(samples)),
        ttfa_ms=None if measures.ttfa_s is None else _ms(measures.ttfa_s),
        gen_ms=None if measures.synthesis_s is None else _ms(measures.synthesis_s),
        rtf=None if measures.rtf is None else round(measures.rtf, 4),
    )  # fmt: skip
    heard = samples if ctx.played_s is None else min(samples, ctx.played_s * ctx.options.format.sample_rate)
    begun = [segment.char_end for segment in ctx.segments if segment.sample < heard or reason == "complete"]
    return DoneMessage(
        ctx=ctx.name, reason=reason, samples=samples, chars_spoken=max(begun, default=0), metrics=metrics
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
