"""Clients that ask for a long text and then read nothing: what they cost, when they are cut off, what others hear."""

import json
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, rss_mb
from benchmarks.soak.daemons import Soaked, soaked_daemon
from benchmarks.soak.load import MOST_LATE_MS, SPREAD_S, heard, limits, started
from benchmarks.soak.wire import WebSocketWire, WyomingWire, connect
from tests.hostile.watched import wait_until

DOORS = {"websocket": 10.0, "wyoming": 30.0, "http": 30.0}
"""And how long each waits for a client that takes nothing: websocket.send_timeout_s, and what the others have"""
GRACE_S = 5.0
MOST_MB = 0.4
_TEXT = "x" * 7_000
"""Seven minutes of sound: no buffer holds it"""
_NEIGHBOURS = ["websocket"] * 6 + ["wyoming"] * 2
_NEIGHBOURS_S = 20.0
_ADDRESS = "127.0.8.1"
_OPEN = ("01", "08")
"""ESTABLISHED and CLOSE_WAIT, in /proc/net/tcp"""


def measure(clients: int) -> dict[str, Any]:
    """As many at each door, one door after the other."""
    with tempfile.TemporaryDirectory() as directory:
        options: dict[str, Any] = {"rows": 2 * clients + 64, "frame_s": 0.005, "preview": False}
        with soaked_daemon(Path(directory), "tone", *limits(2 * clients), **options) as daemon:
            listening(daemon, 3.0)  # what is made at its first use is there
            doors = {door: stall(daemon, door, clients, limit_s) for door, limit_s in DOORS.items()}
    return {"clients": clients, "machine": machine(), "doors": doors}


def stall(
    daemon: Soaked, door: str, clients: int, limit_s: float, neighbours_s: float = _NEIGHBOURS_S
) -> dict[str, Any]:
    """What they cost at a door that waits for so long, and when they are gone; what others hear meanwhile."""
    neighbours = started(daemon, _NEIGHBOURS, neighbours_s)
    time.sleep(min(SPREAD_S, neighbours_s / 2))  # all of them speak
    before_mb = rss_mb(daemon.pid)
    stalls = [_asked(daemon, door) for _ in range(clients)]
    began, most_mb = time.monotonic(), 0.0

    def are_gone() -> bool:
        nonlocal most_mb
        most_mb = max(most_mb, rss_mb(daemon.pid) - before_mb)
        time.sleep(0.2)
        return not _connections(daemon.wyoming if door == "wyoming" else daemon.http)

    wait_until(are_gone)
    gone_s = time.monotonic() - began
    figures = heard(neighbours)
    for sock in stalls:
        sock.close()
    return {
        "mb_each": round(most_mb / clients, 3), "gone_s": round(gone_s, 1), "limit_s": limit_s,
        "neighbours": {name: figures[name] for name in ("lateness", "underruns", "failures")},
    }  # fmt: skip


def _connections(port: int) -> int:
    """Of those who read nothing, as long as the daemon has not ended them."""
    local, remote = f":{port:04X}", socket.inet_aton(_ADDRESS)[::-1].hex().upper()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(local) and row[2].startswith(remote) and row[3] in _OPEN for row in rows)


def listening(daemon: Soaked, seconds: float) -> None:
    """Some who do read."""
    heard(started(daemon, _NEIGHBOURS, seconds))


def _asked(daemon: Soaked, door: str) -> socket.socket:
    """A client that will never read what it is answered."""
    if door == "wyoming":
        sock = connect(daemon.wyoming, _ADDRESS)
        sock.sendall(WyomingWire.order(_TEXT, "tone"))
        return sock
    sock = connect(daemon.http, _ADDRESS)
    if door == "websocket":
        order = WebSocketWire.order(_TEXT, "tone", lead_ms=600_000)
        sock.sendall(WebSocketWire.hello(daemon.http) + order)
    else:
        body = json.dumps({"input": _TEXT, "voice": "tone", "response_format": "pcm"}).encode()
        head = "POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return sock


def verdict(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar holds."""
    held: dict[str, bool] = {}
    for door, found in figures["doors"].items():
        within_s = found["limit_s"] + GRACE_S
        held |= {
            f"{door}: {MOST_MB:g} MB each at most": found["mb_each"] <= MOST_MB,
            f"{door}: gone within {within_s:g} s": found["gone_s"] <= within_s,
            f"{door}: others undisturbed": not found["neighbours"]["failures"]
            and found["neighbours"]["lateness"]["p99_ms"] <= MOST_LATE_MS,
        }
    return held
