"""Layers in 8 or 4 bits on the CPU, by OpenVINO: its products read a weight once, at the speed of the memory.

PyTorch keeps what is between them: the caches, sampling, embeddings.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as op
import torch
from openvino import Node
from torch import Tensor

from qwen_tts.modules.attention import Cache, KVCache, MaskedStep, PagedCache, Step
from qwen_tts.modules.linear import Linear
from qwen_tts.modules.transformer import Transformer
from qwen_tts.modules.weight_formats import GROUPS, Bits
from qwen_tts.runtime.openvino_graphs import DYNAMIC, attend, finish, heads, model, norm, parameter, product


class Compiler:
    """Graphs -> what runs them, with `threads` threads."""

    def __init__(self, threads: int, bits: Bits, *, exact: bool = False) -> None:
        """Products with weights in so many bits are of integers; `exact`: of float32, slower."""
        self._core = ov.Core()
        has_bfloat16 = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.short = "f32" if exact or not has_bfloat16 else "bf16"
        self._options: Mapping[str, Any] = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0 if exact else GROUPS[bits],
        }

    def compile(self, graph: ov.Model, precision: str = "f32") -> "Graph":
        options = {**self._options, "INFERENCE_PRECISION_HINT": precision}
        return Graph(self._core.compile_model(graph, "CPU", options).create_infer_request())


class Graph:
    """A compiled graph: tensors in, tensors out. What comes out is overwritten by the next call."""

    def __init__(self, request: ov.InferRequest) -> None:
        self._request = request
        self._outputs = range(len(request.model_outputs))

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        arrays = [tensor.float().contiguous().numpy() for tensor in inputs]  # nobody else keeps them alive
        for index, array in enumerate(arrays):
            self._request.set_input_tensor(index, ov.Tensor(array, shared_memory=True))
        self._request.infer()
        return [torch.from_numpy(self._request.get_output_tensor(index).data) for index in self._outputs]


class OpenVinoHead:
    """See Head."""

    def __init__(self, layer: Linear, inputs: int, compiler: Compiler) -> None:
        hidden = parameter(DYNAMIC, inputs)
        self._graph = compiler.compile(model([product(hidden, layer)], [hidden]))

    def __call__(self, hidden: Tensor) -> Tensor:
        return self._graph(hidden)[0]


class PagedLayers:
    """See Stack: a graph for what lies between two attentions, which PyTorch computes over the cache."""

    def __init__(self, transformer: Transformer, compiler: Compiler) -> None:
        layers, config = list(transformer.layers), transformer.config
        self._graphs = []
        for before, layer in zip([None, *layers], [*layers, None], strict=True):
            residual, attended = parameter(DYNAMIC, DYNAMIC, config.hidden_size), None
            x, inputs, outputs = residual, [residual], []
            if before is not None:
                attended = parameter(DYNAMIC, DYNAMIC, config.heads * config.head_dim)
                x = finish(attended, residual, before)
                inputs.append(attended)
            if layer is not None:
                cos, sin = (parameter(DYNAMIC, 1, DYNAMIC, config.head_dim) for _ in range(2))
                inputs += [cos, sin]
                outputs = [x, *heads(x, layer, cos, sin)]
            else:
                outputs = [norm(x, transformer.norm)]
            self._graphs.append(compiler.compile(model(outputs, inputs)))

    def __call__(self, x: Tensor, cache: Cache, step: Step) -> Tensor:
        """See Stack."""
        assert isinstance(cache, PagedCache)
        first, *between, last = self._graphs
        dtype, angles = x.dtype, (step.cos, step.sin)
        where = cache.where(step.span)
        residual, query, key, value = first(x, *angles)
        for layer, graph in enumerate([*between, last]):
            cache.write(layer, key.to(dtype), value.to(dtype), step.places)
            keys, values = cache.read(layer, *where)
            attended = step.attend(query.to(dtype), keys, values).transpose(1, 2).flatten(2)
            if graph is last:
                break
            residual, query, key, value = graph(residual, attended, *angles)
        return last(residual, attended)[0].to(dtype, copy=True)


class ShortLayers:
    """See Stack: one graph, with an attention that always reads all of a KVCache. For the few positions of a frame."""

    def __init__(self, transformer: Transformer, compiler: Compiler) -> None:
        config = transformer.config
        x = parameter(DYNAMIC, DYNAMIC, config.hidden_size)
        cos, sin = (parameter(DYNAMIC, 1, DYNAMIC, config.head_dim) for _ in range(2))
        mask = parameter(DYNAMIC, 1, DYNAMIC, DYNAMIC)
        past = [parameter(config.layers, DYNAMIC, config.kv_heads, DYNAMIC, config.head_dim) for _ in range(2)]
        hidden = x
        new: tuple[list[Node], list[Node]] = ([], [])
        for index, layer in enumerate(transformer.layers):
            query, *fresh = heads(hidden, layer, cos, sin)
            read = []
            for cached, own, kept in zip(past, fresh, new, strict=True):
                before = op.gather(cached, op.constant(np.int64(index)), op.constant(np.int64(0)))
                read.append(op.concat([before, own], 2))
                kept.append(op.unsqueeze(own, op.constant(np.int64(0))))
            hidden = finish(attend(query, read[0], read[1], mask, config), hidden, layer)
        outputs = [norm(hidden, transformer.norm), *(op.concat(kept, 0) for kept in new)]
        self._graph = compiler.compile(model(outputs, [x, cos, sin, mask, *past]))

    def __call__(self, x: Tensor, cache: Cache, step: Step) -> Tensor:
        """See Stack."""
        assert isinstance(cache, KVCache)
        assert isinstance(step, MaskedStep)
        n = x.shape[1]
        hidden, keys, values = self._graph(x, step.cos, step.sin, _mask(step, cache, n), cache.keys, cache.values)
        for layers, new in ((cache.keys, keys), (cache.values, values)):
            layers.scatter_(3, step.places[None].expand_as(new), new.to(layers.dtype))
        return hidden.to(x.dtype, copy=True)


def _mask(step: MaskedStep, cache: KVCache, n: int) -> Tensor:
    """[rows, 1, n, positions of the cache + n]: what is added to the scores of the cached, then of the new inputs."""
    rows, positions = step.mask.shape[0], cache.positions + 1
    old = torch.arange(positions) < cache.lengths[:, None, None]
    own = torch.ones(n, n, dtype=torch.bool).tril()
    allowed = torch.cat((old.expand(rows, n, positions), own.expand(rows, n, n)), -1)[:, None]
    return torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)
