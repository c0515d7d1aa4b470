"""A stack of layers over a paged cache as one OpenVINO graph: prompts and steps of several rows in the same call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import numpy as np
import openvino as ov
import openvino.opset13 as op
import torch
from openvino import Node, Type
from openvino.op import _PagedAttentionExtension as PagedAttention
from torch import Tensor, nn

from qwen_tts.config.checkpoint import TransformerConfig
from qwen_tts.modules.linear import Linear
from qwen_tts.modules.rope import rope
from qwen_tts.modules.transformer import Transformer
from qwen_tts.runtime.openvino_compiler import Compiler
from qwen_tts.runtime.openvino_graphs import (
    DYNAMIC,
    axis,
    finish,
    heads,
    linear,
    model,
    norm,
    parameter,
    product,
)

PAGE_POSITIONS = 32
"""On a CPU, OpenVINO has pages of this size only."""


@dataclass(frozen=True)
class Span:
    """Consecutive positions of one row, which a call reads."""

    start: int
    end: int
    pages: Sequence[int]
    """Of the row, from its first position on"""


@dataclass(frozen=True)
class Reading:
    """Where the tokens of a call stand: the graph's inputs in their order, each int32 but for the first two."""

    cos: Tensor
    """[tokens, 1, head_dim] float32"""
    sin: Tensor
    past: Tensor
    """[spans]: positions before the first of a span"""
    begins: Tensor
    """[spans + 1]: where a span's tokens begin, and how many tokens there are"""
    blocks: Tensor
    """Pages of the first span, then of the next"""
    block_begins: Tensor
    """[spans + 1]: where a span's pages begin"""
    longest: Tensor
    """[]: positions of the longest row"""
    last: Tensor
    """[spans]: its last token"""

    @classmethod
    def of(cls, spans: Sequence[Span], config: TransformerConfig) -> "Reading":
        positions = torch.cat([torch.arange(span.start, span.end) for span in spans])
        cos, sin = (angles[0, 0, :, None] for angles in _angles(positions, config))
        pages = [span.pages[: -(-span.end // PAGE_POSITIONS)] for span in spans]
        begins = _begins([span.end - span.start for span in spans])
        return cls(
            cos.contiguous(), sin.contiguous(), _int32([span.start for span in spans]), begins,
            _int32([page for own in pages for page in own]), _begins([len(own) for own in pages]),
            torch.tensor(max(span.end for span in spans), dtype=torch.int32), begins[1:] - 1,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Tensor]:
        return (getattr(self, field.name) for field in fields(self))


def _angles(positions: Tensor, config: TransformerConfig) -> tuple[Tensor, Tensor]:
    return rope(positions[None], config.head_dim, config.rope_theta, torch.float32)


def _int32(numbers: Sequence[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int32)


def _begins(counts: Sequence[int]) -> Tensor:
    return _int32([*accumulate(counts, initial=0)])


class PagedLayers:
    """All layers of a transformer and its final norm."""

    def __init__(
        self, transformer: Transformer, cache: Tensor, compiler: Compiler,
        *, projection: nn.Linear | None = None, head: Linear | None = None,
    ) -> None:  # fmt: skip
        """`cache` [pages, layers, 2, kv_heads, PAGE_POSITIONS, head_dim] float32 is read and written in place.

        `projection` comes before the layers, and `head` after them, which gives [vocab].
        """
        self._config = transformer.config
        self._graph = compiler.compile(_graph(transformer, projection, head))
        self._graph.bind(1 + len(fields(Reading)), _parts(cache))
        self._pages_apart = 2 * self._config.layers

    def reading(self, spans: Sequence[Span]) -> Reading:
        """What a call that reads these spans is told."""
        apart = [Span(span.start, span.end, [page * self._pages_apart for page in span.pages]) for span in spans]
        return Reading.of(apart, self._config)

    def __call__(self, x: Tensor, reading: Reading) -> list[Tensor]:
        """x [tokens, width] float32 -> hidden [spans, hidden] of the last token of every span, and [spans, vocab] of
        the head. The next call overwrites them."""
        return self._graph(x, *reading)


def _parts(cache: Tensor) -> list[Tensor]:
    """The cache of a layer's keys, then that of its values, layer by layer: blocks of memory [blocks, kv_heads,
    PAGE_POSITIONS, head_dim], of which every (2 * layers)-th is its own."""
    pages, layers, two = cache.shape[:3]
    blocks = cache.view(pages * layers * two, *cache.shape[3:])
    reach = len(blocks) - layers * two + 1
    return [blocks[first : first + reach] for first in range(layers * two)]


def _graph(transformer: Transformer, projection: nn.Linear | None, head: Linear | None) -> ov.Model:
    config = transformer.config
    width = config.hidden_size if projection is None else projection.in_features
    inputs = x, cos, sin, *where = [
        parameter(DYNAMIC, width), parameter(DYNAMIC, 1, config.head_dim), parameter(DYNAMIC, 1, config.head_dim),
        *(op.parameter(shape, Type.i32) for shape in ([DYNAMIC], [DYNAMIC], [DYNAMIC], [DYNAMIC], [], [DYNAMIC])),
    ]  # fmt: skip
    *where, last = where
    caches = [parameter(DYNAMIC, config.kv_heads, PAGE_POSITIONS, config.head_dim) for _ in range(2 * config.layers)]
    if projection is not None:
        x = linear(x, projection)
    for index, layer in enumerate(transformer.layers):
        attended = _attend(heads(x, layer, cos, sin), caches[2 * index : 2 * index + 2], where, config)
        x = finish(attended, x, layer)
    outputs = [norm(op.gather(x, last, axis(0)), transformer.norm)]
    if head is not None:
        outputs.append(product(outputs[0], head))
    return model(outputs, [*inputs, *caches])


def _attend(
    heads: tuple[Node, Node, Node], caches: Sequence[Node], where: Sequence[Node], config: TransformerConfig
) -> Node:
    """query, key and value [tokens, ..] -> [tokens, heads * head_dim]; key and value are put into their cache first."""
    past, begins, blocks, block_begins, longest = where
    none = {dtype: op.constant(np.zeros(0, dtype)) for dtype in (np.int32, np.float32, np.uint8)}
    zero = op.constant(np.int32(0))
    whole, real, bytes_ = none[np.int32], none[np.float32], none[np.uint8]
    nodes = [
        *heads, *caches, past, begins, blocks, block_begins, op.constant(np.float32(config.head_dim**-0.5)),
        zero, real, longest, whole,  # no sliding window, no ALiBi, no scores given out
        whole, whole, real, real, zero, zero, real,  # keys are rotated already, all of them are read, no sinks
        zero, whole, whole, whole, whole, bytes_, whole,  # nothing is evicted, no token types, no tree of guesses
    ]  # fmt: skip
    attention = PagedAttention([node.output(0) for node in nodes])
    sizes = {"num_k_heads": config.kv_heads, "num_v_heads": config.kv_heads}
    for name, size in (sizes | {"k_head_size": config.head_dim, "v_head_size": config.head_dim}).items():
        attention.get_rt_info()[name] = size
    return attention.output(0)
