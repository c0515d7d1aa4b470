"""Memory for many tensors at once: a card's allocator gives each of them more than it needs."""

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

_ALIGNED_BYTES = 256


def empty_like_all(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """As `torch.empty_like` of each on `device`; on a card in one block, which is free when all of them are."""
    if device.type == "cuda":
        return in_one_block(tensors, device)
    return [torch.empty(tensor.shape, dtype=tensor.dtype, device=device) for tensor in tensors]


def in_one_block(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """See empty_like_all."""
    sizes = [-(-tensor.numel() * tensor.itemsize // _ALIGNED_BYTES) * _ALIGNED_BYTES for tensor in tensors]
    block = torch.empty(sum(sizes), dtype=torch.uint8, device=device)
    return [
        block[start : start + tensor.numel() * tensor.itemsize].view(tensor.dtype).view(tensor.shape)
        for start, tensor in zip(accumulate(sizes, initial=0), tensors, strict=False)
    ]
