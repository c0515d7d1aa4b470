"""The codec decoder: codes -> samples, causal, chunk by chunk, without looking ahead.

```
codes --codebooks--> --pre_conv--> --transformer (window)--> 12.5 Hz
      --upsample: [transposed convolution, ConvNeXt] for each ratio--> 50 Hz
      --entry, [snake, transposed convolution, three residual units] for each rate, snake, exit--> 24 kHz
```
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import CodecDecoderConfig
from qwen_tts.modules.conv import CausalConv1d, CausalConvTranspose1d, ConvState
from qwen_tts.modules.module_list import ModuleList
from qwen_tts.modules.quantizer import Codebooks
from qwen_tts.modules.snake import SnakeBeta
from qwen_tts.modules.window_transformer import WindowState, WindowTransformer

_DILATIONS = (1, 3, 9)
_KERNEL = 7
_PRE_KERNEL = 3
_CONVNEXT_EXPANSION = 4
_CONVNEXT_EPS = 1e-6
_SEMANTIC = 1  # codebooks with a projection of their own


class CodeEmbedding(nn.Module):
    """codes [rows, codebooks, n] -> [rows, codebook_dim, n]."""

    def __init__(self, config: CodecDecoderConfig) -> None:
        super().__init__()
        self.rvq_first = _ProjectedCodebooks(config, _SEMANTIC)
        self.rvq_rest = _ProjectedCodebooks(config, config.codebooks - _SEMANTIC)

    def forward(self, codes: Tensor) -> Tensor:
        return self.rvq_first(codes[:, :_SEMANTIC]) + self.rvq_rest(codes[:, _SEMANTIC:])


class _ProjectedCodebooks(nn.Module):
    def __init__(self, config: CodecDecoderConfig, codebooks: int) -> None:
        super().__init__()
        width = config.codebook_dim // 2
        names = [f"vq.layers.{index}._codebook" for index in range(codebooks)]
        self.codebooks = Codebooks(names, config.codebook_size, width)
        self.output_proj = nn.Conv1d(width, config.codebook_dim, 1, bias=False)

    def forward(self, codes: Tensor) -> Tensor:
        return self.output_proj(self.codebooks.decode(codes).transpose(1, 2))


class ConvNeXt(nn.Module):
    """A depthwise convolution, then two layers at every position, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = CausalConv1d(width, width, _KERNEL, groups=width)
        self.norm = nn.LayerNorm(width, eps=_CONVNEXT_EPS)
        self.pwconv1 = nn.Linear(width, _CONVNEXT_EXPANSION * width)
        self.pwconv2 = nn.Linear(_CONVNEXT_EXPANSION * width, width)
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x, state, active).transpose(1, 2))
        y = self.gamma * self.pwconv2(functional.gelu(self.pwconv1(y)))
        return x + y.transpose(1, 2)


class Upsample(nn.Module):
    """[rows, width, n] -> [rows, width, n * ratio]. No two inputs share an output, so nothing is remembered between."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.transposed = nn.ConvTranspose1d(width, width, ratio, ratio)
        self.convnext = ConvNeXt(width)

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        return self.convnext(self.transposed(x), state, active)


class ResidualUnit(nn.Module):
    """Two convolutions, added to the input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.act1 = SnakeBeta(channels)
        self.conv1 = CausalConv1d(channels, channels, _KERNEL, dilation=dilation)
        self.act2 = SnakeBeta(channels)
        self.conv2 = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        y = self.conv1(self.act1(x), state, active)
        return x + self.conv2(self.act2(y))


@dataclass(frozen=True)
class BlockState:
    upsample: ConvState
    units: tuple[ConvState, ...]

    def first(self, rows: int) -> "BlockState":
        """The first `rows` rows, sharing their memory."""
        return BlockState(self.upsample.first(rows), tuple(unit.first(rows) for unit in self.units))


class DecoderBlock(nn.Module):
    """[rows, inputs, n] -> [rows, outputs, n * rate]."""

    def __init__(self, inputs: int, outputs: int, rate: int) -> None:
        super().__init__()
        self.snake = SnakeBeta(inputs)
        self.upsample = CausalConvTranspose1d(inputs, outputs, 2 * rate, rate)
        self.units = ModuleList(ResidualUnit(outputs, dilation) for dilation in _DILATIONS)

    def init_state(self, rows: int) -> BlockState:
        units = tuple(unit.conv1.init_state(rows) for unit in self.units)
        return BlockState(self.upsample.init_state(rows), units)

    def forward(self, x: Tensor, state: BlockState, active: Tensor) -> Tensor:
        x = self.upsample(self.snake(x), state.upsample, active)
        for unit, memory in zip(self.units, state.units, strict=True):
            x = unit(x, memory, active)
        return x


