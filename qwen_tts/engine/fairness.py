"""Whose turn it is to get a row, and who may still join the line: fair between clients. Pure: no clock, no torch.

A client is whoever requests name as theirs (`SynthesisRequest.client`); all that name nobody are one client. However
many texts a client has in the line, it gets one turn when every other client in the line has had one.

This is start-time fair queueing (Goyal, Vin and Cheng, 1996) in which every turn costs 1. Virtual time is a number that
grows as turns are taken, not as seconds pass. A client's next turn has a start tag: the virtual time, or one more than
the start tag of its last turn if that is later. The smallest start tag is next, and virtual time moves up to it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from qwen_tts.errors import EngineBusy

T = TypeVar("T")


class Turns:
    """Remembers who has had turns. Waiting costs nothing, and neither does leaving the line without a turn."""

    def __init__(self) -> None:
        self._virtual_time = 0.0
        self._next_start: dict[str, float] = {}
        """Of clients whose next turn may not start yet; the others may have theirs at once"""

    def line(self, waiting: Iterable[T], client_of: Callable[[T], str]) -> list[T]:
        """`waiting`, which is in the order of arrival, in the order in which they will have their turns."""
        before: Counter[str] = Counter()
        start_tags: list[tuple[float, T]] = []
        for one in waiting:
            client = client_of(one)
            start_tags.append((self._start_tag(client) + before[client], one))
            before[client] += 1
        return [one for _, one in sorted(start_tags, key=lambda tagged: tagged[0])]

    def begin(self, client: str, clients: int) -> None:
        """`client` takes its turn, while texts of so many clients wait, its own among them."""
        start = self._start_tag(client)
        # New clients all start at the present virtual time, before the second turn of anybody. If they come again and
        # again, it would stand still and that second turn would never come: so each turn moves it a little.
        least_step = 1 / clients if clients > 1 else 0
        self._virtual_time = max(start, self._virtual_time + least_step)
        self._next_start = {one: tag for one, tag in self._next_start.items() if tag > self._virtual_time}
        self._next_start[client] = start + 1

    def _start_tag(self, client: str) -> float:
        return max(self._virtual_time, self._next_start.get(client, 0.0))


def check_may_wait(client: str, own: int, free: int) -> None:
    """Raises EngineBusy if `client`, of whose texts `own` wait already, may not add one to a line with `free` places.

    A client may have as many in the line as places are free: whoever fills the line leaves half of it to others.
    """
    if free <= 0:
        raise EngineBusy("too many utterances wait already", retry_after_s=1)
    if client and own >= free:
        message = f"{own} utterances of yours are there already, and the {free} places left are for others"
        raise EngineBusy(message, retry_after_s=1)
