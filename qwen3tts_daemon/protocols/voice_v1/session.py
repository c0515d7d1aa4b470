"""The session of one voice.v1 socket: decides, and touches neither socket, engine nor clock.

Rules
1. A `speak` opens its context, and a context that was opened gets exactly one `done`, the last thing said of
   it; also one that fails at once. Its name is used up: what a client sends on before it knows of the failure
   is refused and not spoken in some other voice.
2. Messages go to the outbox in the order in which they are decided; frames only while their context's `delay_s` is 0.
3. The caller carries out the actions in their order, tells a context what its utterance gives (`segment`, `send`),
   reports how that has ended (`finished`, `failed`, `slow`), and calls `tick` when `deadline` has come.
"""

import math
import secrets
from collections.abc import Callable, Sequence

import msgspec

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.voice_v1.client_messages import (
    BadMessage,
    CancelMessage,
    ClientMessage,
    ConfigureMessage,
    EndMessage,
    FlushMessage,
    MessageId,
    PingMessage,
    PlayedMessage,
    SpeakMessage,
    WatchMessage,
    parse,
)
from qwen3tts_daemon.protocols.voice_v1.context import Context, ContextAction
from qwen3tts_daemon.protocols.voice_v1.contexts import Contexts
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import (
    ConfiguredMessage,
    DaemonMessage,
    DoneReason,
    FlushedMessage,
    PongMessage,
    ReadyMessage,
    Server,
    SocketLimits,
    StateMessage,
    VoiceState,
    WarningMessage,
    WatchedMessage,
    encode_message,
    error_message,
)
from qwen3tts_daemon.protocols.voice_v1.formats import OfferedFormats
from qwen3tts_daemon.protocols.voice_v1.frames import MakeFramer, make_framer
from qwen3tts_daemon.protocols.voice_v1.opening import ContextOpener
from qwen3tts_daemon.protocols.voice_v1.options import SessionOptions
from qwen3tts_daemon.protocols.voice_v1.outbox import Outbox
from qwen3tts_daemon.protocols.voice_v1.status import Watch
from qwen3tts_daemon.rates import Rate, TokenBucket
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import Capabilities
from qwen_tts.errors import SynthesisError, TextTooLong

SUBPROTOCOL = "voice.v1"


