"""A pickle that runs code where anybody reads it, in the places where we read files; and a file that tells."""

import pickle
from collections.abc import Callable
from pathlib import Path


class _Opens:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self._path), "x")


def pickle_that_makes(path: Path, protocol: int = 2) -> bytes:
    """Reading it makes a file at `path`."""
    return pickle.dumps(_Opens(path), protocol)


def unpickler(content: bytes) -> object:
    """What an engine does that reads one when it is made."""
    return pickle.loads(content)  # noqa: S301  what is refused
