"""A connection of the HTTP port that has become a WebSocket: uvicorn's, with a pace and without room for floods.

- Frames are counted, whatever is in them: pings, empty ones, parts of messages. Beyond their rate reading pauses.
- One message is taken at a time; the next is read when the application has taken it.
- A message has `MOST_FRAGMENTS` parts at most. To a client that does not read, the last pong is kept, not every one.
- Sound has a way out of its own: of all that a chunk costs the daemon, the layers of an ASGI message are a sixth.

What is used of uvicorn and websockets beyond their documentation: of `WebSocketsSansIOProtocol` `conn`, `read_paused`,
`writable`, `handle_connect`, `handle_ping`; of `ServerProtocol` `parse`, `recv_frame`, `state`. If they change, tests
fail.
"""

import asyncio
import time
from collections.abc import Generator
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.exceptions import ProtocolError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol

from qwen3tts_daemon.protocols.connection_quota import ConnectionQuota
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.protocols.scope_state import HAS_ROOM, SEND_BINARY
from qwen3tts_daemon.protocols.silent_peers import is_silent

MOST_FRAGMENTS = 1_024
"""Of one message: parts of 64 bytes, if it is as long as it may be."""

_PIECE_BYTES = 64
"""Parsed at once: ten empty frames at most, about a turn's worth."""
_LONG_PIECE_BYTES = 1_024
"""Within a long frame."""


class _FrameCounter(ServerProtocol):
    """The library's, past the handshake that h11 has read; it counts what comes."""

    def __init__(self, pace: Pace, **options: Any) -> None:
        self._pace = pace
        self._fragments = 0
        self.frames = 0
        super().__init__(**options)

    def parse(self) -> Generator[None]:
        return Protocol.parse(self)

    def recv_frame(self, frame: Frame) -> None:
        self._pace.count()
        self.frames += 1
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._fragments = 0 if frame.fin else self._fragments + 1
            if self._fragments > MOST_FRAGMENTS:
                raise ProtocolError(f"a message has at most {MOST_FRAGMENTS} fragments")
        super().recv_frame(frame)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """First `refusal_of` the request, then `begin`."""

    conn: _FrameCounter

    has_work = True
    """Whoever holds a WebSocket open talks to us: it is not dismissed for somebody else's connection, while its machine
    answers."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: Any,
        app_state: dict[str, Any],
        *,
        quota: ConnectionQuota,
        address: str | None,
        pace: Pace,
    ) -> None:
        super().__init__(config, server_state, {**app_state, SEND_BINARY: self._send_binary, HAS_ROOM: self._has_room})
        self._pace = pace
        self.conn = _FrameCounter(self._pace, max_size=config.ws_max_size, logger=self.logger)
        self._quota = quota
        self._address = address
        self._unread = bytearray()
        self._piece_bytes = _PIECE_BYTES
        self._next_turn: asyncio.Handle | None = None
        self._pong: bytes | None = None
        self.idle_since = time.monotonic()

    def refusal_of(self, event: h11.Request, headers: list[tuple[bytes, bytes]]) -> Response | None:
        """What is wrong with the handshake, if anything is."""
        pairs = [(name.decode("ascii"), value.decode("latin-1")) for name, value in headers]
        self.request = Request(event.target.decode("ascii"), Headers(pairs), event.method.decode("ascii"))
        response = self.conn.accept(self.request)
        return None if response.status_code == 101 else response

    def begin(self, transport: asyncio.Transport, data: bytes) -> None:
        """Take over the connection and what it has sent beyond its head."""
        self.connection_made(transport)
        self.handle_connect(self.request)
        self.data_received(data)

    @property
    def is_closing(self) -> bool:
        return self.transport.is_closing()

    @property
    def is_silent(self) -> bool:
        return is_silent(self.transport)

    def dismiss(self) -> None:
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._next_turn is not None:
            self._next_turn.cancel()
        self._unread.clear()
        self._quota.release(self, self._address)
        super().connection_lost(exc)

    # -- what comes in -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if self._next_turn is None:
            self._take_turn()

    def _take_turn(self) -> None:
        """Work off what is unread, as far as the pace allows and the application takes it."""
        self._next_turn = None
        self._pace.begin_turn()
        while self._unread and self._is_ready and self._pace.allows_more:
            piece = bytes(self._unread[: self._piece_bytes])
            del self._unread[: self._piece_bytes]
            frames = self.conn.frames
            super().data_received(piece)
            is_inside = self.conn.frames == frames
            self._piece_bytes = min(4 * self._piece_bytes, _LONG_PIECE_BYTES) if is_inside else _PIECE_BYTES
        if self._unread:
            self.transport.pause_reading()
            self._plan_turn()
        elif not self.read_paused:
            self.transport.resume_reading()

    def _plan_turn(self) -> None:
        """For what is unread; the application's next `receive` or `send` plans one if it is waited for."""
        if self._unread and self._is_ready and self._next_turn is None:
            self._next_turn = self.loop.call_later(self._pace.wait_s(), self._take_turn)

    @property
    def _is_ready(self) -> bool:
        is_open = self.handshake_complete or self.close_sent
        return is_open and not self.read_paused and not self.transport.is_closing()

    async def receive(self) -> Any:
        message = await super().receive()
        if self._unread:
            self.transport.pause_reading()
        self._plan_turn()
        return message

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_sent:  # also of a handshake that the application refused, which uvicorn would call incomplete
            self.handshake_complete = True
        self._plan_turn()

    def _send_binary(self, data: bytes) -> bool:
        if not self.writable.is_set() or self._is_over:
            return False
        self.transport.write(binary_head(len(data)) + data)
        return True

    async def _has_room(self) -> None:
        await self.writable.wait()
        if self._is_over:
            raise ConnectionError("the WebSocket has ended")

    @property
    def _is_over(self) -> bool:
        return self.conn.state is not State.OPEN or self.transport.is_closing()

    # -- pongs ---------------------------------------------------------------------------------------------

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        if self.writable.is_set():
            self.transport.write(pong)
        else:
            self._pong = pong  # the last ping is answered for all (RFC 6455, 5.5.3)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._pong is not None:
            pong, self._pong = self._pong, None
            self.transport.write(pong)

    def shutdown(self) -> None:
        """Whatever state it is in: the server ends them all one after the other."""
        if (self.handshake_complete or self.close_sent) and not self.transport.is_closing():
            super().shutdown()
        else:
            self.transport.abort()


def binary_head(size: int) -> bytes:
    """Of a whole message that no mask is laid over (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x82, size))
    return b"\x82\x7e" + size.to_bytes(2, "big") if size < 65_536 else b"\x82\x7f" + size.to_bytes(8, "big")
