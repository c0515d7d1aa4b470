"""A connection of the HTTP port while its TLS is agreed: it has a place like any other, and so much time.

asyncio would do this before anybody counts the connection, and give it a minute.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from qwen3tts_daemon.protocols.http.connection import ConnectionLimits, HttpConnection
from qwen3tts_daemon.protocols.listeners import WRITE_BUFFER_BYTES

_GOODBYE_S = 1.0
"""For the client's own goodbye, at the end of a connection"""


class TlsArrival(asyncio.Protocol):
    """Becomes what `make` makes."""

    has_work = False

    def __init__(
        self, make: Callable[[], HttpConnection], limits: ConnectionLimits, tls: Callable[[], ssl.SSLContext],
        connections: set[Any],
    ) -> None:  # fmt: skip
        """`connections`: all that the server ends when it closes."""
        self._make = make
        self._limits = limits
        self._tls = tls
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self.idle_since = self._loop.time()
        self.transport: asyncio.Transport
        self._peer = "somebody"
        self._address: str | None = None
        self._shaking: asyncio.Task[None] | None = None
        self._early: list[bytes] = []

    @property
    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def dismiss(self) -> None:
        self.transport.abort()

    def shutdown(self) -> None:
        """The server closes."""
        self.transport.abort()

    # -- its life ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self._peer = peer[0]
            self._address = self._limits.address_of(self._peer)
        if not self._limits.quota.acquire(self, self._address):
            transport.abort()
            return
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._connections.add(self)
        transport.pause_reading()  # what comes is for TLS
        self._shaking = self._loop.create_task(self._shake_hands())

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Before we are told that TLS stands."""
        self._early.append(data)

    def _leave(self) -> None:
        self._connections.discard(self)
        self._limits.quota.release(self, self._address)

    async def _shake_hands(self) -> None:
        try:
            transport = await self._loop.start_tls(
                self.transport, self, self._tls(), server_side=True,
                ssl_handshake_timeout=self._limits.head_timeout_s, ssl_shutdown_timeout=_GOODBYE_S,
            )  # fmt: skip
        except OSError as error:
            self._tell(error)
            self._leave()
            return
        self._leave()
        if transport is not None and not transport.is_closing():
            self._become(self._make(), transport)

    def _become(self, connection: HttpConnection, transport: asyncio.Transport) -> None:
        transport.set_protocol(connection)
        connection.connection_made(transport)
        for data in self._early:
            connection.data_received(data)

    def _tell(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLError):  # else it has gone, or said nothing
            reason = "it speaks plain http; this port has https" if error.reason == "HTTP_REQUEST" else error.reason
            self._limits.log.warning("no TLS with %s: %s", self._peer, reason, kind=f"no TLS: {reason}")
