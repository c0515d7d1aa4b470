"""A step of a training that the card repeats by itself, from one recording for each shape of its batch.

A small network's step is a thousand small kernels: launched one by one they take several times as long as they compute.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from scripts.speaking.log import say

Batch = dict[str, Tensor]
_WARM_UPS = 2


class RecordedStep:
    """`step` takes a batch and returns figures; it must not wait for the card, nor depend on anything but tensors.

    It is made and called in a stream that is not the default one.
    """

    def __init__(self, step: Callable[[Batch], Tensor]) -> None:
        self._step = step
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.current_stream()
        self._recordings: dict[torch.Size, tuple[Batch, torch.cuda.CUDAGraph, Tensor]] = {}

    def __call__(self, batch: Batch) -> Tensor:
        """The figures lie where those of the next step will lie."""
        shape = batch["text"].shape
        if shape not in self._recordings:
            self._recordings[shape] = self._record(batch)
            say("recorded", shape=tuple(shape), recordings=len(self._recordings))
        inputs, graph, figures = self._recordings[shape]
        for name, tensor in inputs.items():
            tensor.copy_(batch[name])
        graph.replay()
        return figures

    def _record(self, batch: Batch) -> tuple[Batch, torch.cuda.CUDAGraph, Tensor]:
        inputs = {name: tensor.clone() for name, tensor in batch.items()}
        for _ in range(_WARM_UPS):  # compilers and libraries prepare themselves where nothing is recorded
            self._step(inputs)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, self._pool, self._stream, capture_error_mode="thread_local"):
            figures = self._step(inputs)
        return inputs, graph, figures
