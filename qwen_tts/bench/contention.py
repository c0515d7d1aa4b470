"""How much of the processors other programs took meanwhile: a measurement lacks it."""

import os
import time
from pathlib import Path

_STAT = Path("/proc/stat")
_FIELDS = 8
"""Of a processor: user, nice, system, idle, iowait, irq, softirq, steal; guests are among users"""
_IDLE = slice(3, 5)


class Contention:
    """From the moment that it is made."""

    def __init__(self) -> None:
        self._before = _used_s()

    def share(self) -> float:
        """0 to 1, of the processors that this process may run on; 0 where the system does not tell."""
        (busy_before, total_before), (busy, total) = self._before, _used_s()
        if total <= total_before:
            return 0.0
        return min(1.0, max(0.0, (busy - busy_before) / (total - total_before)))


def _used_s() -> tuple[float, float]:
    """Seconds that others have used, and all that have passed, of every processor."""
    busy = total = 0
    for counts in _counts():
        total += sum(counts)
        busy += sum(counts) - sum(counts[_IDLE])
    ticks = os.sysconf("SC_CLK_TCK")
    return busy / ticks - time.process_time(), total / ticks


def _counts() -> list[list[int]]:
    try:
        lines = [line.split() for line in _STAT.read_text().splitlines()]
    except OSError:
        return []
    mine = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    return [[int(count) for count in counts[:_FIELDS]] for name, *counts in lines if name in mine]
