"""What a neighbour feels while others flood the daemon: the latency of its /health, and how long SIGTERM takes then.

python -m benchmarks.floods [NAME ...] [--clients N]      prints one JSON object; NAME is one of the FLOODS

Each client sends as much as the daemon takes, one megabyte a second at most, from a process of its own, for some
seconds. Everything stays on 127.0.0.1.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.machine import machine, rss_mb, summary
from benchmarks.serve import Running, tone

SECONDS = 6.0
_BYTES_PER_S = 1_000_000
_TICK_S = 0.02
_ASKS_EVERY_S = 0.01

_UPGRADE = (
    b"GET /v1/tts HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)
_POST = b"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_UNKNOWN_PROXY = b"X-Forwarded-For: 203.0.113.9\r\n"  # whoever comes by one has an unknown address: 401
_MANY_FIELDS = b"{" + b",".join(b'"f%d":%d' % (i, i) for i in range(60_000)) + b"}"


def _frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame of a client, masked with zeros."""
    return bytes(((0x80 if fin else 0) | opcode, 0x80 | len(payload))) + bytes(4) + payload


def _socket(first: bytes, frame: bytes) -> tuple[bytes, bytes]:
    return _UPGRADE + b"\r\n" + first, frame * (_BYTES_PER_S // 10 // len(frame))


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "empty pings": _socket(b"", _frame(9)),
    "long pings": _socket(b"", _frame(9, b"x" * 125)),
    "pongs": _socket(b"", _frame(10)),
    "empty continuations": _socket(_frame(1, b"{", fin=False), _frame(0, fin=False)),
    "one-byte continuations": _socket(_frame(1, b"{", fin=False), _frame(0, b" ", fin=False)),
    "empty texts": _socket(b"", _frame(1)),
    "messages": _socket(b"", _frame(1, b'{"type":"ping"}')),
    "one-byte chunks": (_CHUNKED, b"1\r\n \r\n" * 20_000),
    "one-byte chunks behind a 401": (_CHUNKED.replace(b"Host:", _UNKNOWN_PROXY + b"Host:"), b"1\r\n \r\n" * 20_000),
    "many fields": (b"", _POST + b"Content-Length: %d\r\n\r\n" % len(_MANY_FIELDS) + _MANY_FIELDS),
    "requests in a row": (b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1_000),
    "upgrades with a body": (b"", _UPGRADE + b"Content-Length: 5\r\n\r\nhello"),
    "wyoming pings": (b"", b'{"type":"ping"}\n' * 6_000),
    "wyoming describes": (b"", b'{"type":"describe"}\n' * 5_000),
}
"""What is sent once, and what is sent again and again."""


def flood(name: str, port: int, clients: int, seconds: float) -> None:
    """The flooding process. It forgets what it is answered, or never reads it, and comes back if it is cut off."""
    once, again = FLOODS[name]
    flooders = [_Flooder(port, once, again, reads=name != "long pings") for _ in range(clients)]
    ends_at = time.monotonic() + seconds
    with contextlib.suppress(ConnectionRefusedError):  # the daemon has ended
        while time.monotonic() < ends_at:
            tick_at = time.monotonic()
            for flooder in flooders:
                flooder.push()
            time.sleep(max(0.0, tick_at + _TICK_S - time.monotonic()))


class _Flooder:
    """One client of many."""

    def __init__(self, port: int, once: bytes, again: bytes, *, reads: bool) -> None:
        self._port = port
        self._once = once
        self._again = again
        self._reads = reads
        self._open()

    def _open(self) -> None:
        self._sock = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        head, end, self._left = self._once.partition(b"\r\n\r\n")
        self._sock.sendall(head + end)
        if head.startswith(b"GET"):
            self._sock.recv(4_096)  # the WebSocket is open
        self._sock.setblocking(False)

    def push(self) -> None:
        """One tick's worth."""
        self._left = self._left or self._again
        try:
            with contextlib.suppress(BlockingIOError):
                self._left = self._left[self._sock.send(self._left[: round(_BYTES_PER_S * _TICK_S)]) :]
            with contextlib.suppress(BlockingIOError):
                while self._reads and self._sock.recv(65_536):
                    pass
        except OSError:
            self._sock.close()
            self._open()


async def ask(port: int, seconds: float) -> list[float]:
    """The neighbour: /health on one connection, again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        began = time.perf_counter()
        writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        times.append(time.perf_counter() - began)
        await asyncio.sleep(_ASKS_EVERY_S)
    writer.close()
    return times


@contextlib.contextmanager
def flooding(name: str, running: Running, clients: int, seconds: float) -> Iterator[None]:
    port = running.wyoming if name.startswith("wyoming") else running.http
    arguments = [sys.executable, "-m", "benchmarks.floods", name, "--port", str(port)]
    with subprocess.Popen([*arguments, "--clients", str(clients), "--seconds", str(seconds)]) as process:
        try:
            yield
        finally:
            process.terminate()


async def measure(name: str, clients: int) -> dict[str, Any]:
    """One flood against a daemon of its own, which is then told to stop under it."""
    async with tone() as running:
        before_mb = rss_mb(running.pid)
        with flooding(name, running, clients, SECONDS + 20):
            await asyncio.sleep(1)
            times = await ask(running.http, SECONDS)
            grown_mb = rss_mb(running.pid) - before_mb
            began = time.perf_counter()
            os.kill(running.pid, signal.SIGTERM)
            while _is_alive(running.pid):
                await asyncio.sleep(0.02)
            stop_s = time.perf_counter() - began
    return {**summary(times), "grown_mb": round(grown_mb, 1), "sigterm_s": round(stop_s, 2)}


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


async def main(names: list[str], clients: list[int]) -> None:
    result: dict[str, Any] = {"machine": machine()}
    for name in names or FLOODS:
        for count in clients:
            result[f"{name}, {count} client{'s' * (count > 1)}"] = await measure(name, count)
    print(json.dumps(result, indent=1))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", choices=[[], *FLOODS])
    parser.add_argument("--clients", type=int, default=0, help="1 and 8 if it is not given")
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    given = _parse()
    if given.port:
        flood(given.names[0], given.port, given.clients, given.seconds)
    else:
        asyncio.run(main(given.names, [given.clients] if given.clients else [1, 8]))
