"""Matrix products with what stands around them in a transformer: a norm before, SwiGLU or a residual after.

For few tokens a program multiplies whole rows of the weight in registers; for many it uses the tensor cores. Many
tokens are read as `Hidden` has them: already multiplied with the norm's
weight, in the weights' dtype, and not yet divided by the root mean square, which every program adds up from `squares`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import LINE_BYTES, fetch_ahead, launch, shared_bytes, wait
from qwen_tts.kernels.split_k import SplitKWorkspace

MAX_TOKENS = 128
"""Tokens of one launch."""

FEW = 2
"""Tokens that are few."""

_SHARED_PRODUCT_TILES = 512  # that more than one program works on, at most
_PARTIAL_PRODUCT_ELEMENTS = 2**21  # of their shares
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


@triton.jit
def _fetch_rows(start, rows, width, ROWS: tl.constexpr, LINE: tl.constexpr, LINES: tl.constexpr, WIDTH: tl.constexpr):
    """Ask for `width` elements of each of `rows` rows of a weight to be brought into the L2."""
    row, line = tl.minimum(tl.arange(0, ROWS), rows - 1), tl.minimum(tl.arange(0, LINES) * LINE, width - 1)
    fetch_ahead(start + row[:, None].to(tl.int64) * WIDTH + line[None, :])


@triton.jit(do_not_specialize=["tokens", "splits"])
def _many(
    x, squares, weight, residual, out, next_norm, next_scaled, next_squares, partial, arrivals,
    tokens, outputs, stride, square_stride, splits, eps,
    WIDTH: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, SHARED: tl.constexpr,
    PARTS: tl.constexpr, NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr,
    LINE: tl.constexpr, LINES: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """BLOCK_N outputs of BLOCK_T tokens, over a share of the inputs. The tensor cores want 64 rows, which the weight
    has. The last of `splits` programs to arrive adds the shares up, in their order.
    """
    block, split = tl.program_id(0), tl.program_id(1)
    n = block * BLOCK_N + tl.arange(0, BLOCK_N)
    t = tl.program_id(2) * BLOCK_T + tl.arange(0, BLOCK_T)
    k = tl.arange(0, BLOCK_K)
    # Beyond the last one it is read again, and what comes of that is dropped: masks would be in the way of the loop.
    read_n, read_t = tl.minimum(n, outputs - 1), tl.minimum(t, tokens - 1)
    share = tl.cdiv(tl.cdiv(WIDTH, BLOCK_K), splits) * BLOCK_K
    first = split * share
    last = tl.minimum(first + share, WIDTH)
    ups = outputs.to(tl.int64) * WIDTH
    if CHAINED:
        own = weight + (block * BLOCK_N).to(tl.int64) * WIDTH + first
        _fetch_rows(own, outputs - block * BLOCK_N, last - first, BLOCK_N, LINE, LINES, WIDTH)
        if GATED:
            _fetch_rows(own + ups, outputs - block * BLOCK_N, last - first, BLOCK_N, LINE, LINES, WIDTH)
    rows = weight + read_n[:, None].to(tl.int64) * WIDTH + k[None, :]
    inputs = x + read_t[None, :] * stride + k[:, None]
    wait(CHAINED)
    total, total_up = tl.zeros([BLOCK_N, BLOCK_T], tl.float32), tl.zeros([BLOCK_N, BLOCK_T], tl.float32)
    for start in range(first, last, BLOCK_K):
        if WIDTH % BLOCK_K:
            there = start + k < WIDTH
            columns = tl.load(inputs + start, mask=there[:, None], other=0.0)
            gate = tl.load(rows + start, mask=there[None, :], other=0.0)
        else:
            columns, gate = tl.load(inputs + start), tl.load(rows + start)
        total = tl.dot(gate, columns, total, input_precision=PRECISION)
        if GATED:
            if WIDTH % BLOCK_K:
                up = tl.load(rows + ups + start, mask=there[None, :], other=0.0)
            else:
                up = tl.load(rows + ups + start)
            total_up = tl.dot(up, columns, total_up, input_precision=PRECISION)
    if SHARED:
        SIZE: tl.constexpr = BLOCK_N * BLOCK_T
        tile = tl.program_id(2) * tl.num_programs(0) + block
        inside_tile = tl.arange(0, BLOCK_N)[:, None] * BLOCK_T + tl.arange(0, BLOCK_T)[None, :]
        shares = partial + tile.to(tl.int64) * (splits * (2 if GATED else 1) * SIZE) + inside_tile
        tl.store(shares + split * SIZE, total)
        if GATED:
            tl.store(shares + (splits + split) * SIZE, total_up)
        tl.debug_barrier()
        is_last = tl.atomic_add(arrivals + tile, 1, sem="acq_rel") == splits - 1
        if is_last:
            tl.store(arrivals + tile, 0)
            tl.debug_barrier()
            total, total_up = tl.zeros([BLOCK_N, BLOCK_T], tl.float32), tl.zeros([BLOCK_N, BLOCK_T], tl.float32)
            for other in range(splits):
                total += tl.load(shares + other * SIZE, cache_modifier=".cg")
                if GATED:
                    total_up += tl.load(shares + (splits + other) * SIZE, cache_modifier=".cg")
    else:
        is_last = True
    if is_last:
        inside_n, inside_t = n < outputs, t < tokens
        if NORM:
            p = tl.arange(0, PARTS)
            parts = tl.load(squares + read_t[:, None] * square_stride + p[None, :])
            scale = tl.rsqrt(tl.sum(parts, axis=1) / WIDTH + eps)[None, :]
            total *= scale
            total_up *= scale
        if GATED:
            total = total * tl.sigmoid(total) * total_up
        value = tl.trans(total)
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


def product_workspace(device: torch.device) -> SplitKWorkspace:
    """For `project` and `add`."""
    return SplitKWorkspace(_SHARED_PRODUCT_TILES, _PARTIAL_PRODUCT_ELEMENTS, device)


def project(
    hidden: Hidden, norm: Tensor, weight: Tensor, out: Tensor, workspace: SplitKWorkspace, *, eps: float,
    gated: bool = False, tiled_for: int | None = None, chained: bool = False,
) -> None:  # fmt: skip
    """out [tokens, n] = norm(hidden) @ weight.T; with `gated` silu of that with the first half of weight [2 n, width],
    times that with the second. Sums of many tokens depend on `tiled_for` alone, if it is given."""
    x = hidden.value if len(out) <= FEW else hidden.scaled
    _launch(
        x, weight, out, hidden.squares, norm, None, None, norm, workspace, eps=eps, gated=gated, tiled_for=tiled_for,
        chained=chained,
    )  # fmt: skip


def add(
    x: Tensor, weight: Tensor, before: Tensor, after: Hidden, next_norm: Tensor, workspace: SplitKWorkspace,
    *, tiled_for: int | None = None, chained: bool = False,
) -> None:  # fmt: skip
    """after = before + x @ weight.T: x [tokens, k], before [tokens, n] float32; `next_norm` [n] comes next."""
    _launch(
        x, weight, after.value, None, None, before, after, next_norm, workspace, eps=0.0, gated=False,
        tiled_for=tiled_for, chained=chained,
    )  # fmt: skip


class Blocks(NamedTuple):
    """Outputs of a program for few tokens, inputs at a time, warps."""

    block_n: int
    block_k: int
    warps: int


class ProductTiles(NamedTuple):
    """For many: outputs of a program, inputs at a time, programs that share a tile, stages."""

    block_n: int
    block_k: int
    splits: int
    stages: int

    def fitted(self, block_t: int, element_bytes: int, *, gated: bool) -> "ProductTiles":
        """With as many stages, and as many inputs at a time, as the card has room for."""
        stage = (block_t + self.block_n * (2 if gated else 1)) * self.block_k * element_bytes
        if shared_bytes() < 2 * stage:
            return self._replace(block_k=self.block_k // 2).fitted(block_t, element_bytes, gated=gated)
        return self._replace(stages=max(1, min(self.stages, shared_bytes() // stage)))


def _launch(
    x: Tensor, weight: Tensor, out: Tensor, squares: Tensor | None, norm: Tensor | None, before: Tensor | None,
    after: Hidden | None, next_norm: Tensor, workspace: SplitKWorkspace, *, eps: float, gated: bool,
    tiled_for: int | None, chained: bool,
) -> None:  # fmt: skip
    tokens, width = x.shape
    outputs = out.shape[1]
    assert tokens <= MAX_TOKENS, tokens
    assert weight.shape == (outputs * (2 if gated else 1), width), (weight.shape, outputs, width, gated)
    assert out.is_contiguous()
    flags = {"WIDTH": width, "NORM": norm is not None, "GATED": gated, "RESIDUAL": before is not None}
    beside = before if before is not None else x
    if tokens <= FEW:
        block_n, block_k, warps = _blocks(tokens, outputs, width, gated)
        launch(
            _few, (triton.cdiv(outputs, block_n),),
            x, norm if norm is not None else x, weight, beside, out, tokens, outputs, x.stride(0), eps,
            TOKENS=triton.next_power_of_2(tokens), BLOCK_N=block_n, BLOCK_K=block_k, chained=chained, num_warps=warps,
            num_stages=1, **flags,
        )  # fmt: skip
        return
    block_t, element_bytes = max(16, min(64, triton.next_power_of_2(tokens))), weight.element_size()
    tiles = _tiles(tiled_for or tokens, outputs, width, gated)
    block_n, block_k, splits, stages = tiles.fitted(block_t, element_bytes, gated=gated)
    grid, line = (triton.cdiv(outputs, block_n), splits, triton.cdiv(tokens, block_t)), LINE_BYTES // element_bytes
    assert after is None or grid[0] <= MAX_PARTS, (outputs, block_n)
    if splits > 1:
        shared = grid[0] * grid[2]
        workspace.check(shared, shared * splits * block_n * block_t * (2 if gated else 1))
    share = triton.cdiv(triton.cdiv(width, block_k), splits) * block_k
    launch(
        _many, grid,
        x, squares if squares is not None else x, weight, beside, out, next_norm,
        after.scaled if after is not None else x, after.squares if after is not None else x, workspace.partial,
        workspace.arrivals, tokens, outputs, x.stride(0), 0 if squares is None else squares.stride(0), splits, eps,
        BLOCK_T=block_t, BLOCK_N=block_n, BLOCK_K=block_k, SHARED=splits > 1, PARTS=MAX_PARTS,
        PRECISION="ieee" if weight.dtype == torch.float32 else "tf32", LINE=line,
        LINES=triton.next_power_of_2(triton.cdiv(min(share, width), line)), chained=chained, num_warps=4,
        num_stages=stages, **flags,
    )  # fmt: skip


def _blocks(tokens: int, outputs: int, width: int, gated: bool) -> Blocks:
    """The best of some twenty for each shape of the release on an H100 (docs/performance.md)."""
    wide = triton.next_power_of_2(width)
    if width <= 1024:
        blocks = Blocks(4, wide, 4) if gated else Blocks(16 if outputs > 2048 else 8, wide, 8)
    elif gated or outputs > 2048:
        blocks = Blocks(4, 1024, 4) if gated else Blocks(8, 1024, 8)
    elif wide <= 4096:
        blocks = Blocks(4 if wide == 2048 else 2, wide, 4)
    else:
        blocks = Blocks(8, 1024, 4)
    return blocks if tokens == 1 else blocks._replace(block_n=max(1, blocks.block_n // 2))


def _tiles(tokens: int, outputs: int, width: int, gated: bool) -> ProductTiles:
    """As `_blocks`: as many programs as keep the card busy, and no more."""
    block_n, block_k = (
        min(64, max(16, triton.next_power_of_2(outputs))),
        min(128, max(16, triton.next_power_of_2(width))),
    )
    most = 96 if tokens > 16 or gated else 128 if width <= 1024 else 256
    tiles, splits = triton.cdiv(outputs, block_n), 1
    while 2 * splits * tiles <= most and splits < 4 and width >= 4 * splits * block_k:
        splits *= 2
    return ProductTiles(block_n, block_k, splits, 4)
