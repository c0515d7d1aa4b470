"""Causal convolutions over a stream that comes in chunks: what they still need of the past is a state of the caller's.

Offline is streaming with one big chunk: an all-zero state is the zero padding on the left.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ConvState:
    """The last inputs of every row. Allocated once, then only written in place."""

    tail: Tensor
    """[rows, channels, context]"""

    def first(self, rows: int) -> "ConvState":
        """The first `rows` rows, sharing their memory."""
        return ConvState(self.tail[:rows])

    def extend(self, x: Tensor, active: Tensor) -> Tensor:
        """x [rows, channels, n] -> the same with its context before it; the `active` [rows] rows remember `x`."""
        extended = torch.cat((self.tail, x), dim=-1)
        tail = extended[..., x.shape[-1] :]
        self.tail.copy_(torch.where(active[:, None, None], tail, self.tail))
        return extended


class CausalConv1d(nn.Module):
    """[rows, inputs, n] -> [rows, outputs, n / stride]; n is a multiple of the stride."""

    def __init__(
        self, inputs: int, outputs: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel_size, stride=stride, dilation=dilation, groups=groups)
        self._context = (kernel_size - 1) * dilation + 1 - stride

    def init_state(self, rows: int) -> ConvState:
        return ConvState(self.conv.weight.new_zeros(rows, self.conv.in_channels, self._context))

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        return self.conv(state.extend(x, active))


class CausalConvTranspose1d(nn.Module):
    """[rows, inputs, n] -> [rows, outputs, n * stride]; the kernel is a multiple of the stride."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        assert kernel_size % stride == 0, (kernel_size, stride)
        self.conv = nn.ConvTranspose1d(inputs, outputs, kernel_size, stride)
        self._stride = stride
        self._context = kernel_size // stride - 1

    def init_state(self, rows: int) -> ConvState:
        return ConvState(self.conv.weight.new_zeros(rows, self.conv.in_channels, self._context))

    def forward(self, x: Tensor, state: ConvState, active: Tensor) -> Tensor:
        # What the context itself contributes to earlier samples was given out before; what x contributes to later ones
        # comes again with the next chunk.
        out = self.conv(state.extend(x, active))
        return out[..., self._context * self._stride :][..., : x.shape[-1] * self._stride]
