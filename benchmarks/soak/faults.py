"""What befalls a daemon and its clients, once a minute. Only the death of its worker may be noticed by others."""

import contextlib
import os
import random
import signal
import socket
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.soak.daemons import Soaked
from benchmarks.soak.wire import WebSocketWire, WyomingWire, connect, frame
from tests.hostile.watched import wait_until

WORKER_KILLED = "worker killed"
_TCP_REPAIR = 19
_ADDRESS = "127.0.9.9"
_MANY = 4
_BEGINS_S = 5.0
_LONG = "This goes on and on, and nobody will hear how it ends. " * 8
_CHANGES: tuple[dict[str, Any], ...] = (
    {"speech.tail_silence_ms": 200, "speech.markup": False},
    {"speech.tail_silence_ms": None, "speech.markup": None},
    {"phrases.cache": "all", "speech.loudness_lufs": -20},
    {"phrases.cache": None, "speech.loudness_lufs": None},
)


class Killable(Protocol):
    """Client processes."""

    def kill_one(self) -> None:
        """Another one takes its place."""


class Faults:
    """All kinds in turn."""

    def __init__(self, daemon: Soaked, clients: Killable, voice: str, seed: int) -> None:
        self._daemon, self._voice = daemon, voice
        self._draw = random.Random(seed)
        self._count = 0
        self._kinds: dict[str, Callable[[], None]] = {
            WORKER_KILLED: self._kill_worker,
            "client killed": clients.kill_one,
            "clients vanished": self._vanish,
            "garbage sent": self._send_garbage,
            "rubbish uploaded": self._upload_rubbish,
            "settings changed": self._change_settings,
        }
        self._vanished: list[socket.socket] = []
        """Those that may not vanish stay, and read nothing, until the next ones come"""

    def name(self, *, spare_worker: bool) -> str:
        """Of the next one. `spare_worker`: it must live on, to be judged."""
        names = [name for name in self._kinds if not (spare_worker and name == WORKER_KILLED)]
        self._count += 1
        return names[(self._count - 1) % len(names)]

    def befall(self, name: str) -> None:
        """Let it happen. Raises AssertionError if the daemon does not answer as it must."""
        self._kinds[name]()

    def end(self) -> None:
        for sock in self._vanished:
            sock.close()

    def _kill_worker(self) -> None:
        """It is awaited until another one is ready."""
        if (worker := self._daemon.worker) is not None:
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: self._daemon.worker not in (None, worker) and self._daemon.is_ready())

    def _vanish(self) -> None:
        """Clients in the middle of an utterance are gone from the network: no end, no reset."""
        self.end()
        orders = [
            (self._daemon.http, WebSocketWire.hello(self._daemon.http) + WebSocketWire.order(_LONG, self._voice)),
            (self._daemon.wyoming, WyomingWire.order(_LONG, self._voice)),
        ]
        sockets = []
        for number in range(_MANY):
            port, order = orders[number % 2]
            sockets.append(connect(port, _ADDRESS))
            sockets[-1].sendall(order)
        for sock in sockets:
            sock.settimeout(_BEGINS_S)
            with contextlib.suppress(TimeoutError):  # it waits in the line
                sock.recv(1)  # it is being answered
        self._vanished = [sock for sock in sockets if not _vanishes(sock)]

    def _send_garbage(self) -> None:
        """To both ports; whatever is answered."""
        beginnings = [
            b"", b"GET /v1/tts HTTP/1.1\r\n", b'{"type":"synthesize","data_length":99}\n', b"\x16\x03\x01\x02\x00",
            WebSocketWire.hello(self._daemon.http), WebSocketWire.hello(self._daemon.http) + frame(3, b"?"),
            WebSocketWire.hello(self._daemon.http) + frame(1, b'{"type":"speak","text":'),
        ]  # fmt: skip
        for port in (self._daemon.http, self._daemon.wyoming):
            for beginning in beginnings:
                with contextlib.suppress(OSError), connect(port, _ADDRESS) as sock:
                    sock.sendall(beginning + self._draw.randbytes(self._draw.randrange(4_000)))
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(65_536):
                        pass

    def _upload_rubbish(self) -> None:
        """Each is refused."""
        rubbish = self._draw.randbytes(200_000)
        uploads = [
            ("/v1/audio/references", "ref_audio", rubbish),
            ("/v1/audio/references", "ref_audio", b"RIFF\xff\xff\xff\xffWAVEfmt " + rubbish[:999]),
            ("/v1/audio/voices/import", "file", b"PK\x03\x04" + rubbish),
            ("/v1/audio/voices/import", "file", rubbish),
        ]
        with self._daemon.client() as client:
            for path, name, data in uploads:
                answer = client.post(path, files={name: ("rubbish", data)})
                assert answer.status_code in range(400, 500), (path, answer.status_code, answer.text)

    def _change_settings(self) -> None:
        """All of them, back to what they were."""
        with self._daemon.client() as client:
            for change in _CHANGES:
                answer = client.patch("/v1/settings", json=change)
                assert answer.status_code == 200, (change, answer.text)


def _vanishes(sock: socket.socket) -> bool:
    """Whether it could be closed without a word to its peer, which an ordinary user may not do."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    except OSError:
        return False
    sock.close()
    return True
