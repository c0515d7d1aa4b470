"""Reads the tensors of a safetensors file into their places: several threads, from the file straight to a GPU.

The file was checked before, by the safetensors library; here are only bytes. Nothing that is read is mapped: the host
needs one staging buffer for each thread, and none where bytes may be read into the place itself.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any

import torch
from torch import Tensor

THREADS = 8
PIECE_BYTES = 16 * 2**20

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
"""What may be stored, by the name that a header has for it; 8 bits as plain numbers, without scales"""


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in a file."""

    start: int
    """Of its bytes"""
    dtype: torch.dtype
    shape: tuple[int, ...]


def stored_tensor(path: Path, name: str) -> StoredTensor:
    """Raises OSError."""
    return _stored(*_read_header(path), name)


def stored_tensors(path: Path) -> dict[str, StoredTensor]:
    """All of floating point, by name. Raises OSError."""
    header, base = _read_header(path)
    return {name: _stored(header, base, name) for name, entry in header.items() if entry.get("dtype") in DTYPES}


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """And where the tensors begin."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length


def _stored(header: Mapping[str, Any], base: int, name: str) -> StoredTensor:
    entry = header[name]
    return StoredTensor(base + entry["data_offsets"][0], DTYPES[entry["dtype"]], tuple(entry["shape"]))


@dataclass(frozen=True)
class _Piece:
    """Consecutive elements of a tensor: where their bytes begin in the file, and where they belong."""

    start: int
    dtype: torch.dtype
    place: Tensor

    @property
    def size(self) -> int:
        return self.place.numel() * self.dtype.itemsize


def read_tensors(path: Path, places: Mapping[str, Tensor], read: Callable[[int], None]) -> None:
    """Fill `places`, contiguous and on one device, from the tensors of the same names; `read` hears of bytes that came.

    Raises OSError.
    """
    pieces = list(_pieces(path, places))
    devices = {place.device for place in places.values()}
    with _Reader(path, devices.pop()) as reader, ThreadPoolExecutor(THREADS) as pool:
        for future in as_completed([pool.submit(reader.read, piece) for piece in pieces]):
            read(future.result())


def _pieces(path: Path, places: Mapping[str, Tensor]) -> Iterator[_Piece]:
    header, base = _read_header(path)
    for name, place in places.items():
        stored = _stored(header, base, name)
        flat, most = place.view(-1), PIECE_BYTES // stored.dtype.itemsize
        for index, part in enumerate(flat.split(most)):
            yield _Piece(stored.start + index * most * stored.dtype.itemsize, stored.dtype, part)


class _Reader:
    """One open file."""

    def __init__(self, path: Path, device: torch.device) -> None:
        self._path, self._device = path, device
        self._of_thread = local()

    def __enter__(self) -> "_Reader":
        self._file = os.open(self._path, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, piece: _Piece) -> int:
        """-> its bytes"""
        if self._device.type == "cpu" and piece.dtype == piece.place.dtype:
            self._fill(piece.place, piece)
            return piece.size
        staging, stream = self._staging()
        staged = staging[: piece.size].view(piece.dtype)
        self._fill(staged, piece)
        with nullcontext() if stream is None else torch.cuda.stream(stream):
            is_cuda = stream is not None
            if piece.dtype == piece.place.dtype:
                piece.place.copy_(staged, non_blocking=is_cuda)
            else:
                piece.place.copy_(staged.to(self._device, non_blocking=is_cuda))
        if stream is not None:
            stream.synchronize()
        return piece.size

    def _staging(self) -> tuple[Tensor, torch.cuda.Stream | None]:
        """This thread's own."""
        is_cuda = self._device.type == "cuda"
        if not hasattr(self._of_thread, "buffer"):
            if is_cuda:
                torch.cuda.set_device(self._device)  # pinned for this card, not for the first
            self._of_thread.buffer = torch.empty(PIECE_BYTES, dtype=torch.uint8, pin_memory=is_cuda)
            self._of_thread.stream = torch.cuda.Stream(self._device) if is_cuda else None
        return self._of_thread.buffer, self._of_thread.stream

    def _fill(self, target: Tensor, piece: _Piece) -> None:
        memory = memoryview(target.view(torch.uint8).numpy().data)
        done = 0
        while done < len(memory):
            count = os.preadv(self._file, [memory[done:]], piece.start + done)
            if not count:
                raise OSError(f"{self._path} ends {len(memory) - done} bytes early")
            done += count
