"""How fast what comes in is worked off: a little in each turn of the event loop, so much in a second.

What is counted is a frame of a WebSocket, an event of HTTP (a head, a chunk of a body, an end), an event of Wyoming:
each costs the loop some ten microseconds or more, also one that carries a single byte or none. A megabyte of them is
parsed in seconds, in which nobody else would be served.

Each connection has a budget of its own, which nobody can take from it, and beyond it draws on one that it shares with
the other connections of its address: many connections are worth little more than one, and who asks for little has it
at once, also beside a flood from the same address.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

TURN = 8
"""What one connection gets until others have had their turn."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What may come."""

    per_s: float
    burst: int
    """At once, after a pause."""


class Budget:
    """A bucket that refills."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._left = float(rate.burst)
        self._at = clock()

    @property
    def is_spent(self) -> bool:
        return self._left < 1

    def refill(self) -> None:
        now = self._clock()
        self._left = min(self._rate.burst, self._left + (now - self._at) * self._rate.per_s)
        self._at = now

    def spend(self, units: float = 1) -> None:
        """What is known only afterwards may make debt."""
        self._left -= units

    def wait_s(self) -> float:
        """Until there is something to spend."""
        self.refill()
        return (1 - self._left) / self._rate.per_s if self.is_spent else 0.0


class Pace:
    """Of one connection: its own budget, then the shared one."""

    def __init__(self, own: Budget, shared: Budget | None) -> None:
        self._budgets = (own,) if shared is None else (own, shared)
        self._in_turn = TURN

    def begin_turn(self) -> None:
        """Others had theirs."""
        self._in_turn = TURN
        for budget in self._budgets:
            budget.refill()

    @property
    def allows_more(self) -> bool:
        return self._in_turn > 0 and not all(budget.is_spent for budget in self._budgets)

    def count(self) -> None:
        """A unit was worked off."""
        self._in_turn -= 1
        next((budget for budget in self._budgets if not budget.is_spent), self._budgets[-1]).spend()

    def wait_s(self) -> float:
        """Until the next turn: 0 is the next one of the event loop."""
        return min(budget.wait_s() for budget in self._budgets)
