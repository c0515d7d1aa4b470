"""Where a piece of a text stands in another one, from which it was made piece by piece."""

from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Of a piece: what it takes up in the text that was made, and where it stood in the text as it was sent."""

    start: int
    end: int
    sent_start: int
    sent_end: int

    @property
    def is_verbatim(self) -> bool:
        return self.end - self.start == self.sent_end - self.sent_start


def place_in(places: Sequence[Place], start: int, end: int) -> tuple[int, int]:
    """Where characters [start, end) stood. `places`: in order; the characters are among them."""
    first = next(place for place in places if place.end > start)
    last = next(place for place in places if place.end >= end)
    return (
        first.sent_start + (start - first.start if first.is_verbatim else 0),
        last.sent_end - (last.end - end if last.is_verbatim else 0),
    )