class Session:
    """What a client said, what it is told, and what is to be done."""

    def __init__(
        self,
        settings: WebSocketSettings,
        voices: Callable[[], VoiceCatalogue],
        capabilities: Callable[[], Capabilities],
        watched: Callable[[], Sequence[WatchedMessage]],
        *,
        now: float,
        state: VoiceState = "ready",
        version: str = "",
        write: Callable[[DaemonMessage], str | None] = encode_message,
        make_framer: MakeFramer = make_framer,
        context_idle_s: float | None = None,
    ) -> None:
        """`write` and `make_framer`: how another language says and sounds; `context_idle_s`: of a text that no more
        comes of, in place of the settings' `idle_s`."""
        self.outbox = Outbox(write)
        self._context_idle_s = settings.idle_s if context_idle_s is None else context_idle_s
        self._settings = settings
        self._options = SessionOptions(voices, capabilities, lead_ms=settings.lead_ms)
        self._contexts = Contexts(now)
        self._opener = ContextOpener(
            settings, self._options, self._contexts, self.outbox, capabilities, make_framer, idle_s=context_idle_s
        )
        self._messages = TokenBucket(Rate(settings.messages_per_10s / 10, settings.messages_per_10s), now)
        self._watch = Watch(watched)
        self._state = state
        self._active_at = now
        limits = SocketLimits(
            contexts=settings.max_contexts, message_bytes=settings.message_bytes,
            messages_per_10s=settings.messages_per_10s, idle_s=settings.idle_s,
        )  # fmt: skip
        ready = ReadyMessage(
            protocol=SUBPROTOCOL, session=secrets.token_hex(6), server=Server("qwen3tts-daemon", version),
            limits=limits, formats=OfferedFormats(), modes=self._options.modes, state=state,
        )  # fmt: skip
        self._say(ready)

    # -- from the client -----------------------------------------------------------------------------------

    def receive(self, text: str, now: float) -> list[ContextAction]:
        """One text message."""
        if self.outbox.is_closed:
            return []
        self._active_at = now
        self._messages.refill(now)
        wait_s = self._messages.wait_s
        self._messages.spend()
        if wait_s:
            self._limit_rate(wait_s)
            return self._decided()
        self._read(text, now)
        return self._decided()

    def receive_binary(self) -> None:
        """A client has no sound to send."""
        self._say(error_message(Refusal("bad_json", "messages are JSON in text frames"), fatal=True))
        self.outbox.close("bad_json", "text frames only")

    def _read(self, text: str, now: float) -> None:
        """A message that is not too much; another language reads others."""
        try:
            message = parse(text)
        except BadMessage as bad:
            self._refuse(bad, now)
        else:
            self._take(message, now)

    def _take(self, message: ClientMessage, now: float) -> None:
        """Obey it, or say why not."""
        try:
            self._obey(message, now)
        except (Refusal, SynthesisError) as error:
            self._say(error_message(error, ctx=getattr(message, "ctx", None), id=message.id))

    def _limit_rate(self, wait_s: float) -> None:
        """Who does not wait is told so, until the debt is half of what may come in ten seconds."""
        per_10s = self._settings.messages_per_10s
        if self._messages.tokens < -per_10s / 2:
            self.outbox.close("bad_request", "too many messages")
            return
        refusal = Refusal("rate_limited", f"at most {per_10s} messages in 10 s", retry_after_s=wait_s)
        self._say(error_message(refusal))

    def _refuse(self, bad: BadMessage, now: float) -> None:
        """Tell what is wrong with a message; one that opens a context uses its name up (rule 1)."""
        names = self._contexts.names
        if bad.opens is None or names.is_used(bad.opens) or names.are_exhausted:
            self._say(error_message(bad.refusal, id=bad.id, ctx=bad.opens))
        else:
            self._opener.fail_at_once(bad.opens, bad.refusal, bad.id, now)

    def _obey(self, message: ClientMessage, now: float) -> None:
        contexts = self._contexts
        match message:
            case SpeakMessage():
                self._speak(message, now)
            case ConfigureMessage():
                self._options.current = options = self._options.changed(message)
                self._say(ConfiguredMessage(id=message.id, **msgspec.structs.asdict(options)))
            case FlushMessage():
                ctx = contexts.find(message.ctx)
                contexts.flush(ctx)
                ctx.say(FlushedMessage(ctx=ctx.name, id=message.id, sample=ctx.sent_samples))
            case EndMessage():
                contexts.end_text(contexts.find(message.ctx))
            case CancelMessage():
                self._cancel(message, now)
            case PlayedMessage():
                self._played(message)
            case PingMessage():
                self._say(PongMessage(id=message.id, t=message.t, server_ms=round(now * 1000)))
            case WatchMessage():
                self._watch.turn(now, on=message.on)
                self._tell_news(now)

    # -- contexts ------------------------------------------------------------------------------------------

    def _speak(self, message: SpeakMessage, now: float) -> None:
        ctx = self._continued(message) or self._opener.open(message, now, is_draining=self._state == "draining")
        if ctx is None:
            return
        try:
            self._contexts.feed(ctx, message.text, now)
        except TextTooLong as error:
            if ctx.text.chars:
                raise
            self._contexts.fail(ctx, error, now, id=message.id)
            return
        if message.final:
            self._contexts.end_text(ctx)

    def _continued(self, message: SpeakMessage) -> Context | None:
        """The context that the text goes on with; None if it begins one. Raises Refusal."""
        contexts = self._contexts
        ctx = contexts.get(message.ctx) if message.ctx else contexts.latest_implicit(with_text_open=True)
        if ctx is None:
            return None
        if (name := next(iter(message.given()), None)) is not None:
            raise Refusal("bad_field", f"{name} belongs into the first message of a context", param=name)
        if ctx.text.has_ended:
            raise Refusal("ctx_closed", f"the text of {ctx.name} has ended", param="ctx")
        return ctx

    def _cancel(self, message: CancelMessage, now: float) -> None:
        contexts = self._contexts
        if message.all:
            targets = contexts.newest_first()
        elif message.ctx is None:
            targets = [ctx for ctx in contexts.newest_first() if ctx.is_implicit]
        elif (ctx := contexts.get(message.ctx)) is not None:
            targets = [ctx]
        else:
            self._warn_of_cancel(message.ctx, message.id)
            return
        if message.all or message.ctx is None:
            contexts.timeline.stop(now)
        for ctx in targets:
            if message.played_ms is not None:
                ctx.playback.stopped_at(message.played_ms)
            contexts.names.cancel(ctx.name)
            contexts.cut_off(ctx, "cancelled", now)

    def _warn_of_cancel(self, name: str, id: MessageId) -> None:
        """Nothing is cancelled; it is nothing to speak of if the client did the same before."""
        names = self._contexts.names
        if not names.is_cancelled(name):
            code = "ctx_closed" if names.is_used(name) else "unknown_ctx"
            self._say(WarningMessage(code=code, message="nothing to cancel", ctx=name, id=id))

    def _played(self, message: PlayedMessage) -> None:
        name = message.ctx
        if (ctx := self._contexts.get(name)) is not None:
            self._contexts.played(ctx, message.ms)
        elif not self._contexts.names.is_used(name):
            self._say(WarningMessage(code="unknown_ctx", message="no such context", ctx=name, id=message.id))

    # -- how utterances end --------------------------------------------------------------------------------

    def finished(self, ctx: Context, reason: DoneReason, now: float) -> list[ContextAction]:
        """The utterance has ended and the writer has all of its frames: none is left to be cancelled."""
        if not ctx.is_done:
            self._contexts.finish(ctx, reason, now)
        return self._decided()

    def failed(self, ctx: Context, error: Exception, now: float) -> list[ContextAction]:
        """The utterance could not be made or broke."""
        if not ctx.is_done:
            self._contexts.fail(ctx, error, now)
        return self._decided()

    def slow(self, ctx: Context, now: float) -> list[ContextAction]:
        """A frame of one that is not done could not be sent for too long."""
        refusal = Refusal("slow_consumer", f"nothing was taken for {self._settings.slow_consumer_s:g} s")
        self._say(error_message(refusal, ctx=ctx.name))
        self._contexts.cut_off(ctx, "limit", now)
        return self._decided()

    def auto_flushed(self, ctx: Context) -> None:
        """An automatic flush found something to speak."""
        message = f"unfinished text is spoken: nothing came for {self._settings.auto_flush_s:g} s"
        ctx.say(WarningMessage(code="auto_flushed", message=message, ctx=ctx.name))

    # -- time and the daemon -------------------------------------------------------------------------------

    def deadline(self) -> float:
        """When `tick` has something to do."""
        if self.outbox.is_closed:
            return math.inf
        ends = [ctx.text.deadline for ctx in self._contexts] or [self._idle_at]
        return min(self._watch.looks_at, *ends)

    @property
    def _idle_at(self) -> float:
        """When nothing was said and nothing spoken for too long."""
        return max(self._active_at, self._contexts.last_done_at) + self._settings.idle_s

    def tick(self, now: float) -> list[ContextAction]:
        """Speak forgotten text, end forgotten contexts, close a forgotten socket, tell the news."""
        self._tell_news(now)
        if not self._contexts and now >= self._idle_at:
            if self.outbox.has_frames:
                self._active_at = now  # who takes sound slowly is no idle client
            else:
                self.outbox.close("timeout", "idle")
        for ctx in self._contexts:
            match ctx.text.due(now):
                case "flush":
                    self._contexts.flush(ctx, is_automatic=True)
                case "end":
                    message = f"the text was ended: nothing came for {self._context_idle_s:g} s"
                    ctx.say(WarningMessage(code="timeout", message=message, ctx=ctx.name))
                    self._contexts.end_text(ctx)
        return self._decided()

    def _tell_news(self, now: float) -> None:
        for message in self._watch.news(now):
            self._say(message)

    def change_state(self, state: VoiceState) -> None:
        """The engine's state has changed."""
        if state != self._state and self._state != "draining":
            self._state = state
            self._say(StateMessage(state=state))

    def drain(self, now: float) -> list[ContextAction]:
        """Open nothing any more, let what runs end with the text it has, then close."""
        self.change_state("draining")
        for ctx in self._contexts.newest_first():
            if ctx.phase == "running":
                self._contexts.end_text(ctx)
            else:
                self._contexts.fail(ctx, Refusal("draining", "the daemon is stopping"), now)
        return self._decided()

    def cancel_all(self, now: float) -> list[ContextAction]:
        """What is left after `drain`."""
        for ctx in self._contexts.newest_first():
            self._contexts.cut_off(ctx, "cancelled", now)
        return self._decided()

    def revoke(self, now: float) -> list[ContextAction]:
        """The client was let in by what is void now."""
        actions = self.cancel_all(now)
        refusal = Refusal("unauthorized", "what let this client in is not valid any more")
        self._say(error_message(refusal, fatal=True))
        self.outbox.close(refusal.code, refusal.message)
        return actions

    # -- saying --------------------------------------------------------------------------------------------

    def _say(self, message: DaemonMessage) -> None:
        self.outbox.say(message)

    def _decided(self) -> list[ContextAction]:
        """All is said; what is to be done."""
        if self._state == "draining" and not self._contexts:
            self.outbox.close("draining", "the daemon is stopping")
        return self._contexts.take_actions()
