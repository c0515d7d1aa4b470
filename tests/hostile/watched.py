"""A whole daemon that tests look into from outside: what it holds, how much memory it takes, what it logs."""

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, ended_at_last

Census = dict[str, int]


class Watched:
    """Its ports, its token, and what it and its worker hold."""

    def __init__(self, process: DaemonProcess, census: Path, data: Path) -> None:
        self.process = process
        self.data = data
        self.address = "127.0.0.1"
        """Where it is reached."""
        self.wyoming, self.http = process.ready()
        self.token = (data / "token").read_text().strip()
        self._census = census
        self._pid = process.process.pid

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.http}"

    @property
    def socket_url(self) -> str:
        return f"ws://{self._host}:{self.http}/v1/tts"

    @property
    def _host(self) -> str:
        return f"[{self.address}]" if ":" in self.address else self.address

    def client(self) -> httpx.Client:
        """Who may do everything."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S)

    def connect(self, port: int) -> socket.socket:
        return socket.create_connection((self.address, port), timeout=PATIENCE_S)

    def say(self, port: int, data: bytes, *, ends: bool = False) -> bytes:
        """All that is answered to some bytes, until the daemon closes or resets; `ends`: nothing more comes of us."""
        with self.connect(port) as sock:
            answer = b""
            with contextlib.suppress(ConnectionError):
                sock.sendall(data)
                if ends:
                    sock.shutdown(socket.SHUT_WR)
                while piece := sock.recv(65_536):
                    answer += piece
            return answer

    @property
    def journal(self) -> list[list[str]]:
        """What it has opened to be written, synced and renamed in its data directory, so far."""
        return [json.loads(line) for line in self._census.with_suffix(".journal").read_text().splitlines()]

    @property
    def memory(self) -> int:
        """Bytes that the daemon's own process has now."""
        return self._status("VmRSS")

    @property
    def most_memory(self) -> int:
        """Bytes that it has had at once so far."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{self._pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def census(self, *, with_objects: bool = True) -> Census:
        """What both processes hold at this moment."""
        (worker,) = self.process.workers
        return {
            f"{name} {what}": count
            for name, pid in (("daemon", self._pid), ("worker", worker))
            for what, count in self._told(name, pid, signal.SIGUSR2 if with_objects else signal.SIGUSR1).items()
        }

    def _told(self, name: str, pid: int, asked: signal.Signals) -> Census:
        path = self._census.with_suffix(f".{name}")
        path.unlink(missing_ok=True)
        os.kill(pid, asked)
        wait_until(path.exists)
        told: Census = json.loads(path.read_text())
        return told

    def holds_no_more_than(self, before: Census, *, with_objects: bool = True) -> None:
        """Wait until it is so."""
        more: Mapping[str, tuple[int, int]] = {}

        def has_settled() -> bool:
            nonlocal more
            now = self.census(with_objects=with_objects)
            more = {what: (before.get(what, 0), count) for what, count in now.items() if count > before.get(what, 0)}
            return not more

        with contextlib.suppress(TimeoutError):
            wait_until(has_settled)
        assert not more, f"before and now: {more}"

    @property
    def log(self) -> str:
        """So far."""
        return self.process.read_so_far()


def wait_until(condition: Callable[[], bool]) -> None:
    """For what tells nobody that it has happened. Raises TimeoutError."""
    gives_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > gives_up_at:
            raise TimeoutError
        time.sleep(0.005)


@contextlib.contextmanager
def watched_daemon(
    directory: Path,
    *options: str,
    factory: str = "tests.hostile.watched_daemon:engine",
    hosts: str = "127.0.0.1",
    **engine: object,
) -> Iterator[Watched]:
    """The daemon with a ToneEngine in its worker, or with what `factory` makes. `hosts`: what it listens on."""
    census, data = directory / "census", directory / "data"
    wanted = {"engine": engine, "census": str(census), "factory": factory}
    program = ["tests.hostile.watched_daemon", json.dumps(wanted)]
    with ended_at_last(DaemonProcess(program, data, list(options), hosts=hosts)) as process:
        yield Watched(process, census, data)