@dataclass(frozen=True)
class DecoderState:
    """What the decoder remembers of every row. Allocated once, then only written in place."""

    pre_conv: ConvState
    transformer: WindowState
    convnext: tuple[ConvState, ...]
    entry: ConvState
    blocks: tuple[BlockState, ...]
    exit: ConvState
    max_frames: int

    def first(self, rows: int) -> "DecoderState":
        """The first `rows` rows, sharing their memory."""
        return DecoderState(
            pre_conv=self.pre_conv.first(rows),
            transformer=self.transformer.first(rows),
            convnext=tuple(state.first(rows) for state in self.convnext),
            entry=self.entry.first(rows),
            blocks=tuple(block.first(rows) for block in self.blocks),
            exit=self.exit.first(rows),
            max_frames=self.max_frames,
        )

    def reset_row(self, row: int) -> None:
        """`row` has decoded nothing."""
        self.transformer.reset_row(row)
        for convolution in self.convolutions():
            convolution.tail[row] = 0

    def copy_row(self, source: "DecoderState", source_row: int, row: int) -> None:
        """`row` has decoded what `source_row` of `source` has."""
        self.transformer.copy_row(source.transformer, source_row, row)
        for target, other in zip(self.convolutions(), source.convolutions(), strict=True):
            target.tail[row] = other.tail[source_row]

    def convolutions(self) -> Iterator[ConvState]:
        yield self.pre_conv
        yield from self.convnext
        yield self.entry
        for block in self.blocks:
            yield block.upsample
            yield from block.units
        yield self.exit


class CodecDecoder(nn.Module):
    """codes [rows, codebooks, frames] -> samples [rows, frames * samples_per_frame] in -1..1, NaN if not finite."""

    def __init__(self, config: CodecDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.latent_dim
        self.quantizer = CodeEmbedding(config)
        self.pre_conv = CausalConv1d(config.codebook_dim, width, _PRE_KERNEL)
        self.pre_transformer = WindowTransformer(config)
        self.upsample = ModuleList(Upsample(width, ratio) for ratio in config.upsampling_ratios)
        widths = [config.decoder_dim // 2**index for index in range(len(config.upsample_rates) + 1)]
        self.entry = CausalConv1d(width, widths[0], _KERNEL)
        self.blocks = ModuleList(map(DecoderBlock, widths[:-1], widths[1:], config.upsample_rates))
        self.snake = SnakeBeta(widths[-1])
        self.exit = CausalConv1d(widths[-1], 1, _KERNEL)

    def init_state(self, rows: int, max_frames: int = 1) -> DecoderState:
        """For chunks of up to `max_frames`."""
        return DecoderState(
            pre_conv=self.pre_conv.init_state(rows),
            transformer=self.pre_transformer.init_state(rows, max_frames),
            convnext=tuple(stage.convnext.dwconv.init_state(rows) for stage in self.upsample),
            entry=self.entry.init_state(rows),
            blocks=tuple(block.init_state(rows) for block in self.blocks),
            exit=self.exit.init_state(rows),
            max_frames=max_frames,
        )

    def forward(self, codes: Tensor, state: DecoderState, active: Tensor) -> Tensor:
        """Advances the `active` [rows] rows of `state`; what comes out of the others means nothing."""
        return self._synthesize(self._compute_latents(codes, state, active), state, active)

    def advance(self, codes: Tensor, state: DecoderState, active: Tensor) -> None:
        """Advance `state` over codes of any length as `forward` would, without their sound.

        The convolutions remember only the last frames, so only these go through them.
        """
        latents = torch.cat(
            [self._compute_latents(piece, state, active) for piece in codes.split(state.max_frames, -1)], -1
        )
        for piece in latents[..., -self.convolution_frames :].split(state.max_frames, -1):
            self._synthesize(piece, state, active)

    @property
    def convolution_frames(self) -> int:
        """The last frames that decide what the convolutions after the transformer remember."""
        samples = _KERNEL - 1
        for rate in reversed(self.config.upsample_rates):
            samples += (_KERNEL - 1) * sum(_DILATIONS)
            samples = -(-samples // rate) + 1
        samples += _KERNEL - 1
        for ratio in reversed(self.config.upsampling_ratios):
            samples = -(-(samples + _KERNEL - 1) // ratio)
        return samples + 1

    def _compute_latents(self, codes: Tensor, state: DecoderState, active: Tensor) -> Tensor:
        """[rows, codebooks, frames] -> latents [rows, latent_dim, frames]."""
        x = self.pre_conv(self.quantizer(codes), state.pre_conv, active)
        return self.pre_transformer(x.transpose(1, 2), state.transformer, active).transpose(1, 2)

    def _synthesize(self, x: Tensor, state: DecoderState, active: Tensor) -> Tensor:
        """latents [rows, latent_dim, frames] -> samples [rows, n]."""
        for stage, context in zip(self.upsample, state.convnext, strict=True):
            x = stage(x, context, active)
        x = self.entry(x, state.entry, active)
        for block, memory in zip(self.blocks, state.blocks, strict=True):
            x = block(x, memory, active)
        return self.bounded(self.exit(self.snake(x), state.exit, active)[:, 0])

    @staticmethod
    def bounded(samples: Tensor) -> Tensor:
        """In -1..1; what is not finite is NaN."""
        return samples.masked_fill(samples.isinf(), torch.nan).clamp(-1, 1)
