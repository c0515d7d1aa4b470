"""Weights in training: float32 to move, a copy to compute with, an average that is kept.

Big matrices are stored in eight bits. In the last part of a training they are rounded to them before every step, while
the gradient moves what was not rounded: so the network learns to speak with the rounded ones.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

EIGHT_BITS = torch.float8_e4m3fn
_FEWEST = 8_192
"""Numbers of a matrix that is worth it; small ones keep two bytes a number."""

_LONGEST_AVERAGE = 0.999


def is_stored_in_eight_bits(tensor: Tensor) -> bool:
    return tensor.ndim >= 2 and tensor.numel() >= _FEWEST


def rounded(tensor: Tensor) -> Tensor:
    """As it will be stored, if it is to be stored in eight bits."""
    return tensor.to(EIGHT_BITS).to(tensor.dtype) if is_stored_in_eight_bits(tensor) else tensor


class TrainedWeights:
    """The weights of some modules, which compute in `dtype` from now on."""

    def __init__(self, modules: Sequence[nn.Module], dtype: torch.dtype = torch.float32) -> None:
        self.computing = [p for module in modules for p in module.parameters()]
        self.masters = [p.detach().float().clone().requires_grad_() for p in self.computing]
        self._average = [p.detach().clone() for p in self.masters]
        self._steps = 0
        for module in modules:
            module.to(dtype)

    def groups(self, weight_decay: float) -> list[dict[str, object]]:
        """For an optimiser: norms and biases do not decay."""
        return [
            {"params": [p for p in self.masters if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in self.masters if p.ndim < 2], "weight_decay": 0.0},
        ]

    @torch.no_grad()
    def publish(self, *, as_stored: bool, average: bool = False) -> None:
        """The modules compute with them, or with their average, as they are or as they will be stored."""
        source = self._average if average else self.masters
        torch._foreach_copy_(self.computing, [rounded(p) for p in source] if as_stored else source)

    @torch.no_grad()
    def take_gradients(self, most: float) -> Tensor:
        """From the modules to the masters, clipped to a norm of `most` -> the norm before."""
        for master, computing in zip(self.masters, self.computing, strict=True):
            master.grad = None if computing.grad is None else computing.grad.to(torch.float32)
            computing.grad = None
        return nn.utils.clip_grad_norm_(self.masters, most)

    @torch.no_grad()
    def update_average(self) -> None:
        """After the optimiser's step."""
        share = 1 - min(_LONGEST_AVERAGE, self._steps / (self._steps + 50))
        torch._foreach_lerp_(self._average, self.masters, share)
        self._steps += 1


def save(path: Path, content: object) -> None:
    """All of it or none."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.rename(path)


def half(module: nn.Module) -> dict[str, Tensor]:
    """A state that travels well: float16, where that is precise enough."""
    return {name: tensor.half() for name, tensor in module.state_dict().items()}
