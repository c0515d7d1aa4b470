"""One voice.v1 socket, from its upgrade to its end: the shell round a Session.

One task receives and never waits for sound, one writes what the outbox holds, one watches that it gets on, and one per
running context carries its sound into the outbox. When one of the first three ends, all end, and with them their
utterances; those whose turn has not come have asked nobody for anything yet.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from qwen3tts_daemon.failures import CLOSE_CODES, Refusal, describe
from qwen3tts_daemon.protocols.scope_state import IS_SILENT
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
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import (
    DoneReason,
    WatchedMessage,
    encode_message,
    error_message,
)
from qwen3tts_daemon.protocols.voice_v1.outbox import Entry
from qwen3tts_daemon.protocols.voice_v1.pump import Pump
from qwen3tts_daemon.protocols.voice_v1.session import SUBPROTOCOL, Session
from qwen3tts_daemon.protocols.voice_v1.status import VOICE_STATES
from qwen3tts_daemon.protocols.voice_v1.writer import SocketEnded, SocketWriter
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.request import Caller
from qwen3tts_daemon.speech.service import Speech

Clock = Callable[[], float]
Watched = Callable[[], Sequence[WatchedMessage]]

LAST_WORDS_S = 0.5
"""How long a client may take to receive the last words of a daemon that stops."""

_REASONS: dict[str, DoneReason] = {"done": "complete", "limit": "limit"}
"""By the end of an utterance."""


def subprotocol_of(websocket: WebSocket, language: "Language") -> str | None:
    """What an upgrade is answered: the language's own, if it is offered."""
    return language.subprotocol if language.subprotocol in websocket.scope["subprotocols"] else None


class Language(Protocol):
    """What is spoken over a socket: its sessions, and how it refuses."""

    protocol: str
    """In logs and metrics"""
    subprotocol: str | None
    """None: whatever is offered is as good as nothing."""

    def session(self, speech: Speech, settings: WebSocketSettings, watched: Watched, now: float) -> Session: ...
    def refusal(self, refusal: Refusal) -> str:
        """The one message of a socket that is not served."""
        ...


class VoiceV1:
    """Our own."""

    protocol = "websocket"
    subprotocol: str | None = SUBPROTOCOL

    def __init__(self, version: str = "") -> None:
        self._version = version

    def session(self, speech: Speech, settings: WebSocketSettings, watched: Watched, now: float) -> Session:
        return Session(
            settings, lambda: speech.voices, lambda: speech.capabilities, watched,
            now=now, state=VOICE_STATES[speech.manager.state], version=self._version,
        )  # fmt: skip

    def refusal(self, refusal: Refusal) -> str:
        return encode_message(error_message(refusal, fatal=True))


