"""How much may come in a time: of one thing, or of each of many clients."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from qwen3tts_daemon.bounded_dict import BoundedDict

_MOST_CLIENTS: Final = 1_024


@dataclass(frozen=True, slots=True)
class Rate:
    """What may come."""

    per_s: float
    burst: int
    """At once, after a pause."""


class TokenBucket:
    """So many at once, and so many in a second: what is spent of it comes back as time goes by."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._at = now
        self.tokens = float(rate.burst)
        """Below 0: spent by who did not wait."""

    @property
    def is_empty(self) -> bool:
        return self.tokens < 1

    def refill(self, now: float) -> None:
        self.tokens = min(self._rate.burst, self.tokens + (now - self._at) * self._rate.per_s)
        self._at = now

    def spend(self, tokens: float = 1) -> None:
        """Also what is not there."""
        self.tokens -= tokens

    @property
    def wait_s(self) -> float:
        """From the last refill until there is something to spend."""
        return (1 - self.tokens) / self._rate.per_s if self.is_empty else 0.0


class Allowances:
    """A token bucket for each client, the last few of them."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets = BoundedDict[TokenBucket](_MOST_CLIENTS)

    def wait_s(self, client: str) -> float:
        """Until it may spend something."""
        bucket = self._buckets.get(client)
        if bucket is None:
            return 0.0
        bucket.refill(self._clock())
        return bucket.wait_s

    def spend(self, client: str, tokens: float = 1) -> None:
        """Also what is not there."""
        if client not in self._buckets:
            self._buckets[client] = TokenBucket(self._rate, self._clock())
        self._buckets[client].spend(tokens)
