"""The session of one voice.v1 socket: decides, and touches neither socket, engine nor clock.

Rules
1. A `speak` opens its context, and a context that was opened gets exactly one `done`, the last thing said of
   it; also one that fails at once. Its name is used up: what a client sends on before it knows of the failure
   is refused and not spoken in some other voice.
2. A context runs when all that were opened before it are done, or at once if its policy is `parallel`.
3. Messages go to the outbox in the order in which they are decided; frames only while `delay_s` is 0.
4. The caller carries out the actions in their order, reports what became of a context (`segment`, `send`,
   `finished`, `failed`, `slow`), and calls `tick` when `deadline` has come.
"""

import itertools
import math
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.protocols.voice_v1.context import (
    Action,
    CancelUtterance,
    Context,
    EndText,
    Feed,
    FlushText,
    Open,
    Run,
    Wake,
    done_message,
)
from qwen3tts_daemon.protocols.voice_v1.frames import Frame, Sound
from qwen3tts_daemon.protocols.voice_v1.messages import (
    ENCODINGS,
    SAMPLE_RATES,
    BadMessage,
    Cancel,
    Configure,
    Configured,
    DaemonMessage,
    DoneReason,
    Effective,
    End,
    Flush,
    Flushed,
    Format,
    Formats,
    Id,
    Options,
    Ping,
    Played,
    Pong,
    Queued,
    Ready,
    SegmentMessage,
    Server,
    SocketLimits,
    Speak,
    Started,
    State,
    StateMessage,
    StatusMessage,
    WarningMessage,
    Watch,
    encode,
    error_message,
    parse,
)
from qwen3tts_daemon.protocols.voice_v1.outbox import Outbox
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.request import first_words
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AUTO, MAX_TEXT_CHARS, Capabilities, DesignedVoice, Sampling
from qwen_tts.errors import SynthesisError, TextTooLong, UnsupportedFormat

PROTOCOL = "voice.v1"
MAX_NAMES = 16_384
"""Contexts of one socket in all its life: their names are remembered, as hashes, so that none comes twice."""

WATCH_S = 1.0
"""Who watches is told of a change after this time at most, and not more often."""

_MODES = {"preset": "preset", "design": "designed", "clone": "cloned"}
_CHANNELS = 1 << 16
_ROUNDING_S = 1e-6
"""Less than a sample: sums of seconds are not exact."""


class TokenBucket:
    """A bucket of messages that refills in ten seconds; who goes on when it is empty runs into debt."""

    def __init__(self, messages_per_10s: int, now: float) -> None:
        self._size = messages_per_10s
        self._left = float(messages_per_10s)
        self._at = now

    def count(self, now: float) -> float:
        """Count a message; how long to wait until one would have been allowed, 0 if this one is."""
        self._left = min(self._size, self._left + (now - self._at) * self._size / 10) - 1
        self._at = now
        return 0.0 if self._left >= 0 else -self._left * 10 / self._size

    @property
    def is_abused(self) -> bool:
        return self._left < -self._size / 2


