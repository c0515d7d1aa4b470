"""Whose turn it is, and who may still come: fair between clients. Pure.

A client is what requests call one (`SynthesisRequest.client`); those that say nothing are one together. Turns are given
by fair queueing in virtual time, and each costs the same: a client with a hundred texts and one with a sentence take
turns, and one that is alone has all of them.
"""

from collections.abc import Iterable

from qwen_tts.errors import EngineBusy


class Turns:
    """Times of turns: the earliest is next, and of two that are the same the one that was given first."""

    def __init__(self) -> None:
        self._now = 0.0
        self._next: dict[str, float] = {}
        """Of every client that has something here"""

    def give(self, client: str) -> float:
        """One after its last, and not before now."""
        turn = max(self._now, self._next.get(client, 0.0))
        self._next[client] = turn + 1
        return turn

    def begin(self, turn: float) -> None:
        """It is now the time of `turn`; among several a little later: nobody waits for ever for those who just came."""
        clients = len(self._next)
        self._now = max(turn, self._now + (1 / clients if clients > 1 else 0))

    def forget(self, client: str) -> None:
        """It has nothing left: turns that it did not take are not held against it."""
        self._next.pop(client, None)


def check_place(client: str, waiting: Iterable[str], free: int) -> None:
    """Raises EngineBusy if `client` may not wait too.

    `waiting` names the clients of those who wait. Of them as many may be a client's own as places are `free`: whoever
    fills the line leaves half of it to others.
    """
    if free <= 0:
        raise EngineBusy("too many utterances wait already", retry_after_s=1)
    own = sum(other == client for other in waiting)
    if client and own >= free:
        message = f"{own} utterances of yours wait already, and the {free} places left are for others"
        raise EngineBusy(message, retry_after_s=1)
