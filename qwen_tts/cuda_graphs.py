"""Device work captured once and replayed: nothing else knows of CUDA graphs.

What is captured reads and writes tensors that stay where they are; it allocates only from the pool of its graphs, which
therefore run one after the other, on one stream.
"""

from collections.abc import Callable, Hashable

import torch


class Graphs:
    """The graphs of one stream. Without CUDA, or not `enabled`, every call simply runs."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._graphs: dict[Hashable, torch.cuda.CUDAGraph] = {}
        self._pool = torch.cuda.graph_pool_handle() if enabled else None

    def run(self, key: Hashable, function: Callable[[], object]) -> None:
        """Replay what was captured under `key`, or else call `function`."""
        graph = self._graphs.get(key)
        if graph is None:
            function()
        else:
            graph.replay()

    def capture(self, key: Hashable, function: Callable[[], object]) -> None:
        """Call `function`, which compiles what it needs, then capture it on the current stream."""
        function()
        if not self._enabled:
            return
        stream = torch.cuda.current_stream()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=stream, capture_error_mode="thread_local"):
            function()
        self._graphs[key] = graph
