"""Weights in training: float32 to move, a copy to compute with, an average that is kept.

Big matrices are stored in eight bits. In the last part of a training they are rounded to them before every step, while
the gradient moves what was not rounded: so the network learns to speak with the rounded ones.
"""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import torch
from torch import Tensor, nn

EIGHT_BITS = torch.float8_e4m3fn
_FEWEST = 8_192
"""Numbers of a matrix that is worth it; small ones keep two bytes a number."""

_LONGEST_AVERAGE = 0.999
_ALIGNED = 64  # numbers: where a matrix may begin in a long vector


def is_stored_in_eight_bits(tensor: Tensor) -> bool:
    return tensor.ndim >= 2 and tensor.numel() >= _FEWEST


def rounded(tensor: Tensor) -> Tensor:
    """As it will be stored, if it is to be stored in eight bits."""
    return tensor.to(EIGHT_BITS).to(tensor.dtype) if is_stored_in_eight_bits(tensor) else tensor


class TrainedWeights:
    """The weights of some modules, which compute in `dtype` from now on.

    What every step does to all of them, it does to a few long vectors: matrices that are stored in eight bits first,
    then other matrices, then norms and biases.
    """

    def __init__(self, modules: Sequence[nn.Module], dtype: torch.dtype = torch.float32) -> None:
        parameters = [p for module in modules for p in module.parameters()]
        self.computing = sorted(parameters, key=lambda p: (not is_stored_in_eight_bits(p), p.ndim < 2))
        sizes = [-(-p.numel() // _ALIGNED) * _ALIGNED for p in self.computing]
        begins = [0, *accumulate(sizes)]
        self._in_eight_bits = begins[sum(map(is_stored_in_eight_bits, self.computing))]
        self._decaying = begins[sum(p.ndim >= 2 for p in self.computing)]

        def views(vector: Tensor) -> list[Tensor]:
            return [vector[at : at + p.numel()].view(p.shape) for at, p in zip(begins, self.computing, strict=False)]

        self._master = torch.zeros(begins[-1], device=self.computing[0].device)
        self.masters = views(self._master)
        torch._foreach_copy_(self.masters, [p.detach() for p in self.computing])
        self._average, self._gradient = self._master.clone(), torch.zeros_like(self._master)
        self._stored = torch.zeros_like(self._master)
        self._averages, self._gradients, self._as_stored = (
            views(vector) for vector in (self._average, self._gradient, self._stored)
        )
        self._steps = 0
        for module in modules:
            module.to(dtype)

    def groups(self, weight_decay: float) -> list[dict[str, object]]:
        """For an optimiser: norms and biases do not decay."""
        groups: list[dict[str, object]] = []
        for part, decay in ((slice(0, self._decaying), weight_decay), (slice(self._decaying, None), 0.0)):
            weights = self._master[part].requires_grad_()
            weights.grad = self._gradient[part]
            if len(weights):
                groups.append({"params": [weights], "weight_decay": decay})
        return groups

    @torch.no_grad()
    def publish(self, *, as_stored: bool, average: bool = False) -> None:
        """The modules compute with them, or with their average, as they are or as they will be stored."""
        source = self._average if average else self._master
        views = self._averages if average else self.masters
        if as_stored:
            cut = self._in_eight_bits
            self._stored[:cut] = source[:cut].to(EIGHT_BITS)
            self._stored[cut:] = source[cut:]
            views = self._as_stored
        torch._foreach_copy_(self.computing, views)

    @torch.no_grad()
    def gather_gradients(self) -> None:
        """From the modules, which have none afterwards."""
        for computing in self.computing:
            if computing.grad is None:
                computing.grad = torch.zeros_like(computing)
        torch._foreach_copy_(self._gradients, [p.grad for p in self.computing])
        for computing in self.computing:
            computing.grad = None

    @torch.no_grad()
    def clip_gradients(self, most: float) -> Tensor:
        """To a norm of `most` -> the norm before."""
        norm = self._gradient.norm()
        self._gradient.mul_((most / (norm + 1e-6)).clamp(max=1))
        return norm

    def take_gradients(self, most: float) -> Tensor:
        """From the modules to the masters, clipped to a norm of `most` -> the norm before."""
        self.gather_gradients()
        return self.clip_gradients(most)

    @torch.no_grad()
    def update_average(self) -> None:
        """After the optimiser's step."""
        share = 1 - min(_LONGEST_AVERAGE, self._steps / (self._steps + 50))
        self._average.lerp_(self._master, share)
        self._steps += 1


def save(path: Path, content: object) -> None:
    """All of it or none."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.rename(path)


def half(module: nn.Module) -> dict[str, Tensor]:
    """A state that travels well: float16, where that is precise enough."""
    return {name: tensor.half() for name, tensor in module.state_dict().items()}
