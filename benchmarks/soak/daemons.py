"""A daemon in a process of its own that tells what it holds: memory, files, threads, tasks, objects, rows, loop lag."""

import contextlib
import json
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.hostile.watched import Census, Watched, wait_until
from tests.wire.daemons import AnyProcess, DaemonProcess, ended_at_last, executed

_WORKER = b"qwen3tts_daemon.hosting.worker"
_MB = 1024


class Soaked(Watched):
    """Its worker may be another one tomorrow, and have child processes beside it that read uploads."""

    @property
    def pid(self) -> int:
        return self.process.process.pid

    @property
    def worker(self) -> int | None:
        """The pid of the one that speaks, once it answers signals: an earlier one would kill it."""
        able = [pid for pid in self.process.workers if _is_worker(pid) and _hears(pid, signal.SIGUSR1)]
        return max(able, key=_rss_kb, default=None)

    def held(self, *, with_objects: bool = False) -> dict[str, dict[str, float]]:
        """By process: what it holds at this moment, and which process it is."""
        found: dict[str, dict[str, float]] = {}
        for name, pid in (("daemon", self.pid), ("worker", self.worker)):
            if pid is None:
                continue
            with contextlib.suppress(OSError, ProcessLookupError, TimeoutError):  # it has just ended
                told = self._told_of(name, pid, with_objects=with_objects)
                found[name] = {"pid": pid, **memory_mb(pid), "threads": _threads(pid), **told}
        return found

    def _told_of(self, name: str, pid: int, *, with_objects: bool) -> Census:
        path = self._census.with_suffix(f".{name}")
        path.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR2 if with_objects else signal.SIGUSR1)
        wait_until(lambda: path.exists() or not _lives(pid))
        told: Census = json.loads(path.read_text())
        return told

    def is_ready(self) -> bool:
        with self.client() as client:
            return client.get("/ready").status_code == 200


@contextlib.contextmanager
def soaked_daemon(
    directory: Path, engine: str, *options: str, start: Callable[[list[str]], AnyProcess] = executed, **of_engine: Any
) -> Iterator[Soaked]:
    """`engine`: "tone", a ToneEngine with its options, or "chosen", as the settings in `options` choose."""
    _allow_files()
    census, data = directory / "census", directory / "data"
    wanted = {"engine": engine, "options": of_engine, "census": str(census)}
    program = ["benchmarks.soak.watched_daemon", json.dumps(wanted)]
    with ended_at_last(DaemonProcess(program, data, list(options), start)) as process:
        yield Soaked(process, census, data)


def _allow_files() -> None:
    """As many as may be, here and in what is started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def share_cores(daemon: Soaked) -> dict[str, Sequence[int]]:
    """A core for the daemon alone, the worker's, those of the clients; on two cores the last two share one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        shares: dict[str, Sequence[int]] = {"daemon": cores, "worker": cores, "clients": cores}
    else:
        shares = {"daemon": cores[:1], "worker": cores[1:2], "clients": cores[2:] or cores[1:]}
    os.sched_setaffinity(daemon.pid, shares["daemon"])
    if (worker := daemon.worker) is not None:
        os.sched_setaffinity(worker, shares["worker"])
    return shares


def memory_mb(pid: int) -> dict[str, float]:
    """Resident, and its own: what of a file is shared counts as more when others who had it too have ended."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {name: re.search(rf"^{name}:\s+(\d+) kB$", rollup, re.MULTILINE) for name in ("Rss", "Anonymous")}
    return {f"{name.lower()}_mb": round(int(match[1]) / _MB, 2) for name, match in found.items() if match}


def _status(pid: int, name: str) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith(f"{name}:")).split()[1]


def _threads(pid: int) -> int:
    return int(_status(pid, "Threads"))


def _rss_kb(pid: int) -> int:
    with contextlib.suppress(OSError, StopIteration):
        return int(_status(pid, "VmRSS"))
    return 0


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError, StopIteration):
        return _status(pid, "State") != "Z"
    return False


def _hears(pid: int, number: signal.Signals) -> bool:
    with contextlib.suppress(OSError, StopIteration):
        return bool(int(_status(pid, "SigCgt"), 16) >> (number - 1) & 1)
    return False


def _is_worker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return _WORKER in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
