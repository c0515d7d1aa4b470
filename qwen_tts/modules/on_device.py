"""Networks that are seldom needed: they lie in the host's memory, and are on the device only while they compute."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def on_device(device: torch.device, *modules: nn.Module) -> Iterator[None]:
    """What the modules hold is on `device` meanwhile. Afterwards they have their old tensors again, without a copy;
    what they have made for the next time goes where those are."""
    at_home = list(_held(modules))
    home = at_home[0][2].device
    if home == device:
        yield
        return
    try:
        for owner, name, tensor in at_home:
            setattr(owner, name, _copied(tensor, device))
        yield
    finally:
        for owner, name, tensor in at_home:
            setattr(owner, name, tensor)
        for owner, name, tensor in _held(modules):
            if tensor.device != home:
                setattr(owner, name, _copied(tensor, home))


def _held(modules: tuple[nn.Module, ...]) -> Iterator[tuple[nn.Module, str, Tensor]]:
    """Parameters, buffers, and tensors that are mere attributes: whose, their name, and they."""
    for owner in [child for module in modules for child in module.modules()]:
        mere = [(name, value) for name, value in vars(owner).items() if isinstance(value, Tensor)]
        for name, tensor in [*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False), *mere]:
            yield owner, name, tensor


def _copied(tensor: Tensor, device: torch.device) -> Tensor:
    copy = tensor.to(device)
    return nn.Parameter(copy, requires_grad=False) if isinstance(tensor, nn.Parameter) else copy
