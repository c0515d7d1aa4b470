"""Device work captured once and replayed: nothing else knows of CUDA graphs.

What is captured reads and writes tensors that stay where they are; it allocates only from the pool of its graphs, which
therefore run one after the other, on one stream.
"""

import gc
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress

import torch

from qwen_tts.runtime.host_memory import trim

_DEVICE = threading.Lock()
"""While one thread captures, no other may wait for the whole device or give memory back to it."""


def synchronize(device: torch.device) -> None:
    """Wait for everything that the device has been told to do."""
    with _DEVICE:
        torch.cuda.synchronize(device)


def free_memory() -> None:
    """What nobody refers to any more goes back to the device, and to the system."""
    gc.collect()
    trim()
    if torch.cuda.is_available():
        with _DEVICE:
            torch.cuda.empty_cache()


def has_room(device: torch.device, size: int) -> bool:
    """Whether so many bytes can still be had on it, whatever limits it; anywhere but on CUDA there is room."""
    if device.type != "cuda":
        return True
    try:
        torch.empty(size, dtype=torch.uint8, device=device)
    except torch.OutOfMemoryError:
        return False
    with _DEVICE:
        torch.cuda.empty_cache()
    return True


class Graphs:
    """None: every call simply runs when it is needed."""

    def run(self, _key: Hashable, function: Callable[[], object]) -> None:
        """Replay what was captured under the key, or else call `function`."""
        function()

    def capture(self, key: Hashable, function: Callable[[], object]) -> None:
        """Prepare for `run`; nothing happens the second time."""


class DryRun(Graphs):
    """Calls what is to be captured, without a device."""

    def __init__(self) -> None:
        self._captured: set[Hashable] = set()

    def capture(self, key: Hashable, function: Callable[[], object]) -> None:
        if key not in self._captured:
            self._captured.add(key)
            function()


class CudaGraphs(Graphs):
    """The graphs of one stream."""

    def __init__(self) -> None:
        self._graphs: dict[Hashable, torch.cuda.CUDAGraph] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def run(self, key: Hashable, function: Callable[[], object]) -> None:
        graph = self._graphs.get(key)
        if graph is None:
            function()
        else:
            graph.replay()

    def capture(self, key: Hashable, function: Callable[[], object]) -> None:
        """Call `function`, which compiles what it needs, then capture it on the current stream."""
        if key not in self._graphs:
            function()
            with _DEVICE:
                self._graphs[key] = self._captured(function)

    def _captured(self, function: Callable[[], object]) -> torch.cuda.CUDAGraph:
        stream = torch.cuda.current_stream()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        # torch.cuda.graph would first collect garbage and empty the allocator's cache: most of a second.
        graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
        try:
            function()
        except BaseException:
            with suppress(RuntimeError):  # what went wrong says more
                graph.capture_end()
            raise
        graph.capture_end()
        return graph
