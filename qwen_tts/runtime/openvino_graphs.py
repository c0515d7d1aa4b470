"""The layers of talker and code predictor as OpenVINO graphs: what each piece of them is in its operations."""

from collections.abc import Sequence

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray
from openvino import Node
from torch import Tensor, nn

from qwen_tts.config.checkpoint import TransformerConfig
from qwen_tts.modules.linear import Linear, QuantisedLinear, SwiGLU
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
    return op.constant(tensor.detach().float().contiguous().numpy())


def linear(x: Node, module: nn.Linear) -> Node:
    """In float32, or in what the compiler takes for it."""
    y = op.matmul(x, numbers(module.weight), transpose_a=False, transpose_b=True)
    return y if module.bias is None else op.add(y, numbers(module.bias))


def swiglu(x: Node, module: SwiGLU) -> Node:
    gate, up = op.split(product(x, module.gate_up_proj), axis(-1), 2).outputs()
    return product(op.multiply(op.swish(gate), up), module.down_proj)


def product(x: Node, layer: Linear) -> Node:
    """x [..., inputs] by the weight of a layer without bias -> [..., outputs]."""
    weight = _dequantised(layer.kept) if isinstance(layer, QuantisedLinear) else numbers(layer.weight)
    return op.matmul(x, weight, transpose_a=False, transpose_b=True)


def _dequantised(kept: QuantisedWeight) -> Node:
    """[outputs, inputs]; the compiler keeps the integers."""
    stored, zeros = kept.stored.numpy(), kept.zeros.numpy()
    if kept.bits == 8:
        values = op.convert(op.constant(stored), "f16")
    else:
        shape = [*stored.shape[:2], 2 * stored.shape[2]]
        values = op.subtract(_nibbles(stored, shape), _nibbles(_paired(zeros), list(zeros.shape)))
    scaled = op.multiply(values, op.constant(kept.scales.numpy()))
    return op.convert(op.reshape(scaled, integers(*kept.shape), special_zero=False), "f32")


def _nibbles(stored: NDArray[np.uint8], shape: list[int]) -> Node:
    packed = ov.Tensor(ov.Type.u4, ov.Shape(shape))
    packed.data.reshape(-1)[:] = stored.reshape(-1)
    return op.convert(op.constant(packed), "f16")


def _paired(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Values below 16, two a byte, the first in its low half."""
    first, second = values.reshape(-1)[::2].copy(), values.reshape(-1)[1::2]
    first[: len(second)] |= second << 4
    return first


def norm(x: Node, module: RMSNorm) -> Node:
    square = op.reduce_mean(op.power(x, op.constant(np.float32(2))), integers(-1), keep_dims=True)
    inverse = op.divide(op.constant(np.float32(1)), op.sqrt(op.add(square, op.constant(np.float32(module.eps)))))
    return op.multiply(op.multiply(x, inverse), numbers(module.weight))


def heads(x: Node, layer: Layer, cos: Node, sin: Node) -> tuple[Node, Node, Node]:
    """The layer's input x [rows, n, hidden] -> query [rows, heads, n, head_dim], key and value [rows, kv_heads, ..]."""
    own = layer.attention
    joined = product(norm(x, layer.attention_norm), own.qkv_proj)
    split = op.reshape(joined, integers(0, 0, -1, own.head_dim), special_zero=True)
    parts = op.variadic_split(split, integers(2), integers(own.heads, own.kv_heads, own.kv_heads))
    query, key, value = (op.transpose(parts.output(index), integers(0, 2, 1, 3)) for index in range(3))
    return rotated(norm(query, own.q_norm), cos, sin), rotated(norm(key, own.k_norm), cos, sin), value


def rotated(x: Node, cos: Node, sin: Node) -> Node:
    halves = op.split(x, axis(-1), 2)
    turned = op.concat([op.multiply(halves.output(1), op.constant(np.float32(-1))), halves.output(0)], -1)
    return op.add(op.multiply(x, cos), op.multiply(turned, sin))


def finish(attended: Node, residual: Node, layer: Layer) -> Node:
    """What follows the attention [rows, n, heads * head_dim] in a layer, added to its input [rows, n, hidden]."""
    x = op.add(residual, product(attended, layer.attention.o_proj))
    return op.add(x, swiglu(norm(x, layer.mlp_norm), layer.mlp))


def attend(query: Node, keys: Node, values: Node, mask: Node, config: TransformerConfig) -> Node:
    """query [rows, heads, n, head_dim], keys and values [rows, kv_heads, span, head_dim], and a mask [rows, 1, n, span]
    that is added to the scores -> [rows, n, heads * head_dim]."""
    group, dim = config.heads // config.kv_heads, config.head_dim
    grouped = op.reshape(query, integers(0, config.kv_heads, group, -1, dim), special_zero=True)
    of_group = op.constant(np.int64(2))
    scores = op.matmul(grouped, op.unsqueeze(keys, of_group), transpose_a=False, transpose_b=True)
    scores = op.add(
        op.multiply(scores, op.constant(np.float32(dim**-0.5))), op.unsqueeze(mask, op.constant(np.int64(1)))
    )
    attended = op.matmul(op.softmax(scores, -1), op.unsqueeze(values, of_group), transpose_a=False, transpose_b=False)
    by_head = op.reshape(attended, integers(0, config.heads, -1, dim), special_zero=True)
    return op.reshape(op.transpose(by_head, integers(0, 2, 1, 3)), integers(0, 0, -1), special_zero=True)


def model(outputs: Sequence[Node], inputs: Sequence[Node]) -> ov.Model:
    return ov.Model([op.result(node) for node in outputs], list(inputs))
