"""The contexts of one voice.v1 socket: which are open, who of them runs, and what is to be done with their utterances.

A context runs when all that were opened before it are done, or at once if it is parallel. It gets exactly one `done`,
the last thing said of it.
"""

import itertools
from collections.abc import Iterator

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.voice_v1.client_messages import MessageId
from qwen3tts_daemon.protocols.voice_v1.context import (
    CancelUtterance,
    Context,
    ContextAction,
    EndText,
    FeedText,
    FlushText,
    OpenUtterance,
    RunUtterance,
    WakePump,
)
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import DoneReason, StartedMessage, error_message
from qwen3tts_daemon.protocols.voice_v1.playback import Timeline

MAX_NAMES = 16_384
"""Contexts of one socket in all its life: their names are remembered, as hashes, so that none comes twice."""


class ContextNames:
    """Which are used up, and whose context the client has cancelled."""

    def __init__(self) -> None:
        self._used: set[int] = set()
        self._cancelled: set[int] = set()
        self._numbers = itertools.count(1)

    @property
    def are_exhausted(self) -> bool:
        return len(self._used) >= MAX_NAMES

    def use(self, name: str) -> None:
        self._used.add(hash(name))

    def is_used(self, name: str | None) -> bool:
        return name is not None and hash(name) in self._used

    def new(self) -> str:
        """For a context that the client does not name."""
        return next(name for number in self._numbers if not self.is_used(name := f"auto-{number}"))

    def cancel(self, name: str) -> None:
        self._cancelled.add(hash(name))

    def is_cancelled(self, name: str) -> bool:
        return hash(name) in self._cancelled


class Contexts:
    """Opened in turn and run in turn."""

    def __init__(self, now: float) -> None:
        self._open: dict[str, Context] = {}
        self._channels = itertools.count()
        self._actions: list[ContextAction] = []
        self.names = ContextNames()
        self.timeline = Timeline(now)
        """Of those that are heard one after the other."""
        self.last_done_at = now
        """When the last one was done."""

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Context]:
        return iter(self._open.values())

    def take_actions(self) -> list[ContextAction]:
        actions, self._actions = self._actions, []
        return actions

    # -- which ---------------------------------------------------------------------------------------------

    def get(self, name: str | None) -> Context | None:
        """The one that is open; without a name the latest that the client did not name."""
        return self._open.get(name) if name else self.latest_implicit()

    def find(self, name: str | None) -> Context:
        """As `get`. Raises Refusal."""
        if (ctx := self.get(name)) is not None:
            return ctx
        if self.names.is_used(name):
            raise Refusal("ctx_closed", f"{name} is done", param="ctx")
        raise Refusal("unknown_ctx", f"no context {name}" if name else "no context is open", param="ctx")

    def latest_implicit(self, *, with_text_open: bool = False) -> Context | None:
        for ctx in self.newest_first():
            if ctx.is_implicit and not (with_text_open and ctx.text.has_ended):
                return ctx
        return None

    def newest_first(self) -> list[Context]:
        """Ended in this order, none that waits begins to run."""
        return list(reversed(self._open.values()))

    def new_channel(self) -> int:
        """Of 16 bits: a name takes two at most, one if it opens and one if it fails at that."""
        return next(self._channels)

    # -- what becomes of them ------------------------------------------------------------------------------

    def open(self, ctx: Context, started: StartedMessage) -> None:
        """The newest from now on; it runs if it may."""
        self._open[ctx.name] = ctx
        self._actions.append(OpenUtterance(ctx))
        ctx.say(started, kept=True)
        self._run_waiting()

    def feed(self, ctx: Context, text: str, now: float) -> None:
        """Raises TextTooLong."""
        ctx.text.append(text, now)
        if text:
            self._actions.append(FeedText(ctx, text))

    def flush(self, ctx: Context, *, is_automatic: bool = False) -> None:
        ctx.text.flush()
        self._actions.append(FlushText(ctx, is_automatic))

    def end_text(self, ctx: Context) -> None:
        if ctx.text.end():
            self._actions.append(EndText(ctx))

    def played(self, ctx: Context, ms: float) -> None:
        ctx.playback.played(ms)
        self._actions.append(WakePump(ctx))

    def fail(self, ctx: Context, error: Exception, now: float, *, id: MessageId = None) -> None:
        ctx.say(error_message(error, ctx=ctx.name, id=id))
        self.finish(ctx, "error", now)

    def finish(self, ctx: Context, reason: DoneReason, now: float) -> None:
        """What is in the outbox is still sent and heard."""
        ctx.playback.end(ctx.sent_samples, now)
        self._done(ctx, reason, now, needs_cancel=reason not in ("complete", "limit"))

    def cut_off(self, ctx: Context, reason: DoneReason, now: float) -> None:
        """Its listener stops: what was not sent is not sent any more."""
        ctx.take_back()
        ctx.playback.stop(now)
        self._done(ctx, reason, now, needs_cancel=True)

    def _done(self, ctx: Context, reason: DoneReason, now: float, *, needs_cancel: bool) -> None:
        del self._open[ctx.name]
        self.last_done_at = now
        if needs_cancel:
            self._actions.append(CancelUtterance(ctx))
        ctx.say_done(reason)
        self._run_waiting()

    def _run_waiting(self) -> None:
        for position, ctx in enumerate(self):
            if ctx.phase == "running":
                continue
            runs = position == 0 or ctx.options.is_parallel
            if runs:
                ctx.phase = "running"
                self._actions.append(RunUtterance(ctx))
            ctx.tell_position(0 if runs else position)
