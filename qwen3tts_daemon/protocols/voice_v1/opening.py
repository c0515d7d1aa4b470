"""How a context opens: with what options, if there is room for it; or why it fails at once."""

from collections.abc import Callable

from msgspec import UNSET

from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.protocols.voice_v1.client_messages import MessageId, SpeakMessage
from qwen3tts_daemon.protocols.voice_v1.context import Context
from qwen3tts_daemon.protocols.voice_v1.context_text import ContextText
from qwen3tts_daemon.protocols.voice_v1.contexts import MAX_NAMES, Contexts
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import StartedMessage, error_message
from qwen3tts_daemon.protocols.voice_v1.frames import MakeFramer, make_framer
from qwen3tts_daemon.protocols.voice_v1.options import ContextOptions, SessionOptions
from qwen3tts_daemon.protocols.voice_v1.outbox import Outbox
from qwen3tts_daemon.protocols.voice_v1.playback import PlayClock, Timeline
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.request import first_words
from qwen_tts.api import Capabilities
from qwen_tts.errors import SynthesisError
from qwen_tts.limits import MAX_TEXT_CHARS


class ContextOpener:
    """Opens the contexts of one socket."""

    def __init__(
        self,
        settings: WebSocketSettings,
        options: SessionOptions,
        contexts: Contexts,
        outbox: Outbox,
        capabilities: Callable[[], Capabilities],
        make_framer: MakeFramer = make_framer,
        *,
        idle_s: float | None = None,
    ) -> None:
        """`idle_s`: in place of the settings'."""
        self._make_framer = make_framer
        self._idle_s = settings.idle_s if idle_s is None else idle_s
        self._settings = settings
        self._options = options
        self._contexts = contexts
        self._outbox = outbox
        self._capabilities = capabilities

    def open(self, message: SpeakMessage, now: float, *, is_draining: bool) -> Context | None:
        """A new context; None if it has failed at once. Raises Refusal for a name that cannot be given to one."""
        names = self._contexts.names
        name = message.ctx or names.new()
        if names.is_used(name):
            raise Refusal("ctx_closed", f"{name} was used before; a name is used once", param="ctx")
        if names.are_exhausted:
            reason = f"this socket has opened {MAX_NAMES} contexts; open another socket"
            raise Refusal("too_many_contexts", reason)
        try:
            options = self._options.changed(message)
            self._check_limits(options, is_draining=is_draining)
            ctx = self._make(name, options, now)
            ctx.is_implicit = message.ctx is None
            voice, language = self._settle(ctx, message)
        except (Refusal, SynthesisError) as error:
            self.fail_at_once(name, error, message.id, now)
            return None
        if options.policy == "preempt":
            for older in self._contexts.newest_first():
                self._contexts.cut_off(older, "preempted", now)
            self._contexts.timeline.stop(now)
        ctx.position = 0 if options.is_parallel else len(self._contexts)
        started = StartedMessage(
            ctx=name, ch=ctx.channel, request_id=ctx.request_id, format=options.format, position=ctx.position,
            voice=voice or UNSET, language=language or UNSET,
        )  # fmt: skip
        self._contexts.open(ctx, started)
        return ctx

    def fail_at_once(self, name: str, error: Exception, id: MessageId, now: float) -> None:
        """A context that never was open: its name is used up, its error told, and its end."""
        ctx = self._make(name, self._options.current, now)
        ctx.say(error_message(error, ctx=name, id=id))
        ctx.say_done("error")

    def _check_limits(self, options: ContextOptions, *, is_draining: bool) -> None:
        if is_draining:
            raise draining()
        if options.policy == "preempt":
            return
        if len(self._contexts) >= self._settings.max_contexts:
            raise Refusal("too_many_contexts", f"at most {self._settings.max_contexts} contexts at once")
        if options.is_parallel and any(ctx.options.format.framing == "raw" for ctx in self._contexts):
            message = "a context with the framing raw is open; parallel ones need tagged"
            raise Refusal("bad_field", message, param="policy")

    def _make(self, name: str, options: ContextOptions, now: float) -> Context:
        contexts, capabilities = self._contexts, self._capabilities()
        contexts.names.use(name)
        channel = contexts.new_channel()
        timeline = Timeline(now) if options.is_parallel else contexts.timeline
        return Context(
            name, options, self._outbox,
            text=ContextText(now, auto_flush_s=self._settings.auto_flush_s, idle_s=self._idle_s),
            framer=self._make_framer(name, options.format, channel, capabilities),
            playback=PlayClock(timeline, sample_rate=options.format.sample_rate, lead_ms=options.lead_ms),
            channel=channel,
        )  # fmt: skip

    def _settle(self, ctx: Context, message: SpeakMessage) -> tuple[str, str]:
        """Its voice and language, as far as they can be told now: they stay so. Empty where not."""
        is_whole = message.final and len(message.text) <= MAX_TEXT_CHARS
        text = first_words(message.text, ctx.options.split, ctx.options.text_format) if is_whole else None
        ctx.options, voice, language = self._options.settled(ctx.options, text, request_id=ctx.request_id)
        return voice, language
