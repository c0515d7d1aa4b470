"""The layers of talker and code predictor as OpenVINO graphs: what each piece of them is in its operations."""

from collections.abc import Sequence

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray
from openvino import Node
from torch import Tensor, nn

from qwen_tts.modules.linear import Linear, QuantisedLinear
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.transformer import Layer
from qwen_tts.modules.weight_formats import QuantisedWeight

DYNAMIC = -1
"""A dimension that a call decides: rows, inputs of a row, positions."""


def parameter(*shape: int) -> Node:
    return op.parameter(list(shape), ov.Type.f32)


def integers(*values: int) -> Node:
    return op.constant(np.array(values, np.int64))


def axis(value: int) -> Node:
    return op.constant(np.int64(value))


def numbers(tensor: Tensor) -> Node:
    """The tensor's own memory, where it is float32 and contiguous."""
    return op.constant(tensor.detach().float().contiguous().numpy(), shared_memory=True)


def linear(x: Node, module: nn.Linear) -> Node:
    """In float32, or in what the compiler takes for it."""
    y = op.matmul(x, numbers(module.weight), transpose_a=False, transpose_b=True)
    return y if module.bias is None else op.add(y, numbers(module.bias))


def swiglu(x: Node, gate_up: Linear, down: Linear) -> Node:
    gate, up = op.split(product(x, gate_up), axis(-1), 2).outputs()
    return product(op.multiply(op.swish(gate), up), down)


def product(x: Node, layer: Linear) -> Node:
    """x [..., inputs] by the weight of a layer without bias -> [..., outputs]."""
    weight = _dequantised(layer.kept) if isinstance(layer, QuantisedLinear) else numbers(layer.weight)
    return op.matmul(x, weight, transpose_a=False, transpose_b=True)


def _dequantised(kept: QuantisedWeight) -> Node:
    """[outputs, inputs]; the compiler keeps the integers. Their memory is that of `kept`, which must stay as long as
    anything that is compiled: what is computed with is made of it when the first call comes."""
    stored, zeros = kept.stored.numpy(), kept.zeros.numpy()
    if kept.bits == 8:
        values = op.convert(op.constant(stored, shared_memory=True), "f16")
    else:
        shape = [*stored.shape[:2], 2 * stored.shape[2]]
        values = op.subtract(_nibbles(stored, shape), _paired(zeros))
    scaled = op.multiply(values, op.constant(kept.scales.numpy(), shared_memory=True))
    return op.convert(op.reshape(scaled, integers(*kept.shape), special_zero=False), "f32")


def _nibbles(stored: NDArray[np.uint8], shape: list[int]) -> Node:
    packed = ov.Tensor(stored.reshape(-1), ov.Shape(shape), ov.Type.u4)
    return op.convert(op.constant(packed, shared_memory=True), "f16")


def _paired(values: NDArray[np.uint8]) -> Node:
    """Values below 16, a byte each; of these a copy is made, two a byte, the first in its low half."""
    first, second = values.reshape(-1)[::2].copy(), values.reshape(-1)[1::2]
    first[: len(second)] |= second << 4
    packed = ov.Tensor(ov.Type.u4, ov.Shape(list(values.shape)))
    packed.data.reshape(-1)[:] = first
    return op.convert(op.constant(packed), "f16")


def norm(x: Node, module: RMSNorm) -> Node:
    square = op.reduce_mean(op.power(x, op.constant(np.float32(2))), integers(-1), keep_dims=True)
    inverse = op.divide(op.constant(np.float32(1)), op.sqrt(op.add(square, op.constant(np.float32(module.eps)))))
    return op.multiply(op.multiply(x, inverse), numbers(module.weight))


def heads(x: Node, layer: Layer, cos: Node, sin: Node) -> tuple[Node, Node, Node]:
    """The layer's input x [tokens, hidden] -> query [tokens, heads * head_dim], key and value
    [tokens, kv_heads * head_dim]; cos and sin [tokens, 1, head_dim]."""
    own = layer.attention
    joined = product(norm(x, layer.attention_norm), own.qkv_proj)
    split = op.reshape(joined, integers(0, -1, own.head_dim), special_zero=True)
    parts = op.variadic_split(split, axis(1), integers(own.heads, own.kv_heads, own.kv_heads))
    query = rotated(norm(parts.output(0), own.q_norm), cos, sin)
    key = rotated(norm(parts.output(1), own.k_norm), cos, sin)
    query, key, value = (op.reshape(part, integers(0, -1), special_zero=True) for part in (query, key, parts.output(2)))
    return query, key, value


def rotated(x: Node, cos: Node, sin: Node) -> Node:
    halves = op.split(x, axis(-1), 2)
    turned = op.concat([op.multiply(halves.output(1), op.constant(np.float32(-1))), halves.output(0)], -1)
    return op.add(op.multiply(x, cos), op.multiply(turned, sin))


def finish(attended: Node, residual: Node, layer: Layer) -> Node:
    """What follows the attention [tokens, heads * head_dim] in a layer, added to its input [tokens, hidden]."""
    x = op.add(residual, product(attended, layer.attention.o_proj))
    return op.add(x, swiglu(norm(x, layer.mlp_norm), layer.mlp.gate_up_proj, layer.mlp.down_proj))


def model(outputs: Sequence[Node], inputs: Sequence[Node]) -> ov.Model:
    return ov.Model([op.result(node) for node in outputs], list(inputs))
