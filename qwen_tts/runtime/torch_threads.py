"""How many threads PyTorch computes with on the CPU: a number of the process, whoever sets it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch


@cache
def usual_threads() -> int:
    """As many as it took by itself, or was told to by its environment, when this was first asked."""
    return torch.get_num_threads()


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
