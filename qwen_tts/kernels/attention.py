"""Attention of single tokens: over a paged cache (talker), and within a frame (code predictor).

The cache is one tensor, [pages, layers, 2, kv_heads, page_positions, head_dim], keys before values. Position p of a row
lies in its page `pages[row, p // page_positions]`.

Heads are normalised by themselves and rotated in halves; every key head serves GROUP query heads.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import launch, wait_in_turn
from qwen_tts.kernels.split_k import SplitKWorkspace

MAX_SPLITS = 8
"""Programs that share one row's cache."""

_BLOCK = 32  # positions at a time


@triton.jit
def _turned(at, norm, cos, sin, eps, HALF: tl.constexpr):
    """One head [2 * HALF], normalised and rotated, in halves."""
    i = tl.arange(0, HALF)
    first, second = tl.load(at + i).to(tl.float32), tl.load(at + HALF + i).to(tl.float32)
    scale = tl.rsqrt((tl.sum(first * first) + tl.sum(second * second)) / (2 * HALF) + eps)
    first *= scale * tl.load(norm + i).to(tl.float32)
    second *= scale * tl.load(norm + HALF + i).to(tl.float32)
    return first * cos - second * sin, second * cos + first * sin


@triton.jit
def _turned_group(at, norm, cos, sin, eps, GROUP: tl.constexpr, HALF: tl.constexpr):
    """GROUP heads [GROUP, 2 * HALF], as `_turned`, in halves [GROUP, HALF]."""
    i = tl.arange(0, HALF)[None, :]
    heads = at + tl.arange(0, GROUP)[:, None] * 2 * HALF
    first, second = tl.load(heads + i).to(tl.float32), tl.load(heads + HALF + i).to(tl.float32)
    squares = tl.sum(first * first, axis=1) + tl.sum(second * second, axis=1)
    scale = tl.rsqrt(squares / (2 * HALF) + eps)[:, None]
    first *= scale * tl.load(norm + i).to(tl.float32)
    second *= scale * tl.load(norm + HALF + i).to(tl.float32)
    return first * cos - second * sin, second * cos + first * sin


