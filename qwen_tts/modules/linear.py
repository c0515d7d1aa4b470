"""Linear layers: of tensors that a checkpoint keeps apart and a GPU multiplies as one, and of weights in 8 or 4 bits.

`parts` names the checkpoint's modules and how many rows each has; weights.py stacks them along the first dimension.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.modules.weight_formats import QuantisedWeight


class FusedLinear(nn.Module):
    """Several linear layers without bias over the same input: x [..., inputs] -> [..., the sum of the parts' rows]."""

    def __init__(self, inputs: int, parts: Mapping[str, int]) -> None:
        super().__init__()
        self.parts = dict(parts)
        self.weight = nn.Parameter(torch.empty(sum(parts.values()), inputs))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight)


class ApartLinear(nn.Module):
    """A FusedLinear whose parts stay where they lie, in a file for instance: slower, and without memory of its own."""

    def __init__(self, parts: Sequence[Tensor]) -> None:
        """`parts` [rows, inputs] each."""
        super().__init__()
        self._parts = tuple(parts)

    @property
    def weight(self) -> Tensor:
        """[outputs, inputs], put together at every call."""
        return torch.cat(self._parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([functional.linear(x, part) for part in self._parts], dim=-1)


class QuantisedLinear(nn.Module):
    """A linear layer without bias, of one part or several, whose weight has 8 or 4 bits: x [..., inputs] -> [...,
    outputs].

    Here it is dequantised for every call: slow, and the same on every device. Backends take `kept` instead.
    """

    def __init__(self, kept: QuantisedWeight) -> None:
        super().__init__()
        self._bits = kept.bits
        self.stored: Tensor
        self.scales: Tensor
        self.zeros: Tensor
        for name in ("stored", "scales", "zeros"):
            self.register_buffer(name, getattr(kept, name))

    @property
    def kept(self) -> QuantisedWeight:
        return QuantisedWeight(self._bits, self.stored, self.scales, self.zeros)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.kept.dequantised().to(x.dtype))


Linear = nn.Linear | FusedLinear | ApartLinear | QuantisedLinear


class SwiGLU(nn.Module):
    """The gated feed-forward layer: down(silu(gate(x)) * up(x))."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_up_proj = FusedLinear(hidden_size, {"gate_proj": intermediate_size, "up_proj": intermediate_size})
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate) * up)
