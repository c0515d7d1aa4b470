"""Who may hold a connection: so many in all, so many from one address, and who goes where there is no room.

- A connection that is closing takes no place; how many may take their time over it is bounded, too.
- An address that has all of its places gets another one for its longest idle connection, never for one that has work.
- Where all places are taken, the address that holds the most gives one up to an address that holds fewer.
- Otherwise the newcomer is refused; the log is told once a minute.
- The connections of one address share a token bucket (see pace.py), which outlives them.
"""

import logging
import time
from collections import defaultdict
from typing import Protocol

from qwen3tts_daemon.access.networks import NetworkAllowList, client_of, parse_address
from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.rates import Rate, TokenBucket
from qwen3tts_daemon.settings import PRIVATE
from qwen3tts_daemon.sparing_log import SparingLog

logger = logging.getLogger(__name__)

_MOST_BUCKETS = 1_024
_MOST_LINGERING = 32


class Holder(Protocol):
    """A connection that counts."""

    @property
    def has_work(self) -> bool:
        """A request is under way: it is not taken for idle, whatever it waits for."""
        ...

    @property
    def is_closing(self) -> bool: ...

    @property
    def idle_since(self) -> float:
        """When its last request ended, or when it came."""
        ...

    def dismiss(self) -> None:
        """Close: somebody else needs the place."""
        ...


class ConnectionQuota:
    """The connections of one port."""

    def __init__(self, door: str, most: int, most_per_address: int, rate: Rate) -> None:
        """`rate` is that of an address."""
        self._door = door
        self._most = most
        self._most_per_address = most_per_address
        self._rate = rate
        self._buckets = BoundedDict[TokenBucket](_MOST_BUCKETS)
        self._near = NetworkAllowList((PRIVATE,))
        self._log = SparingLog(logger)
        self._holders: defaultdict[str, set[Holder]] = defaultdict(set)

    def acquire(self, holder: Holder, address: str | None) -> bool:
        """Whether there is a place. `address` is None for a proxy's connection: it stands for many clients."""
        client = self.client_of(address)
        has_room = self._has_room_at(client) and self._has_room_for(client)
        if has_room:
            self._holders[client].add(holder)
        return has_room

    def release(self, holder: Holder, address: str | None) -> None:
        """Also of one that had no place."""
        client = self.client_of(address)
        self._holders[client].discard(holder)
        if not self._holders[client]:
            del self._holders[client]

    @property
    def may_linger(self) -> bool:
        """Whether who is closing may wait until its client has read why: that keeps a file open."""
        return sum(one.is_closing for holders in self._holders.values() for one in holders) <= _MOST_LINGERING

    def pace_of(self, address: str | None, own: Rate) -> Pace:
        """Of a new connection; a proxy's has for itself what those of an address share."""
        if (shared := self.bucket_of(address)) is None:
            return Pace(TokenBucket(self._rate, time.monotonic()), None)
        return Pace(TokenBucket(own, time.monotonic()), shared)

    def bucket_of(self, address: str | None) -> TokenBucket | None:
        """None for a proxy's connections: they are of many clients."""
        client = self.client_of(address)
        if not client:
            return None
        if client not in self._buckets:
            self._buckets[client] = TokenBucket(self._rate, time.monotonic())
        return self._buckets[client]

    def _has_room_at(self, client: str) -> bool:
        if not client or self._count(client) < self._most_per_address or self._free_one(client):
            return True
        self._tell(f"{self._most_per_address} connections of {client}", f"{self._door}.max_connections_per_address")
        return False

    def _has_room_for(self, client: str) -> bool:
        if sum(map(self._count, self._holders)) < self._most:
            return True
        greedy = sorted(filter(None, self._holders), key=self._count, reverse=True)
        # One fewer there and one more here must not only turn the tables.
        if any(self._count(one) > self._count(client) + 1 and self._free_one(one) for one in greedy):
            return True
        self._tell(f"{self._most} connections", f"{self._door}.max_connections")
        return False

    def _count(self, client: str) -> int:
        return sum(not holder.is_closing for holder in self._holders.get(client, ()))

    def _free_one(self, client: str) -> bool:
        """Dismiss the longest idle connection; False if all of them have work."""
        idle = [one for one in self._holders[client] if not (one.has_work or one.is_closing)]
        if not idle:
            return False
        longest = min(idle, key=lambda one: one.idle_since)
        self._holders[client].discard(longest)
        longest.dismiss()
        return True

    def client_of(self, address: str | None) -> str:
        """What counts as one client; "" for a proxy or nobody known."""
        return client_of(parse_address(address), self._near)

    def _tell(self, held: str, option: str) -> None:
        self._log.warning("%s: %s, no more are taken; see %s", self._door, held, option, kind=option)
