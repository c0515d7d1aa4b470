"""OpenVINO graphs -> what runs them on the CPU."""

from collections.abc import Mapping, Sequence
from typing import Any

import openvino as ov
import torch
from torch import Tensor

from qwen_tts.modules.weight_formats import GROUPS, Bits


class Compiler:
    """Compiles for `threads` threads."""

    def __init__(self, threads: int, bits: Bits, *, exact: bool = False) -> None:
        """Products with weights in so many bits are of integers; `exact`: of float32, slower."""
        self.is_exact = exact
        self._core = ov.Core()
        has_bfloat16 = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.short = "f32" if exact or not has_bfloat16 else "bf16"
        self._options: Mapping[str, Any] = {
            "INFERENCE_NUM_THREADS": threads,
            # A thread that may not leave its core waits for who works there, and the others wait for it: beside other
            # work a frame took 1.3 to 1.4 times as long. The engine's thread stays on the fast cores (cores.py).
            "ENABLE_CPU_PINNING": False,
            "PERFORMANCE_HINT": "LATENCY",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0 if exact else GROUPS[bits],
            "KV_CACHE_PRECISION": ov.Type.f32,  # PyTorch writes there too
        }

    def compile(self, graph: ov.Model, precision: str = "f32", *, integers: bool = True) -> "Graph":
        """`precision` is what it computes in, but for products with weights of few bits: unless `integers` is False,
        these are of integers."""
        options = {**self._options, "INFERENCE_PRECISION_HINT": precision}
        if not integers:
            options["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 0
        return Graph(self._core.compile_model(graph, "CPU", options))


class Graph:
    """A compiled graph: tensors in, tensors out. What comes out is overwritten by the next call."""

    def __init__(self, model: ov.CompiledModel) -> None:
        self._request = model.create_infer_request()
        self._outputs = range(len(model.outputs))
        self._bound: list[Tensor] = []
        """The request does not keep them alive"""

    def bind(self, first: int, tensors: Sequence[Tensor]) -> None:
        """Inputs from `first` on that stay where they are: every call reads and writes them in place."""
        for index, tensor in enumerate(tensors, first):
            assert tensor.is_contiguous()
            self._set(index, tensor)
        self._bound += tensors

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """The first inputs, those that are not bound."""
        kept = [tensor.contiguous() for tensor in inputs]  # nobody else keeps them alive
        for index, tensor in enumerate(kept):
            self._set(index, tensor)
        self._request.infer()
        return [torch.from_numpy(self._request.get_output_tensor(index).data) for index in self._outputs]

    def _set(self, index: int, tensor: Tensor) -> None:
        self._request.set_input_tensor(index, ov.Tensor(tensor.detach().numpy(), shared_memory=True))
