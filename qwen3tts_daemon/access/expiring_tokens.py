"""Random words that stand for the token for a while: sessions and tickets."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MOST_EACH: Final = 32
_MOST: Final = 1_024


@dataclass(frozen=True, slots=True)
class _Pass:
    owner: str
    ends: float


class ExpiringTokens:
    """Each visitor has a few; whoever takes more loses his own oldest, not another's."""

    def __init__(self, lifetime_s: float, clock: Callable[[], float]) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._passes: dict[str, _Pass] = {}
        self._words: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """Of each owner. Here and above the oldest are first."""

    def give(self, owner: str) -> str:
        """`owner`: the visitor's address."""
        self._drop_expired()
        if len(self._words[owner]) >= _MOST_EACH:
            self._drop_oldest(owner)
        elif len(self._passes) >= _MOST:
            self._drop_oldest(max(self._words, key=lambda owner: len(self._words[owner])))
        word = secrets.token_urlsafe(32)
        self._passes[word] = _Pass(owner, self._clock() + self._lifetime_s)
        self._words[owner][word] = None
        return word

    def is_valid(self, word: str) -> bool:
        # A dictionary tells by its timing at most where a hash lies, and these words are 256 random bits.
        known = self._passes.get(word)
        return known is not None and self._clock() < known.ends

    def take(self, word: str) -> bool:
        """Valid, and from now on no longer."""
        if not self.is_valid(word):
            return False
        self._drop(word)
        return True

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._passes and next(iter(self._passes.values())).ends <= now:
            self._drop(next(iter(self._passes)))

    def _drop_oldest(self, owner: str) -> None:
        self._drop(next(iter(self._words[owner])))

    def _drop(self, word: str) -> None:
        owner = self._passes.pop(word).owner
        del self._words[owner][word]
        if not self._words[owner]:
            del self._words[owner]
