"""How fast what comes in is worked off: a little in each turn of the event loop, so much in a second.

What is counted is a frame of a WebSocket, an event of HTTP (a head, a chunk of a body, an end), an event of Wyoming:
each costs the loop some ten microseconds or more, also one that carries a single byte or none. A megabyte of them is
parsed in seconds, in which nobody else would be served.

Each connection has a token bucket of its own, which nobody can take from it, and beyond it draws on one that it shares
with the other connections of its address: many connections are worth little more than one, and who asks for little
has it at once, also beside a flood from the same address.
"""

import time
from collections.abc import Callable

from qwen3tts_daemon.rates import TokenBucket

TURN = 8
"""What one connection gets until others have had their turn."""


class Pace:
    """Of one connection: its own bucket, then the shared one."""

    def __init__(
        self, own: TokenBucket, shared: TokenBucket | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets = (own,) if shared is None else (own, shared)
        self._clock = clock
        self._in_turn = TURN

    def begin_turn(self) -> None:
        """Others had theirs."""
        self._in_turn = TURN
        self._refill()

    @property
    def allows_more(self) -> bool:
        return self._in_turn > 0 and not all(bucket.is_empty for bucket in self._buckets)

    def count(self) -> None:
        """A unit was worked off."""
        self._in_turn -= 1
        next((bucket for bucket in self._buckets if not bucket.is_empty), self._buckets[-1]).spend()

    def wait_s(self) -> float:
        """Until the next turn: 0 is the next one of the event loop."""
        self._refill()
        return min(bucket.wait_s for bucket in self._buckets)

    def _refill(self) -> None:
        now = self._clock()
        for bucket in self._buckets:
            bucket.refill(now)
