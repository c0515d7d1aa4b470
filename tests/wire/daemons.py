"""Whole daemons as child processes, for tests."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

from tests.overheard import leaks_of
from tests.patience import PATIENCE_S
from tests.wire.forked import ForkedProcess

AnyProcess = subprocess.Popen[str] | ForkedProcess


def executed(command: list[str]) -> subprocess.Popen[str]:
    """As users start it."""
    return subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.PIPE, text=True, start_new_session=True)


def forked(command: list[str]) -> ForkedProcess:
    """In a fifth of the time: see the nursery."""
    return ForkedProcess(*command)


class DaemonProcess:
    """A daemon with free ports; its log is read as it comes."""

    def __init__(
        self,
        program: list[str],
        data: Path,
        options: list[str],
        start: Callable[[list[str]], AnyProcess] = executed,
        hosts: str = "127.0.0.1",
    ) -> None:
        """`hosts`: what it listens on, as options have it."""
        arguments = [
            "--data-dir", str(data), "--wyoming.host", hosts, "--wyoming.port", "0",
            "--http.host", hosts, "--http.port", "0", "--no-zeroconf.enabled", *options,
        ]  # fmt: skip
        self.process = start([*program, *arguments])
        self._data = data
        self._may_log_text = "--log-text" in options
        self._lines: Queue[str | None] = Queue()
        self._log: list[str] = []
        self._whole_log: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._whole_log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first new log line that matches."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE_S)
            except Empty:
                raise AssertionError(f"no line with {pattern!r}:\n{self.log}") from None
            if line is None:
                raise AssertionError(f"the daemon ended without a line with {pattern!r}:\n{self.log}")
            self._log.append(line)
            if match := re.search(pattern, line):
                return match

    def said(self, pattern: str) -> re.Match[str]:
        """As `wait_for`, where other lines may have been waited for after it came."""
        return re.search(pattern, self.log) or self.wait_for(pattern)

    @property
    def workers(self) -> list[int]:
        """The pids of its child processes."""
        stats = [read_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
        return [pid for pid, parent in stats if parent == self.process.pid]

    @property
    def log(self) -> str:
        return "".join(self._log)

    def read_so_far(self) -> str:
        """The log up to now."""
        with contextlib.suppress(Empty):
            while (line := self._lines.get_nowait()) is not None:
                self._log.append(line)
        return self.log

    def read_rest(self) -> str:
        """The whole log, of a daemon that has ended."""
        self._reader.join(PATIENCE_S)
        while (line := self._lines.get(timeout=PATIENCE_S)) is not None:
            self._log.append(line)
        return self.log

    def look_for_leaks(self) -> None:
        """In the whole log of a daemon that has ended: nothing that was said, and nothing that lets somebody in."""
        self._reader.join(PATIENCE_S)
        kept = [self._data / name for name in ("token", "sessions", "phrases.key")]
        secrets = [path.read_text("utf-8", "replace").strip() for path in kept if path.is_file()]
        leaks = leaks_of("".join(self._whole_log), secrets, may_have_text=self._may_log_text)
        assert not leaks, "\n".join(["the log holds what was said, or what lets somebody in:", *leaks])

    def ready(self) -> tuple[int, int]:
        """Wyoming and HTTP port, once the doors are open."""
        http = int(self.wait_for(r"http listens on port (\d+)")[1])
        wyoming = int(self.wait_for(r"wyoming listens on port (\d+)")[1])
        self.wait_for("INFO qwen3tts_daemon.daemon ready")
        return wyoming, http


def read_stat(path: Path) -> tuple[int, int]:
    """Of a process: its pid and its parent's; zeros if it has just gone."""
    try:
        head, _, rest = path.read_text().rpartition(")")
    except OSError:
        return 0, 0
    return int(head.split()[0]), int(rest.split()[1])


@contextlib.contextmanager
def tone_daemon(data: Path, *options: str, **engine: object) -> Iterator[DaemonProcess]:
    """The daemon with a ToneEngine in its worker."""
    command = ["tests.tone_daemon", json.dumps(engine)]
    with ended_at_last(DaemonProcess(command, data, list(options), forked)) as daemon:
        yield daemon


@contextlib.contextmanager
def embedded_daemon(data: Path, *options: str) -> Iterator[DaemonProcess]:
    """The daemon as users start it."""
    with ended_at_last(DaemonProcess(["qwen3tts_daemon", "serve"], data, list(options))) as daemon:
        yield daemon


@contextlib.contextmanager
def carded_daemon(data: Path, *options: str) -> Iterator[DaemonProcess]:
    """As users start it, where a card is."""
    with ended_at_last(DaemonProcess(["tests.carded_daemon"], data, list(options))) as daemon:
        yield daemon


@contextlib.contextmanager
def ended_at_last(daemon: DaemonProcess) -> Iterator[DaemonProcess]:
    try:
        yield daemon
    finally:
        workers = daemon.workers
        with daemon.process as process:
            process.kill()
            # A killed daemon's worker may be too busy to see it, and would hold the log open.
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            daemon.look_for_leaks()
