"""The WebSocket protocol voice.v1 on real sockets: the shell round voice_v1.Session.

Per socket one task receives and never waits for sound, one writes what the outbox holds, one watches that it
gets on, and one per running context carries its chunks into the outbox. When one of the first three ends, all
end, and with them their utterances. Who may come (address, origin, token) is decided before.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from qwen3tts_daemon.failures import CLOSE_CODES, Refusal, describe
from qwen3tts_daemon.protocols.scope_state import ABORT
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
)
from qwen3tts_daemon.protocols.voice_v1.frames import Frame
from qwen3tts_daemon.protocols.voice_v1.messages import (
    DoneReason,
    State,
    StatusMessage,
    WatchedModel,
    encode,
    error_message,
)
from qwen3tts_daemon.protocols.voice_v1.outbox import Entry
from qwen3tts_daemon.protocols.voice_v1.session import PROTOCOL, Session
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.request import Caller
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen_tts.api import AudioChunk, ModelState, mebibytes

logger = logging.getLogger(__name__)

Clock = Callable[[], float]

_STATES: dict[ModelState, State] = {
    "unloaded": "idle", "sleeping": "idle", "loading": "loading", "failed": "loading", "ready": "ready",
}  # fmt: skip
_REASONS: dict[str, DoneReason] = {"done": "complete", "limit": "limit"}

_LULL_S = 0.16
"""Sound that does not fill a frame is sent short when no more came for this long: two frames of an engine."""
_CLOSE_S = 0.5
"""How long a client may take to receive the last words of a daemon that stops."""


class Sockets:
    """All sockets of the daemon: opens them, tells them of the engine's state, ends them."""

    def __init__(
        self, speech: Speech, settings: WebSocketSettings, *, version: str = "", clock: Clock | None = None
    ) -> None:
        self._speech = speech
        self._settings = settings
        self._version = version
        self._clock = clock or asyncio.get_running_loop().time
        self._live: set[_VoiceSocket] = set()
        self._per_address: Counter[str] = Counter()
        self._none_live = asyncio.Event()
        self._none_live.set()
        self._draining = False
        speech.manager.on_state.append(self._tell_state)

    @property
    def live(self) -> int:
        """Open sockets."""
        return len(self._live)

    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None:
        """Accept, say why not, close: a page cannot read the status of an upgrade that failed."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.accept(_subprotocol(websocket))
            await websocket.send_text(encode(error_message(refusal, fatal=True)))
            await websocket.close(describe(refusal).close_code, refusal.code)

    async def serve(self, websocket: WebSocket, *, address: str | None = None) -> None:
        """One socket, from the upgrade to its end. `address`: the client's, if a trusted proxy named it."""
        if address is None:
            address = websocket.client.host if websocket.client else ""
        offered = [name for name in websocket.scope["subprotocols"] if not name.startswith("bearer.")]
        if offered and PROTOCOL not in offered:
            with contextlib.suppress(RuntimeError):
                answer = PlainTextResponse(f"the subprotocol is {PROTOCOL}\n", 400)
                await websocket.send_denial_response(answer)
        elif self._draining:
            await self.refuse(websocket, Refusal("draining", "the daemon is stopping"))
        elif self._per_address[address] >= self._settings.max_sockets_per_address:
            limit = self._settings.max_sockets_per_address
            await self.refuse(websocket, Refusal("rate_limited", f"at most {limit} sockets from one address"))
        else:
            await self._serve(websocket, address)

    async def _serve(self, websocket: WebSocket, address: str) -> None:
        self._per_address[address] += 1
        socket = _VoiceSocket(websocket, address, self._speech, self._settings, self._clock, self._version)
        self._live.add(socket)
        self._none_live.clear()
        try:
            await socket.run()
        finally:
            self._live.discard(socket)
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]
            if not self._live:
                self._none_live.set()

    def _tell_state(self, state: ModelState) -> None:
        for socket in self._live:
            socket.session.change_state(_STATES[state])

    async def drain(self, limit_s: float) -> None:
        """Open no more contexts, let those that run end, close all; at last cut them off."""
        self._draining = True
        for socket in list(self._live):
            socket.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._speech.quiet()
        for socket in list(self._live):
            socket.cancel_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._none_live.wait()
        for socket in list(self._live):
            socket.abort()


class _Gone(Exception):
    """The socket has ended: ends the tasks of its group."""


class _Voice:
    """An utterance at work for a context."""

    def __init__(self, utterance: Utterance) -> None:
        self.utterance = utterance
        self.is_running = False
        self.is_ending = False
        self.wake = asyncio.Event()
        """What a frame waits for may have come."""


