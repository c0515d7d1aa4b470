"""How often the kernel asks for a client that may be gone, on connections as they are accepted."""

import contextlib
import socket
import sys

import pytest

from qwen3tts_daemon.protocols.listeners import open_listeners
from qwen3tts_daemon.protocols.silent_peers import SILENT_S

RTO_MAX_MS = 44
"""TCP_RTO_MAX_MS of <linux/tcp.h>"""


@pytest.mark.skipif(sys.platform != "linux", reason="these are options of Linux")
@pytest.mark.parametrize(("dead_peer_s", "idle_s", "interval_s"), [(2, 1, 1), (15, 5, 1), (30, 10, 2), (600, 10, 3)])
def test_who_is_gone_is_found_out_however_long_it_may_keep_its_place(
    dead_peer_s: float, idle_s: int, interval_s: int
) -> None:
    (listener,) = open_listeners(["127.0.0.1"], 0, dead_peer_s=dead_peer_s)
    with listener, contextlib.closing(socket.socket()) as client:
        listener.listen()
        client.connect(listener.getsockname())
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_USER_TIMEOUT)
            asked = [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in options]
            assert asked == [idle_s, interval_s, dead_peer_s * 1000]
            with contextlib.suppress(OSError):  # before Linux 6.15
                assert accepted.getsockopt(socket.IPPROTO_TCP, RTO_MAX_MS) == SILENT_S * 1000
