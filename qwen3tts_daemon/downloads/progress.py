"""What a download tells while it runs, and how a terminal shows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Show = Callable[[int], None]
"""Called with the bytes of a file that have arrived."""


class Listener(Protocol):
    """Who is told how far a download is."""

    def reading(self) -> AbstractContextManager[object]:
        """What is there is read, and the source asked, until the block ends."""

    def planned(self, total_bytes: int, arrived_bytes: int) -> None:
        """So much it will be, of which so much is there."""

    def file(self, name: str, size: int, arrived: int) -> AbstractContextManager[Show]:
        """A file comes until the block ends; `arrived` bytes of it are there."""


class Bars:
    """For people at a terminal: a bar a file."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    def reading(self) -> AbstractContextManager[object]:
        return self._console.status("reading what is there")

    def planned(self, total_bytes: int, arrived_bytes: int) -> None:
        pass  # each file has its own

    @contextmanager
    def file(self, name: str, size: int, arrived: int) -> Iterator[Show]:
        columns = (
            TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bars:
            task = bars.add_task(name, total=size, completed=arrived)
            yield lambda now: bars.update(task, completed=now)
