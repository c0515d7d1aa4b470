"""Whether a client's machine still answers: what the kernel knows of a connection long before it gives it up."""

import asyncio
import contextlib
import socket
import struct
import sys
from typing import Final

SILENT_S: Final = 3.0
"""A machine that has not answered a packet for so long gives way to whoever needs its place."""
_IN_VAIN = 2
"""How often it was asked, or sent something again: once more than what may just be on its way."""

_RETRANSMITS, _PROBES = 2, 3
"""Bytes of `struct tcp_info` (<linux/tcp.h>): how often in vain something was sent again, or it was asked."""
_LAST_ANSWER = struct.Struct("@56xI")
"""tcpi_last_ack_recv, in milliseconds"""


def is_silent(transport: asyncio.BaseTransport) -> bool:
    """Packets to its machine were sent again and again, and nothing has come back for a while (Linux)."""
    connection = transport.get_extra_info("socket")
    if connection is None or transport.is_closing() or sys.platform != "linux":
        return False
    with contextlib.suppress(OSError):
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ANSWER.size)
        since_ms: int = _LAST_ANSWER.unpack(told)[0]
        return max(told[_RETRANSMITS], told[_PROBES]) >= _IN_VAIN and since_ms >= SILENT_S * 1_000
    return False
