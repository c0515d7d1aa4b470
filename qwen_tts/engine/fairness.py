"""Whose turn it is, and who may still come: fair between clients. Pure.

A client is what requests call one (`SynthesisRequest.client`); those that say nothing are one together. Turns are given
by fair queueing in virtual time, and each costs the same: a client with a hundred texts and one with a sentence take
turns, and one that is alone has all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from qwen_tts.errors import EngineBusy

T = TypeVar("T")


class Turns:
    """A client's next turn comes one after its last, and not before now. Nothing is spent by waiting or by leaving."""

    def __init__(self) -> None:
        self._now = 0.0
        self._next: dict[str, float] = {}
        """Of clients that had a turn a moment ago; those of others are now"""

    def line(self, waiting: Iterable[T], client_of: Callable[[T], str]) -> list[T]:
        """`waiting`, given in the order of arrival, in the order of their turns."""
        before: Counter[str] = Counter()
        turns: list[tuple[float, T]] = []
        for one in waiting:
            client = client_of(one)
            turns.append((self._turn(client) + before[client], one))
            before[client] += 1
        return [one for _, one in sorted(turns, key=lambda turn: turn[0])]

    def begin(self, client: str, clients: int) -> None:
        """It takes its turn, while so many wait. Where that is more than one, time goes on a little also if ever new
        ones come with the same turn: nobody waits for ever."""
        turn = self._turn(client)
        self._now = max(turn, self._now + (1 / clients if clients > 1 else 0))
        self._next = {one: following for one, following in self._next.items() if following > self._now}
        self._next[client] = turn + 1

    def _turn(self, client: str) -> float:
        return max(self._now, self._next.get(client, 0.0))


def check_place(client: str, own: int, free: int) -> None:
    """Raises EngineBusy if `client`, of which `own` wait, may not wait too, where `free` places are left.

    As many may be its own as are left: whoever fills the line leaves half of it to others.
    """
    if free <= 0:
        raise EngineBusy("too many utterances wait already", retry_after_s=1)
    if client and own >= free:
        message = f"{own} utterances of yours are there already, and the {free} places left are for others"
        raise EngineBusy(message, retry_after_s=1)
