"""Announces the daemon's ports on the local network, where Home Assistant and speakers find them (zeroconf).

An announcement names real addresses only: those of the interfaces on which the port listens, except loopback,
link-local, container and tunnel interfaces. They are looked up again every minute, because a machine may boot
faster than its network and DHCP may change it. Nothing here can fail the start: why nothing can be announced is logged
once, for both ports together, and tried again.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zeroconf import Error as ZeroconfError
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from qwen3tts_daemon.access.hosts import machine_label, service_host
from qwen3tts_daemon.access.lan_addresses import all_addresses, lan_addresses, listens
from qwen3tts_daemon.access.networks import Address
from qwen3tts_daemon.settings import ZeroconfSettings

logger = logging.getLogger(__name__)

WYOMING = "_wyoming._tcp.local."
VOICE = "_qwen3tts._tcp.local."

_LOOK_AGAIN_S = 60.0
_GOODBYE_S = 2.0
_NAME_BYTES = 58
"""A DNS label has 63; the rest is for the number that a collision adds."""
_PORT_IN_USE = "another program keeps UDP port 5353 for itself; avahi shares it if disallow-other-stacks is no"

FindAddresses = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Service:
    """A port to announce and the addresses it listens on."""

    type: str
    hosts: Sequence[str]
    port: int
    properties: Mapping[str, str] = field(default_factory=dict)


def wyoming_service(hosts: Sequence[str], port: int, *, version: str) -> Service:
    return Service(WYOMING, hosts, port, {"version": version})


def voice_service(hosts: Sequence[str], port: int, *, version: str, auth: str, is_secure: bool = False) -> Service:
    """The HTTP port, for clients of the WebSocket protocol."""
    properties = {"path": "/v1/tts", "version": version, "protocol": "voice.v1", "auth": auth}
    if is_secure:
        properties["tls"] = "1"
    return Service(VOICE, hosts, port, properties)


class _Unreachable(Exception):
    """There is no address to announce; the message says why, and the way out."""


class Discovery:
    """Announces services until it is stopped."""

    def __init__(
        self,
        settings: ZeroconfSettings,
        *,
        find_addresses: FindAddresses | None = None,
        look_again_s: float = _LOOK_AGAIN_S,
    ) -> None:
        self._settings = settings
        self._name = settings.name or f"qwen3-tts-{machine_label()}"
        self._find_addresses = find_addresses or lan_addresses
        self._look_again_s = look_again_s
        self._tasks: list[asyncio.Task[None]] = []
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._problems: dict[str, str] = {}
        """By type of service."""
        logging.getLogger("zeroconf").addFilter(_is_not_told_here)

    def announce(self, service: Service) -> None:
        """Start announcing; returns at once."""
        if self._settings.enabled:
            self._tasks.append(asyncio.create_task(self._keep_announced(service)))

    async def stop(self) -> None:
        """Say goodbye. Idempotent."""
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                logger.error("an announcement failed", exc_info=ended)
        self._tasks.clear()
        await asyncio.gather(*self._goodbyes)

    async def _keep_announced(self, service: Service) -> None:
        announced: list[str] = []
        async with contextlib.AsyncExitStack() as announcement:
            while True:
                try:
                    addresses = self._addresses(service)
                    if addresses != announced or not addresses:
                        await announcement.aclose()
                        announced = []
                        await self._announce(service, addresses, announcement)
                        announced = addresses
                    self._tell(service, "")
                except (_Unreachable, ZeroconfError, OSError, RuntimeError, ValueError) as error:
                    self._tell(service, _reason(error))
                await asyncio.sleep(self._look_again_s)

    def _tell(self, service: Service, problem: str) -> None:
        """Once, whichever service has it; again if it was gone in between."""
        known = set(self._problems.values())
        self._problems[service.type] = problem
        if problem and problem not in known:
            logger.warning("not announced on the network: %s", problem)

    async def _announce(self, service: Service, addresses: list[str], announcement: contextlib.AsyncExitStack) -> None:
        """Until `announcement` is closed. Raises what went wrong."""
        if not addresses:
            raise _Unreachable(self._why_unreachable(service))
        info = AsyncServiceInfo(
            service.type,
            f"{_label(self._name)}.{service.type}",
            port=service.port,
            server=f"{service_host(service.port)}.",
            parsed_addresses=addresses,
            properties=dict(service.properties),
        )
        zeroconf = AsyncZeroconf(interfaces=[*addresses])
        announcement.push_async_callback(self._close, zeroconf)
        await zeroconf.zeroconf.async_wait_for_start()
        if not zeroconf.zeroconf.engine.senders:
            raise _Unreachable(f"{', '.join(addresses)}: no interface with one of these takes part in multicast")
        await (await zeroconf.async_register_service(info, allow_name_change=True))
        logger.info("announced %s on %s port %d", info.name, ", ".join(addresses), service.port)

    def _why_unreachable(self, service: Service) -> str:
        hosts = ", ".join(service.hosts)
        if all(_is_loopback(host) for host in service.hosts):
            return (
                f"there is nothing to announce on {hosts}, which is this machine alone; listen on the network with "
                f"wyoming.host and http.host, or set zeroconf.enabled to false"
            )
        if self._settings.interfaces:
            return f"it listens on {hosts}, on none of zeroconf.interfaces ({', '.join(self._settings.interfaces)})"
        return (
            f"there is no network address to announce for {hosts}; is the network up? zeroconf.interfaces may name one"
        )

    async def _close(self, zeroconf: AsyncZeroconf) -> None:
        """In a task of its own: in one that `stop` cancels, the library would leave its sockets open."""
        goodbye = asyncio.create_task(_say_goodbye(zeroconf))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)
        await asyncio.shield(goodbye)

    def _addresses(self, service: Service) -> list[str]:
        """Raises _Unreachable, OSError."""
        for interface in self._settings.interfaces:
            if _parse(interface) not in (own := all_addresses()):
                has = ", ".join(map(str, own))
                raise _Unreachable(f"zeroconf.interfaces: {interface!r} is no address of this machine, which has {has}")
        found = self._settings.interfaces or self._find_addresses()
        return [address for address in found if listens(service.hosts, address)]


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return _PORT_IN_USE
    return str(error) or type(error).__name__


def _is_not_told_here(record: logging.LogRecord) -> bool:
    """For the library's log: its errors are raised as well, and its warnings need no traceback."""
    record.exc_info = None
    return record.levelno < logging.ERROR


async def _say_goodbye(zeroconf: AsyncZeroconf) -> None:
    """For what is registered; and free the sockets."""
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await zeroconf.async_close()
    except (TimeoutError, ZeroconfError, OSError) as error:
        logger.warning("no goodbye was said: %s", error or type(error).__name__)


def _is_loopback(host: str) -> bool:
    address = _parse(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _parse(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _label(name: str) -> str:
    return name.encode()[:_NAME_BYTES].decode(errors="ignore")
