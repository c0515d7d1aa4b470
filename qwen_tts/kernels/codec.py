"""The codec decoder in kernels: some 80 launches for a frame of any number of rows.

Everything is [row, time, channel]. What a convolution reads lies in a buffer with its history before it: the kernel
before it writes the new part, and at the end of the frame one kernel shifts every history. An activation is computed
where its input is, by the kernel that writes it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from qwen_tts.kernels.chain import launch, shared_bytes
from qwen_tts.kernels.split_k import SplitKWorkspace

_ROUNDING = tl.constexpr(12582912.0)  # 1.5 * 2^23: adding and subtracting it rounds to an integer, halves to even
_PI_HIGH = tl.constexpr(3.140625)  # times any number of turns below 2^15 it is exact
_PI_LOW = tl.constexpr(0.0009676535897932795)
_PER_PI = tl.constexpr(0.3183098861837907)
_PCM_SCALE = tl.constexpr(32768.0)
_BUSY = 64  # programs keep a card busy
_LONG = 1536  # inputs are worth another program
_SHARED_CONVOLUTION_TILES = 264  # that more than one program works on, at most
_GELU = tl.constexpr(0.7071067811865476)
_NOT_FINITE = tl.constexpr(-1)  # in place of codebook 0; see qwen_tts/runtime/sampling.py


@dataclass(frozen=True)
class Buffer:
    """What one convolution reads: for every row `history` steps of the past, then `steps` new ones, of `channels`."""

    data: Tensor
    """[rows, everything of a row]; this buffer is a part of it"""
    start: int
    history: int
    steps: int
    channels: int

    @property
    def new(self) -> Tensor:
        """Where the new steps begin; rows are `data.stride(0)` apart."""
        return self.data[:, self.start + self.history * self.channels :]

    @property
    def size(self) -> int:
        return (self.history + self.steps) * self.channels

    def past(self, row: int) -> Tensor:
        """[history, channels] of a row."""
        return self.data[row, self.start : self.start + self.history * self.channels].view(-1, self.channels)


@triton.jit
def _sine_squared(x):
    """Within half a turn of zero by a polynomial, fitted to the least greatest error there: 3.4e-9."""
    half_turns = (x * _PER_PI + _ROUNDING) - _ROUNDING
    x = (x - half_turns * _PI_HIGH) - half_turns * _PI_LOW
    square = x * x
    sine = 2.590488069470487e-06 * square - 0.0001980089754586023
    sine = sine * square + 0.008332899819751646
    sine = sine * square - 0.1666664763442134
    sine = (sine * square + 0.9999999765895317) * x
    return sine * sine


@triton.jit(do_not_specialize=["count", "steps", "taps", "dilation", "splits"])
def _convolve(
    x, weight, bias, gamma, residual, raw, frequency, amplitude, activated, partial, arrivals, count, steps, channels,
    taps, dilation, splits, outputs, out_channels, x_row, residual_row, raw_row, activated_row,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, EVEN: tl.constexpr, SHARED: tl.constexpr,
    GELU: tl.constexpr, GAMMA: tl.constexpr, RESIDUAL: tl.constexpr, RAW: tl.constexpr, SNAKE: tl.constexpr,
    ACTIVATED: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """BLOCK_M steps of any rows times BLOCK_N outputs, over a share of the inputs. x points to the first new step of
    row 0. The last of `splits` programs to arrive adds the shares up, in their order. EVEN: BLOCK_K divides channels.
    """
    chunks = tl.cdiv(channels, BLOCK_K)
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    m = tl.program_id(1) * BLOCK_M + tl.arange(0, BLOCK_M)
    c = tl.arange(0, BLOCK_K)
    # Beyond the last one it is read again, and what comes of that is dropped: masks would be in the way of the loop.
    read_m, read_n = tl.minimum(m, count - 1), tl.minimum(n, outputs - 1)
    row, step = (read_m // steps).to(tl.int64), read_m % steps
    inputs = x + (row * x_row + step * channels)[:, None] + c[None, :]
    columns = weight + (read_n.to(tl.int64) * (taps * channels))[None, :] + c[:, None]
    share = tl.cdiv(taps * chunks, splits)
    first = tl.program_id(2) * share
    total = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for chunk in range(first, tl.minimum(first + share, taps * chunks)):
        tap, channel = chunk // chunks, chunk % chunks * BLOCK_K
        back = (taps - 1 - tap) * dilation * channels - channel
        if EVEN:
            a = tl.load(inputs - back)
            b = tl.load(columns + tap * channels + channel)
        else:
            there = c < channels - channel
            a = tl.load(inputs - back, mask=there[None, :], other=0.0)
            b = tl.load(columns + tap * channels + channel, mask=there[:, None], other=0.0)
        total = tl.dot(a, b, total, input_precision=PRECISION)
    if SHARED:
        tile = tl.program_id(1) * tl.num_programs(0) + tl.program_id(0)
        i, j = tl.arange(0, BLOCK_M), tl.arange(0, BLOCK_N)
        shares = partial + tile.to(tl.int64) * (splits * BLOCK_M * BLOCK_N) + i[:, None] * BLOCK_N + j[None, :]
        tl.store(shares + tl.program_id(2) * (BLOCK_M * BLOCK_N), total)
        tl.debug_barrier()
        is_last = tl.atomic_add(arrivals + tile, 1, sem="acq_rel") == splits - 1
        if is_last:
            tl.store(arrivals + tile, 0)
            tl.debug_barrier()
            total = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
            for split in range(splits):
                total += tl.load(shares + split * (BLOCK_M * BLOCK_N), cache_modifier=".cg")
    else:
        is_last = True
    if is_last:
        inside_n = n < outputs
        inside = (m < count)[:, None] & inside_n[None, :]
        total += tl.load(bias + n, mask=inside_n, other=0.0)[None, :]
        at = step[:, None] * outputs + n[None, :]
        if GELU:
            total = 0.5 * total * (1.0 + tl.erf(total * _GELU))
        if GAMMA:
            total *= tl.load(gamma + n, mask=inside_n, other=0.0)[None, :]
        if RESIDUAL:
            total += tl.load(residual + row[:, None] * residual_row + at, mask=inside, other=0.0).to(tl.float32)
        if RAW:
            tl.store(raw + row[:, None] * raw_row + at, total.to(raw.dtype.element_ty), mask=inside)
        if ACTIVATED:
            if SNAKE:
                channel = n % out_channels
                wave = _sine_squared(total * tl.load(frequency + channel, mask=inside_n, other=0.0)[None, :])
                total += wave * tl.load(amplitude + channel, mask=inside_n, other=0.0)[None, :]
            tl.store(activated + row[:, None] * activated_row + at, total.to(activated.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize_on_alignment=["codes"])
def _embed(
    codes, table, out, code_row, out_row, CODEBOOKS: tl.constexpr, SIZE: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """The sum of a frame's entries; the end of speech and NOT_FINITE are no codes; their rows' sound is not used."""
    row = tl.program_id(0).to(tl.int64)
    w = tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float32)
    for codebook in range(CODEBOOKS):
        code = tl.maximum(tl.minimum(tl.load(codes + row * code_row + codebook), SIZE - 1), 0)
        entry = (codebook * SIZE + code).to(tl.int64)
        total += tl.load(table + entry * WIDTH + w, mask=w < WIDTH, other=0.0).to(tl.float32)
    tl.store(out + row * out_row + w, total.to(out.dtype.element_ty), mask=w < WIDTH)


@triton.jit
def _normalise(x, norm, out, out_row, eps, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """RMSNorm of one token."""
    row = tl.program_id(0).to(tl.int64)
    w = tl.arange(0, BLOCK)
    inputs = tl.load(x + row * WIDTH + w, mask=w < WIDTH, other=0.0)
    inputs *= tl.rsqrt(tl.sum(inputs * inputs) / WIDTH + eps) * tl.load(norm + w, mask=w < WIDTH, other=0.0)
    tl.store(out + row * out_row + w, inputs.to(out.dtype.element_ty), mask=w < WIDTH)


@triton.jit
def _depthwise(
    x, weight, bias, norm, norm_bias, out, x_row, out_row, eps, STEPS: tl.constexpr, CHANNELS: tl.constexpr,
    TAPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One step: every channel's own convolution, then LayerNorm. weight [TAPS, CHANNELS]."""
    row, step = (tl.program_id(0) // STEPS).to(tl.int64), tl.program_id(0) % STEPS
    c = tl.arange(0, BLOCK)
    inside = c < CHANNELS
    here = x + row * x_row + step * CHANNELS + c
    total = tl.load(bias + c, mask=inside, other=0.0)
    for tap in tl.static_range(TAPS):
        sample = tl.load(here - (TAPS - 1 - tap) * CHANNELS, mask=inside, other=0.0).to(tl.float32)
        total += sample * tl.load(weight + tap * CHANNELS + c, mask=inside, other=0.0)
    mean = tl.sum(total) / CHANNELS
    centred = tl.where(inside, total - mean, 0.0)
    scale = tl.rsqrt(tl.sum(centred * centred) / CHANNELS + eps)
    value = centred * scale * tl.load(norm + c, mask=inside, other=0.0)
    value += tl.load(norm_bias + c, mask=inside, other=0.0)
    tl.store(out + row * out_row + step * CHANNELS + c, value.to(out.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize_on_alignment=["positions", "active"])
def _attend_in_window(
    qkv, cosines, sines, cache, positions, active, out, row_stride, qkv_row, HEADS: tl.constexpr,
    KV_HEADS: tl.constexpr, HALF: tl.constexpr, WINDOW: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One head of one row over the frames of the window. cache [rows, 2, kv_heads, WINDOW, head_dim] of one layer."""
    row, head = tl.program_id(0).to(tl.int64), tl.program_id(1)
    WIDTH: tl.constexpr = 2 * HALF
    kv = head // (HEADS // KV_HEADS)
    i, j, s = tl.arange(0, HALF), tl.arange(0, WIDTH), tl.arange(0, BLOCK)
    position = tl.load(positions + row)
    cos, sin = tl.load(cosines + position * HALF + i), tl.load(sines + position * HALF + i)
    heads = qkv + row * qkv_row
    first, second = (
        tl.load(heads + head * WIDTH + i).to(tl.float32),
        tl.load(heads + head * WIDTH + HALF + i).to(tl.float32),
    )
    softness = 1.4426950408889634 / tl.sqrt(WIDTH * 1.0)
    q_first, q_second = (first * cos - second * sin) * softness, (second * cos + first * sin) * softness
    own = heads + (HEADS + kv) * WIDTH
    first, second = tl.load(own + i).to(tl.float32), tl.load(own + HALF + i).to(tl.float32)
    k_first = (first * cos - second * sin).to(cache.dtype.element_ty)
    k_second = (second * cos + first * sin).to(cache.dtype.element_ty)
    value = tl.load(heads + (HEADS + KV_HEADS + kv) * WIDTH + j).to(cache.dtype.element_ty)
    base = cache + row * row_stride + kv * WINDOW * WIDTH
    to_values = KV_HEADS * WINDOW * WIDTH
    slot = position % WINDOW
    # What this frame's slot holds has left the window, or was never written.
    inside = (s < WINDOW) & (s < position) & (s != slot)
    keys = tl.load(base + s[:, None] * WIDTH + i[None, :], mask=inside[:, None], other=0.0).to(tl.float32)
    scores = tl.sum(keys * q_first[None, :], axis=1)
    keys = tl.load(base + s[:, None] * WIDTH + HALF + i[None, :], mask=inside[:, None], other=0.0).to(tl.float32)
    scores = tl.where(inside, scores + tl.sum(keys * q_second[None, :], axis=1), -float("inf"))
    mine = tl.sum(q_first * k_first.to(tl.float32)) + tl.sum(q_second * k_second.to(tl.float32))
    peak = tl.maximum(tl.max(scores), mine)
    odds, own_odds = tl.exp2(scores - peak), tl.exp2(mine - peak)
    values = tl.load(base + to_values + s[:, None] * WIDTH + j[None, :], mask=inside[:, None], other=0.0).to(tl.float32)
    mixed = tl.sum(odds[:, None] * values, axis=0) + own_odds * value.to(tl.float32)
    mixed /= tl.sum(odds) + own_odds
    tl.store(out + (row * HEADS + head) * WIDTH + j, mixed.to(out.dtype.element_ty))
    if (head % (HEADS // KV_HEADS) == 0) & (tl.load(active + row) != 0):
        tl.store(base + slot * WIDTH + i, k_first)
        tl.store(base + slot * WIDTH + HALF + i, k_second)
        tl.store(base + to_values + slot * WIDTH + j, value)


@triton.jit(do_not_specialize=["count"], do_not_specialize_on_alignment=["out", "codes"])
def _finish(
    x, weight, bias, out, codes, count, x_row, code_row, STEPS: tl.constexpr, CHANNELS: tl.constexpr,
    TAPS: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_C: tl.constexpr,
):  # fmt: skip
    """The last convolution, to one channel, as 16-bit PCM; a row that is not finite is marked in its codes."""
    m, c = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M), tl.arange(0, BLOCK_C)
    row, step = (m // STEPS).to(tl.int64), m % STEPS
    inside = (m < count)[:, None] & (c < CHANNELS)[None, :]
    here = x + (row * x_row + step * CHANNELS)[:, None] + c[None, :]
    total = tl.zeros([BLOCK_M, BLOCK_C], tl.float32)
    for tap in tl.static_range(TAPS):
        samples = tl.load(here - (TAPS - 1 - tap) * CHANNELS, mask=inside, other=0.0).to(tl.float32)
        total += samples * tl.load(weight + tap * CHANNELS + c, mask=c < CHANNELS, other=0.0)[None, :]
    value = tl.sum(total, axis=1) + tl.load(bias)
    is_finite = (value.to(tl.int32, bitcast=True) & 0x7F800000) != 0x7F800000
    tl.store(codes + row * code_row, _NOT_FINITE, mask=(m < count) & (is_finite == 0))
    value = tl.minimum(tl.maximum(tl.where(is_finite, value, 0.0), -1.0), 1.0) * _PCM_SCALE
    value = tl.minimum(tl.maximum((value + _ROUNDING) - _ROUNDING, -_PCM_SCALE), _PCM_SCALE - 1)
    tl.store(out + m, value.to(tl.int16), mask=m < count)


@triton.jit(do_not_specialize_on_alignment=["positions", "active"])
def _shift_histories(
    data, table, positions, active, row_stride, COLUMNS: tl.constexpr, HISTORY: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One block of channels of one buffer of one row: its newest steps become its history.

    table [blocks, COLUMNS]: start, history, steps, channels, first channel of the block.
    """
    block, row = tl.program_id(0), tl.program_id(1).to(tl.int64)
    h, c = tl.arange(0, HISTORY), tl.arange(0, BLOCK)
    if tl.load(active + row) != 0:
        start, history = tl.load(table + block * COLUMNS), tl.load(table + block * COLUMNS + 1)
        steps, channels = tl.load(table + block * COLUMNS + 2), tl.load(table + block * COLUMNS + 3)
        first = tl.load(table + block * COLUMNS + 4)
        inside = (h < history)[:, None] & (first + c < channels)[None, :]
        at = data + row * row_stride + start + h[:, None] * channels + first + c[None, :]
        newest = tl.load(at + steps * channels, mask=inside, other=0.0)
        tl.debug_barrier()  # the parts overlap: all is read before any is written
        tl.store(at, newest, mask=inside)
        if block == 0:
            tl.store(positions + row, tl.load(positions + row) + 1)


@dataclass(frozen=True)
class Convolution:
    """A convolution, or a transposed one as the convolution that gives `outputs` of one input step at a time.

    weight [outputs, taps * channels], the oldest tap first; bias [outputs] float32.
    """

    weight: Tensor
    bias: Tensor
    taps: int = 1
    dilation: int = 1
    out_channels: int = 0
    """Of `outputs`, one after the other: out_channels for each step of the sound that comes out"""

    @property
    def outputs(self) -> int:
        return self.weight.shape[0]

    @property
    def history(self) -> int:
        return (self.taps - 1) * self.dilation


@dataclass(frozen=True)
class Snake:
    """x + sin(x * frequency)^2 * amplitude; [channels] float32 each."""

    frequency: Tensor
    amplitude: Tensor


def convolution_workspace(device: torch.device) -> SplitKWorkspace:
    """For `convolve`."""
    return SplitKWorkspace(_SHARED_CONVOLUTION_TILES, 2 * _SHARED_CONVOLUTION_TILES * 64 * 32, device)


class ConvolutionTiles(NamedTuple):
    """How a convolution is cut up: a program's steps and outputs, inputs at a time, programs that share a tile."""

    block_m: int
    block_n: int
    block_k: int
    splits: int
    warps: int
    stages: int

    def fitted(self, element_bytes: int) -> "ConvolutionTiles":
        """With as many stages as the card has room for."""
        stage = (self.block_m + self.block_n) * self.block_k * element_bytes
        return self._replace(stages=max(1, min(self.stages, shared_bytes() // stage)))


def convolve(
    convolution: Convolution, x: Tensor, steps: int, rows: int, *, workspace: SplitKWorkspace,
    raw: Tensor | None = None, activated: Tensor | None = None, snake: Snake | None = None,
    residual: Tensor | None = None, gamma: Tensor | None = None, gelu: bool = False,
    tiles: ConvolutionTiles | None = None,
) -> None:  # fmt: skip
    """`steps` new steps of `rows` rows; x, residual, raw and activated are [rows, ...] and begin with the first.

    y = convolution(x), then GELU, times `gamma`, plus `residual`; `raw` gets y, `activated` snake(y), or y without one.
    """
    weight, outputs, width = convolution.weight, convolution.outputs, convolution.weight.shape[1]
    channels, count = width // convolution.taps, rows * steps
    block_m, block_n, block_k, splits, warps, stages = tiles or tiles_of(
        count, outputs, width, channels, weight.element_size()
    )
    grid = triton.cdiv(outputs, block_n), triton.cdiv(count, block_m), splits
    if splits > 1:
        shared = grid[0] * grid[1]
        workspace.check(shared, shared * splits * block_m * block_n)
    none = convolution.bias
    launch(
        _convolve, grid,
        x, weight, convolution.bias, gamma if gamma is not None else none, residual if residual is not None else x,
        raw if raw is not None else x, snake.frequency if snake else none, snake.amplitude if snake else none,
        activated if activated is not None else x, workspace.partial, workspace.arrivals, count, steps, channels,
        convolution.taps, convolution.dilation, splits, outputs, convolution.out_channels or outputs, x.stride(0),
        *(0 if part is None else part.stride(0) for part in (residual, raw, activated)),
        BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_K=block_k, EVEN=channels % block_k == 0, SHARED=splits > 1, GELU=gelu,
        GAMMA=gamma is not None, RESIDUAL=residual is not None, RAW=raw is not None, SNAKE=snake is not None,
        ACTIVATED=activated is not None, PRECISION="ieee" if weight.dtype == torch.float32 else "tf32",
        num_warps=warps, num_stages=stages,
    )  # fmt: skip


def tiles_of(count: int, outputs: int, width: int, channels: int, element_bytes: int = 2) -> ConvolutionTiles:
    """Of a convolution of `count` steps: near the best of some forty for each shape of the release on an H100
    (docs/performance.md)."""
    block_k = next(size for size in (128, 64, 32, 16) if size == 16 or channels % size == 0)
    usual_n = 32 if outputs % 64 and outputs < 128 else 64
    for block_m, block_n, least in ((128, 128, 240), (128, usual_n, 96), (64, usual_n, 90)):
        is_whole = block_n == usual_n or outputs % block_n == 0
        if is_whole and count >= block_m and triton.cdiv(count, block_m) * triton.cdiv(outputs, block_n) >= least:
            return ConvolutionTiles(block_m, block_n, min(64, block_k), 1, 4, 4).fitted(element_bytes)
    block_m = min(64, max(16, triton.next_power_of_2(count)))
    block_n = min(32, max(16, triton.next_power_of_2(outputs)))
    tiles, splits = triton.cdiv(count, block_m) * triton.cdiv(outputs, block_n), 1
    while width // splits >= 4 * block_k and (
        tiles * splits < _BUSY or (width // splits > _LONG and tiles * splits < _SHARED_CONVOLUTION_TILES)
    ):
        splits *= 2
    return ConvolutionTiles(block_m, block_n, block_k, splits, 4, 4).fitted(element_bytes)


def embed(codes: Tensor, table: Tensor, out: Tensor) -> None:
    """codes [rows, codebooks] int32, table [codebooks * size, width] -> out [rows, ...], its first `width`."""
    rows, codebooks = codes.shape
    width = table.shape[1]
    launch(
        _embed, (rows,),
        codes, table, out, codes.stride(0), out.stride(0), CODEBOOKS=codebooks, SIZE=len(table) // codebooks,
        WIDTH=width, BLOCK=triton.next_power_of_2(width), num_warps=4,
    )  # fmt: skip


def normalise(x: Tensor, norm: Tensor, out: Tensor, *, eps: float) -> None:
    """RMSNorm: x [rows, width] float32, norm [width] float32 -> out [rows, ...], its first `width`."""
    rows, width = x.shape
    launch(
        _normalise, (rows,),
        x, norm, out, out.stride(0), eps, WIDTH=width, BLOCK=triton.next_power_of_2(width),
        num_warps=4,
    )  # fmt: skip


def depthwise(
    x: Tensor, weight: Tensor, bias: Tensor, norm: Tensor, norm_bias: Tensor, out: Tensor, steps: int, rows: int,
    *, eps: float,
) -> None:  # fmt: skip
    """Each channel's own convolution, weight [taps, channels], then LayerNorm; x and out as in `convolve`."""
    taps, channels = weight.shape
    launch(
        _depthwise, (rows * steps,),
        x, weight, bias, norm, norm_bias, out, x.stride(0), out.stride(0), eps, STEPS=steps, CHANNELS=channels,
        TAPS=taps, BLOCK=triton.next_power_of_2(channels), num_warps=4,
    )  # fmt: skip


def attend_in_window(
    qkv: Tensor, cosines: Tensor, sines: Tensor, cache: Tensor, positions: Tensor, active: Tensor, out: Tensor,
    *, heads: int,
) -> None:  # fmt: skip
    """One frame of each row, [rows, (heads + 2 kv_heads) * head_dim], over the last frames and itself.

    cache [rows, 2, kv_heads, window, head_dim] of one layer; writes it for the active rows.
    """
    rows, _, kv_heads, window, width = cache.shape
    launch(
        _attend_in_window, (rows, heads),
        qkv, cosines, sines, cache, positions, active, out, cache.stride(0), qkv.stride(0), HEADS=heads,
        KV_HEADS=kv_heads, HALF=width // 2, WINDOW=window, BLOCK=triton.next_power_of_2(window),
        num_warps=4,
    )  # fmt: skip


def finish(
    x: Tensor, weight: Tensor, bias: Tensor, out: Tensor, codes: Tensor, steps: int, rows: int
) -> None:  # fmt: skip
    """The last convolution, weight [taps, channels], to PCM: out [rows, steps] int16, contiguous.

    Of a row whose sound is not finite, codes[:, 0] becomes NOT_FINITE.
    """
    taps, channels = weight.shape
    count = rows * steps
    launch(
        _finish, (triton.cdiv(count, 64),),
        x, weight, bias, out, codes, count, x.stride(0), codes.stride(0), STEPS=steps, CHANNELS=channels, TAPS=taps,
        BLOCK_M=64, BLOCK_C=triton.next_power_of_2(channels), num_warps=4,
    )  # fmt: skip


class HistoryShift:
    """Lets the newest steps of all buffers become their histories, at the end of a frame."""

    COLUMNS = 5
    BLOCK = 64

    def __init__(self, buffers: list[Buffer], device: torch.device) -> None:
        with_past = [buffer for buffer in buffers if buffer.history]
        self._blocks = torch.tensor(
            [
                [buffer.start, buffer.history, buffer.steps, buffer.channels, first]
                for buffer in with_past
                for first in range(0, buffer.channels, self.BLOCK)
            ],
            dtype=torch.int32,
            device=device,
        )
        self._history = triton.next_power_of_2(max(buffer.history for buffer in with_past))

    def __call__(self, data: Tensor, positions: Tensor, active: Tensor) -> None:
        """data [rows, everything], positions [rows] int32, active [rows] int32: one frame on for the active rows."""
        launch(
            _shift_histories, (len(self._blocks), len(data)),
            data, self._blocks, positions, active, data.stride(0), COLUMNS=self.COLUMNS, HISTORY=self._history,
            BLOCK=self.BLOCK, num_warps=4,
        )  # fmt: skip
