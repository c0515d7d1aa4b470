"""The matrix products with everything around them, against float64."""

from itertools import product
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from qwen_tts.kernels import linear
from qwen_tts.kernels.linear import FEW, MAX_TOKENS, Hidden, add, enter, product_workspace, project
from qwen_tts.kernels.weights import PackedWeight, Weight
from qwen_tts.modules.weight_formats import Bits, QuantisedWeight
from tests.kernels import references
from tests.kernels.cases import crossed

EPS = 1e-6
TOKENS = [1, 2, 3, 5, 70]


def random(*shape: int, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, device=device).to(dtype)


def hidden_of(x: Tensor, norm: Tensor) -> Hidden:
    """Poisoned beforehand: all of it must be written."""
    hidden = Hidden.allocate(len(x), x.shape[1], x.device, norm.dtype)
    for part in (hidden.value, hidden.scaled, hidden.squares):
        part.fill_(torch.nan)
    enter(x, norm, hidden)
    return hidden


@pytest.mark.parametrize(("tokens", "shape"), crossed(TOKENS, [(32, 48), (48, 16), (1024, 64)]))
def test_a_normalised_projection(tokens: int, shape: tuple[int, int], device: torch.device, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    width, outputs = shape
    for gated in (False, True):
        x, norm = random(tokens, width, device=device), random(width, device=device, dtype=dtype)
        weight = (random(outputs * (1 + gated), width, device=device) / width**0.5).to(dtype)
        out = torch.full((tokens, outputs), torch.nan, device=device, dtype=dtype)
        project(hidden_of(x, norm), norm, weight, out, product_workspace(device), eps=EPS, gated=gated)
        exact = references.linear(x, weight, norm, EPS, gated, None)
        assert references.error(out, exact) < references.bound(dtype), gated


@pytest.mark.parametrize(("tokens", "shape"), crossed(TOKENS, [(32, 48), (48, 16), (3072, 64)]))
def test_a_sum_and_what_the_next_norm_needs(
    tokens: int, shape: tuple[int, int], device: torch.device, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    width, outputs = shape
    x, before = random(tokens, width, device=device, dtype=dtype), random(tokens, outputs, device=device)
    weight = (random(outputs, width, device=device) / width**0.5).to(dtype)
    norm, following = random(outputs, device=device, dtype=dtype), random(32, outputs, device=device, dtype=dtype)
    after = hidden_of(before, norm)
    add(x, weight, before, after, norm, product_workspace(device))
    exact = references.linear(x, weight, None, 0, False, before)
    assert references.error(after.value, exact) < references.bound(dtype)
    out = torch.empty(tokens, 32, device=device, dtype=dtype)
    project(after, norm, following, out, product_workspace(device), eps=EPS)
    assert references.error(out, references.linear(exact, following, norm, EPS, False, None)) < references.bound(dtype)


def test_the_sum_may_take_the_place_of_what_is_added_to(device: torch.device) -> None:
    for tokens in (1, FEW + 1):
        x, weight = random(tokens, 32, device=device), random(16, 32, device=device)
        norm, before = random(16, device=device), random(tokens, 16, device=device)
        hidden = hidden_of(before, norm)
        add(x, weight, hidden.value, hidden, norm, product_workspace(device))
        assert references.error(hidden.value, references.linear(x, weight, None, 0, False, before)) < 1e-5


@pytest.mark.parametrize("tokens", [1, 2, 5])
def test_every_second_token(tokens: int, device: torch.device) -> None:
    x, norm, weight = random(2 * tokens, 32, device=device), random(32, device=device), random(16, 32, device=device)
    out = torch.empty(tokens, 16, device=device)
    project(hidden_of(x, norm)[slice(1, None, 2)], norm, weight, out, product_workspace(device), eps=EPS)
    assert references.error(out, references.linear(x[1::2], weight, norm, EPS, False, None)) < 1e-5


@pytest.mark.parametrize("tokens", [4, 16])
def test_batched_equals_alone_to_the_bit(tokens: int, device: torch.device, dtype: torch.dtype) -> None:
    """A token's sums do not depend on who else is there, as long as the number is the same."""
    if device.type == "cpu":
        pytest.skip("the interpreter adds in an order of its own")
    x, norm = random(tokens, 64, device=device), random(64, device=device, dtype=dtype)
    weight, out = random(32, 64, device=device, dtype=dtype), torch.empty(2, tokens, 32, device=device)
    project(hidden_of(x, norm), norm, weight, out[0], product_workspace(device), eps=EPS)
    others = random(tokens, 64, device=device)
    others[1] = x[1]
    project(hidden_of(others, norm), norm, weight, out[1], product_workspace(device), eps=EPS)
    assert torch.equal(out[0, 1], out[1, 1])


def test_all_of_the_blocks_divide_what_they_share(device: torch.device) -> None:
    """Outputs that no block divides evenly."""
    for tokens, (gated, outputs) in product((1, 3, 4, 9), ((False, 50), (True, 21))):
        x, norm = random(tokens, 40, device=device), random(40, device=device)
        weight = random(outputs * (1 + gated), 40, device=device)
        out = torch.empty(tokens, outputs, device=device)
        project(hidden_of(x, norm), norm, weight, out, product_workspace(device), eps=EPS, gated=gated)
        assert references.error(out, references.linear(x, weight, norm, EPS, gated, None)) < 1e-5


# -- tiles ------------------------------------------------------------------------------------------------------------

PRODUCTS = [
    (1024, 4096), (2048, 4096), (2048, 1024), (2048, 2048), (1024, 1024), (512, 1024), (1024, 512), (512, 3072),
    (3072, 1024), (6144, 2048), (1024, 2048), (1024, 3072), (2048, 3072), (2048, 3072 + 1024),
]  # fmt: skip
"""(width, outputs) of the release: attention, the way back from SwiGLU, heads"""
GATED = [(1024, 3072), (2048, 6144), (512, 1024)]
"""And into SwiGLU"""


@pytest.mark.parametrize("room", [227 * 1024, 99 * 1024])
@pytest.mark.parametrize(
    ("dtype", "bits"),
    [(torch.bfloat16, 16), (torch.float32, 16), (torch.bfloat16, 8), (torch.bfloat16, 4), (torch.float32, 4)],
)
def test_tiles_fit_every_product_of_the_release(
    room: int, dtype: torch.dtype, bits: Bits | Literal[16], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tensor cores take their sides, a program has room for their stages, and shared ones, by the kernels' own
    assertions, have room to meet."""
    launched: list[dict[str, Any]] = []
    monkeypatch.setattr(linear, "shared_bytes", lambda: room)
    monkeypatch.setattr(linear, "launch", lambda *_, **options: launched.append(options))
    workspace, meta = product_workspace(torch.device("meta")), torch.device("meta")
    kinds = [(*sizes, gated) for gated, all_sizes in ((False, PRODUCTS), (True, GATED)) for sizes in all_sizes]
    for width, outputs, gated in kinds:
        x, after = (Hidden.allocate(MAX_TOKENS, size, meta, dtype) for size in (width, outputs))
        norm, next_norm = (torch.empty(size, device=meta, dtype=dtype) for size in (width, outputs))
        weight: Weight = torch.empty(outputs * (1 + gated), width, device=meta, dtype=dtype)
        if bits != 16:
            kept = QuantisedWeight.planned(*weight.shape, bits)
            weight = PackedWeight(kept.stored, kept.scales.squeeze(-1), kept.zeros.squeeze(-1))
        for tokens, tiled_for in product(range(FEW + 1, MAX_TOKENS + 1), (None, 16)):
            some, out = x.first(tokens), after.first(tokens)
            project(some, norm, weight, out.scaled, workspace, eps=EPS, gated=gated, tiled_for=tiled_for)
            if not gated:
                add(some.scaled, weight, out.value, out, next_norm, workspace, tiled_for=tiled_for)
    assert len(launched) == (2 * len(PRODUCTS) + len(GATED)) * 2 * (MAX_TOKENS - FEW)
    for options in launched:
        block_t, block_n, block_k = (options[f"BLOCK_{side}"] for side in "TNK")
        assert all(side >= 16 and side & (side - 1) == 0 for side in (block_t, block_n, block_k))
        assert options["num_stages"] >= 2, "what is multiplied next is on its way"
        weight_bytes = dtype.itemsize if bits == 16 else bits / 8
        stage = (block_t * dtype.itemsize + block_n * (1 + options["GATED"]) * weight_bytes) * block_k
        assert options["num_stages"] * stage <= room
