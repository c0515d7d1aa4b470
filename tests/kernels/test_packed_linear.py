"""The matrix products with weights in 8 and 4 bits, against float64 of what these weights say."""

import pytest
import torch
from torch import Tensor

from qwen_tts.kernels.linear import FEW, add, product_workspace, project
from qwen_tts.kernels.weights import PackedWeight
from qwen_tts.modules.weight_formats import Bits, quantise
from tests.kernels import references
from tests.kernels.cases import crossed
from tests.kernels.test_linear import EPS, hidden_of, random

TOKENS = [1, 2, 3, 7, 64]
SHAPES = [(16, 48), (48, 16), (128, 20), (192, 32), (384, 48), (1024, 50)]
"""(inputs, outputs): one group alone, several, numbers of groups that are no power of two, outputs that no block
divides"""


@pytest.fixture(scope="module", params=[8, 4])
def bits(request: pytest.FixtureRequest) -> Bits:
    return request.param  # type: ignore[no-any-return]


def weight_of(outputs: int, inputs: int, bits: Bits, device: torch.device) -> tuple[PackedWeight, Tensor]:
    """With a column of outliers and an output of nothing -> as the kernels have it, and as float32."""
    weight = torch.randn(outputs, inputs) / inputs**0.5
    weight[:, 3] *= 8
    weight[5] = 0
    kept = quantise(weight, bits)
    packed = (tensor.to(device) for tensor in (kept.stored, kept.scales.squeeze(-1), kept.zeros.squeeze(-1)))
    return PackedWeight(*packed), kept.dequantised().to(device)


@pytest.mark.parametrize(("tokens", "shape"), crossed(TOKENS, SHAPES))
def test_a_normalised_projection(
    tokens: int, shape: tuple[int, int], bits: Bits, device: torch.device, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    inputs, outputs = shape
    for gated in (False, True):
        x, norm = random(tokens, inputs, device=device), random(inputs, device=device, dtype=dtype)
        packed, weight = weight_of(outputs * (1 + gated), inputs, bits, device)
        out = torch.full((tokens, outputs), torch.nan, device=device, dtype=dtype)
        project(hidden_of(x, norm), norm, packed, out, product_workspace(device), eps=EPS, gated=gated)
        exact = references.linear(x, weight, norm, EPS, gated, None)
        assert references.error(out, exact) < references.bound(dtype), gated


@pytest.mark.parametrize(("tokens", "shape"), crossed(TOKENS, SHAPES))
def test_a_sum_and_what_the_next_norm_needs(
    tokens: int, shape: tuple[int, int], bits: Bits, device: torch.device, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    inputs, outputs = shape
    x, before = random(tokens, inputs, device=device, dtype=dtype), random(tokens, outputs, device=device)
    norm, (packed, weight) = random(outputs, device=device, dtype=dtype), weight_of(outputs, inputs, bits, device)
    after = hidden_of(before, norm)
    add(x, packed, after.value, after, norm, product_workspace(device))
    exact = references.linear(x, weight, None, 0, False, before)
    assert references.error(after.value, exact) < references.bound(dtype)
    if tokens > FEW:
        assert references.error(after.scaled, exact * norm.double()) < references.bound(dtype)
        assert references.error(after.squares.sum(1), exact.square().sum(1)) < references.bound(dtype)


@pytest.mark.parametrize("tokens", [1, 2, 4, 16])
def test_batched_equals_alone_to_the_bit(tokens: int, bits: Bits, device: torch.device, dtype: torch.dtype) -> None:
    """A token's sums do not depend on who else is there, as long as the number is the same."""
    if device.type == "cpu":
        pytest.skip("the interpreter adds in an order of its own")
    x, norm = random(tokens, 256, device=device), random(256, device=device, dtype=dtype)
    packed, _ = weight_of(32, 256, bits, device)
    out = torch.empty(2, tokens, 32, device=device)
    others = random(tokens, 256, device=device)
    others[-1] = x[-1]
    for some, result in zip((x, others), out, strict=True):
        project(hidden_of(some, norm), norm, packed, result, product_workspace(device), eps=EPS)
    assert torch.equal(out[0, -1], out[1, -1])
