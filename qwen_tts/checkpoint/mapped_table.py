"""A table that stays in its file: its rows are looked up where they lie.

The file is mapped. What is looked up comes from the system's cache of files, which holds as much of the table as there
is room for and counts for nobody's memory; only the places looked up last are the process's own.
"""

import mmap
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from qwen_tts.checkpoint.tensor_file import stored_tensor
from qwen_tts.errors import EngineFailed

_ROWS_HELD = 512
"""Looked up before the process lets go of their places, 64 KB each as Linux maps them: 32 MB at most"""


class MappedTable:
    """One tensor [rows, width] of a safetensors file that was checked. One thread at a time."""

    def __init__(self, path: Path, name: str) -> None:
        """The system begins to read it at once, and nobody waits for that. Raises OSError."""
        stored = stored_tensor(path, name)
        rows, self._width = stored.shape
        row_bytes = self._width * stored.dtype.itemsize
        before = stored.start % mmap.ALLOCATIONGRANULARITY
        self._path, self._dtype = path, stored.dtype
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._map = mmap.mmap(
            self._file, before + rows * row_bytes, access=mmap.ACCESS_READ, offset=stored.start - before
        )
        self._state = self._state_now()
        self._map.madvise(mmap.MADV_WILLNEED)
        self._rows = np.frombuffer(self._map, np.uint8, offset=before).reshape(rows, row_bytes)
        self._held = 0

    def look_up(self, ids: Sequence[int]) -> Tensor:
        """ids [n] -> [n, width], as stored, on the CPU.

        Raises EngineFailed where the file was written to: what is there belongs to other weights, and to touch what is
        gone would end the process. One that was deleted, or moved away for another, is still here as it was.
        """
        if self._state_now() != self._state:
            raise EngineFailed(f"{self._path} was changed while it was in use: load the checkpoint again")
        found = torch.empty(len(ids), self._width, dtype=self._dtype)
        self._rows.take(np.asarray(ids, np.int64), axis=0, out=found.view(torch.uint8).numpy())
        self._held += len(ids)
        if self._held >= _ROWS_HELD:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._held = 0
        return found

    def _state_now(self) -> tuple[int, int]:
        status = os.fstat(self._file)
        return status.st_size, status.st_mtime_ns
