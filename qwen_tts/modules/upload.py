"""Small numbers on their way to the device, without waiting for what it does."""

from collections.abc import Sequence

import torch
from torch import Tensor


def upload(values: Sequence[int] | Sequence[Sequence[int]], device: torch.device, dtype: torch.dtype) -> Tensor:
    """The values on `device`, ordered with its current stream."""
    pinned = torch.tensor(values, dtype=dtype, pin_memory=device.type == "cuda")
    return pinned.to(device, non_blocking=device.type == "cuda")


def upload_tensor(tensor: Tensor, device: torch.device) -> Tensor:
    """The same, of a tensor on the CPU."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
