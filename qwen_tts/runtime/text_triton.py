"""The talker's text projection in kernels: a copy to the card and a graph for 64 words."""

from torch import Tensor

from qwen_tts.kernels.affine import affine
from qwen_tts.models.talker import TextProjection
from qwen_tts.runtime.cuda_graphs import Graphs

_WORDS = 64


class TritonText:
    """See Talker.project_text. Calls only enqueue work on the stream of `graphs`."""

    def __init__(self, projection: TextProjection, graphs: Graphs) -> None:
        self._projection, self._graphs = projection, graphs
        first, second = projection.linear_fc1.weight, projection.linear_fc2.weight
        self._words = first.new_zeros(_WORDS, first.shape[1])
        self._inner = first.new_empty(_WORDS, first.shape[0])
        self._out = first.new_empty(_WORDS, second.shape[0])

    def __call__(self, words: Tensor) -> Tensor:
        out = self._out.new_empty(len(words), self._out.shape[1])
        is_cuda = out.is_cuda
        host = words.to(out.dtype)
        host = host.pin_memory() if is_cuda else host
        for some, projected in zip(host.split(_WORDS), out.split(_WORDS), strict=True):
            self._words[: len(some)].copy_(some, non_blocking=is_cuda)
            self._graphs.run("text", self._run)
            projected.copy_(self._out[: len(some)])
        return out

    def prepare(self) -> None:
        """Compile and capture; nothing happens the second time."""
        self._graphs.capture("text", self._run)

    def _run(self) -> None:
        first, second = self._projection.linear_fc1, self._projection.linear_fc2
        affine(self._words, first.weight, first.bias, self._inner, silu=True)
        affine(self._inner, second.weight, second.bias, self._out)
