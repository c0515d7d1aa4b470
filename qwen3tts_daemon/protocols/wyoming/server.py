"""The Wyoming server: its sockets, who may connect, start and stop.

The library's server handles the events of a connection one by one, so that it neither notices a client leave
nor answers `describe` while it speaks, and takes the signals for itself; hence a server of our own.
"""

import asyncio
import logging
from dataclasses import replace

from wyoming.info import Info

from qwen3tts_daemon.access.networks import Address, NetworkAllowList, parse_address
from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.protocols.connection_quota import ConnectionQuota
from qwen3tts_daemon.protocols.listeners import WRITE_BUFFER_BYTES, open_listeners
from qwen3tts_daemon.protocols.wyoming.connection import WyomingConnection, refuse
from qwen3tts_daemon.protocols.wyoming.info import Describer
from qwen3tts_daemon.protocols.wyoming.limits import WyomingLimits
from qwen3tts_daemon.protocols.wyoming.wire import HEADER_BYTES
from qwen3tts_daemon.settings import WyomingSettings
from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.speech.service import Speech

logger = logging.getLogger(__name__)


class WyomingServer:
    """Speaks Wyoming on every address of `settings.host`."""

    def __init__(
        self,
        speech: Speech,
        settings: WyomingSettings,
        *,
        version: str,
        limits: WyomingLimits | None = None,
    ) -> None:
        """Raises SettingsError if `settings.allow` has something that is no network."""
        self._speech = speech
        self._settings = settings
        self._limits = replace(limits or WyomingLimits(), idle_s=settings.idle_s)
        self._allowed = NetworkAllowList(settings.allow, option="wyoming.allow")
        self._describer = Describer(languages=settings.languages, streaming=settings.streaming, version=version)
        self._servers: list[asyncio.Server] = []
        self._draining = False
        self.port = settings.port
        """The real one, once started."""
        self.addresses: list[str] = []
        """What it listens on, once started; an address family that the machine lacks is not among them."""
        self._connections: dict[asyncio.Task[None], WyomingConnection] = {}
        most, most_each = settings.max_connections, settings.max_connections_per_address
        self._quota = ConnectionQuota("wyoming", most, most_each, self._limits.events_of_an_address)
        self._log = SparingLog(logger)

    async def start(self) -> None:
        """Listen. Raises OSError if an address or the port cannot be had."""
        listeners = open_listeners(self._settings.host, self._settings.port, dead_peer_s=self._limits.dead_peer_s)
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
                connection.close(draining())

    async def close(self) -> None:
        """End everything; who still waits for an answer is told. Idempotent."""
        await self.drain()
        for connection in self._connections.values():
            connection.close(draining())
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = parse_address(peer[0]) if peer else None
        refusal = self._refusal(address)
        if refusal is not None:
            refuse(writer, refusal)
            return
        writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        connection = WyomingConnection(
            reader,
            writer,
            address=str(address),
            client=self._quota.client_of(str(address)),
            speech=self._speech,
            describe_server=self._info,
            streaming=self._settings.streaming,
            limits=self._limits,
            pace=self._quota.pace_of(str(address), self._limits.events),
            may_linger=lambda: self._quota.may_linger,
            log=self._log,
        )
        if not self._quota.acquire(connection, str(address)):
            refuse(writer, Refusal("rate_limited", "too many connections"))
            return
        task = asyncio.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._leave)

    def _info(self) -> Info:
        voices = self._speech.voices
        styles = {known.name: voices.styles_of(known) for known in voices.known}
        return self._describer.info(self._speech.capabilities, voices.voices, voices.defaults, styles)

    def _leave(self, task: asyncio.Task[None]) -> None:
        connection = self._connections.pop(task)
        self._quota.release(connection, connection.address)

    def _refusal(self, address: Address | None) -> Refusal | None:
        if address is None:  # gone already
            return Refusal("forbidden_address", "an unknown address may not connect")
        if address not in self._allowed:
            self._log.warning("wyoming: %s is not in wyoming.allow", address)
            return Refusal("forbidden_address", f"{address} may not connect; see wyoming.allow")
        return draining() if self._draining else None  # accepted just before the socket closed
