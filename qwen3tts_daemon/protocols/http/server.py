"""The HTTP port: uvicorn on sockets of our own, with the limits that it has no options for.

- The kernel buffers 64 KiB per connection instead of megabytes: otherwise more than a minute of sound would
  be on its way before a cancel is heard. A peer that takes nothing for 15 s is dead (Linux).
- Who may hold a connection says connection_quota.py, how one lives connection.py and websocket_connection.py.
- Signals belong to the daemon. `close` ends within its limit, whoever stalls.

What is used of uvicorn beyond its documentation: `Server.startup`, `main_loop`, `shutdown`, `server_state`. If one of
them changes, tests fail.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from qwen3tts_daemon.access.networks import NetworkAllowList
from qwen3tts_daemon.protocols.connection_quota import ConnectionQuota
from qwen3tts_daemon.protocols.http.connection import EVENTS_OF_AN_ADDRESS, ConnectionLimits, HttpConnection
from qwen3tts_daemon.protocols.http.tls_arrival import TlsArrival
from qwen3tts_daemon.protocols.listeners import open_listeners
from qwen3tts_daemon.sparing_log import SparingFilter, SparingLog
from qwen3tts_daemon.tls.server_tls import ServerTls

logger = logging.getLogger(__name__)

_DEAD_PEER_S = 15.0
_BACKLOG = 256


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
    max_connections_per_address: int = 256
    trusted_proxies: Sequence[str] = ()
    """Their connections are not counted by address: they stand for many clients."""
    ping_s: float = 20.0


class HttpServer:
    """Serves one ASGI application on every given address."""

    def __init__(
        self, app: ASGIApp, hosts: Sequence[str], port: int, config: ServerConfig = ServerConfig(),
        tls: ServerTls | None = None,
    ) -> None:  # fmt: skip
        """Without `tls` it has plain http."""
        self._hosts = hosts
        self._asked_port = port
        self._config = config
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, http=_connections(config, tls), ws="websockets-sansio", lifespan="off",
                log_config=None, server_header=False, proxy_headers=False, backlog=_BACKLOG,
                timeout_keep_alive=config.keep_alive_s, timeout_graceful_shutdown=config.grace_s,  # type: ignore[arg-type]
                ws_per_message_deflate=False, ws_max_size=config.message_bytes,
                ws_ping_interval=config.ping_s, ws_ping_timeout=config.ping_s,
            )
        )  # fmt: skip
        self._sockets: list[socket.socket] = []
        self._ticking: asyncio.Task[None] | None = None
        # It writes the whole URL of each WebSocket at INFO, and with it tickets.
        self._uvicorns = logging.getLogger("uvicorn.error")
        self._uvicorns.setLevel(logging.WARNING)
        self._filters = (_is_our_fault, SparingFilter())

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
        for each in self._filters:
            self._uvicorns.addFilter(each)
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
        self._uvicorns.setLevel(logging.CRITICAL)
        self._ticking.cancel()
        self._ticking = None
        await self._server.shutdown(self._sockets)
        state = self._server.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        for each in self._filters:
            self._uvicorns.removeFilter(each)


def _is_our_fault(record: logging.LogRecord) -> bool:
    """A client's bad UTF-8 is answered with 1007; a traceback of it would only let strangers fill the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError))


def _connections(config: ServerConfig, tls: ServerTls | None) -> Any:
    """What makes one of each that is accepted, as uvicorn calls it."""
    limits = ConnectionLimits(
        head_timeout_s=config.head_timeout_s,
        quota=ConnectionQuota("http", config.max_connections, config.max_connections_per_address, EVENTS_OF_AN_ADDRESS),
        proxies=NetworkAllowList(config.trusted_proxies, option="http.trusted_proxies"),
        log=SparingLog(logger),
    )
    limited = type("_LimitedConnection", (HttpConnection,), {"limits": limits})
    if tls is None:
        return limited

    def arrival(*, server_state: Any, **more: Any) -> TlsArrival:
        make = partial(limited, server_state=server_state, **more)
        return TlsArrival(make, limits, lambda: tls.context, server_state.connections)

    return arrival
