"""Random tokens that stand for the daemon's own for a while: tickets."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MOST_EACH: Final = 32
_MOST: Final = 1_024


@dataclass(frozen=True, slots=True)
class _Entry:
    owner: str
    expires_at: float


class ExpiringTokens:
    """Each owner has a few; whoever is issued more loses its own oldest, not another's."""

    def __init__(self, lifetime_s: float, clock: Callable[[], float]) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._tokens_of: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """By owner. Here and above the oldest are first."""

    def issue(self, owner: str) -> str:
        """A new token; `owner`: the client's address."""
        self._drop_expired()
        if len(self._tokens_of[owner]) >= _MOST_EACH:
            self._drop_oldest(owner)
        elif len(self._entries) >= _MOST:
            self._drop_oldest(max(self._tokens_of, key=lambda owner: len(self._tokens_of[owner])))
        token = secrets.token_urlsafe(32)
        self._entries[token] = _Entry(owner, self._clock() + self._lifetime_s)
        self._tokens_of[owner][token] = None
        return token

    def is_valid(self, token: str) -> bool:
        # A dictionary tells by its timing at most where a hash lies, and these tokens are 256 random bits.
        entry = self._entries.get(token)
        return entry is not None and self._clock() < entry.expires_at

    def redeem(self, token: str) -> bool:
        """Valid, and from now on no longer."""
        if not self.is_valid(token):
            return False
        self._drop(token)
        return True

    def forget_all(self) -> None:
        """None that was issued is valid from now on."""
        self._entries.clear()
        self._tokens_of.clear()

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._entries and next(iter(self._entries.values())).expires_at <= now:
            self._drop(next(iter(self._entries)))

    def _drop_oldest(self, owner: str) -> None:
        self._drop(next(iter(self._tokens_of[owner])))

    def _drop(self, token: str) -> None:
        owner = self._entries.pop(token).owner
        del self._tokens_of[owner][token]
        if not self._tokens_of[owner]:
            del self._tokens_of[owner]
