"""A whole daemon that is flooded: it lives on, its log stays readable, and it ends when it is told to."""

import contextlib
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.floods import FLOODS
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon


def ended(daemon: DaemonProcess) -> str:
    """Its log, after SIGTERM; it must end well."""
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(PATIENCE_S) == 0
    return daemon.read_rest()


@contextlib.contextmanager
def flooding(name: str, port: int) -> Iterator[None]:
    program = [sys.executable, "-m", "benchmarks.floods", name]
    with subprocess.Popen([*program, "--port", str(port), "--clients", "1", "--seconds", "60"]) as flood:
        try:
            yield
        finally:
            flood.kill()


def test_it_answers_and_ends_under_all_floods_at_once(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon, contextlib.ExitStack() as floods:
        wyoming, http = daemon.ready()
        for name in FLOODS:
            floods.enter_context(flooding(name, wyoming if name.startswith("wyoming") else http))
        for _ in range(30):
            assert httpx.get(f"http://127.0.0.1:{http}/health", timeout=PATIENCE_S).status_code == 200
        log = ended(daemon)
    assert "Traceback" not in log
    assert len(log.splitlines()) < 60


def test_a_daemon_without_files_left_says_so_once(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        _, http = daemon.ready()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        opened = [socket.create_connection(("127.0.0.1", http)) for _ in range(120)]
        daemon.wait_for("Too many open files")
        for each in opened:
            each.close()
        assert httpx.get(f"http://127.0.0.1:{http}/health", timeout=PATIENCE_S).status_code == 200
        log = ended(daemon)
    assert log.count("Too many open files") == 1
    # asyncio wants to accept again after a second, and may find the listening socket closed.
    assert log.count("Traceback") <= 1