@triton.jit(do_not_specialize=["layer"], do_not_specialize_on_alignment=["positions", "rows"])
def _write_cache(
    qkv, k_norm, cosines, sines, cache, pages, rows, positions, layer, eps,
    page_stride, layer_stride, max_pages, position_stride,
    GROUP: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr, PAGE: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """The keys and values of many tokens into the cache, for `_attend` with FRESH off."""
    token, head = tl.program_id(0), tl.program_id(1)
    wait_in_turn(CHAINED)
    position = tl.load(positions + token * position_stride)
    page = tl.load(pages + tl.load(rows + token).to(tl.int64) * max_pages + position // PAGE).to(tl.int64)
    i = tl.arange(0, HALF)
    cos, sin = tl.load(cosines + position * HALF + i), tl.load(sines + position * HALF + i)
    heads = qkv + token.to(tl.int64) * (GROUP + 2) * KV_HEADS * 2 * HALF
    first, second = _turned(heads + (GROUP * KV_HEADS + head) * 2 * HALF, k_norm, cos, sin, eps, HALF)
    to = cache + page * page_stride + layer * layer_stride + (head * PAGE + position % PAGE) * 2 * HALF
    tl.store(to + i, first.to(cache.dtype.element_ty))
    tl.store(to + HALF + i, second.to(cache.dtype.element_ty))
    j = tl.arange(0, 2 * HALF)
    value = tl.load(heads + ((GROUP + 1) * KV_HEADS + head) * 2 * HALF + j)
    tl.store(to + KV_HEADS * PAGE * 2 * HALF + j, value.to(cache.dtype.element_ty))


@triton.jit(do_not_specialize=["layer"], do_not_specialize_on_alignment=["positions", "rows"])
def _attend(
    qkv, q_norm, k_norm, cosines, sines, cache, pages, rows, positions, out, partial, arrivals, layer, eps,
    page_stride, layer_stride, max_pages, position_stride,
    GROUP: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr, PAGE: tl.constexpr, BLOCK: tl.constexpr,
    SPLITS: tl.constexpr, FRESH: tl.constexpr, PRECISION: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """One token's GROUP query heads over a share of the positions up to its own.

    FRESH: its own key and value are not in the cache yet; split 0 puts them there. What is in the cache is of earlier
    frames, so it may be read before `wait`. The last split to arrive joins the shares, in their order.
    """
    token, head, split = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    WIDTH: tl.constexpr = 2 * HALF
    # The tensor cores take 16 queries: the group's heads, again and again.
    QUERIES: tl.constexpr = 16
    i, j, b = tl.arange(0, HALF), tl.arange(0, WIDTH), tl.arange(0, BLOCK)
    q = tl.arange(0, QUERIES) % GROUP
    position = tl.load(positions + token * position_stride)
    row_pages = pages + tl.load(rows + token).to(tl.int64) * max_pages
    cos, sin = tl.load(cosines + position * HALF + i), tl.load(sines + position * HALF + i)
    base = cache + layer * layer_stride + head * PAGE * WIDTH
    to_values = KV_HEADS * PAGE * WIDTH
    known = position if FRESH else position + 1
    share = tl.cdiv(tl.cdiv(known, SPLITS), BLOCK) * BLOCK
    start = split * share
    end = tl.minimum(known, start + share)
    if not FRESH:
        wait_in_turn(CHAINED)
    # The first block; the others follow while it is worked on.
    inside = start + b < end
    page = tl.load(row_pages + (start + b) // PAGE, mask=inside, other=0).to(tl.int64)
    at = base + page * page_stride + ((start + b) % PAGE) * WIDTH
    k_first = tl.load(at[None, :] + i[:, None], mask=inside[None, :], other=0.0)
    k_second = tl.load(at[None, :] + HALF + i[:, None], mask=inside[None, :], other=0.0)
    values = tl.load(at[:, None] + to_values + j[None, :], mask=inside[:, None], other=0.0)
    if FRESH:
        wait_in_turn(CHAINED)

    heads = qkv + token.to(tl.int64) * (GROUP + 2) * KV_HEADS * WIDTH
    queries = heads + (head * GROUP + q)[:, None] * WIDTH + i[None, :]
    first, second = tl.load(queries).to(tl.float32), tl.load(queries + HALF).to(tl.float32)
    squares = tl.sum(first * first, axis=1) + tl.sum(second * second, axis=1)
    softness = 1.4426950408889634 / tl.sqrt(WIDTH * 1.0)  # scores in powers of two
    scale = (softness * tl.rsqrt(squares / WIDTH + eps))[:, None]
    first *= scale * tl.load(q_norm + i).to(tl.float32)[None, :]
    second *= scale * tl.load(q_norm + HALF + i).to(tl.float32)[None, :]
    turned = first * cos[None, :] - second * sin[None, :]
    q_second = (second * cos[None, :] + first * sin[None, :]).to(cache.dtype.element_ty)
    q_first = turned.to(cache.dtype.element_ty)

    peak = tl.full([QUERIES], -float("inf"), tl.float32)
    weight = tl.zeros([QUERIES], tl.float32)
    mixed = tl.zeros([QUERIES, WIDTH], tl.float32)
    if FRESH:  # noqa: SIM102  this is known when the kernel is made, the other when it runs
        if split == 0:
            own_first, own_second = _turned(heads + (GROUP * KV_HEADS + head) * WIDTH, k_norm, cos, sin, eps, HALF)
            own = tl.load(heads + ((GROUP + 1) * KV_HEADS + head) * WIDTH + j).to(cache.dtype.element_ty)
            own_page = tl.load(row_pages + position // PAGE).to(tl.int64)
            to = base + own_page * page_stride + (position % PAGE) * WIDTH
            own_first, own_second = own_first.to(cache.dtype.element_ty), own_second.to(cache.dtype.element_ty)
            tl.store(to + i, own_first)
            tl.store(to + HALF + i, own_second)
            tl.store(to + to_values + j, own)
            peak = tl.sum(q_first.to(tl.float32) * own_first.to(tl.float32)[None, :], axis=1)
            peak += tl.sum(q_second.to(tl.float32) * own_second.to(tl.float32)[None, :], axis=1)
            weight += 1.0
            mixed += own.to(tl.float32)[None, :]

    while start < end:
        start += BLOCK
        next_inside = start + b < end
        page = tl.load(row_pages + (start + b) // PAGE, mask=next_inside, other=0).to(tl.int64)
        at = base + page * page_stride + ((start + b) % PAGE) * WIDTH
        next_first = tl.load(at[None, :] + i[:, None], mask=next_inside[None, :], other=0.0)
        next_second = tl.load(at[None, :] + HALF + i[:, None], mask=next_inside[None, :], other=0.0)
        next_values = tl.load(at[:, None] + to_values + j[None, :], mask=next_inside[:, None], other=0.0)
        scores = tl.dot(q_first, k_first, input_precision=PRECISION)
        scores = tl.dot(q_second, k_second, scores, input_precision=PRECISION)
        scores = tl.where(inside[None, :], scores, -float("inf"))
        higher = tl.maximum(peak, tl.max(scores, axis=1))
        fade = tl.exp2(peak - higher)
        odds = tl.exp2(scores - higher[:, None])
        weight = weight * fade + tl.sum(odds, axis=1)
        mixed = tl.dot(odds.to(values.dtype), values, mixed * fade[:, None], input_precision=PRECISION)
        peak = higher
        inside, k_first, k_second, values = next_inside, next_first, next_second, next_values

    once = (tl.arange(0, QUERIES) < GROUP)[:, None]
    result = out + (token.to(tl.int64) * KV_HEADS + head) * GROUP * WIDTH + q[:, None] * WIDTH + j[None, :]
    if SPLITS == 1:
        tl.store(result, (mixed / weight[:, None]).to(out.dtype.element_ty), mask=once)
    else:
        # A share: GROUP mixed vectors, then their peaks and weights.
        SHARE: tl.constexpr = GROUP * (WIDTH + 2)
        place = token.to(tl.int64) * KV_HEADS + head
        shares = partial + place * SPLITS * SHARE
        mine = shares + split * SHARE
        tl.store(mine + q[:, None] * WIDTH + j[None, :], mixed, mask=once)
        tl.store(mine + GROUP * WIDTH + q, peak, mask=tl.arange(0, QUERIES) < GROUP)
        tl.store(mine + GROUP * (WIDTH + 1) + q, weight, mask=tl.arange(0, QUERIES) < GROUP)
        tl.debug_barrier()
        if tl.atomic_add(arrivals + place, 1, sem="acq_rel") == SPLITS - 1:
            tl.store(arrivals + place, 0)
            tl.debug_barrier()
            _join(shares, result, out, q, j, once, GROUP, WIDTH, SPLITS, SHARE)


@triton.jit
def _join(
    shares, result, out, q, j, once,
    GROUP: tl.constexpr, WIDTH: tl.constexpr, SPLITS: tl.constexpr, SHARE: tl.constexpr,
):  # fmt: skip
    """All shares at once, in the order of the splits."""
    s = tl.arange(0, SPLITS)
    peaks = tl.load(shares + s[:, None] * SHARE + GROUP * WIDTH + q[None, :], cache_modifier=".cg")
    weights = tl.load(shares + s[:, None] * SHARE + GROUP * (WIDTH + 1) + q[None, :], cache_modifier=".cg")
    peaks = tl.where(weights > 0, peaks, -float("inf"))
    faded = tl.exp2(peaks - tl.max(peaks, axis=0)[None, :])
    total = tl.sum(weights * faded, axis=0)
    mixed = tl.zeros([q.shape[0], WIDTH], tl.float32)
    for split in tl.static_range(SPLITS):
        theirs = tl.load(shares + split * SHARE + q[:, None] * WIDTH + j[None, :], cache_modifier=".cg")
        fade = tl.sum(tl.where(s[:, None] == split, faded, 0.0), axis=0)
        mixed += theirs * fade[:, None]
    tl.store(result, (mixed / total[:, None]).to(out.dtype.element_ty), mask=once)


@triton.jit(do_not_specialize=["position"])
def _attend_in_frame(
    qkv, q_norm, k_norm, cosines, sines, cache, out, position, eps, row_stride,
    GROUP: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr, POSITIONS: tl.constexpr,
    TOKENS: tl.constexpr, CHAINED: tl.constexpr,
):  # fmt: skip
    """TOKENS tokens of one row, from `position` on, over the frame's earlier ones and themselves.

    cache [rows, 2, kv_heads, POSITIONS, head_dim] of one layer.
    """
    row, head = tl.program_id(0).to(tl.int64), tl.program_id(1)
    WIDTH: tl.constexpr = 2 * HALF
    i, j, g, p = tl.arange(0, HALF), tl.arange(0, WIDTH), tl.arange(0, GROUP), tl.arange(0, POSITIONS)
    softness = 1.4426950408889634 / tl.sqrt(WIDTH * 1.0)
    base = cache + row * row_stride + head * POSITIONS * WIDTH
    to_values = KV_HEADS * POSITIONS * WIDTH
    known = (p < position)[:, None]
    firsts = tl.load(base + p[:, None] * WIDTH + i[None, :], mask=known, other=0.0).to(tl.float32)
    seconds = tl.load(base + p[:, None] * WIDTH + HALF + i[None, :], mask=known, other=0.0).to(tl.float32)
    values = tl.load(base + to_values + p[:, None] * WIDTH + j[None, :], mask=known, other=0.0).to(tl.float32)
    wait_in_turn(CHAINED)
    for n in tl.static_range(TOKENS):
        now = position + n
        cos, sin = tl.load(cosines + now * HALF + i), tl.load(sines + now * HALF + i)
        heads = qkv + (row * TOKENS + n) * (GROUP + 2) * KV_HEADS * WIDTH
        first, second = _turned(heads + (GROUP * KV_HEADS + head) * WIDTH, k_norm, cos, sin, eps, HALF)
        first, second = first.to(cache.dtype.element_ty), second.to(cache.dtype.element_ty)
        value = tl.load(heads + ((GROUP + 1) * KV_HEADS + head) * WIDTH + j).to(cache.dtype.element_ty)
        tl.store(base + now * WIDTH + i, first)
        tl.store(base + now * WIDTH + HALF + i, second)
        tl.store(base + to_values + now * WIDTH + j, value)
        is_own = (p == now)[:, None]
        firsts = tl.where(is_own, first.to(tl.float32)[None, :], firsts)
        seconds = tl.where(is_own, second.to(tl.float32)[None, :], seconds)
        values = tl.where(is_own, value.to(tl.float32)[None, :], values)
    for n in tl.static_range(TOKENS):
        now = position + n
        cos, sin = tl.load(cosines + now * HALF + i), tl.load(sines + now * HALF + i)
        token = row * TOKENS + n
        queries = qkv + token * (GROUP + 2) * KV_HEADS * WIDTH + head * GROUP * WIDTH
        first, second = _turned_group(queries, q_norm, cos[None, :], sin[None, :], eps, GROUP, HALF)
        scores = tl.sum(first[:, None, :] * firsts[None, :, :], axis=2)
        scores += tl.sum(second[:, None, :] * seconds[None, :, :], axis=2)
        scores = tl.where((p <= now)[None, :], scores * softness, -float("inf"))
        odds = tl.exp2(scores - tl.max(scores, axis=1)[:, None])
        mixed = tl.sum(odds[:, :, None] * values[None, :, :], axis=1) / tl.sum(odds, axis=1)[:, None]
        result = out + (token * KV_HEADS + head) * GROUP * WIDTH + g[:, None] * WIDTH + j[None, :]
        tl.store(result, mixed.to(out.dtype.element_ty))


def attention_workspace(
    tokens: int, programs: int, heads: int, kv_heads: int, head_dim: int, device: torch.device
) -> SplitKWorkspace:  # fmt: skip
    """For `attend` of up to `tokens` tokens, where at most so many programs share heads."""
    share = heads // kv_heads * (head_dim + 2)
    return SplitKWorkspace(tokens * kv_heads, programs * share, device)


class Rope:
    """Cosines and sines of every position, [positions, head_dim / 2] float32."""

    def __init__(self, positions: int, head_dim: int, theta: float, device: torch.device) -> None:
        exponents = torch.arange(0, head_dim, 2, device=device, dtype=torch.float32) / head_dim
        angles = torch.arange(positions, device=device, dtype=torch.float32)[:, None] / theta**exponents
        self.cosines, self.sines = angles.cos(), angles.sin()


def _paged(cache: Tensor, pages: Tensor, positions: Tensor) -> dict[str, int]:
    _, _, two, kv_heads, page, width = cache.shape
    assert two == 2
    return {
        "page_stride": cache.stride(0), "layer_stride": cache.stride(1), "max_pages": pages.shape[1],
        "position_stride": positions.stride(0),
        "KV_HEADS": kv_heads, "HALF": width // 2, "PAGE": page,
    }  # fmt: skip


def write_cache(
    qkv: Tensor, k_norm: Tensor, rope: Rope, cache: Tensor, pages: Tensor, rows: Tensor, positions: Tensor,
    *, layer: int, group: int, eps: float, chained: bool = False,
) -> None:  # fmt: skip
    """qkv [tokens, heads * head_dim] of tokens that stand at `positions` [tokens] of `rows` [tokens], int32 both."""
    assert qkv.is_contiguous()
    launch(
        _write_cache, (len(qkv), cache.shape[3]),
        qkv, k_norm, rope.cosines, rope.sines, cache, pages, rows, positions, layer, eps,
        **_paged(cache, pages, positions), GROUP=group, chained=chained, num_warps=1,
    )  # fmt: skip


def attend(
    qkv: Tensor, q_norm: Tensor, k_norm: Tensor, rope: Rope, cache: Tensor, pages: Tensor, rows: Tensor,
    positions: Tensor, out: Tensor, workspace: SplitKWorkspace,
    *, layer: int, group: int, eps: float, fresh: bool, splits: int = 1, chained: bool = False,
) -> None:  # fmt: skip
    """Writes `out` [tokens, query heads * head_dim]; with `fresh` the tokens' own keys and values too.

    Tokens that are not fresh may be of one row; fresh ones are of a row each. `splits` is a power of two.
    """
    assert splits <= MAX_SPLITS, splits
    assert qkv.is_contiguous()
    assert out.is_contiguous()
    launch(
        _attend, (len(qkv), cache.shape[3], splits),
        qkv, q_norm, k_norm, rope.cosines, rope.sines, cache, pages, rows, positions, out, workspace.partial,
        workspace.arrivals, layer, eps, **_paged(cache, pages, positions), GROUP=group, BLOCK=_BLOCK, SPLITS=splits,
        FRESH=fresh, PRECISION="ieee" if cache.dtype == torch.float32 else "tf32", chained=chained,
        num_warps=2 if splits == 1 else 4,
    )  # fmt: skip


def attend_in_frame(
    qkv: Tensor, q_norm: Tensor, k_norm: Tensor, rope: Rope, cache: Tensor, out: Tensor,
    *, position: int, group: int, eps: float, tokens: int = 1, chained: bool = False,
) -> None:  # fmt: skip
    """Writes `out` [rows * tokens, query heads * head_dim].

    cache [rows, 2, kv_heads, positions, head_dim] of one layer.
    """
    _, _, kv_heads, positions, width = cache.shape
    assert qkv.is_contiguous()
    assert out.is_contiguous()
    launch(
        _attend_in_frame, (len(qkv) // tokens, kv_heads),
        qkv, q_norm, k_norm, rope.cosines, rope.sines, cache, out, position, eps, cache.stride(0), GROUP=group,
        KV_HEADS=kv_heads, HALF=width // 2, POSITIONS=positions, TOKENS=tokens, chained=chained, num_warps=1,
    )  # fmt: skip
