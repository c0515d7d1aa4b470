"""The codec decoder by OpenVINO, on the CPU: one frame of a row after the other, in bfloat16 where the CPU has it.

The state is the plain decoder's (DecoderState), so whatever it remembers moves between the two.
"""

from functools import cache

import numpy as np
import openvino.opset13 as op
import torch
from numpy.typing import NDArray
from openvino import Node
from torch import Tensor, nn

from qwen_tts.checkpoint.codec import Codec
from qwen_tts.models.codec_decoder import CodecDecoder, ConvNeXt, DecoderBlock, DecoderState, ResidualUnit
from qwen_tts.modules.conv import CausalConv1d
from qwen_tts.modules.linear import Linear, QuantisedLinear
from qwen_tts.modules.rope import rope
from qwen_tts.modules.snake import SnakeBeta
from qwen_tts.modules.weight_formats import quantise
from qwen_tts.modules.window_transformer import WindowTransformer
from qwen_tts.runtime.codec_decoder import EagerDecoder
from qwen_tts.runtime.openvino_compiler import Compiler
from qwen_tts.runtime.openvino_graphs import (
    axis,
    integers,
    linear,
    model,
    norm,
    numbers,
    parameter,
    product,
    rotated,
    swiglu,
)

_SINE_TERMS = 7

_NEVER = -1e4
"""Added to the score of what is not read."""


class OpenVinoDecoder(EagerDecoder):
    """See DecoderBackend. Whole recordings go through the plain decoder."""

    def __init__(self, codec: Codec, rows: int, compiler: Compiler) -> None:
        super().__init__(codec, rows)
        graphs = _DecoderGraphs(codec.decoder, self._state, exact=compiler.is_exact)
        # In bfloat16 the transformer's sound is noise (0 dB below its own; the convolutions': 45 dB). With weights of 8
        # bits it is 45 dB below.
        self._latents = compiler.compile(graphs.latents, integers=False)
        self._waves = compiler.compile(graphs.waves, compiler.short)
        self._sound = torch.empty(rows, codec.config.samples_per_frame)

    def decode(self, rows: int) -> None:
        self._sound[:rows] = 0
        for row in self.active[:rows].nonzero()[:, 0].tolist():
            self._sound[row] = self._decode_row(row)
        self._finish(self._sound[:rows])

    def _decode_row(self, row: int) -> Tensor:
        """One frame -> samples; advances the row's state."""
        decoder, one = self._codec.decoder, slice(row, row + 1)
        codes = self.codes[one].long().clamp(0, decoder.config.codebook_size - 1)
        x = decoder.quantizer(codes[:, :, None])
        rings, config = self._state.transformer, decoder.pre_transformer.config
        position = rings.positions[one]
        cos, sin = rope(position[:, None], config.head_dim, config.rope_theta, x.dtype)
        mask, slot = _ring_mask(int(position), rings.slots), int(position) % rings.slots
        tails = [state.tail[one] for state in self._state.convolutions()]
        keys, values = ([ring[one, :, :-1] for ring in part] for part in (rings.keys, rings.values))
        latents, first_tail, *new = self._latents(x, cos, sin, mask, tails[0], *keys, *values)
        samples, *new_tails = self._waves(latents, *tails[1:])
        for tail, kept in zip(tails, [first_tail, *new_tails], strict=True):
            tail.copy_(kept)
        for ring, kept in zip([*keys, *values], new, strict=True):
            ring[:, :, slot : slot + 1] = kept
        rings.positions[one] += 1
        return decoder.bounded(samples[0, 0])


def _ring_mask(position: int, slots: int) -> Tensor:
    """[1, 1, 1, slots + 1], added to the scores of the ring and of the frame itself: what the ring holds is read, but
    for the oldest, which the frame takes the place of."""
    mask = torch.zeros(slots + 1)
    mask[position:slots] = _NEVER
    mask[position % slots] = _NEVER
    mask[slots] = 0
    return mask[None, None, None]