class _VoiceSocket:
    """One client."""

    def __init__(
        self, websocket: WebSocket, address: str, speech: Speech, settings: WebSocketSettings, clock: Clock,
        version: str,
    ) -> None:  # fmt: skip
        self.session = Session(
            settings, speech.voices, lambda: speech.capabilities,
            now=clock(), state=_STATES[speech.manager.state], version=version, status=lambda: _status(speech),
        )  # fmt: skip
        self._websocket = websocket
        self._address = address
        self._speech = speech
        self._settings = settings
        self._clock = clock
        self._voices: dict[Context, _Voice] = {}
        self._tasks = asyncio.TaskGroup()
        self._has_output = asyncio.Event()
        self._has_output.set()
        self.session.outbox.on_change = self._has_output.set
        self._sending_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0

    async def run(self) -> None:
        """Until the client goes, the session closes, or the daemon ends."""
        try:
            await self._websocket.accept(_subprotocol(self._websocket))
            async with self._tasks:
                self._tasks.create_task(self._write())
                self._tasks.create_task(self._watch())
                self._set_timer()
                await self._receive()
        except* (_Gone, WebSocketDisconnect):
            pass
        except* Exception as errors:  # noqa: BLE001  the edge of the protocol
            for error in errors.exceptions:
                describe(error)
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._websocket.close(CLOSE_CODES["internal"])
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for voice in self._voices.values():
                voice.utterance.cancel()

    def drain(self) -> None:
        """Let what runs end, then close."""
        self._do(self.session.drain(self._clock()))

    def cancel_all(self) -> None:
        """Cancel what still runs, then close."""
        self._do(self.session.cancel_all(self._clock()))

    def abort(self) -> None:
        """Cut the connection, if the server lets us."""
        # An orderly close would wait for a client that takes nothing.
        if abort := self._websocket.scope.get("state", {}).get(ABORT):
            abort()

    # -- in ------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise _Gone
            if (text := message.get("text")) is not None:
                self._do(self.session.receive(text, self._clock()))
            else:
                self.session.receive_binary()

    def _tick(self) -> None:
        self._timer = None
        self._do(self.session.tick(self._clock()))

    def _set_timer(self) -> None:
        deadline = self.session.deadline()
        if self._timer is not None and deadline == self._deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deadline = deadline
        if deadline != float("inf"):
            delay_s = max(0.0, deadline - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _do(self, actions: list[Action]) -> None:
        """Carry out what the session wants."""
        for action in actions:
            if isinstance(action, Open):
                self._open(action.ctx)
            elif voice := self._voices.get(action.ctx):
                self._act(action, voice)
        self._set_timer()

    def _open(self, ctx: Context) -> None:
        try:
            utterance = self._speech.utterance(ctx.order, Caller(ctx.request_id, self._address))
        except Exception as error:  # noqa: BLE001  described to the client
            self._do(self.session.failed(ctx, error, self._clock()))
        else:
            utterance.on_place = partial(self.session.tell_place, ctx)
            ctx.measures = utterance.measures
            self._voices[ctx] = _Voice(utterance)

    def _act(self, action: Action, voice: _Voice) -> None:
        utterance = voice.utterance
        match action:
            case Run(ctx):
                voice.is_running = True
                self._tasks.create_task(self._speak(ctx, voice))
            case Feed(ctx, text):
                try:
                    utterance.feed(text)
                except Exception as error:  # noqa: BLE001  described to the client
                    self._do(self.session.failed(ctx, error, self._clock()))
            case FlushText(ctx, is_automatic):
                before = utterance.text if is_automatic else ""
                utterance.flush()
                if is_automatic and utterance.text != before:
                    self.session.auto_flushed(ctx)
            case EndText():
                utterance.end_text()
            case Wake():
                voice.wake.set()
            case CancelUtterance(ctx):
                utterance.cancel()
                voice.wake.set()
                if not voice.is_running:
                    del self._voices[ctx]

    # -- out -----------------------------------------------------------------------------------------------

    async def _speak(self, ctx: Context, voice: _Voice) -> None:
        """Carry the sound of a context into the outbox."""
        try:
            if ctx.is_done:
                return
            async with voice.utterance as utterance:
                while await self._carry(ctx, voice, utterance):
                    pass
                for frame in ctx.sound.end():
                    await self._deliver(ctx, voice, frame)
                await self._flush(ctx, voice)
        except Exception as error:  # noqa: BLE001  described to the client
            self._do(self.session.failed(ctx, error, self._clock()))
        else:
            self._do(self.session.finished(ctx, _REASONS.get(utterance.end, "cancelled"), self._clock()))
        finally:
            del self._voices[ctx]

    async def _carry(self, ctx: Context, voice: _Voice, utterance: Utterance) -> bool:
        """The next thing of the utterance; False at its end."""
        try:
            item = await (self._before_lull(utterance) if ctx.sound.holds_sound else anext(utterance))
        except StopAsyncIteration:
            return False
        if isinstance(item, SegmentStarted):
            self.session.segment(ctx, item)
            return True
        for frame in ctx.sound.lull() if item is None else ctx.sound.take(item.pcm):
            if not await self._deliver(ctx, voice, frame):
                return False
        return True

    async def _before_lull(self, utterance: Utterance) -> AudioChunk | SegmentStarted | None:
        """The next thing, or None if it does not come soon."""
        timeout = asyncio.timeout(_LULL_S)
        try:
            async with timeout:
                return await anext(utterance)
        except TimeoutError:
            if not timeout.expired():
                raise
            return None

    async def _deliver(self, ctx: Context, voice: _Voice, frame: Frame) -> bool:
        """Put a frame into the outbox as soon as it may go; False if the context ended meanwhile."""
        session = self.session
        stuck_until: float | None = None
        while not ctx.is_done:
            now = self._clock()
            delay_s = session.delay_s(ctx, frame, now)
            is_full = session.outbox.is_full
            if delay_s == 0 and not is_full:
                session.send(ctx, frame)
                return True
            # Waiting for the clock is nobody's fault; waiting for the client is.
            if is_full or delay_s == float("inf"):
                stuck_until = stuck_until or now + self._settings.slow_consumer_s
                if now >= stuck_until:
                    self._do(session.slow(ctx, now))
                    return False
                delay_s = stuck_until - now
            else:
                stuck_until = None
            voice.wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await voice.wake.wait()
        return False

    async def _flush(self, ctx: Context, voice: _Voice) -> None:
        """Until the writer has taken every frame: as long as one waits, the context can be cancelled."""
        voice.is_ending = True
        while self.session.outbox.has_frames_of(ctx):
            voice.wake.clear()
            await voice.wake.wait()

    async def _write(self) -> None:
        """The one writer of the socket."""
        outbox = self.session.outbox
        while True:
            was_full = outbox.is_full
            entry = outbox.take()
            if entry is None:
                self._has_output.clear()
                await self._has_output.wait()
                continue
            if was_full and not outbox.is_full:
                for voice in self._voices.values():
                    voice.wake.set()
            elif (owner := self._voices.get(entry.owner)) and owner.is_ending:
                owner.wake.set()
            self._sending_since = self._clock()
            try:
                await self._send(entry)
            except (WebSocketDisconnect, RuntimeError):
                raise _Gone from None
            self._sending_since = None

    async def _watch(self) -> None:
        """Cut off a client that takes nothing. One timer for all: one a send costs more than the send."""
        limit_s = delay_s = self._settings.send_timeout_s
        while True:
            await asyncio.sleep(delay_s)
            delay_s = limit_s
            if self._sending_since is not None:
                delay_s = self._sending_since + limit_s - self._clock()
                if delay_s <= 0:
                    logger.info("a client took nothing for %.1f s and is cut off", limit_s)
                    self.abort()
                    raise _Gone

    async def _send(self, entry: Entry) -> None:
        content = entry.content
        if isinstance(content, Frame):
            await self._websocket.send({"type": "websocket.send", "bytes": content.data})
        elif isinstance(content, str):
            await self._websocket.send({"type": "websocket.send", "text": content})
        else:
            await self._websocket.close(content.code, content.reason)
            raise _Gone


def _status(speech: Speech) -> StatusMessage:
    status = speech.manager.status
    models = tuple(
        WatchedModel(
            name=model.name, kind=model.kind, state=model.state, active=model.active,
            memory_mb=mebibytes(model.memory_bytes),
        )
        for model in status.models
    )  # fmt: skip
    return StatusMessage(
        models=models, device=status.device, total_mb=mebibytes(status.total_bytes),
        free_mb=mebibytes(status.free_bytes), rows=speech.capabilities.rows, active=speech.active,
    )  # fmt: skip


def _subprotocol(websocket: WebSocket) -> str | None:
    return PROTOCOL if PROTOCOL in websocket.scope["subprotocols"] else None
