"""What a graphics card can do, and what CUDA takes of it."""

import ctypes
import logging
from contextlib import suppress

import torch

logger = logging.getLogger(__name__)

_AMPERE = (8, 0)
"""bfloat16, and copies that do not wait"""
HOPPER = (9, 0)
RECENT_CARD = "an NVIDIA card of the year 2020 or later (compute capability 8.0)"
"""Triton's README says the same: since 3.3 it multiplies on older ones without their tensor cores, and its maintainers
mend nothing there (triton-lang/triton, pull request 5066, issue 10918)."""


def is_recent_card(device: torch.device) -> bool:
    """Whether kernels made for Ampere and later run on it."""
    is_nvidia = device.type == "cuda" and torch.cuda.is_available() and not torch.version.hip
    return is_nvidia and torch.cuda.get_device_capability(device) >= _AMPERE


def may_chain(device: torch.device) -> bool:
    """Programmatic dependent launch came with Hopper."""
    return torch.cuda.get_device_capability(device) >= HOPPER


_STACK, _PRINTED, _HEAP = 0, 1, 2
"""CUlimit"""
_STACK_BYTES = 256


def take_little_memory(device: torch.device) -> None:
    """Tell CUDA not to set memory aside that nobody here uses: a stack of 1 KB for each thread that the card can run at
    once (277 MB of an H200), and room for what kernels print and allocate. A kernel that needs more still gets it.

    From the thread that uses the device. Where it cannot be told, everything is as ever.
    """
    if device.type != "cuda" or torch.version.hip:
        return
    torch.empty(1, device=device)  # from now on this thread has a context
    with suppress(OSError):
        driver = ctypes.CDLL("libcuda.so.1")
        for limit, size in ((_STACK, _STACK_BYTES), (_PRINTED, 0), (_HEAP, 0)):
            if error := driver.cuCtxSetLimit(ctypes.c_int(limit), ctypes.c_size_t(size)):
                logger.debug("CUDA's limit %d stays as it is: error %d", limit, error)
