"""Tensors that a checkpoint keeps apart and a GPU multiplies as one.

`parts` names the checkpoint's modules and how many rows each has; weights.py stacks them along the first dimension.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional


class FusedLinear(nn.Module):
    """Several linear layers without bias over the same input: x [..., inputs] -> [..., the sum of the parts' rows]."""

    def __init__(self, inputs: int, parts: Mapping[str, int]) -> None:
        super().__init__()
        self.parts = dict(parts)
        self.weight = nn.Parameter(torch.empty(sum(parts.values()), inputs))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight)


class SwiGLU(nn.Module):
    """The gated feed-forward layer: down(silu(gate(x)) * up(x))."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_up_proj = FusedLinear(hidden_size, {"gate_proj": intermediate_size, "up_proj": intermediate_size})
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate) * up)
