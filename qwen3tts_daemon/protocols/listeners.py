"""Listening sockets: one per address, all with the same port; and how much their connections may hold back."""

import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from qwen3tts_daemon.access.lan_addresses import all_addresses
from qwen3tts_daemon.protocols.silent_peers import SILENT_S

logger = logging.getLogger(__name__)

WRITE_BUFFER_BYTES = 16 * 1024
"""What a connection holds for a client that does not read: more than the kernel holds need not lie here as well."""
_SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel holds; the engine should wait, not the sound, and what lies in a buffer cannot be cancelled."""
_LONGEST_UNASKED_S = 10.0
"""A connection that nothing passes through: who has gone is found out before it is in the way of who comes again."""
_PORT_TRIES = 5
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_BEFORE_IT_IS_OURS = {
    socket.AF_INET: (socket.IPPROTO_IP, 15),  # IP_FREEBIND
    socket.AF_INET6: (socket.IPPROTO_IPV6, 78),  # IPV6_FREEBIND
}
"""Options of <linux/in.h> and <linux/in6.h>, which Python has no names for: listen on an address that comes later."""
_RTO_MAX_MS = 44
"""TCP_RTO_MAX_MS of <linux/tcp.h>, which has no name in Python either"""


def open_listeners(hosts: Sequence[str], port: int, *, dead_peer_s: float) -> list[socket.socket]:
    """A bound socket per address, not yet listening. Raises OSError.

    "::" is left out on a machine without IPv6, as long as another address remains. An address that this machine
    does not have yet is listened on from when it comes: the network may be slower than the daemon (Linux). A client
    that acknowledges nothing for `dead_peer_s` is gone, whatever it or the daemon is waiting for (Linux).
    """
    for _ in range(_PORT_TRIES - 1 if port == 0 else 0):
        try:
            return _open_all(hosts, port, dead_peer_s)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # a port free on one address may be taken on the next
                raise
    return _open_all(hosts, port, dead_peer_s)


def _open_all(hosts: Sequence[str], port: int, dead_peer_s: float) -> list[socket.socket]:
    missing: OSError | None = None
    listeners: list[socket.socket] = []
    with contextlib.ExitStack() as opened:
        for host in hosts:
            try:
                listener = opened.enter_context(_open(host, port, dead_peer_s))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY or host != "::":
                    raise OSError(error.errno, f"{host}: {error.strerror}") from error
                logger.info("cannot listen on %s: %s", host, error.strerror)
                missing = error
            else:
                listeners.append(listener)
                port = listener.getsockname()[1]
        if missing is not None and not listeners:
            raise missing
        opened.pop_all()
    return listeners


def _open(host: str, port: int, dead_peer_s: float) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        for level, option, value in _options(family, dead_peer_s):
            listener.setsockopt(level, option, value)
        _ask_often(listener)
        _bind(listener, address)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _ask_often(listener: socket.socket) -> None:
    """Send again, and ask a client that takes nothing whether it has room, every few seconds at least (Linux 6.15).

    The kernel alone waits twice as long each time: whose machine is gone after it has taken nothing for a minute would
    be found out a minute later.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, _RTO_MAX_MS, round(SILENT_S * 1000))


def _bind(listener: socket.socket, address: tuple[Any, ...]) -> None:
    try:
        listener.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL or sys.platform != "linux" or address[0] == "::":
            raise
        listener.setsockopt(*_BEFORE_IT_IS_OURS[listener.family], 1)
        listener.bind(address)
        has = ", ".join(map(str, all_addresses()))
        logger.warning("%s is no address of this machine, which has %s: nobody is served until it is", address[0], has)


def _options(family: int, dead_peer_s: float) -> Iterator[tuple[int, int, int]]:
    yield socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
    yield socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES
    if family == socket.AF_INET6:
        yield socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1
    yield socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        yield socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(dead_peer_s * 1000)
        # Who is silent is asked every second or two from a third of the time on, so that a network that loses every
        # fifth packet ends nobody. How many questions there are is for TCP_USER_TIMEOUT to say.
        yield socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, round(min(dead_peer_s / 3, _LONGEST_UNASKED_S)))
        yield socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, round(min(dead_peer_s / 15, SILENT_S)))
