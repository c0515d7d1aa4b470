"""A file in memory as it lies on the disk.

Its pages are the system's cache of files: there once, however many processes look, and given back when memory runs
short. A process counts those that it touched last as its own.
"""

import mmap
from pathlib import Path

import torch
from torch import Tensor


class MappedFile:
    """Tensors of it share its memory. Who writes to one changes what it has itself, never the file."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, also if it is empty."""
        with path.open("rb") as file:
            try:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            except ValueError as error:
                raise OSError(f"{path} is empty") from error

    def tensor(self, start: int, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
        """Whose bytes begin at `start`."""
        count = torch.Size(shape).numel()
        return torch.frombuffer(self._map, dtype=dtype, count=count, offset=start).view(shape)

    def let_go(self) -> None:
        """Give back the pages that were touched; whoever touches them again finds what the file has."""
        self._map.madvise(mmap.MADV_DONTNEED)
