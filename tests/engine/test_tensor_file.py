"""Bytes of a file land in their places, whatever lies beside them; a file that ends early is said."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from qwen_tts.checkpoint import tensor_file, weights
from qwen_tts.checkpoint.tensor_file import read_tensors
from qwen_tts.checkpoint.weights import load_weights, plan
from qwen_tts.errors import BadCheckpoint
from qwen_tts.modules.norm import RMSNorm

STORED = {
    "a": torch.arange(1000, dtype=torch.float32),
    "half": torch.arange(-60, 61, dtype=torch.float16).view(11, 11),
    "none": torch.empty(3, 0),
    "one": torch.tensor(2.5, dtype=torch.float64),
    "short": torch.arange(77, dtype=torch.bfloat16),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(STORED, tmp_path / "tensors", metadata={"an": "odd header"})
    return tmp_path / "tensors"


def places(dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """NaN all over."""
    return {name: torch.full_like(tensor, torch.nan, dtype=dtype or tensor.dtype) for name, tensor in STORED.items()}


def read(path: Path, into: Mapping[str, Tensor]) -> int:
    counts: list[int] = []
    read_tensors(path, into, counts.append)
    return sum(counts)


@pytest.mark.parametrize("dtype", [None, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("piece_bytes", [8, 100, 2**24])
def test_every_tensor_is_read_and_converted(
    dtype: torch.dtype | None, piece_bytes: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_file, "PIECE_BYTES", piece_bytes)
    into = places(dtype)
    assert read(path, into) == sum(tensor.nbytes for tensor in STORED.values())
    for name, tensor in STORED.items():
        assert torch.equal(into[name], tensor.to(into[name].dtype)), name


@pytest.mark.parametrize("name", STORED)
def test_only_what_has_a_place_is_read(name: str, path: Path) -> None:
    into = places()
    assert read(path, {name: into[name]}) == STORED[name].nbytes
    assert torch.equal(into[name], STORED[name])
    assert all(place.isnan().all() for other, place in into.items() if other != name)


def test_a_place_may_be_a_part_of_a_tensor(path: Path) -> None:
    """As the parts of a fused weight are."""
    fused = torch.zeros(1200)
    read(path, {"a": fused[100:1100]})
    assert torch.equal(fused[100:1100], STORED["a"])
    assert not fused[:100].any()
    assert not fused[1100:].any()


@pytest.mark.parametrize("dtype", [None, torch.float64])
@pytest.mark.parametrize("gone", [1, 100, 4000])
def test_a_file_that_ends_early_is_said(dtype: torch.dtype | None, gone: int, path: Path) -> None:
    """Whether bytes go straight to their place or are converted on the way."""
    content = path.read_bytes()
    path.write_bytes(content[:-gone])
    with pytest.raises(OSError, match=r"tensors ends \d+ bytes early"):
        read(path, places(dtype))


def test_no_file_is_left_open(path: Path) -> None:
    """Neither after it was read, nor after it could not be."""

    def first_free() -> int:
        descriptor = os.dup(0)
        os.close(descriptor)
        return descriptor

    before = first_free()
    read(path, places())
    assert first_free() == before
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(OSError, match="early"):
        read(path, places())
    assert first_free() == before


def test_what_becomes_shorter_while_it_is_read_is_a_bad_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check saw all of it."""
    path = tmp_path / "model.safetensors"
    save_file({"talker.weight": torch.ones(64)}, path)

    def shortened(*arguments: object) -> None:
        path.write_bytes(path.read_bytes()[:-4])
        read_tensors(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(weights, "read_tensors", shortened)
    norm = plan(lambda: RMSNorm(64, 1e-6), torch.float32)
    with pytest.raises(BadCheckpoint, match=r"cannot be read: .* ends 4 bytes early"):
        load_weights([path], {"talker": norm}, torch.device("cpu"))
