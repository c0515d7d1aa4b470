"""Matrix products with what stands around them in a transformer: a norm before, SwiGLU or a residual after.

For few tokens a program multiplies whole rows of the weight in registers; for many it uses the tensor cores. Many
tokens are read as `Hidden` has them: already multiplied with the norm's
weight, in the weights' dtype, and not yet divided by the root mean square, which every program adds up from `squares`.
The kernels are in products.py.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import LINE_BYTES, launch, shared_bytes, wait
from qwen_tts.kernels.products import few, many
from qwen_tts.kernels.split_k import SplitKWorkspace
from qwen_tts.kernels.weights import Weight, bits_of, groups_of, input_bytes, tensors_of

MAX_TOKENS = 128
"""Tokens of one launch."""

FEW = 2
"""Tokens that are few."""

_FEW_WEIGHTS = {16: 2**13, 8: 2**14, 4: 2**14}  # by bits: in a program for few tokens
_SHARED_PRODUCT_TILES = 512  # that more than one program works on, at most
_PARTIAL_PRODUCT_ELEMENTS = 2**22  # of their shares
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
    hidden: Hidden, norm: Tensor, weight: Weight, out: Tensor, workspace: SplitKWorkspace, *, eps: float,
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
    x: Tensor, weight: Weight, before: Tensor, after: Hidden, next_norm: Tensor, workspace: SplitKWorkspace,
    *, tiled_for: int | None = None, chained: bool = False,
) -> None:  # fmt: skip
    """after = before + x @ weight.T: x [tokens, k], before [tokens, n] float32; `next_norm` [n] comes next."""
    _launch(
        x, weight, after.value, None, None, before, after, next_norm, workspace, eps=0.0, gated=False,
        tiled_for=tiled_for, chained=chained,
    )  # fmt: skip


class Blocks(NamedTuple):
    """For few tokens: outputs of a program, groups and inputs of each (powers of two), warps."""

    block_n: int
    block_g: int
    block_k: int
    warps: int


class ProductTiles(NamedTuple):
    """For many tokens: outputs of a program, inputs at a time, programs that share a tile, stages, warps."""

    block_n: int
    block_k: int
    splits: int
    stages: int
    warps: int

    def fitted(self, block_t: int, input_bytes: int, weight_bytes: float, *, gated: bool) -> "ProductTiles":
        """With as many stages, and as many inputs at a time, as the card has room for; bytes are of one element."""
        outputs = self.block_n * (2 if gated else 1)
        stage = int((block_t * input_bytes + outputs * weight_bytes) * self.block_k)
        if shared_bytes() < 2 * stage:
            halved = self._replace(block_k=self.block_k // 2)
            return halved.fitted(block_t, input_bytes, weight_bytes, gated=gated)
        return self._replace(stages=max(1, min(self.stages, shared_bytes() // stage)))


def _launch(
    x: Tensor, weight: Weight, out: Tensor, squares: Tensor | None, norm: Tensor | None, before: Tensor | None,
    after: Hidden | None, next_norm: Tensor, workspace: SplitKWorkspace, *, eps: float, gated: bool,
    tiled_for: int | None, chained: bool,
) -> None:  # fmt: skip
    tokens, width = x.shape
    outputs = out.shape[1]
    assert tokens <= MAX_TOKENS, tokens
    assert weight.shape == (outputs * (2 if gated else 1), width), (weight.shape, outputs, width, gated)
    assert out.is_contiguous()
    groups, element_bytes, tensors = groups_of(weight), input_bytes(weight), tensors_of(weight)
    flags = {
        "BITS": bits_of(weight), "WIDTH": width, "GROUPS": groups, "NORM": norm is not None, "GATED": gated,
        "RESIDUAL": before is not None, "INTERPRETED": triton.knobs.runtime.interpret,
    }  # fmt: skip
    beside = before if before is not None else x
    if tokens <= FEW:
        block_n, block_g, block_k, warps = _blocks(tokens, weight, gated=gated)
        launch(
            few, (triton.cdiv(outputs, block_n),),
            x, norm if norm is not None else x, *tensors, beside, out, outputs, x.stride(0), eps, TOKENS=tokens,
            BLOCK_N=block_n, BLOCK_G=block_g, BLOCK_K=block_k, chained=chained, num_warps=warps, num_stages=1, **flags,
        )  # fmt: skip
        return
    block_t = max(16, min(64, triton.next_power_of_2(tokens)))
    tiles = _tiles(tiled_for or tokens, outputs, weight, gated=gated)
    block_n, block_k, splits, stages, warps = tiles.fitted(block_t, x.element_size(), element_bytes, gated=gated)
    grid = (triton.cdiv(outputs, block_n), splits, triton.cdiv(tokens, block_t))
    assert after is None or grid[0] <= MAX_PARTS, (outputs, block_n)
    if splits > 1:
        shared = grid[0] * grid[2]
        workspace.check(shared, shared * splits * block_n * block_t * (2 if gated else 1))
    share = min(width, triton.cdiv(triton.cdiv(width, block_k), splits) * block_k)
    launch(
        many, grid,
        x, squares if squares is not None else x, *tensors, beside, out, next_norm,
        after.scaled if after is not None else x, after.squares if after is not None else x, workspace.partial,
        workspace.arrivals, tokens, outputs, x.stride(0), 0 if squares is None else squares.stride(0), splits, eps,
        BLOCK_T=block_t, BLOCK_N=block_n, BLOCK_K=block_k, SHARED=splits > 1, PARTS=MAX_PARTS,
        PRECISION="ieee" if x.dtype == torch.float32 else "tf32", LINE=LINE_BYTES // tensors[0].element_size(),
        LINES=triton.next_power_of_2(triton.cdiv(int(share * element_bytes), LINE_BYTES)), chained=chained,
        num_warps=warps, num_stages=stages, **flags,
    )  # fmt: skip


def _blocks(tokens: int, weight: Weight, *, gated: bool) -> Blocks:
    """The best of some for a whole frame on an H200 (docs/performance.md)."""
    inputs, groups = weight.shape[1], groups_of(weight)
    block_g = triton.next_power_of_2(groups)
    block_k = block_g * triton.next_power_of_2(inputs // groups)
    block_n = max(1, min(32, _FEW_WEIGHTS[bits_of(weight)] // (block_k * (2 if gated else 1))))
    return Blocks(block_n, block_g, block_k, 8 if bits_of(weight) == 8 and tokens == 1 else 4)


def _tiles(tokens: int, outputs: int, weight: Weight, *, gated: bool) -> ProductTiles:
    """As many programs as keep the card busy, and no more; the best of some on an H100 and an H200
    (docs/performance.md)."""
    width = weight.shape[1]
    most_n, most_splits, warps = 64, 4, 4
    most = 96 if tokens > 16 or gated else 128 if width <= 1024 else 256
    if (bits := bits_of(weight)) < 16:
        # There is more to do before the tensor cores can begin. With 32 rows they take what lies together in memory.
        most_n, most_splits, warps, most = 32, 8, 4 if bits == 8 and tokens > 32 else 2, 6 * most
    block_n = min(most_n, max(16, triton.next_power_of_2(outputs)))
    block_k = min(128, max(16, triton.next_power_of_2(width // groups_of(weight))))
    tiles, splits = triton.cdiv(outputs, block_n), 1
    while 2 * splits * tiles <= most and splits < most_splits and width >= 4 * splits * block_k:
        splits *= 2
    return ProductTiles(block_n, block_k, splits, 4, warps)
