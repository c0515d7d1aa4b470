"""A table that stays in its file: its rows are the file's, and it takes no memory."""

import json
import os
import struct
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from qwen_tts.checkpoint.mapped_table import MappedTable
from qwen_tts.errors import EngineFailed

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
IDS = [3, 0, 3, 9, 9, 1]


def bits(tensor: Tensor) -> Tensor:
    return tensor.contiguous().view(torch.uint8)


def written(path: Path, table: Tensor) -> Path:
    save_file({"a": torch.ones(77), "table": table, "z": torch.ones(1000)}, path)
    return path


@pytest.fixture
def table() -> Tensor:
    return torch.randn(10, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_rows_are_those_of_the_file(dtype: torch.dtype, table: Tensor, tmp_path: Path) -> None:
    stored = table.to(dtype)
    found = MappedTable(written(tmp_path / "w.safetensors", stored), "table").look_up(IDS)
    assert found.dtype == dtype
    assert torch.equal(bits(found), bits(stored.view(torch.uint8)[IDS]))


@pytest.mark.parametrize("ids", [[], [9], list(range(10)) * 300], ids=["none", "one", "many"])
def test_any_number_of_rows_is_found(ids: list[int], table: Tensor, tmp_path: Path) -> None:
    mapped = MappedTable(written(tmp_path / "w.safetensors", table), "table")
    for _ in range(3):
        assert torch.equal(mapped.look_up(ids), table[ids])


def test_a_table_may_begin_anywhere(table: Tensor, tmp_path: Path) -> None:
    """Not only where its numbers would stand in memory."""
    header = {
        "before": {"dtype": "F8_E5M2", "shape": [3], "data_offsets": [0, 3]},
        "table": {"dtype": "F32", "shape": [10, 6], "data_offsets": [3, 243]},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\1\2\3" + table.numpy().tobytes())
    assert torch.equal(MappedTable(path, "table").look_up(IDS), table[IDS])


def test_what_was_looked_up_stays_when_the_file_goes(table: Tensor, tmp_path: Path) -> None:
    path = written(tmp_path / "w.safetensors", table)
    mapped = MappedTable(path, "table")
    found = mapped.look_up(IDS)
    path.unlink()
    written(path, table + 1)
    assert torch.equal(mapped.look_up([5]), table[[5]]), "a new file in its place is another"
    del mapped
    assert torch.equal(found, table[IDS])


def test_a_file_that_has_become_shorter_is_told_of(table: Tensor, tmp_path: Path) -> None:
    """The system would end the process that reads beyond it."""
    path = written(tmp_path / "w.safetensors", table)
    mapped = MappedTable(path, "table")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EngineFailed, match=f"{path} was changed while it was in use"):
        mapped.look_up(IDS)


def test_a_file_that_was_written_over_is_told_of(table: Tensor, tmp_path: Path) -> None:
    """Rows of other weights would be spoken."""
    path = written(tmp_path / "w.safetensors", table)
    os.utime(path, (1, 1))  # it has been there for long
    mapped = MappedTable(path, "table")
    assert torch.equal(mapped.look_up(IDS), table[IDS])
    with path.open("r+b") as file:
        file.write(written(tmp_path / "other.safetensors", table + 1).read_bytes())
    with pytest.raises(EngineFailed, match=f"{path} was changed while it was in use"):
        mapped.look_up(IDS)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what of a mapping is in memory")
def test_looking_up_every_row_takes_little_memory(tmp_path: Path) -> None:
    rows, width = 1024, 65_536
    header = json.dumps({"table": {"dtype": "F8_E5M2", "shape": [rows, width], "data_offsets": [0, rows * width]}})
    path = tmp_path / "w.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header.encode())
        file.truncate(8 + len(header) + rows * width)
    mapped = MappedTable(path, "table")
    for row in range(rows):
        mapped.look_up([row])
    assert resident_bytes(path) < rows * width * 3 // 4
    mapped.look_up([7] * 2 * rows)
    assert resident_bytes(path) == 0


def resident_bytes(path: Path) -> int:
    """Of the mappings of a file."""
    lines, sizes = iter(Path("/proc/self/smaps").read_text().splitlines()), []
    for line in lines:
        if line.endswith(str(path)):
            sizes.append(1024 * int(next(one for one in lines if one.startswith("Rss:")).split()[1]))
    assert sizes, "it is mapped"
    return sum(sizes)
