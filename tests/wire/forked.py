"""Child processes that the nursery forks, and what tests use of a Popen for them."""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from typing import Self, TextIO

from tests.patience import PATIENCE_S
from tests.wire.nursery import HEARD


class ForkedProcess:
    """`python -m program arguments`, in a session of its own, its stderr in a pipe."""

    def __init__(self, program: str, *arguments: str) -> None:
        request = {
            "program": program, "arguments": arguments, "directory": os.getcwd(), "environment": dict(os.environ),
            "ignored": [number for number in HEARD if signal.getsignal(number) is signal.SIG_IGN],
        }  # fmt: skip
        (log, stderr), (told, status) = os.pipe(), os.pipe()
        socket.send_fds(_nursery(), [json.dumps(request).encode()], [1, stderr, status])
        os.close(stderr)
        os.close(status)
        self.stderr: TextIO = os.fdopen(log)
        self._told = os.fdopen(told, "rb", buffering=0)
        self.returncode: int | None = None
        pid = self._read(PATIENCE_S)
        assert pid is not None, "the nursery forks nothing"
        self.pid = pid

    def _read(self, timeout_s: float) -> int | None:
        """The next number that is told of it; None if that takes longer."""
        is_there, _, _ = select.select([self._told], [], [], timeout_s)
        return int(self._told.readline()) if is_there else None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._read(0)
        return self.returncode

    def wait(self, timeout: float = PATIENCE_S) -> int:
        if self.returncode is None:
            self.returncode = self._read(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        self.stderr.close()
        self._told.close()


@functools.cache
def _nursery() -> socket.socket:
    """One for the whole run; it ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "tests.wire.nursery", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)

    def end() -> None:
        ours.close()
        process.wait(PATIENCE_S)

    atexit.register(end)
    return ours
