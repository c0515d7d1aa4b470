"""How fast the input of one connection is worked off: a little in each turn of the event loop, so much in a second.

What is counted is a frame of a WebSocket, an event of HTTP (a head, a chunk of a body, an end), an event of Wyoming:
each costs the loop some ten microseconds or more, also one that carries a single byte or none. A megabyte of them is
parsed in seconds, in which nobody else would be served.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """What one connection may send."""

    per_s: float
    burst: int
    """At once, after a pause."""
    per_turn: int = 32
    """Until others have had their turn: a millisecond of work or less."""


class Pace:
    """A bucket that refills; who finds it empty waits for a turn's worth."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._left = float(rate.burst)
        self._in_turn = rate.per_turn
        self._at = clock()

    def begin_turn(self) -> None:
        """Others had theirs."""
        self._refill()
        self._in_turn = self._rate.per_turn

    @property
    def allows_more(self) -> bool:
        return self._in_turn > 0 and self._left >= 1

    def count(self, units: int = 1) -> None:
        """What was worked off; what is known only afterwards may make debt."""
        self._in_turn -= units
        self._left -= units

    def wait_s(self) -> float:
        """Until the next turn: 0 is the next turn of the event loop."""
        self._refill()
        if self._left >= 1:
            return 0.0
        return (min(self._rate.per_turn, self._rate.burst) - self._left) / self._rate.per_s

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._rate.burst, self._left + (now - self._at) * self._rate.per_s)
        self._at = now
