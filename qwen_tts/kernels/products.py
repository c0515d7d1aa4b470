"""The kernels of linear.py: one for few tokens, whose products are added up in registers, one for the tensor cores.

A weight is floating point (BITS 16, whatever its dtype), or has 8 or 4 bits (weights.py). The whole numbers of these
are exact in every dtype that they become; the sum of a group is then multiplied with the group's scale.
"""

import triton
import triton.language as tl

from qwen_tts.kernels.chain import fetch_ahead, wait
from qwen_tts.kernels.whole_numbers import int4_as, int4_as_float16, int8_as_float16


@triton.jit
def _load(at, inside, WHOLE: tl.constexpr):
    return tl.load(at) if WHOLE else tl.load(at, mask=inside, other=0)


@triton.jit
def _early(stored, BITS: tl.constexpr, INTERPRETED: tl.constexpr):
    """Of what was read, as much as may be done before `wait` is over."""
    if BITS == 8:
        stored = int8_as_float16(stored, INTERPRETED)
    elif BITS == 4:
        stored = int4_as_float16(stored, INTERPRETED)
    return stored


@triton.jit
def _sums(
    values, scales, zeros, inputs, BITS: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_G: tl.constexpr,
    BLOCK_K: tl.constexpr,
):  # fmt: skip
    """values [BLOCK_N, BLOCK_K] by inputs [BLOCK_K] -> [BLOCK_N]."""
    product = values.to(tl.float32) * inputs[None, :]
    if BITS < 16:
        product = tl.sum(tl.reshape(product, [BLOCK_N, BLOCK_G, BLOCK_K // BLOCK_G]), axis=2)
        if BITS == 4:
            of_zeros = tl.sum(tl.reshape(inputs, [BLOCK_G, BLOCK_K // BLOCK_G]), axis=1)[None, :]
            product -= zeros.to(tl.float32) * of_zeros
        product *= scales.to(tl.float32)
    return tl.sum(product, axis=1)


@triton.jit
def _finish_few(
    values, scales, zeros, ups, up_scales, up_zeros, inputs, norm, residual, out, n, outputs, eps,
    BITS: tl.constexpr, WIDTH: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_G: tl.constexpr, BLOCK_K: tl.constexpr,
    NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr,
):  # fmt: skip
    """The outputs of one token; `norm` [BLOCK_K]."""
    scale = tl.rsqrt(tl.sum(inputs * inputs) / WIDTH + eps) if NORM else 1.0
    if NORM:
        inputs *= norm
    value = _sums(values, scales, zeros, inputs, BITS, BLOCK_N, BLOCK_G, BLOCK_K) * scale
    if GATED:
        value *= tl.sigmoid(value) * _sums(ups, up_scales, up_zeros, inputs, BITS, BLOCK_N, BLOCK_G, BLOCK_K) * scale
    if RESIDUAL:
        value += tl.load(residual + n, mask=n < outputs, other=0.0)
    tl.store(out + n, value.to(out.dtype.element_ty), mask=n < outputs)


@triton.jit
def few(
    x, norm, stored, scales, zeros, residual, out, outputs, stride, eps,
    BITS: tl.constexpr, WIDTH: tl.constexpr, GROUPS: tl.constexpr, TOKENS: tl.constexpr, BLOCK_N: tl.constexpr,
    BLOCK_G: tl.constexpr, BLOCK_K: tl.constexpr, NORM: tl.constexpr, GATED: tl.constexpr, RESIDUAL: tl.constexpr,
    CHAINED: tl.constexpr, INTERPRETED: tl.constexpr,
):  # fmt: skip
    """A program computes BLOCK_N outputs of 1 or 2 tokens. All of their weights are there before `wait` is over."""
    PER_BYTE: tl.constexpr = 2 if BITS == 4 else 1
    WHOLE: tl.constexpr = WIDTH == BLOCK_K
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    k, b, g = tl.arange(0, BLOCK_K), tl.arange(0, BLOCK_K // PER_BYTE), tl.arange(0, BLOCK_G)
    inside, inside_b, inside_g = k < WIDTH, (b < WIDTH // PER_BYTE)[None, :], (g < GROUPS)[None, :]
    # Beyond the last one it is read again, and what comes of that is dropped.
    read_n = tl.minimum(n, outputs - 1).to(tl.int64)
    rows = stored + read_n[:, None] * (WIDTH // PER_BYTE) + b[None, :]
    gate = _early(_load(rows, inside_b, WHOLE), BITS, INTERPRETED)
    gate_scales, gate_zeros = gate, gate
    if BITS < 16:
        groups = read_n[:, None] * GROUPS + g[None, :]
        gate_scales, gate_zeros = _load(scales + groups, inside_g, WHOLE), _load(zeros + groups, inside_g, WHOLE)
    up, up_scales, up_zeros = gate, gate_scales, gate_zeros
    if GATED:
        up = _early(_load(rows + outputs.to(tl.int64) * (WIDTH // PER_BYTE), inside_b, WHOLE), BITS, INTERPRETED)
        if BITS < 16:
            groups += outputs.to(tl.int64) * GROUPS
            up_scales, up_zeros = _load(scales + groups, inside_g, WHOLE), _load(zeros + groups, inside_g, WHOLE)
    wait(CHAINED)
    first = _load(x + k, inside, WHOLE).to(tl.float32)
    second = first
    if TOKENS == 2:
        second = _load(x + stride + k, inside, WHOLE).to(tl.float32)
    weights = first
    if NORM:
        weights = _load(norm + k, inside, WHOLE).to(tl.float32)
    _finish_few(
        gate, gate_scales, gate_zeros, up, up_scales, up_zeros, first, weights, residual, out, n, outputs, eps,
        BITS, WIDTH, BLOCK_N, BLOCK_G, BLOCK_K, NORM, GATED, RESIDUAL,
    )  # fmt: skip
    if TOKENS == 2:
        _finish_few(
            gate, gate_scales, gate_zeros, up, up_scales, up_zeros, second, weights, residual + outputs, out + outputs,
            n, outputs, eps, BITS, WIDTH, BLOCK_N, BLOCK_G, BLOCK_K, NORM, GATED, RESIDUAL,
        )  # fmt: skip


@triton.jit
def _fetch_rows(start, rows, width, ROWS: tl.constexpr, LINE: tl.constexpr, LINES: tl.constexpr, WIDTH: tl.constexpr):
    """Ask for `width` elements of each of `rows` rows of a weight to be brought into the L2."""
    row, line = tl.minimum(tl.arange(0, ROWS), rows - 1), tl.minimum(tl.arange(0, LINES) * LINE, width - 1)
    fetch_ahead(start + row[:, None].to(tl.int64) * WIDTH + line[None, :])


@triton.jit
def _exact(
    rows, zeros, inside, dtype: tl.constexpr, BITS: tl.constexpr, WHOLE: tl.constexpr, INTERPRETED: tl.constexpr
):
    """What lies at `rows` [n, bytes], one number for each input; in 4 bits less what lies at `zeros` [n]."""
    stored = _load(rows, inside, WHOLE)
    if BITS == 4:
        stored = int4_as(stored, tl.load(zeros)[:, None], dtype, INTERPRETED)
    return stored.to(dtype)


@triton.jit(do_not_specialize=["tokens", "splits"])
def many(
    x, squares, stored, scales, zeros, residual, out, next_norm, next_scaled, next_squares, partial, arrivals,
    tokens, outputs, stride, square_stride, splits, eps,
    BITS: tl.constexpr, WIDTH: tl.constexpr, GROUPS: tl.constexpr, BLOCK_T: tl.constexpr, BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr, SHARED: tl.constexpr, PARTS: tl.constexpr, NORM: tl.constexpr, GATED: tl.constexpr,
    RESIDUAL: tl.constexpr, PRECISION: tl.constexpr, LINE: tl.constexpr, LINES: tl.constexpr, CHAINED: tl.constexpr,
    INTERPRETED: tl.constexpr,
):  # fmt: skip
    """BLOCK_N outputs of BLOCK_T tokens, over a share of the inputs. The tensor cores want 64 rows, which the weight
    has. The last of `splits` programs to arrive adds the shares up, in their order.
    """
    PER_BYTE: tl.constexpr = 2 if BITS == 4 else 1
    GROUP: tl.constexpr = WIDTH // GROUPS
    WHOLE: tl.constexpr = GROUP % BLOCK_K == 0
    BLOCKS: tl.constexpr = (GROUP + BLOCK_K - 1) // BLOCK_K  # of a group
    block, split = tl.program_id(0), tl.program_id(1)
    n = block * BLOCK_N + tl.arange(0, BLOCK_N)
    t = tl.program_id(2) * BLOCK_T + tl.arange(0, BLOCK_T)
    k, b = tl.arange(0, BLOCK_K), tl.arange(0, BLOCK_K // PER_BYTE)
    # Beyond the last one it is read again, and what comes of that is dropped: masks would be in the way of the loop.
    read_n, read_t = tl.minimum(n, outputs - 1).to(tl.int64), tl.minimum(t, tokens - 1)
    share = tl.cdiv(GROUPS * BLOCKS, splits)
    first = split * share
    last = tl.minimum(first + share, GROUPS * BLOCKS)
    ups = outputs.to(tl.int64) * (WIDTH // PER_BYTE)
    if CHAINED:
        begin = first // BLOCKS * (GROUP // PER_BYTE) + first % BLOCKS * (BLOCK_K // PER_BYTE)
        bytes_of_share = tl.minimum(share * (BLOCK_K // PER_BYTE), WIDTH // PER_BYTE - begin)
        own = stored + (block * BLOCK_N).to(tl.int64) * (WIDTH // PER_BYTE) + begin
        _fetch_rows(own, outputs - block * BLOCK_N, bytes_of_share, BLOCK_N, LINE, LINES, WIDTH // PER_BYTE)
        if GATED:
            _fetch_rows(own + ups, outputs - block * BLOCK_N, bytes_of_share, BLOCK_N, LINE, LINES, WIDTH // PER_BYTE)
    rows = stored + read_n[:, None] * (WIDTH // PER_BYTE) + b[None, :]
    inputs = x + read_t[None, :] * stride + k[:, None]
    dtype: tl.constexpr = x.dtype.element_ty
    wait(CHAINED)
    total, total_up = tl.zeros([BLOCK_N, BLOCK_T], tl.float32), tl.zeros([BLOCK_N, BLOCK_T], tl.float32)
    for index in range(first, last):
        group, within = index // BLOCKS, index % BLOCKS * BLOCK_K
        inside, inside_b = (within + k < GROUP)[:, None], (within // PER_BYTE + b < GROUP // PER_BYTE)[None, :]
        at, of = rows + (group * GROUP + within) // PER_BYTE, read_n * GROUPS + group
        if BITS < 16:
            scale = tl.load(scales + of).to(tl.float32)[:, None]
        columns = _load(inputs + group * GROUP + within, inside, WHOLE)
        gate = _exact(at, zeros + of, inside_b, dtype, BITS, WHOLE, INTERPRETED)
        if BITS == 16:
            total = tl.dot(gate, columns, total, input_precision=PRECISION)
        else:
            total += tl.dot(gate, columns, input_precision=PRECISION) * scale
        if GATED:
            of += outputs.to(tl.int64) * GROUPS
            if BITS < 16:
                scale = tl.load(scales + of).to(tl.float32)[:, None]
            up = _exact(at + ups, zeros + of, inside_b, dtype, BITS, WHOLE, INTERPRETED)
            if BITS == 16:
                total_up = tl.dot(up, columns, total_up, input_precision=PRECISION)
            else:
                total_up += tl.dot(up, columns, input_precision=PRECISION) * scale
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
