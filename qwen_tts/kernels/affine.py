"""x @ weight.T + bias, for the projections of embeddings: off the chain of a frame.

cuBLAS would do it as well, but takes 200 MB of a card for that.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import launch

_BLOCK_T, _BLOCK_N, _BLOCK_K = 64, 32, 64


@triton.jit(do_not_specialize=["tokens"])
def _affine(
    x, weight, bias, out, tokens, outputs, WIDTH: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr, SILU: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """BLOCK_N outputs of BLOCK_T tokens. The weight has the rows of the tensor cores, as in linear.py."""
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    t = tl.program_id(1).to(tl.int64) * BLOCK_T + tl.arange(0, BLOCK_T)
    k = tl.arange(0, BLOCK_K)
    inside_n, inside_t = n < outputs, t < tokens
    total = tl.zeros([BLOCK_N, BLOCK_T], tl.float32)
    for start in range(0, WIDTH, BLOCK_K):
        inside_k = start + k < WIDTH
        rows = tl.load(
            weight + n[:, None].to(tl.int64) * WIDTH + start + k[None, :],
            mask=inside_n[:, None] & inside_k[None, :], other=0.0,
        )  # fmt: skip
        columns = tl.load(
            x + t[None, :] * WIDTH + start + k[:, None], mask=inside_t[None, :] & inside_k[:, None], other=0.0
        )
        total = tl.dot(rows, columns, total, input_precision=PRECISION)
    total += tl.load(bias + n, mask=inside_n, other=0.0).to(tl.float32)[:, None]
    if SILU:
        total = total.to(out.dtype.element_ty).to(tl.float32)  # as PyTorch hands it on
        total = total * tl.sigmoid(total)
    at = t[:, None] * outputs + n[None, :]
    tl.store(out + at, tl.trans(total).to(out.dtype.element_ty), mask=inside_t[:, None] & inside_n[None, :])


def affine(x: Tensor, weight: Tensor, bias: Tensor, out: Tensor, *, silu: bool = False) -> None:
    """out [tokens, n] = x [tokens, k] @ weight.T [k, n] + bias, or SiLU of that; any number of tokens."""
    tokens, width = x.shape
    outputs = len(weight)
    assert weight.shape == (outputs, width), (weight.shape, x.shape)
    assert x.is_contiguous()
    assert weight.is_contiguous()
    assert out.shape == (tokens, outputs), (out.shape, tokens, outputs)
    exact = weight.dtype == torch.float32
    launch(
        _affine, (triton.cdiv(outputs, _BLOCK_N), triton.cdiv(tokens, _BLOCK_T)),
        x, weight, bias, out, tokens, outputs, WIDTH=width, BLOCK_T=_BLOCK_T, BLOCK_N=_BLOCK_N, BLOCK_K=_BLOCK_K,
        SILU=silu, PRECISION="ieee" if exact else "tf32", num_warps=4, num_stages=2 if exact else 4,
    )  # fmt: skip
