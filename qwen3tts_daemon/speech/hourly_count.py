"""How much there was in the last hour, by the minute: a number, and nothing that tells of what."""

import time
from collections import deque
from collections.abc import Callable

_MINUTES = 60


class HourlyCount:
    """Counts what happens now; what is older than an hour falls out within a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minutes: deque[tuple[int, int]] = deque()
        """Which minute, and how many in it"""

    def add(self) -> None:
        minute, count = self._minute, 0
        if self._minutes and self._minutes[-1][0] == minute:
            _, count = self._minutes.pop()
        self._minutes.append((minute, count + 1))

    @property
    def total(self) -> int:
        while self._minutes and self._minutes[0][0] <= self._minute - _MINUTES:
            self._minutes.popleft()
        return sum(count for _, count in self._minutes)

    @property
    def _minute(self) -> int:
        return int(self._clock() // 60)
