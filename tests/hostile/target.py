"""What a fuzzer calls."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_DIRECTORY = tempfile.TemporaryDirectory(prefix="target-")


@dataclass(frozen=True)
class Target:
    """A law that holds for any bytes; `seeds` are some that get far, `words` what a mutation may put in."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def folder(name: str) -> Path:
    """One for this process, with nothing in it but what a target has put there."""
    path = Path(_DIRECTORY.name) / name
    path.mkdir(exist_ok=True)
    return path


def cut(data: bytes) -> tuple[bytes, list[bytes]]:
    """Bytes, and the same cut where the first of them say: readers of streams must not see the difference."""
    cuts, rest = data[:4], data[4:]
    pieces = []
    for size in cuts:
        pieces.append(rest[:size])
        rest = rest[size:]
    return data[4:], [*pieces, rest]