class _DecoderGraphs:
    """Codes' vectors -> latents, and latents -> samples, built in the order of the decoder; every convolution takes its
    tail and gives the next one."""

    def __init__(self, decoder: CodecDecoder, state: DecoderState, *, exact: bool) -> None:
        """Unless `exact`, the transformer's weights have 8 bits."""
        self._exact = exact
        self._tails = [_like(one.tail) for one in state.convolutions()]
        self._waiting, self._kept = iter(self._tails), list[Node]()
        vectors = parameter(1, decoder.config.codebook_dim, 1)
        x = self._causal(vectors, decoder.pre_conv)
        x, inputs, fresh = self._transformer(x, decoder.pre_transformer, state)
        self.latents = model([x, self._kept.pop(), *fresh], [vectors, *inputs[:3], self._tails[0], *inputs[3:]])
        x = latents = parameter(1, decoder.config.latent_dim, 1)
        for stage in decoder.upsample:
            x = self._convnext(_spread(x, stage.transposed), stage.convnext)
        x = self._causal(x, decoder.entry)
        for block in decoder.blocks:
            x = self._block(x, block)
        samples = self._causal(_snake(x, decoder.snake), decoder.exit)
        self.waves = model([samples, *self._kept], [latents, *self._tails[1:]])

    def _extend(self, x: Node) -> Node:
        tail = next(self._waiting)
        extended = op.concat([tail, x], 2)
        context = tail.get_output_shape(0)[2]
        self._kept.append(op.slice(extended, integers(-context), integers(2**31 - 1), integers(1), integers(2)))
        return extended

    def _causal(self, x: Node, convolution: CausalConv1d) -> Node:
        return _convolve(self._extend(x), convolution.conv)

    def _convnext(self, x: Node, module: ConvNeXt) -> Node:
        y = op.transpose(self._causal(x, module.dwconv), integers(0, 2, 1))
        y = op.mvn(y, integers(-1), normalize_variance=True, eps=module.norm.eps, eps_mode="inside_sqrt")
        y = op.add(op.multiply(y, numbers(module.norm.weight)), numbers(module.norm.bias))
        y = linear(op.gelu(linear(y, module.pwconv1), "erf"), module.pwconv2)
        return op.add(x, op.transpose(op.multiply(y, numbers(module.gamma)), integers(0, 2, 1)))

    def _block(self, x: Node, block: DecoderBlock) -> Node:
        x = _spread(self._extend(_snake(x, block.snake)), block.upsample.conv)
        for unit in block.units:
            x = self._unit(x, unit)
        return x

    def _unit(self, x: Node, unit: ResidualUnit) -> Node:
        y = self._causal(_snake(x, unit.act1), unit.conv1)
        return op.add(x, _convolve(_snake(y, unit.act2), unit.conv2))

    def _short(self, layer: Linear) -> Linear:
        assert not isinstance(layer, QuantisedLinear)
        return layer if self._exact else QuantisedLinear(quantise(layer.weight, 8))

    def _transformer(
        self, x: Node, transformer: WindowTransformer, state: DecoderState
    ) -> tuple[Node, list[Node], list[Node]]:
        """[1, latent, 1] -> the same; cosine, sine, mask, rings of keys and values; new keys and values."""
        config, rings = transformer.config, state.transformer
        cos, sin = parameter(1, 1, 1, config.head_dim), parameter(1, 1, 1, config.head_dim)
        mask = parameter(1, 1, 1, rings.slots + 1)
        shape = (1, config.kv_heads, rings.slots, config.head_dim)
        keys, values = ([parameter(*shape) for _ in transformer.layers] for _ in range(2))
        x, new_keys, new_values = linear(op.transpose(x, integers(0, 2, 1)), transformer.input_proj), [], []
        for layer, old_keys, old_values in zip(transformer.layers, keys, values, strict=True):
            own = layer.attention
            joined = product(norm(x, layer.attention_norm), self._short(own.qkv_proj))
            split = op.transpose(op.reshape(joined, integers(1, 1, -1, own.head_dim), False), integers(0, 2, 1, 3))
            parts = op.variadic_split(split, axis(1), integers(own.heads, own.kv_heads, own.kv_heads))
            query, key = (rotated(parts.output(index), cos, sin) for index in range(2))
            value = parts.output(2)
            new_keys.append(key)
            new_values.append(value)
            attended = op.scaled_dot_product_attention(
                query, op.concat([old_keys, key], 2), op.concat([old_values, value], 2), mask
            )
            flat = op.reshape(op.transpose(attended, integers(0, 2, 1, 3)), integers(1, 1, -1), False)
            y = product(flat, self._short(own.o_proj))
            x = op.add(x, op.multiply(y, numbers(layer.attention_scale)))
            y = swiglu(norm(x, layer.mlp_norm), self._short(layer.mlp.gate_up_proj), self._short(layer.mlp.down_proj))
            x = op.add(x, op.multiply(y, numbers(layer.mlp_scale)))
        x = linear(norm(x, transformer.norm), transformer.output_proj)
        return op.transpose(x, integers(0, 2, 1)), [cos, sin, mask, *keys, *values], [*new_keys, *new_values]


