"""The Wyoming server: its sockets, who may connect, start and stop.

The library's server handles the events of a connection one by one, so that it neither notices a client leave
nor answers `describe` while it speaks, and takes the signals for itself; hence a server of our own.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.wyoming.connection import Connection, Limits, refuse, stopping
from qwen3tts_daemon.protocols.wyoming.info import Describer
from qwen3tts_daemon.protocols.wyoming.wire import HEADER_BYTES
from qwen3tts_daemon.settings import SettingsError, WyomingSettings
from qwen3tts_daemon.speech import Speech

logger = logging.getLogger(__name__)

_SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel holds for a client that does not read; the engine should wait, not the sound."""
_WRITE_BUFFER_BYTES = 16 * 1024
_USER_TIMEOUT_MS = 30_000
"""A client that acknowledges nothing for this long is gone (Linux)."""
_PORT_TRIES = 5
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class WyomingServer:
    """Speaks Wyoming on every address of `settings.host`."""

    def __init__(
        self,
        speech: Speech,
        settings: WyomingSettings,
        *,
        version: str,
        limits: Limits | None = None,
    ) -> None:
        """Raises SettingsError if `settings.allow` has something that is no network."""
        self._speech = speech
        self._settings = settings
        self._limits = replace(limits or Limits(), idle_s=settings.idle_s)
        self._networks = _networks(settings.allow)
        self._describer = Describer(languages=settings.languages, streaming=settings.streaming, version=version)
        self._servers: list[asyncio.Server] = []
        self._draining = False
        self.port = settings.port
        """The real one, once started."""
        self.addresses: list[str] = []
        """What it listens on, once started; an address family that the machine lacks is not among them."""
        self._connections: dict[asyncio.Task[None], Connection] = {}

    async def start(self) -> None:
        """Listen. Raises OSError if an address or the port cannot be had."""
        listeners = open_listeners(self._settings.host, self._settings.port)
        self.port = listeners[0].getsockname()[1]
        self.addresses = [listener.getsockname()[0] for listener in listeners]
        for listener in listeners:
            self._servers.append(await asyncio.start_server(self._accept, sock=listener, limit=HEADER_BYTES))
        logger.info("wyoming listens on port %d of %s", self.port, ", ".join(self.addresses))

    async def drain(self) -> None:
        """Take no more connections, end those that wait for nothing. The others go on until `close`."""
        self._draining = True
        for server in self._servers:
            server.close()
        for connection in self._connections.values():
            if not connection.is_busy:
                connection.stop(stopping())

    async def close(self) -> None:
        """End everything; who still waits for an answer is told. Idempotent."""
        await self.drain()
        for connection in self._connections.values():
            connection.stop(stopping())
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = self._refusal(writer)
        if refusal is not None:
            refuse(writer, refusal)
            return
        writer.transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        connection = Connection(
            reader,
            writer,
            speech=self._speech,
            describer=self._describer,
            streaming=self._settings.streaming,
            limits=self._limits,
        )
        task = asyncio.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    def _refusal(self, writer: asyncio.StreamWriter) -> Refusal | None:
        peer = writer.get_extra_info("peername")
        if peer is None:  # gone already
            return Refusal("forbidden_address", "an unknown address may not connect")
        if not is_within(peer[0], self._networks):
            logger.warning("wyoming: %s is not in wyoming.allow", peer[0])
            return Refusal("forbidden_address", f"{peer[0]} may not connect; see wyoming.allow")
        if self._draining:  # accepted just before the socket closed
            return stopping()
        if len(self._connections) >= self._settings.max_connections:
            logger.warning("wyoming: %d connections, no more are taken", len(self._connections))
            return Refusal("rate_limited", "too many connections")
        return None


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(allow: Sequence[str]) -> list[Network]:
    try:
        return [ipaddress.ip_network(network, strict=False) for network in allow]
    except ValueError as error:
        raise SettingsError(f"wyoming.allow: {error}") from error


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether a peer's address, as the socket gives it, is in one of the networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks)


def open_listeners(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """A bound socket per address, all with the same port. Raises OSError.

    An address family that the machine lacks is left out, as long as another address remains.
    """
    for _ in range(_PORT_TRIES - 1 if port == 0 else 0):
        try:
            return _open_listeners(hosts, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # a port free on one address may be taken on the next
                raise
    return _open_listeners(hosts, port)


def _open_listeners(hosts: Sequence[str], port: int) -> list[socket.socket]:
    missing: OSError | None = None
    listeners: list[socket.socket] = []
    with contextlib.ExitStack() as opened:
        for host in hosts:
            try:
                listener = opened.enter_context(_listener(host, port))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                logger.info("cannot listen on %s: %s", host, error.strerror)
                missing = error
            else:
                listeners.append(listener)
                port = listener.getsockname()[1]
        if missing is not None and not listeners:
            raise missing
        opened.pop_all()
    return listeners


def _listener(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Accepted sockets inherit both.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