class Session:
    """What a client said, what it is told, and what is to be done."""

    def __init__(
        self,
        settings: WebSocketSettings,
        voices: VoiceCatalogue,
        capabilities: Callable[[], Capabilities],
        *,
        now: float,
        state: State = "ready",
        version: str = "",
        status: Callable[[], StatusMessage] | None = None,
    ) -> None:
        self.outbox = Outbox()
        self._settings = settings
        self._voices = voices
        self._capabilities = capabilities
        self._options = self._defaults()
        self._open: dict[str, Context] = {}
        self._names: set[int] = set()
        self._cancelled: set[int] = set()
        self._implicit_numbers = itertools.count(1)
        self._channels = itertools.count()
        self._actions: list[Action] = []
        self._meter = TokenBucket(settings.messages_per_10s, now)
        self._active_at = now
        self._plays_until = now
        self._state = state
        self._status = status
        self._told: StatusMessage | None = None
        self._look_at = math.inf
        limits = SocketLimits(
            contexts=settings.max_contexts, message_bytes=settings.message_bytes,
            messages_per_10s=settings.messages_per_10s, idle_s=settings.idle_s,
        )  # fmt: skip
        ready = Ready(
            protocol=PROTOCOL, session=secrets.token_hex(6), server=Server("qwen3tts-daemon", version),
            limits=limits, formats=Formats(), modes=self._modes, state=state,
        )  # fmt: skip
        self._say(ready)

    # -- from the client -----------------------------------------------------------------------------------

    def receive(self, text: str, now: float) -> list[Action]:
        """One text message."""
        if self.outbox.is_closed:
            return []
        self._active_at = now
        if retry_after_s := self._meter.count(now):
            self._limit_rate(retry_after_s)
            return self._take_actions()
        try:
            message = parse(text)
        except BadMessage as bad:
            self._refuse(bad, now)
        else:
            try:
                self._handle(message, now)
            except (Refusal, SynthesisError) as error:
                self._say(error_message(error, ctx=getattr(message, "ctx", None), id=message.id))
        return self._take_actions()

    def receive_binary(self) -> None:
        """A client has no sound to send."""
        self._say(error_message(Refusal("bad_json", "messages are JSON in text frames"), fatal=True))
        self.outbox.close("bad_json", "text frames only")

    def _limit_rate(self, retry_after_s: float) -> None:
        if self._meter.is_abused:
            self.outbox.close("bad_request", "too many messages")
            return
        per_10s = self._settings.messages_per_10s
        refusal = Refusal("rate_limited", f"at most {per_10s} messages in 10 s", retry_after_s=retry_after_s)
        self._say(error_message(refusal))

    def _refuse(self, bad: BadMessage, now: float) -> None:
        """Tell what is wrong with a message; one that opens a context uses its name up (rule 1)."""
        if bad.opens is None or bad.opens in self._open or self._is_used(bad.opens):
            self._say(error_message(bad.refusal, id=bad.id, ctx=bad.opens))
        else:
            self._fail_at_once(self._new_context(bad.opens, self._options, now), bad.refusal, bad.id)

    def _handle(self, message: Any, now: float) -> None:
        match message:
            case Speak():
                self._speak(message, now)
            case Configure():
                self._options = self._changed(message)
                self._say(Configured(id=message.id, **_fields(self._options)))
            case Flush(ctx=name, id=id):
                ctx = self._find(name)
                ctx.may_hold_text = False
                self._actions.append(FlushText(ctx))
                self._say(Flushed(ctx=ctx.name, id=id, sample=ctx.sent_samples), ctx)
            case End(ctx=name):
                self._end_text(self._find(name))
            case Cancel():
                self._cancel(message, now)
            case Played(ctx=name, ms=ms):
                self._played(name, ms, message.id)
            case Ping(t=t, id=id):
                self._say(Pong(id=id, t=t, server_ms=round(now * 1000)))
            case Watch(on=on):
                self._told = None
                self._look_at = now if on else math.inf
                self._tell_status(now)

    # -- options -------------------------------------------------------------------------------------------

    @property
    def _modes(self) -> tuple[str, ...]:
        kinds = self._capabilities().voice_kinds
        return tuple(mode for mode, kind in _MODES.items() if kind in kinds)

    def _defaults(self) -> Effective:
        capabilities = self._capabilities()
        rate = capabilities.sample_rate if capabilities.sample_rate in SAMPLE_RATES else Format().sample_rate
        frame_ms = min(max(capabilities.samples_per_frame * 1000 // capabilities.sample_rate, 20), 200)
        return Effective(
            mode=self._modes[0] if self._modes else "preset",
            format=Format(sample_rate=rate, frame_ms=frame_ms),
            lead_ms=self._settings.lead_ms,
        )

    def _changed(self, change: Options) -> Effective:
        """The socket's options with a client's changes. Raises Refusal or InvalidRequest."""
        defaults, options, given = self._defaults(), self._options, change.given()
        for name, value in given.items():
            if value is None:
                given[name] = getattr(defaults, name)
        if isinstance(sampling := given.get("sampling"), dict):
            given["sampling"] = convert({**_fields(options.sampling), **sampling}, Sampling, "sampling")
        if isinstance(format := given.get("format"), dict):
            given["format"] = _format({**_fields(options.format), **format})
        # There is no source of word times; the answer says so.
        given.pop("words", None)
        options = msgspec.structs.replace(options, **given)
        if options.mode not in self._modes:
            raise Refusal("bad_field", f"mode must be one of: {', '.join(self._modes)}", param="mode")
        if options.policy == "parallel" and options.format.framing == "raw":
            raise Refusal("bad_field", "contexts in parallel need the framing tagged", param="policy")
        if options.mode == "design":
            return self._designed(options)
        choice = self._voices.check(options.voice, options.language)
        if options.mode == "clone" and (choice.voice is None or choice.voice.kind != "cloned"):
            raise Refusal("bad_field", "the mode clone needs a cloned voice, or an uploaded reference", param="voice")
        self._voices.check_instruct(choice.voice, options.instruct)
        # A language of the voice's own goes with the voice, and does not stay for the next one.
        return msgspec.structs.replace(options, voice=choice.asked, language=choice.given)

    def _designed(self, options: Effective) -> Effective:
        if not options.design.strip():
            raise Refusal("bad_field", "the mode design needs the voice in words", param="design")
        choice = self._voices.check(DesignedVoice(options.design), options.language)
        self._voices.check_instruct(choice.voice, options.instruct)
        return msgspec.structs.replace(options, voice=None, language=choice.language)

    # -- contexts ------------------------------------------------------------------------------------------

    def _speak(self, message: Speak, now: float) -> None:
        ctx = self._open.get(message.ctx) if message.ctx else self._implicit(with_text_open=True)
        if ctx is None:
            ctx = self._open_context(message, now)
            if ctx is None:
                return
        elif message.given():
            name = next(iter(message.given()))
            raise Refusal("bad_field", f"{name} belongs into the first message of a context", param=name)
        elif ctx.text_ended:
            raise Refusal("ctx_closed", f"the text of {ctx.name} has ended", param="ctx")
        self._append(ctx, message, now)

    def _append(self, ctx: Context, message: Speak, now: float) -> None:
        if ctx.chars + len(message.text) > MAX_TEXT_CHARS:
            error = TextTooLong(f"a context takes at most {MAX_TEXT_CHARS} characters", param="text")
            if ctx.chars:
                raise error
            self._fail(ctx, error, message.id, now)
            return
        if message.text:
            ctx.chars += len(message.text)
            ctx.text_at = now
            ctx.may_hold_text = True
            self._actions.append(Feed(ctx, message.text))
        if message.final:
            self._end_text(ctx)

    def _open_context(self, message: Speak, now: float) -> Context | None:
        """Raises ctx_closed for a name that was used; None if the context has failed at once."""
        name = message.ctx or self._implicit_name()
        if self._is_used(name):
            raise Refusal("ctx_closed", f"{name} was used before; a name is used once", param="ctx")
        if len(self._names) >= MAX_NAMES:
            reason = f"this socket has opened {MAX_NAMES} contexts; open another socket"
            raise Refusal("too_many_contexts", reason)
        try:
            options = self._changed(message)
            self._check_room(options)
            ctx = self._new_context(name, options, now, is_implicit=message.ctx is None)
            voice, language = self._settle(ctx, message)
        except (Refusal, SynthesisError) as error:
            self._fail_at_once(self._new_context(name, self._options, now), error, message.id)
            return None
        if options.policy == "preempt":
            for older in self._newest_first():
                self._done(older, "preempted", now, listener_stops=True)
        ctx.position = 0 if options.policy == "parallel" else len(self._open)
        self._open[name] = ctx
        self._actions.append(Open(ctx))
        started = Started(
            ctx=name, ch=ctx.channel, request_id=ctx.request_id, format=options.format, position=ctx.position,
            voice=voice or UNSET, language=language or UNSET,
        )  # fmt: skip
        self._say(started, ctx, kept=True)
        self._start_waiting()
        return ctx

    def _settle(self, ctx: Context, message: Speak) -> tuple[str, str]:
        """Voice and language, as far as they can be told now: they stay so. Empty where not."""
        choice = self._voices.check(ctx.order.voice, ctx.order.language)
        is_whole = message.final and len(message.text) <= MAX_TEXT_CHARS
        text = first_words(message.text, ctx.options.split) if is_whole else None
        known, language = self._voices.foretell(choice, text, request_id=ctx.request_id)
        if known is None:
            return "", ""
        if text is not None or choice.voice is None:
            voice = known.name if ctx.options.mode != "design" else None
            ctx.options = msgspec.structs.replace(ctx.options, voice=voice, language=language)
        return known.name, "" if language == AUTO else language

    def _check_room(self, options: Effective) -> None:
        if self._state == "draining":
            raise draining()
        if options.policy == "preempt":
            return
        if len(self._open) >= self._settings.max_contexts:
            raise Refusal("too_many_contexts", f"at most {self._settings.max_contexts} contexts at once")
        framings = {ctx.options.format.framing for ctx in self._open.values()}
        if options.policy == "parallel" and "raw" in framings:
            message = "a context with the framing raw is open; parallel ones need tagged"
            raise Refusal("bad_field", message, param="policy")

    def _new_context(self, name: str, options: Effective, now: float, *, is_implicit: bool = False) -> Context:
        self._names.add(hash(name))
        capabilities = self._capabilities()
        taken = {ctx.channel for ctx in self._open.values()}
        channel = next(ch for number in self._channels if (ch := number % _CHANNELS) not in taken)
        sound = Sound(
            options.format, channel=channel,
            source_rate=capabilities.sample_rate, source_frame=capabilities.samples_per_frame,
        )  # fmt: skip
        return Context(name, options, sound, channel, is_implicit, text_at=now)

    def _start_waiting(self) -> None:
        for position, ctx in enumerate(self._open.values()):
            if ctx.is_running:
                continue
            if ctx.options.policy == "parallel" or position == 0:
                position = 0
                ctx.is_running = True
                self._actions.append(Run(ctx))
            if position != ctx.position:
                ctx.position = position
                self._say(Queued(ctx=ctx.name, position=position), ctx)

    def _end_text(self, ctx: Context) -> None:
        if not ctx.text_ended:
            ctx.text_ended = True
            self._actions.append(EndText(ctx))

    def _cancel(self, message: Cancel, now: float) -> None:
        if message.all:
            targets = self._newest_first()
        elif message.ctx is None:
            targets = [ctx for ctx in self._newest_first() if ctx.is_implicit]
        elif message.ctx in self._open:
            targets = [self._open[message.ctx]]
        else:
            if hash(message.ctx) not in self._cancelled:
                code = "ctx_closed" if self._is_used(message.ctx) else "unknown_ctx"
                text = "nothing to cancel"
                self._say(WarningMessage(code=code, message=text, ctx=message.ctx, id=message.id))
            return
        for ctx in targets:
            if message.played_ms is not None:
                ctx.played_s = message.played_ms / 1000
            self._cancelled.add(hash(ctx.name))
            self._done(ctx, "cancelled", now, listener_stops=True)

    def _played(self, name: str | None, ms: float, id: Id) -> None:
        ctx = self._open.get(name) if name else self._implicit()
        if ctx is not None:
            ctx.played_s = max(ctx.played_s or 0.0, ms / 1000)
            self._actions.append(Wake(ctx))
        elif not self._is_used(name):
            self._say(WarningMessage(code="unknown_ctx", message="no such context", ctx=name, id=id))

    def _find(self, name: str | None) -> Context:
        ctx = self._open.get(name) if name else self._implicit()
        if ctx is not None:
            return ctx
        if self._is_used(name):
            raise Refusal("ctx_closed", f"{name} is done", param="ctx")
        raise Refusal("unknown_ctx", f"no context {name}" if name else "no context is open", param="ctx")

    def _newest_first(self) -> list[Context]:
        """Ended in this order, none that waits begins to run."""
        return list(reversed(self._open.values()))

    def _implicit(self, *, with_text_open: bool = False) -> Context | None:
        """The latest context that the client did not name."""
        for ctx in self._newest_first():
            if ctx.is_implicit and not (with_text_open and ctx.text_ended):
                return ctx
        return None

    def _implicit_name(self) -> str:
        return next(name for n in self._implicit_numbers if not self._is_used(name := f"auto-{n}"))

    def _is_used(self, name: str | None) -> bool:
        return name is not None and hash(name) in self._names

    # -- from the utterances -------------------------------------------------------------------------------

    def tell_place(self, ctx: Context, place: int) -> None:
        """It has come on in the line of all clients."""
        if not ctx.is_done:
            self._say(Queued(ctx=ctx.name, position=0, place=place), ctx)

    def segment(self, ctx: Context, started: SegmentStarted) -> None:
        """The sound that follows speaks a new segment."""
        if ctx.is_done:
            return
        message = SegmentMessage(
            ctx=ctx.name, index=started.index, text=started.text,
            char_start=started.start, char_end=started.end, sample=ctx.sound.position(started.sample),
            voice=started.voice, language=started.language,
        )  # fmt: skip
        ctx.segments.append(message)
        self._say(message, ctx)

    def delay_s(self, ctx: Context, frame: Frame, now: float) -> float:
        """How long the frame has to wait, or it is too far ahead of the listener; inf: until `played`."""
        ahead_s = ctx.seconds(frame.first_sample + frame.samples) - ctx.options.lead_ms / 1000
        if ctx.played_s is not None:
            return 0.0 if ahead_s <= ctx.played_s + _ROUNDING_S else math.inf
        if ctx.plays_from is None:
            waits = ctx.options.policy != "parallel"
            ctx.plays_from = max(now, self._plays_until) if waits else now
        # A listener cannot have heard more than was sent: after a gap the clock starts anew.
        ctx.plays_from = max(ctx.plays_from, now - ctx.seconds(frame.first_sample))
        delay_s = ctx.plays_from + ahead_s - now
        return delay_s if delay_s > _ROUNDING_S else 0.0

    def send(self, ctx: Context, frame: Frame) -> None:
        """Put a frame into the outbox."""
        if not ctx.is_done:
            ctx.sent_samples = frame.first_sample + frame.samples
            self.outbox.send(frame, ctx)

    def finished(self, ctx: Context, reason: DoneReason, now: float) -> list[Action]:
        """The utterance has ended and the writer has all of its frames: none is left to be cancelled."""
        if not ctx.is_done:
            self._done(ctx, reason, now)
        return self._take_actions()

    def failed(self, ctx: Context, error: Exception, now: float) -> list[Action]:
        """The utterance could not be made or broke."""
        if not ctx.is_done:
            self._fail(ctx, error, None, now)
        return self._take_actions()

    def slow(self, ctx: Context, now: float) -> list[Action]:
        """A frame could not be sent for too long."""
        if not ctx.is_done:
            seconds = self._settings.slow_consumer_s
            refusal = Refusal("slow_consumer", f"nothing was taken for {seconds:g} s")
            self._say(error_message(refusal, ctx=ctx.name))
            self._done(ctx, "limit", now, listener_stops=True)
        return self._take_actions()

    def auto_flushed(self, ctx: Context) -> None:
        """An automatic flush found something to speak."""
        seconds = self._settings.auto_flush_s
        message = f"unfinished text is spoken: nothing came for {seconds:g} s"
        self._say(WarningMessage(code="auto_flushed", message=message, ctx=ctx.name), ctx)

    def _fail_at_once(self, ctx: Context, error: Exception, id: Id) -> None:
        """A context that never was open: its error and its end."""
        self._say(error_message(error, ctx=ctx.name, id=id))
        self._say(done_message(ctx, "error"))

    def _fail(self, ctx: Context, error: Exception, id: Id, now: float) -> None:
        self._say(error_message(error, ctx=ctx.name, id=id), ctx)
        self._done(ctx, "error", now)

    def _done(self, ctx: Context, reason: DoneReason, now: float, *, listener_stops: bool = False) -> None:
        """The end of a context. If its listener stops, what was not sent is not sent any more."""
        if listener_stops and (unsent := self.outbox.drop(ctx)) is not None:
            ctx.sent_samples = unsent
        if ctx.options.policy != "parallel":
            self._plays_until = now if listener_stops else self._end_of_play(ctx, now)
        del self._open[ctx.name]
        ctx.is_done = True
        self._active_at = now
        if reason not in ("complete", "limit") or listener_stops:
            self._actions.append(CancelUtterance(ctx))
        self._say(done_message(ctx, reason))
        self._start_waiting()
        self._close_if_drained()

    def _end_of_play(self, ctx: Context, now: float) -> float:
        sent_s = ctx.seconds(ctx.sent_samples)
        if ctx.played_s is not None:
            return now + max(0.0, sent_s - ctx.played_s)
        return self._plays_until if ctx.plays_from is None else ctx.plays_from + sent_s

    # -- time and the daemon -------------------------------------------------------------------------------

    def deadline(self) -> float:
        """When `tick` has something to do."""
        if self.outbox.is_closed:
            return math.inf
        if not self._open:
            return min(self._look_at, self._active_at + self._settings.idle_s)
        deadlines = (self._deadline(ctx) for ctx in self._open.values() if not ctx.text_ended)
        return min(self._look_at, min(deadlines, default=math.inf))

    def _deadline(self, ctx: Context) -> float:
        return ctx.text_at + (self._settings.auto_flush_s if ctx.may_hold_text else self._settings.idle_s)

    def tick(self, now: float) -> list[Action]:
        """Speak forgotten text, end forgotten contexts, close a forgotten socket, tell the status."""
        self._tell_status(now)
        if not self._open and now >= self._active_at + self._settings.idle_s:
            self.outbox.close("timeout", "idle")
        for ctx in self._open.values():
            if ctx.text_ended or now < self._deadline(ctx):
                continue
            if ctx.may_hold_text:
                ctx.may_hold_text = False
                self._actions.append(FlushText(ctx, is_automatic=True))
            else:
                message = f"the text was ended: nothing came for {self._settings.idle_s:g} s"
                self._say(WarningMessage(code="timeout", message=message, ctx=ctx.name), ctx)
                self._end_text(ctx)
        return self._take_actions()

    def _tell_status(self, now: float) -> None:
        """To who watches, if it has changed."""
        if self._status is None or now < self._look_at:
            return
        self._look_at = now + WATCH_S
        if (status := self._status()) != self._told:
            self._told = status
            self._say(status)

    def change_state(self, state: State) -> None:
        """The engine's state has changed."""
        if state != self._state and self._state != "draining":
            self._state = state
            self._say(StateMessage(state=state))

    def drain(self, now: float) -> list[Action]:
        """Open nothing any more, let what runs end with the text it has, then close."""
        self.change_state("draining")
        for ctx in self._newest_first():
            if ctx.is_running:
                self._end_text(ctx)
            else:
                self._fail(ctx, Refusal("draining", "the daemon is stopping"), None, now)
        self._close_if_drained()
        return self._take_actions()

    def cancel_all(self, now: float) -> list[Action]:
        """What is left after `drain`."""
        for ctx in self._newest_first():
            self._done(ctx, "cancelled", now, listener_stops=True)
        return self._take_actions()

    def _close_if_drained(self) -> None:
        if self._state == "draining" and not self._open:
            self.outbox.close("draining", "the daemon is stopping")

    # -- saying --------------------------------------------------------------------------------------------

    def _say(self, message: DaemonMessage, ctx: Context | None = None, *, kept: bool = False) -> None:
        self.outbox.say(encode(message), owner=ctx, kept=kept)

    def _take_actions(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions


def _format(fields: dict[str, Any]) -> Format:
    encoding, rate = fields["encoding"], fields["sample_rate"]
    if isinstance(encoding, str) and encoding not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        raise UnsupportedFormat(f"no encoding {encoding[:32]!a}; there are {known}", param="format.encoding")
    if type(rate) is int and rate not in SAMPLE_RATES:
        known = ", ".join(map(str, SAMPLE_RATES))
        raise UnsupportedFormat(f"sample rates are {known}", param="format.sample_rate")
    return convert(fields, Format, "format")


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
