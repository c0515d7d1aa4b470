"""The codec decoder in hand-written kernels, for CUDA: 16-bit weights and activations, sums in float32.

What is linear and follows something linear is multiplied into it when it is made: the projection of the codebooks, the
convolution before the transformer with its input projection, the output projection with the first upsampling, and the
scales of the transformer's branches.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from qwen_tts.checkpoint.codec import MOST_FRAMES, Codec
from qwen_tts.kernels.attention import Rope
from qwen_tts.kernels.codec import (
    Buffer,
    Convolution,
    HistoryShift,
    Snake,
    attend_in_window,
    convolution_workspace,
    convolve,
    depthwise,
    embed,
    finish,
    normalise,
)
from qwen_tts.kernels.linear import Hidden, add, enter, product_workspace, project
from qwen_tts.models.codec_decoder import CodecDecoder, CodeEmbedding, ConvNeXt, DecoderBlock, ResidualUnit, Upsample
from qwen_tts.modules.conv import CausalConv1d, CausalConvTranspose1d
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.snake import SnakeBeta
from qwen_tts.modules.window_transformer import WindowLayer
from qwen_tts.runtime.codec_decoder import DecodedAlone, DecoderSnapshot
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.sampling import NOT_FINITE

T = TypeVar("T")

_MAX_REFERENCE_FRAMES = 512
"""30 s and the silence after it"""


@dataclass(frozen=True)
class RowSnapshot:
    """A DecoderSnapshot: what a row holds, copied."""

    data: Tensor
    cache: Tensor
    position: Tensor


class _LayerWeights:
    """Of one layer of the transformer; the scales of its branches are multiplied in."""

    def __init__(self, layer: WindowLayer, dtype: torch.dtype) -> None:
        self.attention_norm, self.mlp_norm = layer.attention_norm.weight, layer.mlp_norm.weight
        self.qkv = layer.attention.qkv_proj.weight.to(dtype)
        self.o = (layer.attention_scale[:, None] * layer.attention.o_proj.weight).to(dtype)
        self.gate_up = layer.mlp.gate_up_proj.weight.to(dtype)
        self.down = (layer.mlp_scale[:, None] * layer.mlp.down_proj.weight).to(dtype)


class _ConvNeXtWeights:
    """Of a ConvNeXt; see models/codec_decoder.py."""

    def __init__(self, convnext: ConvNeXt, dtype: torch.dtype) -> None:
        depthwise_conv = convnext.dwconv.conv
        assert depthwise_conv.bias is not None
        self.weight, self.bias = depthwise_conv.weight[:, 0].T.contiguous(), depthwise_conv.bias
        self.norm, self.norm_bias, self.eps = convnext.norm.weight, convnext.norm.bias, convnext.norm.eps
        self.widen = Convolution(convnext.pwconv1.weight.to(dtype), convnext.pwconv1.bias)
        self.narrow = Convolution(convnext.pwconv2.weight.to(dtype), convnext.pwconv2.bias)
        self.gamma = convnext.gamma


class _UnitWeights:
    """Of a ResidualUnit."""

    def __init__(self, unit: ResidualUnit, dtype: torch.dtype) -> None:
        self.act1, self.act2 = _snake(unit.act1, dtype), _snake(unit.act2, dtype)
        self.conv1, self.conv2 = _causal(unit.conv1, dtype), _pointwise(unit.conv2, dtype)


class _BlockWeights:
    """Of a DecoderBlock."""

    def __init__(self, block: DecoderBlock, dtype: torch.dtype) -> None:
        self.snake, self.upsample = _snake(block.snake, dtype), _transposed(block.upsample, dtype)
        self.units = [_UnitWeights(unit, dtype) for unit in block.units]


class TritonDecoder:
    """See DecoderBackend. The row after the last is spare: it decodes what belongs to no row."""

    def __init__(self, codec: Codec, rows: int, dtype: torch.dtype, device: torch.device, graphs: Graphs) -> None:
        """The codec's decoder, on any device, is read and not kept."""
        decoder, config = codec.decoder, codec.config.decoder
        self._config, self.dtype, self._device = config, dtype, device
        self._graphs = graphs
        self._convolution_frames = decoder.convolution_frames
        with torch.inference_mode():
            self._merge_weights(decoder)
        self._lay_out_buffers(rows + 1)
        self.codes = torch.zeros(rows + 1, config.codebooks, dtype=torch.int32, device=device)
        self.active = torch.zeros(rows + 1, dtype=torch.int32, device=device)
        self.pcm = torch.zeros(rows + 1, config.samples_per_frame, dtype=torch.int16, device=device)
        self._positions = torch.zeros(rows + 1, dtype=torch.int32, device=device)
        self._rope = Rope(MOST_FRAMES + _MAX_REFERENCE_FRAMES, config.head_dim, config.rope_theta, device)
        shape = (config.layers, rows + 1, 2, config.kv_heads, config.window, config.head_dim)
        self._cache = torch.zeros(shape, dtype=dtype, device=device)

    # -- what is made once ------------------------------------------------------------------------------------------

    def _merge_weights(self, decoder: CodecDecoder) -> None:
        """The decoder's weights, as the kernels want them."""
        transformer, made = decoder.pre_transformer, partial(_made, self._device, self.dtype)
        self._codebook_table = made(_codebook_table, decoder.quantizer)
        self._pre_conv = made(_merge_into_conv, decoder.pre_conv, transformer.input_proj)
        self._layers = [made(_LayerWeights, layer) for layer in transformer.layers]
        self._norms = [*(layer.attention_norm for layer in self._layers), made(_norm, transformer.norm)]
        first, *others = decoder.upsample
        self._upsamples = [made(_merge_into_upsample, transformer.output_proj, first)]
        self._upsamples += [made(_transposed_without_overlap, stage.transposed) for stage in others]
        self._convnexts = [made(_ConvNeXtWeights, stage.convnext) for stage in decoder.upsample]
        self._entry = made(_causal, decoder.entry)
        self._blocks = [made(_BlockWeights, block) for block in decoder.blocks]
        self._snake = made(_snake, decoder.snake)
        self._exit_weight, self._exit_bias = made(_exit, decoder.exit)

    def _lay_out_buffers(self, rows: int) -> None:
        """Every row's buffers, one after the other."""
        config = self._config
        self._steps = _steps_of((*config.upsampling_ratios, *config.upsample_rates))
        frame_steps, sound_steps = self._steps[: len(self._upsamples) + 1], self._steps[len(self._upsamples) :]
        sizes = [(self._pre_conv.history, 1, config.codebook_dim)]
        sizes += [
            (len(one.weight) - 1, steps, one.weight.shape[1])
            for one, steps in zip(self._convnexts, frame_steps[1:], strict=True)
        ]
        sizes += [(self._entry.history, frame_steps[-1], config.latent_dim)]
        for block, before, after in zip(self._blocks, sound_steps, sound_steps[1:], strict=False):
            sizes.append((block.upsample.history, before, block.upsample.weight.shape[1] // block.upsample.taps))
            sizes += [(unit.conv1.history, after, unit.conv2.outputs) for unit in block.units]
        sizes.append((len(self._exit_weight) - 1, sound_steps[-1], self._exit_weight.shape[1]))
        total = sum((history + steps) * channels for history, steps, channels in sizes)
        total = -(-total // 64) * 64
        self._data = torch.zeros(rows, total, dtype=self.dtype, device=self._device)
        self._buffers, start = [], 0
        for history, steps, channels in sizes:
            self._buffers.append(Buffer(self._data, start, history, steps, channels))
            start += (history + steps) * channels
        self._shift_histories = HistoryShift(self._buffers, self._device)
        self._allocate_scratch(rows)

    def _allocate_scratch(self, rows: int) -> None:
        """What flows between two kernels."""
        config = self._config
        empty = partial(torch.empty, dtype=self.dtype, device=self._device)
        widest = max(buffer.steps * buffer.channels for buffer in self._buffers)
        widest = max(
            widest, max(one.widen.outputs * steps for one, steps in zip(self._convnexts, self._steps[1:], strict=False))
        )
        self._scratch, self._raw = (empty(rows, widest) for _ in range(2))
        self._input = torch.empty(rows, config.hidden_size, device=self._device)
        self._hidden = Hidden.allocate(rows, config.hidden_size, self._device, self.dtype)
        heads = (config.heads + 2 * config.kv_heads) * config.head_dim
        self._qkv = empty(rows, heads)
        self._attended = empty(rows, config.heads * config.head_dim)
        self._gated = empty(rows, config.intermediate_size)
        self._convolve = partial(convolve, workspace=convolution_workspace(self._device))
        workspace = product_workspace(self._device)
        self._project, self._add = partial(project, workspace=workspace), partial(add, workspace=workspace)

    # -- a frame ----------------------------------------------------------------------------------------------------

    def decode(self, rows: int) -> None:
        self._decode(slice(rows))

    def _decode(self, rows: slice) -> None:
        """One frame of consecutive rows."""
        count = len(self.codes[rows])
        buffers = iter(self._buffers)
        self._compute_latents(rows, count, next(buffers))
        entry = self._upsample(rows, count, [next(buffers) for _ in self._convnexts], next(buffers))
        self._synthesize(rows, count, entry, list(buffers))
        self._move_on(rows)

    def _move_on(self, rows: slice) -> None:
        self._shift_histories(self._data[rows], self._positions[rows], self.active[rows])

    def _compute_latents(self, rows: slice, count: int, codes: Buffer) -> None:
        """codes -> latents, in the first part of `_scratch`."""
        eps, config = self._config.rms_norm_eps, self._config
        hidden = self._hidden.first(count)
        embed(self.codes[rows], self._codebook_table, codes.new[rows])
        self._convolve(self._pre_conv, codes.new[rows], 1, count, raw=self._input[:count])
        enter(self._input[:count], self._norms[0], hidden)
        qkv, attended, gated = self._qkv[:count], self._attended[:count], self._gated[:count]
        for index, layer in enumerate(self._layers):
            self._project(hidden, self._norms[index], layer.qkv, qkv, eps=eps)
            attend_in_window(
                qkv, self._rope.cosines, self._rope.sines, self._cache[index, rows], self._positions[rows],
                self.active[rows], attended, heads=config.heads,
            )  # fmt: skip
            self._add(attended, layer.o, hidden.value, hidden, layer.mlp_norm)
            self._project(hidden, layer.mlp_norm, layer.gate_up, gated, eps=eps, gated=True)
            self._add(gated, layer.down, hidden.value, hidden, self._norms[index + 1])
        normalise(hidden.value, self._norms[-1], self._scratch, eps=eps)

    def _upsample(self, rows: slice, count: int, buffers: list[Buffer], entry: Buffer) -> Buffer:
        """The latents [12.5 Hz] -> `entry` [50 Hz]."""
        x = self._scratch[:count]
        stages = zip(self._upsamples, self._convnexts, buffers, strict=True)
        for index, (upsample, convnext, buffer) in enumerate(stages):
            new, steps = buffer.new[rows], buffer.steps
            self._convolve(upsample, x, self._steps[index], count, activated=new)
            depthwise(
                new, convnext.weight, convnext.bias, convnext.norm, convnext.norm_bias, self._raw[:count], steps, count,
                eps=convnext.eps,
            )  # fmt: skip
            wide = self._scratch[:count]
            self._convolve(convnext.widen, self._raw[:count], steps, count, activated=wide, gelu=True)
            is_last = index == len(buffers) - 1
            out = entry.new[rows] if is_last else self._raw[:count]
            self._convolve(convnext.narrow, wide, steps, count, activated=out, residual=new, gamma=convnext.gamma)
            x = out
        return entry

    def _synthesize(self, rows: slice, count: int, entry: Buffer, buffers: list[Buffer]) -> None:
        """`entry` [50 Hz] -> PCM."""
        scratch, raw = self._scratch[:count], self._raw[:count]
        rest = iter(buffers)
        before = next(rest)
        self._convolve(
            self._entry, entry.new[rows], entry.steps, count, activated=before.new[rows], snake=self._blocks[0].snake,
        )  # fmt: skip
        for index, block in enumerate(self._blocks):
            own = [next(rest) for _ in block.units]
            after = next(rest)
            is_last = index == len(self._blocks) - 1
            self._convolve(
                block.upsample, before.new[rows], before.steps, count, raw=raw, activated=own[0].new[rows],
                snake=block.units[0].act1,
            )  # fmt: skip
            targets = [(buffer, unit.act1) for buffer, unit in zip(own[1:], block.units[1:], strict=True)]
            targets.append((after, self._snake if is_last else self._blocks[index + 1].snake))
            for unit, buffer, (target, snake) in zip(block.units, own, targets, strict=True):
                steps = buffer.steps
                self._convolve(unit.conv1, buffer.new[rows], steps, count, activated=scratch, snake=unit.act2)
                self._convolve(
                    unit.conv2, scratch, steps, count, residual=raw, raw=None if target is after else raw,
                    activated=target.new[rows], snake=snake,
                )  # fmt: skip
            before = after
        finish(
            before.new[rows], self._exit_weight, self._exit_bias, self.pcm[rows], self.codes[rows], before.steps, count
        )

    # -- rows -------------------------------------------------------------------------------------------------------

    def reset_row(self, row: int) -> None:
        self._data[row] = 0
        self._positions[row] = 0

    def restore_row(self, row: int, snapshot: DecoderSnapshot) -> None:
        assert isinstance(snapshot, RowSnapshot)
        self._data[row], self._cache[:, row], self._positions[row] = snapshot.data, snapshot.cache, snapshot.position

    # -- the spare row ----------------------------------------------------------------------------------------------

    def snapshot_after(self, codes: Tensor) -> RowSnapshot:
        self._start_spare_row(None)
        codes = codes.to(self._device, torch.int32)
        for frame in codes[: -self._convolution_frames]:
            self.codes[-1] = frame
            self._graphs.run("advance spare row", self._advance_spare_row)
        for frame in codes[-self._convolution_frames :]:
            self._decode_in_spare_row(frame)
        return self._snapshot_of_spare_row()

    def decode_alone(self, codes: Tensor, snapshot: DecoderSnapshot | None) -> DecodedAlone:
        self._start_spare_row(snapshot)
        codes = codes.to(self._device, torch.int32)
        pcm = torch.empty(len(codes), self.pcm.shape[1], dtype=torch.int16, device=self._device)
        first_codes = torch.empty(len(codes), dtype=torch.int32, device=self._device)
        for index, frame in enumerate(codes):
            self._decode_in_spare_row(frame)
            pcm[index], first_codes[index] = self.pcm[-1], self.codes[-1, 0]
        return DecodedAlone(pcm.flatten(), (first_codes != NOT_FINITE).all(), self._snapshot_of_spare_row())

    def prepare_alone(self) -> None:
        self._graphs.capture("advance spare row", self._advance_spare_row)
        self._graphs.capture("decode spare row", self._decode_spare_row)

    def _start_spare_row(self, snapshot: DecoderSnapshot | None) -> None:
        row = len(self.codes) - 1
        self.active[row] = 1
        if snapshot is None:
            self.reset_row(row)
        else:
            self.restore_row(row, snapshot)

    def _advance_spare_row(self) -> None:
        row = slice(len(self.codes) - 1, len(self.codes))
        self._compute_latents(row, 1, self._buffers[0])
        self._move_on(row)

    def _decode_in_spare_row(self, frame: Tensor) -> None:
        self.codes[-1] = frame
        self._graphs.run("decode spare row", self._decode_spare_row)

    def _snapshot_of_spare_row(self) -> RowSnapshot:
        return RowSnapshot(self._data[-1].clone(), self._cache[:, -1].clone(), self._positions[-1].clone())

    def _decode_spare_row(self) -> None:
        self._decode(slice(len(self.codes) - 1, len(self.codes)))


def _made(
    device: torch.device, dtype: torch.dtype, make: Callable[..., T], *modules: nn.Module
) -> T:  # fmt: skip
    """What `make` makes of copies of the modules on the device, which go when it is done."""
    return make(*(deepcopy(module).to(device) for module in modules), dtype)


def _norm(norm: RMSNorm, _: torch.dtype) -> Tensor:
    return norm.weight


def _exit(convolution: CausalConv1d, _: torch.dtype) -> tuple[Tensor, Tensor]:
    conv = convolution.conv
    assert conv.bias is not None
    return conv.weight[0].T.contiguous(), conv.bias


def _snake(snake: SnakeBeta, _: torch.dtype) -> Snake:
    return Snake(snake.frequency[:, 0], snake.amplitude[:, 0])


def _causal(convolution: CausalConv1d, dtype: torch.dtype) -> Convolution:
    conv = convolution.conv
    assert conv.bias is not None
    weight = conv.weight.transpose(1, 2).flatten(1).to(dtype).contiguous()
    return Convolution(weight, conv.bias, conv.kernel_size[0], conv.dilation[0], conv.out_channels)


def _pointwise(conv: nn.Conv1d, dtype: torch.dtype) -> Convolution:
    assert conv.bias is not None
    return Convolution(conv.weight[..., 0].to(dtype).contiguous(), conv.bias, out_channels=conv.out_channels)


def _transposed(convolution: CausalConvTranspose1d, dtype: torch.dtype) -> Convolution:
    """Output step j of an input step depends on it through tap j, and on the step before it through tap j + stride."""
    conv, stride = convolution.conv, convolution.conv.stride[0]
    assert conv.bias is not None
    taps = conv.kernel_size[0] // stride
    weight = conv.weight.unflatten(2, (taps, stride)).flip(2)  # [in, out, taps, stride], the oldest first
    weight = weight.permute(3, 1, 2, 0).flatten(2).flatten(0, 1).to(dtype).contiguous()
    return Convolution(weight, conv.bias.repeat(stride), taps, 1, conv.out_channels)


def _transposed_without_overlap(conv: nn.ConvTranspose1d, dtype: torch.dtype) -> Convolution:
    assert conv.bias is not None
    weight = conv.weight.permute(2, 1, 0).flatten(0, 1).to(dtype).contiguous()
    return Convolution(weight, conv.bias.repeat(conv.stride[0]), out_channels=conv.out_channels)


def _codebook_table(embedding: CodeEmbedding, dtype: torch.dtype) -> Tensor:
    """[codebooks * size, codebook_dim]: every entry after its projection."""
    parts = (embedding.rvq_first, embedding.rvq_rest)
    return torch.cat([part.codebooks.entries @ part.output_proj.weight[..., 0].T for part in parts]).to(dtype)


def _merge_into_conv(convolution: CausalConv1d, projection: nn.Linear, dtype: torch.dtype) -> Convolution:
    conv = convolution.conv
    assert conv.bias is not None
    taps = conv.weight.permute(2, 1, 0).flatten(0, 1)  # [taps * inputs, hidden]
    weight = (taps @ projection.weight.T).T.to(dtype).contiguous()
    bias = projection.weight @ conv.bias + projection.bias
    return Convolution(weight, bias, conv.kernel_size[0])


def _merge_into_upsample(projection: nn.Linear, upsample: Upsample, dtype: torch.dtype) -> Convolution:
    conv = upsample.transposed
    assert conv.bias is not None
    taps = conv.weight.permute(2, 1, 0).flatten(0, 1)  # [taps * outputs, latents]
    weight = (taps @ projection.weight).to(dtype)
    bias = taps @ projection.bias + conv.bias.repeat(conv.kernel_size[0])
    return Convolution(weight, bias, out_channels=conv.out_channels)


def _steps_of(ratios: Sequence[int]) -> list[int]:
    """Steps of a frame before each stage of upsampling, and after the last."""
    steps = [1]
    for ratio in ratios:
        steps.append(steps[-1] * ratio)
    return steps
