"""Quantised layers in a file that is mapped into memory: they are made once, and are there at the next load.

The file is safetensors, with three tensors a layer (`LAYER.stored`, ...). Its header says besides what it was made of,
and the SHA-256 of all that follows; a file that says anything else than is expected, to the byte, is made anew.

1. It is written beside its place and moved there when all of it is on the disk: there is the old one, or the new one.
2. One process writes at a time, into a file that it has locked; the others wait, and find what it made. What a killed
   one left is written over.
3. The same layers and the same origin give the same bytes.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import torch
from torch import Tensor

from qwen_tts.checkpoint.mapped_file import MappedFile
from qwen_tts.modules.weight_formats import QuantisedWeight

_FIELDS = ("stored", "scales", "zeros")
_IN_FILE = ("scales", "stored", "zeros")
"""All numbers of two bytes lie before those of one, and so at even places."""
_DTYPES = {torch.float16: "F16", torch.int8: "I8", torch.uint8: "U8"}
_UNKNOWN = "0" * 64
_ALIGNED = 64
"""Bytes, of where the first tensor begins"""


@dataclass(frozen=True)
class _Entry:
    start: int
    """Behind the header"""
    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def end(self) -> int:
        return self.start + self.dtype.itemsize * torch.Size(self.shape).numel()


class PackedFile:
    """Where layers of known sizes are kept."""

    def __init__(self, path: Path, layers: Mapping[str, QuantisedWeight], origin: str) -> None:
        """`layers` are planned, without memory; `origin` says what they are made of, and how."""
        self.path, self._layers, self._origin = path, layers, origin
        self._entries = _place(layers)
        self._data_bytes = max((entry.end for entry in self._entries.values()), default=0)

    def read(self) -> MappedFile | None:
        """What is there, for `weight`; None if nothing is, or another thing than is expected. Raises OSError."""
        try:
            with self.path.open("rb", buffering=0) as file:
                return MappedFile(self.path) if self._is_whole(file) else None
        except FileNotFoundError:
            return None

    def write(self, make: Callable[[str], QuantisedWeight]) -> MappedFile:
        """`make` is called for one layer after the other, unless another process has made them meanwhile.

        Raises OSError, and what `make` raises.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.partial")
        with _locked(partial) as file:
            try:
                if (found := self.read()) is not None:
                    partial.unlink()
                    return found
                self._fill(file, make)
                partial.replace(self.path)
            except BaseException:
                with suppress(OSError):
                    partial.unlink()
                raise
            return MappedFile(self.path)

    def weight(self, name: str, mapped: MappedFile) -> QuantisedWeight:
        """Of a layer, in what `read` or `write` gave."""
        start = len(self._header(_UNKNOWN))
        entries = (self._entries[f"{name}.{field}"] for field in _FIELDS)
        tensors = (mapped.tensor(start + entry.start, entry.dtype, entry.shape) for entry in entries)
        return QuantisedWeight(self._layers[name].bits, *tensors)

    def _fill(self, file: FileIO, make: Callable[[str], QuantisedWeight]) -> None:
        header = self._header(_UNKNOWN)
        file.truncate(0)
        if hasattr(os, "posix_fallocate"):  # a full disk says so now
            os.posix_fallocate(file.fileno(), 0, len(header) + self._data_bytes)
        for name in self._layers:
            weight = make(name)
            for field in _FIELDS:
                entry, tensor = self._entries[f"{name}.{field}"], getattr(weight, field)
                assert (entry.shape, entry.dtype) == (tuple(tensor.shape), tensor.dtype), name
                _write_all(file, tensor.contiguous().view(torch.uint8).numpy().data, len(header) + entry.start)
        _write_all(file, memoryview(self._header(self._digest(file, len(header)))), 0)
        os.fsync(file.fileno())

    def _is_whole(self, file: FileIO) -> bool:
        header = self._header(_UNKNOWN)
        size = len(header) + self._data_bytes
        return os.fstat(file.fileno()).st_size == size and os.pread(file.fileno(), len(header), 0) == self._header(
            self._digest(file, len(header))
        )

    @staticmethod
    def _digest(file: FileIO, start: int) -> str:
        file.seek(start)
        return hashlib.file_digest(file, "sha256").hexdigest()

    def _header(self, digest: str) -> bytes:
        """Its length does not depend on the digest."""
        content: dict[str, object] = {"__metadata__": {"origin": self._origin, "sha256": digest}}
        for name, entry in self._entries.items():
            content[name] = {
                "dtype": _DTYPES[entry.dtype], "shape": entry.shape, "data_offsets": [entry.start, entry.end]
            }  # fmt: skip
        text = json.dumps(content, separators=(",", ":")).encode()
        text += b" " * (-(8 + len(text)) % _ALIGNED)
        return len(text).to_bytes(8, "little") + text


def _place(layers: Mapping[str, QuantisedWeight]) -> dict[str, _Entry]:
    entries, start = dict[str, _Entry](), 0
    for field in _IN_FILE:
        for name, weight in layers.items():
            tensor: Tensor = getattr(weight, field)
            entry = entries[f"{name}.{field}"] = _Entry(start, tuple(tensor.shape), tensor.dtype)
            start = entry.end
    return entries


def _write_all(file: FileIO, data: memoryview, start: int) -> None:
    while data:
        count = os.pwrite(file.fileno(), data, start)
        data, start = data[count:], start + count


@contextmanager
def _locked(partial: Path) -> Iterator[FileIO]:
    """The file `partial`, which is nobody else's until it is moved or the process ends."""
    while True:
        with open(partial, "r+b", buffering=0, opener=_open_or_create) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(file, partial):
                yield file
                return


def _open_or_create(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o644)


def _is_at(file: FileIO, path: Path) -> bool:
    """Whether it still has that name: who had it before may have moved it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
