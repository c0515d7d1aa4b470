"""The last few of many."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class BoundedDict(OrderedDict[str, V], Generic[V]):
    """A dictionary of at most so many entries: a new one makes the oldest go."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > self._most:
            self.popitem(last=False)
