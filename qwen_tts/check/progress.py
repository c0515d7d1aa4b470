"""What is being done, and how long it will take."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Work:
    """Counts what is done, in seconds of speech; the terminal shows it, a log gets a line for each stage."""

    def __init__(self, bars: Progress, total: float) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=total)

    def begin(self, what: str) -> None:
        self._bars.update(self._task, description=what)
        if self._bars.disable:
            print(what, file=sys.stderr, flush=True)  # noqa: T201  for who reads a log

    def done(self, work: float) -> None:
        self._bars.advance(self._task, work)


@contextmanager
def working(total: float) -> Iterator[Work]:
    """For work of so many seconds of speech in all."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield Work(bars, total)
