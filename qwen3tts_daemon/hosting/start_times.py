"""How long it takes until an engine is there, by what it took the last time."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal

from qwen_tts.api import ModelState

Start = Literal["load", "wake"]
"""From nothing, or from sleep."""

_STARTS: dict[ModelState, Start] = {"unloaded": "load", "sleeping": "wake"}


class StartTimes:
    """Measures each start."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._took_s: dict[Start, float] = {}
        self._current: tuple[Start, float] | None = None
        """The start that goes on now, and since when"""

    @contextlib.contextmanager
    def measured(self, start: Start) -> Iterator[None]:
        """Within this block; one that raises is not remembered."""
        began_at = self._clock()
        self._current = start, began_at
        try:
            yield
            self._took_s[start] = self._clock() - began_at
        finally:
            self._current = None

    def left_s(self, state: ModelState) -> float | None:
        """Until an engine in this state would speak, if it were asked now; None if nobody can tell."""
        if state == "ready":
            return 0.0
        if self._current is not None:
            start, began_at = self._current
            return None if (took_s := self._took_s.get(start)) is None else max(0.0, began_at + took_s - self._clock())
        return self._took_s.get(_STARTS[state]) if state in _STARTS else None
