"""out = epilogue(prologue(x) @ weight.T), tokens [t] times outputs [n], with what stands around it in a transformer.

Prologue: RMSNorm of x. Epilogue: SwiGLU of two halves of the weight, or the sum with a residual, or nothing.
"""

from typing import Literal

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import wait

MAX_TOKENS = 128
"""Tokens of one launch."""

Form = Literal["vector", "matrix"]


@triton.jit
def _vector(
    x, norm, weight, residual, out, outputs, eps,
    WIDTH: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """One token. A program computes BLOCK_N outputs, BLOCK_K inputs at a time."""
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    inside_n = n < outputs
    rows = weight + n[:, None].to(tl.int64) * WIDTH + k[None, :]
    gate = tl.load(rows, mask=inside_n[:, None] & (k < WIDTH)[None, :], other=0.0)
    if GATED:
        ups = rows + outputs.to(tl.int64) * WIDTH
        up = tl.load(ups, mask=inside_n[:, None] & (k < WIDTH)[None, :], other=0.0)
    wait(CHAINED)
    squares = tl.zeros([BLOCK_K], tl.float32)
    total = tl.zeros([BLOCK_N, BLOCK_K], tl.float32)
    total_up = tl.zeros([BLOCK_N, BLOCK_K], tl.float32)
    for start in tl.static_range(0, WIDTH, BLOCK_K):
        inside_k = start + k < WIDTH
        inputs = tl.load(x + start + k, mask=inside_k, other=0.0).to(tl.float32)
        if NORM:
            squares += inputs * inputs
            inputs *= tl.load(norm + start + k, mask=inside_k, other=0.0).to(tl.float32)
        total += gate.to(tl.float32) * inputs[None, :]
        if GATED:
            total_up += up.to(tl.float32) * inputs[None, :]
        if start + BLOCK_K < WIDTH:
            inside = inside_n[:, None] & (start + BLOCK_K + k < WIDTH)[None, :]
            gate = tl.load(rows + start + BLOCK_K, mask=inside, other=0.0)
            if GATED:
                up = tl.load(ups + start + BLOCK_K, mask=inside, other=0.0)
    value = tl.sum(total, axis=1)
    scale = 1.0
    if NORM:
        scale = tl.rsqrt(tl.sum(squares) / WIDTH + eps)
        value *= scale
    if GATED:
        value = value * tl.sigmoid(value) * (tl.sum(total_up, axis=1) * scale)
    if RESIDUAL:
        value += tl.load(residual + n, mask=inside_n, other=0.0)
    tl.store(out + n, value.to(out.dtype.element_ty), mask=inside_n)


@triton.jit
def _matrix(
    x, norm, weight, residual, out, tokens, outputs, stride, eps,
    WIDTH: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """Several tokens. A program computes BLOCK_T tokens times BLOCK_N outputs on the tensor cores."""
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    t = tl.program_id(1) * BLOCK_T + tl.arange(0, BLOCK_T)
    k = tl.arange(0, BLOCK_K)
    inside_n, inside_t = n < outputs, t < tokens
    columns = weight + n[None, :].to(tl.int64) * WIDTH + k[:, None]
    inputs_at = x + t[:, None] * stride + k[None, :]
    wait(CHAINED)
    squares = tl.zeros([BLOCK_T], tl.float32)
    total = tl.zeros([BLOCK_T, BLOCK_N], tl.float32)
    total_up = tl.zeros([BLOCK_T, BLOCK_N], tl.float32)
    for start in range(0, WIDTH, BLOCK_K):
        inside_k = start + k < WIDTH
        inputs = tl.load(inputs_at + start, mask=inside_t[:, None] & inside_k[None, :], other=0.0)
        if NORM:
            inputs = inputs.to(tl.float32)
            squares += tl.sum(inputs * inputs, axis=1)
            inputs *= tl.load(norm + start + k, mask=inside_k, other=0.0).to(tl.float32)[None, :]
        inputs = inputs.to(weight.dtype.element_ty)
        inside = inside_k[:, None] & inside_n[None, :]
        gate = tl.load(columns + start, mask=inside, other=0.0)
        total = tl.dot(inputs, gate, total, input_precision=PRECISION)
        if GATED:
            up = tl.load(columns + outputs.to(tl.int64) * WIDTH + start, mask=inside, other=0.0)
            total_up = tl.dot(inputs, up, total_up, input_precision=PRECISION)
    if NORM:
        scale = tl.rsqrt(squares / WIDTH + eps)[:, None]
        total *= scale
        total_up *= scale
    if GATED:
        total = total * tl.sigmoid(total) * total_up
    at = t[:, None] * outputs + n[None, :]
    inside = inside_t[:, None] & inside_n[None, :]
    if RESIDUAL:
        total += tl.load(residual + at, mask=inside, other=0.0)
    tl.store(out + at, total.to(out.dtype.element_ty), mask=inside)


def linear(
    x: Tensor,
    weight: Tensor,
    out: Tensor,
    *,
    norm: Tensor | None = None,
    eps: float = 0.0,
    gated: bool = False,
    residual: Tensor | None = None,
    chained: bool = False,
    form: Form | None = None,
    blocks: tuple[int, int, int, int] | None = None,
) -> None:
    """Writes `out` [t, n].

    x [t, k], rows of any stride; weight [n, k], or [2 n, k] with `gated`: silu of the first half times the second;
    `norm` [k] is the weight of an RMSNorm of x; `residual` [t, n] float32 is added, and may be `out` itself.
    `blocks`: outputs and inputs of a program, warps, stages.
    """
    tokens, width = x.shape
    outputs = out.shape[1]
    assert tokens <= MAX_TOKENS, tokens
    assert weight.shape == (outputs * (2 if gated else 1), width), (weight.shape, outputs, width, gated)
    form = form or ("vector" if tokens == 1 else "matrix")
    block_n, block_k, warps, stages = blocks or _blocks(form, tokens, outputs, width, gated)
    flags = {"NORM": norm is not None, "GATED": gated, "RESIDUAL": residual is not None, "CHAINED": chained}
    options = flags | {"num_warps": warps, "num_stages": stages} | ({"launch_pdl": True} if chained else {})
    pointers = (x, norm if norm is not None else x, weight, residual if residual is not None else x, out)
    if form == "vector":
        _vector[(triton.cdiv(outputs, block_n),)](
            *pointers, outputs, eps, WIDTH=width, BLOCK_N=block_n, BLOCK_K=block_k, **options
        )
    else:
        block_t = max(16, min(64, triton.next_power_of_2(tokens)))
        _matrix[(triton.cdiv(outputs, block_n), triton.cdiv(tokens, block_t))](
            *pointers, tokens, outputs, x.stride(0), eps, WIDTH=width,
            BLOCK_T=block_t, BLOCK_N=block_n, BLOCK_K=block_k,
            PRECISION="ieee" if weight.dtype == torch.float32 else "tf32", **options,
        )  # fmt: skip


def _blocks(form: Form, tokens: int, outputs: int, width: int, gated: bool) -> tuple[int, int, int, int]:
    if form == "vector":
        return (2 if gated else 4), min(1024, triton.next_power_of_2(width)), 4, 1
    block_n = 16 if outputs <= 2048 else 32
    return block_n, min(128, max(16, triton.next_power_of_2(width))), 4, 4
