"""Matrix products with what stands around them in a transformer: a norm before, SwiGLU or a residual after.

For few tokens a program multiplies whole rows of the weight in registers; for many it uses the tensor cores, each of
its warps over a part of the inputs. Many tokens are read as `Hidden` has them: already multiplied with the norm's
weight, in the weights' dtype, and not yet divided by the root mean square, which every program adds up from `squares`.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import LINE_BYTES, fetch_ahead, launch, shared_bytes, wait

MAX_TOKENS = 128
"""Tokens of one launch."""

FEW = 2
"""Tokens that are few."""

_SLICES = 4  # warps of a program for many tokens, each over its part of the inputs
MAX_PARTS = 128
"""Programs of a row's sum at most: each adds up the squares of its outputs."""


@dataclass(frozen=True)
class Hidden:
    """The residual stream of some tokens."""

    value: Tensor
    """[tokens, width] float32"""
    scaled: Tensor
    """[tokens, width] in the weights' dtype: `value` times the weight of the next norm; for many tokens only"""
    squares: Tensor
    """[tokens, MAX_PARTS] float32: partial sums of the squares of `value`, and zeros; for many tokens only"""

    @classmethod
    def allocate(cls, tokens: int, width: int, device: torch.device, dtype: torch.dtype) -> "Hidden":
        value = torch.zeros(tokens, width, device=device)
        return cls(value, torch.zeros_like(value, dtype=dtype), torch.zeros(tokens, MAX_PARTS, device=device))

    def first(self, tokens: int) -> "Hidden":
        """The first tokens, sharing their memory."""
        return self[slice(tokens)]

    def __getitem__(self, tokens: slice) -> "Hidden":
        return Hidden(self.value[tokens], self.scaled[tokens], self.squares[tokens])


