"""How often wrong tokens may be tried: each client a few, then one now and then, and no more is looked at.

A client that sends the same wrong one with each request guesses nothing: programs that want a key get "not-needed". It
counts once. Who has a session is not asked for a token, so a guesser keeps nobody out but those of its own address who
have none.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Final

from qwen3tts_daemon.bounded_dict import BoundedDict
from qwen3tts_daemon.rates import Allowances, Rate

WRONG_TOKENS: Final = Rate(per_s=0.1, burst=20)
_MOST_CLIENTS: Final = 256
_MOST_KNOWN: Final = 32
"""Of each client"""


class Guesses:
    """Of all clients."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowances = Allowances(WRONG_TOKENS, clock)
        self._known = BoundedDict[BoundedDict[None]](_MOST_CLIENTS)
        """What each has tried lately, as hashes"""

    def wait_s(self, client: str) -> float:
        """Until a token of this client is looked at."""
        return self._allowances.wait_s(client)

    def is_known(self, client: str, token: str) -> bool:
        """It was wrong when this client tried it."""
        return _hash(token) in self._known.get(client, ())

    def add(self, client: str, token: str) -> None:
        """It was wrong."""
        self._allowances.spend(client)
        if client not in self._known:
            self._known[client] = BoundedDict[None](_MOST_KNOWN)
        self._known[client][_hash(token)] = None

    def forget(self) -> None:
        """What was wrong may be right now."""
        self._known.clear()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