class _Alarm:
    """Rings once at a time that can be moved."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        if self._timer is not None and at == self._at:
            return
        self.cancel()
        self._at = at
        if at != math.inf:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - self._clock()), self._rings)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rings(self) -> None:
        self._timer = None
        self._ring()


class VoiceConnection:
    """One client."""

    def __init__(
        self, websocket: WebSocket, address: str, speech: Speech, settings: WebSocketSettings, clock: Clock,
        watched: Watched, language: Language,
    ) -> None:  # fmt: skip
        self.session = language.session(speech, settings, watched, clock())
        self._subprotocol, self._protocol = subprotocol_of(websocket, language), language.protocol
        self._websocket = websocket
        self._address = address
        self._speech = speech
        self._slow_consumer_s = settings.slow_consumer_s
        self._clock = clock
        self._pumps: dict[Context, Pump] = {}
        self._tasks = asyncio.TaskGroup()
        self._writer = SocketWriter(
            websocket, self.session.outbox,
            on_taken=self._on_taken, send_timeout_s=settings.send_timeout_s, clock=clock,
        )  # fmt: skip
        self._alarm = _Alarm(clock, self._tick)

    async def run(self) -> None:
        """Until the client goes, the session closes, or the daemon ends."""
        try:
            await self._websocket.accept(self._subprotocol)
            async with self._tasks:
                self._tasks.create_task(self._writer.write())
                self._tasks.create_task(self._writer.watch())
                self._alarm.set(self.session.deadline())
                await self._receive()
        except* (SocketEnded, WebSocketDisconnect):
            pass
        except* Exception as errors:  # noqa: BLE001  the edge of the protocol
            for error in errors.exceptions:
                describe(error)
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await self._websocket.close(CLOSE_CODES["internal"])
        finally:
            self._alarm.cancel()

    def drain(self) -> None:
        """Let what runs end, then close."""
        self._do(self.session.drain(self._clock()))

    def cancel_all(self) -> None:
        """Cancel what still runs, then close."""
        self._do(self.session.cancel_all(self._clock()))

    def revoke(self) -> None:
        """Whoever it is may not speak any more: cancel what runs, then close."""
        self._do(self.session.revoke(self._clock()))

    def gives_way_to(self, address: str) -> bool:
        """Whether it was cut because its client's machine has stopped answering, and another of that address comes."""
        if address != self._address or not self._websocket.scope["state"][IS_SILENT]():
            return False
        self.abort()
        return True

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.abort()

    async def _receive(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise SocketEnded
            if (text := message.get("text")) is not None:
                self._do(self.session.receive(text, self._clock()))
            else:
                self.session.receive_binary()

    def _tick(self) -> None:
        self._do(self.session.tick(self._clock()))

    def _on_taken(self, entry: Entry, made_room: bool) -> None:
        if made_room:
            for pump in self._pumps.values():
                pump.wake()
        elif owner := self._pumps.get(entry.owner):
            owner.frame_taken()

    # -- what the session wants ----------------------------------------------------------------------------

    def _do(self, actions: list[ContextAction]) -> None:
        for action in actions:
            try:
                if isinstance(action, OpenUtterance):
                    self._open(action.ctx)
                elif pump := self._pumps.get(action.ctx):
                    self._act(action, pump)
            except Exception as error:  # noqa: BLE001  described to the client
                self._fail(action.ctx, error)
        self._alarm.set(self.session.deadline())

    def _open(self, ctx: Context) -> None:
        caller, is_live = Caller(ctx.request_id, self._address), not ctx.text.has_ended
        order = replace(ctx.options.order, protocol=self._protocol)
        utterance = self._speech.utterance(order, caller, is_live=is_live)
        utterance.on_queue_position = ctx.tell_queue_position
        ctx.measures = utterance.measures
        self._pumps[ctx] = Pump(
            ctx, utterance, clock=self._clock, slow_consumer_s=self._slow_consumer_s, on_slow=self._on_slow
        )

    def _act(self, action: ContextAction, pump: Pump) -> None:
        utterance = pump.utterance
        match action:
            case RunUtterance(ctx):
                pump.is_running = True
                self._tasks.create_task(self._run(ctx, pump))
            case FeedText(_, text):
                utterance.feed(text)
            case FlushText(ctx, is_automatic):
                before = utterance.text if is_automatic else ""
                utterance.flush()
                if is_automatic and utterance.text != before:
                    self.session.auto_flushed(ctx)
            case EndText():
                utterance.end_text()
            case WakePump():
                pump.wake()
            case CancelUtterance(ctx):
                utterance.cancel()
                pump.wake()
                if not pump.is_running:
                    del self._pumps[ctx]

    async def _run(self, ctx: Context, pump: Pump) -> None:
        """A context that speaks, to its end."""
        try:
            if ctx.is_done:
                return
            await pump.run()
        except Exception as error:  # noqa: BLE001  described to the client
            self._fail(ctx, error)
        else:
            self._do(self.session.finished(ctx, _REASONS.get(pump.utterance.end, "cancelled"), self._clock()))
        finally:
            del self._pumps[ctx]

    def _fail(self, ctx: Context, error: Exception) -> None:
        self._do(self.session.failed(ctx, error, self._clock()))

    def _on_slow(self, ctx: Context) -> None:
        self._do(self.session.slow(ctx, self._clock()))
