"""Clients that ask for a long text and then read nothing: what they cost, when they are cut off, what others hear."""

import json
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, rss_mb
from benchmarks.soak.daemons import Soaked, soaked_daemon
from benchmarks.soak.load import MOST_LATE_MS, heard, limits, started
from benchmarks.soak.wire import WebSocketWire, WyomingWire, connect

LIMIT_S = {"websocket": 10.0, "wyoming": 30.0, "http": 30.0}
"""How long each door waits for a client that takes nothing: websocket.send_timeout_s, and what the others have"""
GRACE_S = 5.0
MOST_MB = 0.4
_TEXT = "x" * 7_000
"""Seven minutes of sound: no buffer holds it"""
_NEIGHBOURS = ["websocket"] * 6 + ["wyoming"] * 2
_NEIGHBOURS_S = 20.0


def measure(clients: int) -> dict[str, Any]:
    """As many at each door, one door after the other."""
    with tempfile.TemporaryDirectory() as directory:
        options = {"rows": 2 * clients + 64, "frame_s": 0.005, "preview": False}
        with soaked_daemon(Path(directory), "tone", *limits(2 * clients), **options) as daemon:
            listening(daemon, 3.0)  # what is made at its first use is there
            doors = {door: _stall(daemon, door, clients) for door in LIMIT_S}
    return {"clients": clients, "machine": machine(), "doors": doors}


def _stall(daemon: Soaked, door: str, clients: int) -> dict[str, Any]:
    before = daemon.held()["daemon"]["descriptors"]
    before_mb = rss_mb(daemon.pid)
    neighbours = started(daemon, _NEIGHBOURS, _NEIGHBOURS_S)
    began = time.monotonic()
    stalls = [_asked(daemon, door) for _ in range(clients)]
    most_mb, gone_s = 0.0, None
    while time.monotonic() - began < LIMIT_S[door] + 4 * GRACE_S:
        time.sleep(0.25)
        most_mb = max(most_mb, rss_mb(daemon.pid) - before_mb)
        if daemon.held()["daemon"]["descriptors"] <= before + len(_NEIGHBOURS):
            gone_s = round(time.monotonic() - began, 1)
            break
    figures = heard(neighbours)
    for sock in stalls:
        sock.close()
    return {
        "mb_each": round(most_mb / clients, 3), "gone_s": gone_s, "limit_s": LIMIT_S[door],
        "neighbours": {name: figures[name] for name in ("lateness", "underruns", "failures")},
    }  # fmt: skip


def listening(daemon: Soaked, seconds: float) -> None:
    """Some who do read."""
    heard(started(daemon, _NEIGHBOURS, seconds))


def _asked(daemon: Soaked, door: str) -> socket.socket:
    """A client that will never read what it is answered."""
    if door == "wyoming":
        sock = connect(daemon.wyoming, "127.0.8.1")
        sock.sendall(WyomingWire.order(_TEXT, "tone"))
        return sock
    sock = connect(daemon.http, "127.0.8.2")
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
            f"{door}: gone within {within_s:g} s": found["gone_s"] is not None and found["gone_s"] <= within_s,
            f"{door}: others undisturbed": not found["neighbours"]["failures"]
            and found["neighbours"]["lateness"]["p99_ms"] <= MOST_LATE_MS,
        }
    return held
