"""Processes beside each other: when one fails, all of them end."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_LOOK_EVERY_S = 0.2


class SideBySide:
    """Starts processes, each with its own children in a group. On leaving, what still runs is ended."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str, command: Sequence[str]) -> None:
        self._running[name] = subprocess.Popen(command, start_new_session=True)

    def wait_for(self, *names: str) -> None:
        """Until these have ended. Raises SystemExit as soon as any process has failed, also one beside them."""
        while True:
            statuses = {name: process.poll() for name, process in self._running.items()}
            for name, status in statuses.items():
                if status:
                    raise SystemExit(f"{name} failed with status {status}: what runs beside it is ended")
            if all(statuses[name] is not None for name in names):
                return
            time.sleep(_LOOK_EVERY_S)

    def run(self, name: str, command: Sequence[str]) -> None:
        """Raises SystemExit as `wait_for` does."""
        self.begin(name, command)
        self.wait_for(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = [process for process in self._running.values() if process.poll() is None]
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            process.wait()
