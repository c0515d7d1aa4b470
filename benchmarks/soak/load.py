"""Many listeners in real time: how late their sound is, what the daemon's loop is late by, what it all costs.

The engine makes a chunk of 80 ms every 80 ms for each of them, so that whatever holds one up is heard. The daemon has a
core for itself where the machine has two; clients come from many addresses.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.machine import cpu_s, machine, rss_mb, summary
from benchmarks.soak.daemons import Soaked, share_cores, soaked_daemon

MOST_LATE_MS = 20.0
MOST_LAG_MS = 10.0
_CLIENTS_OF_AN_ADDRESS = 8
_MOST_PROCESSES = 8
SPREAD_S = 4.0
"""In which they begin, one after the other"""
FRAME_S = 0.08


def addresses() -> Iterator[str]:
    """Of this machine, each for so many clients."""
    number = 0
    while True:
        number += 1
        for _ in range(_CLIENTS_OF_AN_ADDRESS):
            yield f"127.0.{1 + number // 250}.{1 + number % 250}"


def limits(clients: int) -> list[str]:
    """Settings that let so many in."""
    return [
        "--http.max-connections", str(2 * clients + 64), "--wyoming.max-connections", str(2 * clients + 64),
        "--websocket.max-sockets-per-address", "64", "--drain-s", "0",
    ]  # fmt: skip


def measure(websockets: int, wyoming: int, seconds: float) -> dict[str, Any]:
    """As many listeners at once, for so long."""
    count = websockets + wyoming
    with tempfile.TemporaryDirectory() as directory:
        options: dict[str, Any] = {"frame_s": FRAME_S, "rows": count + 64, "preview": False}
        with soaked_daemon(Path(directory), "tone", *limits(count), **options) as daemon:
            cores = share_cores(daemon)
            clients = [*["websocket"] * websockets, *["wyoming"] * wyoming]
            _listen(daemon, ["websocket", "wyoming"], cores["clients"], 3.0)  # what is made at its first use is there
            figures = _listen(daemon, clients, cores["clients"], seconds)
    return {
        "listeners": {"websocket": websockets, "wyoming": wyoming}, "seconds": seconds,
        "cores": {name: len(each) for name, each in cores.items()}, "machine": machine(), **figures,
    }  # fmt: skip


def _listen(daemon: Soaked, kinds: Sequence[str], cores: Sequence[int], seconds: float) -> dict[str, Any]:
    worker = daemon.worker
    assert worker is not None
    before_mb = rss_mb(daemon.pid)
    daemon.held()  # lag is told since it was told last
    before = cpu_s(daemon.pid), cpu_s(worker)
    figures = heard(started(daemon, kinds, seconds, cores))
    lag = {key: value for key, value in daemon.held()["daemon"].items() if key.startswith("lag")}
    daemon_s, worker_s = cpu_s(daemon.pid) - before[0], cpu_s(worker) - before[1]
    return figures | {
        "loop_lag_ms": {key.split()[1]: round(value / 1000, 2) for key, value in lag.items()},
        "daemon_core_percent": round(100 * daemon_s / seconds, 1),
        "daemon_us_per_chunk": round(1e6 * daemon_s / figures["lateness"]["n"], 1),
        "worker_core_percent": round(100 * worker_s / seconds, 1),
        "clients_core_percent": round(100 * figures.pop("clients_cpu_s") / seconds, 1),
        "daemon_mb": round(rss_mb(daemon.pid), 1),
        "kb_per_listener": round(1024 * (rss_mb(daemon.pid) - before_mb) / len(kinds), 1),
    }  # fmt: skip


class Clients:
    """Some of the clients."""

    def __init__(self, wanted: dict[str, Any], core: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soak.listeners", json.dumps(wanted)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.sched_setaffinity(self._process.pid, [core])

    def connected(self) -> None:
        """Wait until they are."""
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "connected\n":
            raise RuntimeError("the clients could not connect")

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        told, _ = self._process.communicate()
        answer: dict[str, Any] = json.loads(told)
        return answer


def started(
    daemon: Soaked, kinds: Sequence[str], seconds: float, cores: Sequence[int] | None = None, *, sentences: int = 2
) -> list[Clients]:
    """Processes that listen from now on, on these cores; each has its share of each kind. `sentences`: of a text."""
    cores = cores or sorted(os.sched_getaffinity(0))[-1:]
    ports = {"websocket": daemon.http, "wyoming": daemon.wyoming}
    count = min(len(cores), _MOST_PROCESSES, len(kinds))
    shares: list[list[tuple[str, int, str]]] = [[] for _ in range(count)]
    for share, kind, address in zip(cycle(shares), kinds, addresses(), strict=False):
        share.append((kind, ports[kind], address))
    wanted = {
        "voice": "tone", "seconds": seconds, "spread_s": min(SPREAD_S, seconds / 2), "sentences": sentences,
    }  # fmt: skip
    processes = [
        Clients(wanted | {"clients": share, "seed": seed}, core)
        for seed, (share, core) in enumerate(zip(shares, cores, strict=False))
    ]
    for process in processes:
        process.connected()
    for process in processes:
        process.begin()
    return processes


def heard(processes: Sequence[Clients]) -> dict[str, Any]:
    """What they have heard, once their time is over."""
    answers = [process.answer() for process in processes]
    late_ms = [late for answer in answers for late in answer["late_ms"]]
    first_ms = [first for answer in answers for first in answer["first_ms"]]
    return {
        "lateness": summary([late / 1000 for late in late_ms]),
        "first_audio": summary([first / 1000 for first in first_ms]),
        "underruns": sum(answer["underruns"] for answer in answers),
        "utterances": sum(answer["utterances"] for answer in answers),
        "failures": [failure for answer in answers for failure in answer["failures"]],
        "clients_cpu_s": sum(answer["cpu_s"] for answer in answers),
    }  # fmt: skip


def verdict(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar holds."""
    return {
        f"lateness p99 <= {MOST_LATE_MS:g} ms": figures["lateness"]["p99_ms"] <= MOST_LATE_MS,
        f"loop lag p99 <= {MOST_LAG_MS:g} ms": figures["loop_lag_ms"]["p99"] <= MOST_LAG_MS,
        "nobody failed": not figures["failures"],
    }