def _like(tail: Tensor) -> Node:
    return parameter(1, *tail.shape[1:])


def _convolve(x: Node, convolution: nn.Conv1d) -> Node:
    """x, with its context before it, [1, inputs, n + context] -> [1, outputs, n]."""
    weight, dilation = convolution.weight, convolution.dilation[0]
    none = [0]
    if convolution.groups > 1:
        y = op.group_convolution(x, numbers(weight[:, None]), [1], none, none, [dilation])
    else:
        y = op.convolution(x, numbers(weight), [1], none, none, [dilation])
    assert convolution.bias is not None
    return op.add(y, numbers(convolution.bias[None, :, None]))


def _spread(x: Node, convolution: nn.ConvTranspose1d) -> Node:
    """A transposed convolution as an ordinary one with a channel for each place within the stride: several times
    faster here. x [1, inputs, n + taps - 1] -> [1, outputs, n * stride]."""
    stride, weight = convolution.stride[0], convolution.weight
    inputs, outputs, kernel = weight.shape
    # The first tap meets the oldest input, whose share comes last in the kernel.
    taps = weight.view(inputs, outputs, kernel // stride, stride).flip(2).permute(1, 3, 0, 2)
    y = op.convolution(x, numbers(taps.reshape(outputs * stride, inputs, -1)), [1], [0], [0], [1])
    y = op.transpose(op.reshape(y, integers(1, outputs, stride, -1), False), integers(0, 1, 3, 2))
    assert convolution.bias is not None
    return op.add(op.reshape(y, integers(1, outputs, -1), False), numbers(convolution.bias[None, :, None]))


def _snake(x: Node, module: SnakeBeta) -> Node:
    """OpenVINO has no fast sine: its square is a polynomial of the distance to the nearest multiple of pi."""
    turns = op.multiply(x, numbers(module.frequency[None] / torch.pi))
    off = op.subtract(turns, op.round(turns, "half_to_even"))
    square = op.multiply(off, off)
    first, *rest = _sine_square()[::-1]
    y: Node = op.constant(np.float32(first))
    for factor in rest:
        y = op.add(op.multiply(y, square), op.constant(np.float32(factor)))
    return op.add(x, op.multiply(y, numbers(module.amplitude[None])))


@cache
def _sine_square() -> NDArray[np.float64]:
    """Factors of 1, t, t^2, ... for sin(pi * sqrt(t))^2 where t is at most 1/4."""
    t = (np.cos(np.linspace(0, np.pi, 400)) + 1) / 8
    fitted = np.polynomial.Chebyshev.fit(t, np.sin(np.pi * np.sqrt(t)) ** 2, _SINE_TERMS - 1)
    return np.asarray(fitted.convert(kind=np.polynomial.Polynomial).coef, np.float64)