@triton.jit(do_not_specialize=["tokens"])
def _few(
    x, norm, weight, residual, out, tokens, outputs, stride, eps,
    WIDTH: tl.constexpr, TOKENS: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """A program computes BLOCK_N outputs of every token, BLOCK_K inputs at a time."""
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    t, k = tl.arange(0, TOKENS), tl.arange(0, BLOCK_K)
    inside_n, inside_t = n < outputs, t < tokens
    rows = weight + n[:, None].to(tl.int64) * WIDTH + k[None, :]
    ups = rows + outputs.to(tl.int64) * WIDTH
    inside = inside_n[:, None] & (k < WIDTH)[None, :]
    gate = tl.load(rows, mask=inside, other=0.0)
    if GATED:
        up = tl.load(ups, mask=inside, other=0.0)
    wait(CHAINED)
    squares = tl.zeros([TOKENS, BLOCK_K], tl.float32)
    total = tl.zeros([TOKENS, BLOCK_N, BLOCK_K], tl.float32)
    total_up = tl.zeros([TOKENS, BLOCK_N, BLOCK_K], tl.float32)
    for start in tl.static_range(0, WIDTH, BLOCK_K):
        inside_k = start + k < WIDTH
        inside_x = inside_t[:, None] & inside_k[None, :]
        inputs = tl.load(x + t[:, None] * stride + start + k[None, :], mask=inside_x, other=0.0).to(tl.float32)
        if NORM:
            squares += inputs * inputs
            inputs *= tl.load(norm + start + k, mask=inside_k, other=0.0).to(tl.float32)[None, :]
        total += gate.to(tl.float32)[None, :, :] * inputs[:, None, :]
        if GATED:
            total_up += up.to(tl.float32)[None, :, :] * inputs[:, None, :]
        if start + BLOCK_K < WIDTH:
            inside = inside_n[:, None] & (start + BLOCK_K + k < WIDTH)[None, :]
            gate = tl.load(rows + start + BLOCK_K, mask=inside, other=0.0)
            if GATED:
                up = tl.load(ups + start + BLOCK_K, mask=inside, other=0.0)
    value = tl.sum(total, axis=2)
    if NORM:
        scale = tl.rsqrt(tl.sum(squares, axis=1) / WIDTH + eps)[:, None]
        value *= scale
    if GATED:
        other = tl.sum(total_up, axis=2)
        if NORM:
            other *= scale
        value = value * tl.sigmoid(value) * other
    at = t[:, None] * outputs + n[None, :]
    inside = inside_t[:, None] & inside_n[None, :]
    if RESIDUAL:
        value += tl.load(residual + at, mask=inside, other=0.0)
    tl.store(out + at, value.to(out.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["tokens"])
def _many(
    x, squares, weight, residual, out, next_norm, next_scaled, next_squares,
    tokens, outputs, stride, square_stride, eps,
    WIDTH: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, SLICES: tl.constexpr,
    PARTS: tl.constexpr, NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr,
    LINE: tl.constexpr, LINES: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """A program computes BLOCK_N outputs of BLOCK_T tokens; slice s of it takes every SLICES-th BLOCK_K inputs."""
    block = tl.program_id(0)
    n = block * BLOCK_N + tl.arange(0, BLOCK_N)
    t = tl.program_id(1) * BLOCK_T + tl.arange(0, BLOCK_T)
    if CHAINED:
        first_row = weight + (block * BLOCK_N).to(tl.int64) * WIDTH
        own = tl.minimum(BLOCK_N, outputs - block * BLOCK_N) * WIDTH
        fetch_ahead(first_row, own, LINE, LINES)
        if GATED:
            fetch_ahead(first_row + outputs.to(tl.int64) * WIDTH, own, LINE, LINES)
    k = (tl.arange(0, SLICES) * BLOCK_K)[:, None] + tl.arange(0, BLOCK_K)[None, :]
    inside_n, inside_t = n < outputs, t < tokens
    columns = weight + n[None, None, :].to(tl.int64) * WIDTH + k[:, :, None]
    inputs_at = x + t[None, :, None] * stride + k[:, None, :]
    wait(CHAINED)
    total = tl.zeros([SLICES, BLOCK_T, BLOCK_N], tl.float32)
    total_up = tl.zeros([SLICES, BLOCK_T, BLOCK_N], tl.float32)
    for start in range(0, WIDTH, SLICES * BLOCK_K):
        inside_k = start + k < WIDTH
        inputs = tl.load(inputs_at + start, mask=inside_t[None, :, None] & inside_k[:, None, :], other=0.0)
        inside = inside_k[:, :, None] & inside_n[None, None, :]
        total = tl.dot(inputs, tl.load(columns + start, mask=inside, other=0.0), total, input_precision=PRECISION)
        if GATED:
            up = tl.load(columns + outputs.to(tl.int64) * WIDTH + start, mask=inside, other=0.0)
            total_up = tl.dot(inputs, up, total_up, input_precision=PRECISION)
    value = tl.sum(total, axis=0)
    if NORM:
        p = tl.arange(0, PARTS)
        parts = tl.load(squares + t[:, None] * square_stride + p[None, :], mask=inside_t[:, None], other=0.0)
        scale = tl.rsqrt(tl.sum(parts, axis=1) / WIDTH + eps)[:, None]
        value *= scale
    if GATED:
        other = tl.sum(total_up, axis=0)
        if NORM:
            other *= scale
        value = value * tl.sigmoid(value) * other
    at = t[:, None] * outputs + n[None, :]
    inside = inside_t[:, None] & inside_n[None, :]
    if RESIDUAL:
        value += tl.load(residual + at, mask=inside, other=0.0)
        scaled = value * tl.load(next_norm + n, mask=inside_n, other=0.0).to(tl.float32)[None, :]
        tl.store(next_scaled + at, scaled.to(next_scaled.dtype.element_ty), mask=inside)
        sums = tl.sum(tl.where(inside, value * value, 0.0), axis=1)
        tl.store(next_squares + t * PARTS + block, sums, mask=inside_t)
    tl.store(out + at, value.to(out.dtype.element_ty), mask=inside)


@triton.jit
def _enter(x, norm, value, scaled, squares, WIDTH: tl.constexpr, BLOCK: tl.constexpr, PARTS: tl.constexpr,
           CHAINED: tl.constexpr):  # fmt: skip
    """One token's input as the first layer of many tokens wants it."""
    token = tl.program_id(0).to(tl.int64)
    w, p = tl.arange(0, BLOCK), tl.arange(0, PARTS)
    wait(CHAINED)
    inputs = tl.load(x + token * WIDTH + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    tl.store(value + token * WIDTH + w, inputs, mask=w < WIDTH)
    weighted = inputs * tl.load(norm + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    tl.store(scaled + token * WIDTH + w, weighted.to(scaled.dtype.element_ty), mask=w < WIDTH)
    tl.store(squares + token * PARTS + p, tl.where(p == 0, tl.sum(inputs * inputs), 0.0))


def enter(x: Tensor, norm: Tensor, hidden: Hidden, *, chained: bool = False) -> None:
    """Make `hidden` of x [tokens, width]; `norm` [width] comes next."""
    tokens, width = x.shape
    launch(
        _enter, (tokens,),
        x, norm, hidden.value, hidden.scaled, hidden.squares, WIDTH=width, BLOCK=triton.next_power_of_2(width),
        PARTS=MAX_PARTS, chained=chained, num_warps=4,
    )  # fmt: skip


def project(
    hidden: Hidden, norm: Tensor, weight: Tensor, out: Tensor, *, eps: float, gated: bool = False,
    chained: bool = False, blocks: "Blocks | None" = None,
) -> None:  # fmt: skip
    """out [tokens, n] = norm(hidden) @ weight.T; with `gated` silu of that with the first half of weight [2 n, width],
    times that with the second."""
    few = len(out) <= FEW
    x = hidden.value if few else hidden.scaled
    _launch(x, weight, out, hidden.squares, norm, eps, gated, None, None, norm, chained, blocks)


def add(
    x: Tensor, weight: Tensor, before: Tensor, after: Hidden, next_norm: Tensor,
    *, chained: bool = False, blocks: "Blocks | None" = None,
) -> None:  # fmt: skip
    """after = before + x @ weight.T: x [tokens, k], before [tokens, n] float32; `next_norm` [n] comes next."""
    _launch(x, weight, after.value, None, None, 0.0, False, before, after, next_norm, chained, blocks)


Blocks = tuple[int, int, int, int]
"""Outputs and inputs of a program (of a slice of it), warps, stages."""


def _launch(
    x: Tensor, weight: Tensor, out: Tensor, squares: Tensor | None, norm: Tensor | None, eps: float, gated: bool,
    before: Tensor | None, after: Hidden | None, next_norm: Tensor, chained: bool, blocks: Blocks | None,
) -> None:  # fmt: skip
    tokens, width = x.shape
    outputs = out.shape[1]
    assert tokens <= MAX_TOKENS, tokens
    assert weight.shape == (outputs * (2 if gated else 1), width), (weight.shape, outputs, width, gated)
    assert out.is_contiguous()
    few = tokens <= FEW
    block_t = max(16, min(64, triton.next_power_of_2(tokens)))
    blocks = blocks or (_few_blocks if few else _many_blocks)(tokens, outputs, width, gated)
    if not few:
        blocks = _fitted(blocks, block_t, weight.element_size(), gated=gated)
    block_n, block_k, warps, stages = blocks
    flags = {"NORM": norm is not None, "GATED": gated, "RESIDUAL": before is not None}
    options = flags | {"num_warps": warps, "num_stages": stages}
    if few:
        launch(
            _few, (triton.cdiv(outputs, block_n),),
            x, norm if norm is not None else x, weight, before if before is not None else x, out, tokens, outputs,
            x.stride(0), eps, WIDTH=width, TOKENS=triton.next_power_of_2(tokens), BLOCK_N=block_n, BLOCK_K=block_k,
            chained=chained, **options,
        )  # fmt: skip
        return
    programs = triton.cdiv(outputs, block_n)
    assert after is None or programs <= MAX_PARTS, (outputs, block_n)
    line = LINE_BYTES // weight.element_size()
    launch(
        _many, (programs, triton.cdiv(tokens, block_t)),
        x, squares if squares is not None else x, weight, before if before is not None else x, out, next_norm,
        after.scaled if after is not None else x, after.squares if after is not None else x, tokens, outputs,
        x.stride(0), 0 if squares is None else squares.stride(0), eps, WIDTH=width, BLOCK_T=block_t, BLOCK_N=block_n,
        BLOCK_K=block_k, SLICES=warps, PARTS=MAX_PARTS,
        PRECISION="ieee" if weight.dtype == torch.float32 else "tf32", LINE=line,
        LINES=triton.next_power_of_2(triton.cdiv(block_n * width, line)), chained=chained, **options,
    )  # fmt: skip


def _few_blocks(tokens: int, outputs: int, width: int, gated: bool) -> Blocks:
    """The best of some twenty for each shape of the release on an H100 (docs/performance.md)."""
    if width >= 3072:
        return (8 if tokens == 1 else 4), 2048, 8, 1
    if outputs <= 2048 and not gated:
        return 2, min(1024, triton.next_power_of_2(width)), 4, 1
    block_k = 1024 if gated and width > 1024 else 512
    return (4 if width <= 1024 or gated else 8), min(block_k, triton.next_power_of_2(width)), 4, 1


def _many_blocks(tokens: int, outputs: int, width: int, gated: bool) -> Blocks:
    """As `_few_blocks`."""
    block_k = 64 if gated or tokens > 16 else 128
    block_n = (
        32 if (outputs > 2048 and width <= 1024 and gated) or (outputs > 2048 and not gated and tokens <= 16) else 16
    )
    return block_n, min(block_k, max(16, triton.next_power_of_2(width) // _SLICES)), _SLICES, 3 if gated else 4


def _fitted(blocks: Blocks, block_t: int, element_bytes: int, *, gated: bool) -> Blocks:
    """With as many stages, and as many inputs at a time, as the card has room for."""
    block_n, block_k, warps, stages = blocks
    stage = warps * (block_t + block_n * (2 if gated else 1)) * block_k * element_bytes
    while shared_bytes() < 2 * stage and block_k > 16:
        block_k, stage = block_k // 2, stage // 2
    return block_n, block_k, warps, max(1, min(stages, shared_bytes() // stage))
