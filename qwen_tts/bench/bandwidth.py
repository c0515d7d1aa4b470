"""How fast the machine's memory is copied: what a frame's weights wait for on a CPU."""

import time

import torch

_BYTES = 2**27
"""More than the caches of the machines that homes have"""
_TIMES = 5


def copy_gb_s() -> float:
    """GB in a second, read and written together; the best of a few copies, by as many threads as PyTorch has."""
    source = torch.ones(_BYTES, dtype=torch.uint8)
    target = torch.empty_like(source)
    took_s = []
    for _ in range(_TIMES):
        before = time.perf_counter()
        target.copy_(source)
        took_s.append(time.perf_counter() - before)
    return 2 * _BYTES / min(took_s) / 1e9
