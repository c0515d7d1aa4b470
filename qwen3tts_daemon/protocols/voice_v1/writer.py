"""The one writer of a voice.v1 socket: sends what the outbox holds, and cuts off a client that takes nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from qwen3tts_daemon.protocols.scope_state import ABORT, HAS_ROOM, SEND_BINARY
from qwen3tts_daemon.protocols.voice_v1.frames import SoundFrame
from qwen3tts_daemon.protocols.voice_v1.outbox import Entry, Outbox

logger = logging.getLogger(__name__)

OnTaken = Callable[[Entry, bool], None]
"""What was taken from the outbox, and whether that made room for frames."""


class SocketEnded(Exception):
    """Nothing more can be sent or received: ends the tasks of a socket."""


class SocketWriter:
    """Two tasks: `write`, and `watch` for when a write takes too long.

    A frame with nothing before it does not wait for a task's turn, which would be a tenth of what a chunk costs.
    """

    def __init__(
        self,
        websocket: WebSocket,
        outbox: Outbox,
        *,
        on_taken: OnTaken,
        send_timeout_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._websocket = websocket
        self._outbox = outbox
        self._on_taken = on_taken
        self._send_timeout_s = send_timeout_s
        self._clock = clock
        self._has_output = asyncio.Event()
        self._sending_since: float | None = None
        state = websocket.scope["state"]
        self._send_binary: Callable[[bytes], bool] = state[SEND_BINARY]
        self._has_room: Callable[[], Awaitable[None]] = state[HAS_ROOM]
        self._is_idle = False
        """`write` has sent all there was, and waits for more"""
        outbox.on_change = self._on_output

    def _on_output(self) -> None:
        if self._is_idle and (data := self._outbox.only_binary) is not None and self._send_binary(data):
            entry = self._outbox.take()
            assert entry is not None
            self._on_taken(entry, False)
        else:
            self._is_idle = False
            self._has_output.set()

    async def write(self) -> None:
        """Until the session closes. Raises SocketEnded."""
        while True:
            was_full = self._outbox.is_full
            entry = self._outbox.take()
            if entry is None:
                self._has_output.clear()
                self._is_idle = True
                await self._has_output.wait()
                continue
            self._on_taken(entry, was_full and not self._outbox.is_full)
            self._sending_since = self._clock()
            try:
                await self._send(entry)
            except (WebSocketDisconnect, RuntimeError, ConnectionError):
                raise SocketEnded from None
            self._sending_since = None

    async def watch(self) -> None:
        """Raises SocketEnded once a client took nothing. One timer for all: one a send costs more than the send."""
        limit_s = delay_s = self._send_timeout_s
        while True:
            await asyncio.sleep(delay_s)
            delay_s = limit_s
            if self._sending_since is not None:
                delay_s = self._sending_since + limit_s - self._clock()
                if delay_s <= 0:
                    logger.info("a client took nothing for %.1f s and is cut off", limit_s)
                    self.abort()
                    raise SocketEnded

    def abort(self) -> None:
        """Cut the connection: an orderly close would wait for a client that takes nothing."""
        self._websocket.scope["state"][ABORT]()

    async def _send(self, entry: Entry) -> None:
        content = entry.content
        data = content.data if isinstance(content, SoundFrame) else content
        if isinstance(data, bytes):
            while not self._send_binary(data):
                await self._has_room()
        elif isinstance(data, str):
            await self._websocket.send({"type": "websocket.send", "text": data})
        else:
            await self._websocket.close(data.code, data.reason)
            raise SocketEnded
