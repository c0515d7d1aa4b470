"""The HTTP port: uvicorn on sockets of our own, with the time limits that it has no options for.

- Above `max_connections`, WebSockets counted, a new one is closed at once: files that are open are for all doors.
- A connection that has not sent a whole request head within `head_timeout_s` is closed, silent or not.
- The kernel buffers 64 KiB per connection instead of megabytes: otherwise more than a minute of sound would
  be on its way before a cancel is heard. A peer that takes nothing for 15 s is dead (Linux).
- Signals belong to the daemon. `close` ends within its limit, whoever stalls.

What is used of uvicorn beyond its documentation: `Server.startup`, `main_loop`, `shutdown`, `server_state`,
and of `H11Protocol` `conn`, `app_state`, `connections`, `send_400_response`. If one of them changes, tests fail.
"""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import h11
import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from qwen3tts_daemon.failures import Failure
from qwen3tts_daemon.protocols.listeners import open_listeners

logger = logging.getLogger(__name__)

_WRITE_BUFFER_BYTES = 16 * 1024
_DEAD_PEER_S = 15.0
_BACKLOG = 256
_WARN_EVERY_S = 60.0

ABORT = "abort"
"""Key in an ASGI scope's `state`: it ends the connection at once, so that a body has no clean end."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Limits of connections; times in seconds."""

    head_timeout_s: float = 10.0
    keep_alive_s: float = 15.0
    grace_s: float = 1.0
    """How long `close` waits for running requests."""
    message_bytes: int = 65_536
    """Largest WebSocket message."""
    max_connections: int = 512
    """HTTP and WebSocket together."""
    ping_s: float = 20.0


class HttpServer:
    """Serves one ASGI application on every given address."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], port: int, config: ServerConfig = ServerConfig()) -> None:
        self._hosts = hosts
        self._asked_port = port
        self._config = config
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, http=_protocol(config), ws="websockets-sansio", lifespan="off",
                log_config=None, server_header=False, proxy_headers=False, backlog=_BACKLOG,
                timeout_keep_alive=config.keep_alive_s, timeout_graceful_shutdown=config.grace_s,  # type: ignore[arg-type]
                ws_per_message_deflate=False, ws_max_size=config.message_bytes,
                ws_ping_interval=config.ping_s, ws_ping_timeout=config.ping_s,
            )
        )  # fmt: skip
        self._sockets: list[socket.socket] = []
        self._ticking: asyncio.Task[None] | None = None
        # It writes the whole URL of each WebSocket at INFO, and with it tickets.
        uvicorns = logging.getLogger("uvicorn.error")
        uvicorns.setLevel(logging.WARNING)
        uvicorns.addFilter(_is_our_fault)

    @property
    def port(self) -> int:
        """The port it listens on; known once `start` has returned."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        return len(self._server.server_state.connections)

    async def start(self) -> None:
        """Listen. Raises OSError naming the address that cannot be had."""
        self._sockets = open_listeners(self._hosts, self._asked_port, dead_peer_s=_DEAD_PEER_S)
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(self._sockets)
        self._ticking = asyncio.create_task(self._server.main_loop())
        logger.info("http listens on port %d of %s", self.port, ", ".join(self._hosts))

    async def close(self) -> None:
        """No new connections; running requests may end within `grace_s`, then they are cut."""
        if self._ticking is None:
            return
        # From here on uvicorn's errors are requests that were cut, as announced.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._ticking.cancel()
        self._ticking = None
        await self._server.shutdown(self._sockets)
        state = self._server.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def _is_our_fault(record: logging.LogRecord) -> bool:
    """A client's bad UTF-8 is answered with 1007; a traceback of it would only let strangers fill the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError))


class Room:
    """How many connections there may be; who is sent away is told to the log, once a minute at most."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._silent_until: float | None = None

    def has_room_for(self, connections: int) -> bool:
        if connections <= self._most:
            return True
        now = self._clock()
        if self._silent_until is None or now >= self._silent_until:
            self._silent_until = now + _WARN_EVERY_S
            logger.warning("http: %d connections, no more are taken; see http.max_connections", self._most)
        return False


def _protocol(config: ServerConfig) -> type[H11Protocol]:
    limits = {"head_timeout_s": config.head_timeout_s, "room": Room(config.max_connections)}
    return type("_LimitedProtocol", (_Protocol,), limits)


class _Protocol(H11Protocol):
    """uvicorn's, with limits, one envelope for broken requests, and a way to abort."""

    head_timeout_s: float
    room: Room

    def __init__(self, config: uvicorn.Config, server_state: Any, app_state: dict[str, Any], *rest: Any, **more: Any):
        super().__init__(config, server_state, {**app_state, ABORT: self._abort}, *rest, **more)
        self.access_log = False  # its lines have whole URLs in them
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.room.has_room_for(len(self.connections)):
            self.connections.discard(self)  # now, not when it is closed: it takes no room from the next
            transport.close()
            return
        # What lies in a buffer cannot be cancelled: more than the kernel holds need not lie here as well.
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        """The timer runs from the first moment of waiting for a head, however often a byte of it comes."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_timeout_s, self.transport.close)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:
        """Called while a RemoteProtocolError is handled, which knows better than 400."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self._abort()
            return
        error = sys.exception()
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        body = msgspec.json.encode(Failure("bad_request", msg, status).envelope(None))
        headers = [
            ("content-type", "application/json"),
            ("connection", "close"),
            ("content-length", str(len(body))),
        ]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def _abort(self) -> None:
        self.transport.abort()
