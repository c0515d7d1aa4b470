"""The matrix products with everything around them, against float64."""

from itertools import product

import pytest
import torch

from qwen_tts.kernels.linear import Form, linear
from tests.kernels import references

EPS = 1e-6


@pytest.mark.parametrize(("form", "tokens"), [("vector", 1), ("matrix", 1), ("matrix", 5), ("matrix", 70)])
@pytest.mark.parametrize(("width", "outputs"), [(32, 48), (48, 16), (2048, 64)])
def test_equals_float64(
    form: Form, tokens: int, width: int, outputs: int, device: torch.device, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    for normed, gated, added in product((False, True), repeat=3):
        x = torch.randn(tokens, width, device=device)
        x = x if normed else x.to(dtype)
        weight = (torch.randn(outputs * (1 + gated), width, device=device) / width**0.5).to(dtype)
        norm = torch.randn(width, device=device).to(dtype) if normed else None
        residual = torch.randn(tokens, outputs, device=device) if added else None
        out = torch.full((tokens, outputs), torch.nan, device=device, dtype=torch.float32 if added else dtype)
        linear(x, weight, out, norm=norm, eps=EPS, gated=gated, residual=residual, form=form)
        exact = references.linear(x, weight, norm, EPS, gated, residual)
        assert references.error(out, exact) < references.bound(dtype), (normed, gated, added)


def test_the_sum_may_take_the_place_of_what_is_added_to(device: torch.device) -> None:
    x, weight = torch.randn(3, 32, device=device), torch.randn(16, 32, device=device)
    hidden = torch.randn(3, 16, device=device)
    exact = references.linear(x, weight, None, 0, False, hidden)
    linear(x, weight, hidden, residual=hidden)
    assert references.error(hidden, exact) < 1e-5


def test_every_second_token(device: torch.device) -> None:
    x, weight = torch.randn(8, 32, device=device), torch.randn(16, 32, device=device)
    out = torch.empty(4, 16, device=device)
    linear(x[1::2], weight, out, form="matrix")
    assert references.error(out, references.linear(x[1::2], weight, None, 0, False, None)) < 1e-5
    linear(x[1::2][:1], weight, out[:1], form="vector")
    assert references.error(out[:1], references.linear(x[1:2], weight, None, 0, False, None)) < 1e-5


def test_batched_equals_alone_to_the_bit(device: torch.device, dtype: torch.dtype) -> None:
    """A token's sums do not depend on who else is there, as long as the form is the same."""
    if device.type == "cpu":
        pytest.skip("the interpreter adds in another order for other shapes")
    x = torch.randn(16, 64, device=device)
    weight, norm = torch.randn(32, 64, device=device).to(dtype), torch.randn(64, device=device).to(dtype)
    together, alone = torch.empty(16, 32, device=device), torch.empty(1, 32, device=device)
    linear(x, weight, together, norm=norm, eps=EPS)
    for token in range(16):
        linear(x[token : token + 1], weight, alone, norm=norm, eps=EPS, form="matrix")
        assert torch.equal(alone[0], together[token])
