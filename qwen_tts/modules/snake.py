"""SnakeBeta: an activation with a period (Ziyin et al., "Neural networks fail to learn periodic functions", 2020)."""

import torch
from torch import Tensor, nn

_SMALLEST = 1e-9


class SnakeBeta(nn.Module):
    """x + sin(x * exp(alpha))^2 / exp(beta), channel by channel: [rows, channels, n] -> the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.empty(channels))
        self.beta = nn.Parameter(torch.empty(channels))
        self.register_buffer("frequency", torch.empty(channels, 1), persistent=False)
        self.register_buffer("amplitude", torch.empty(channels, 1), persistent=False)

    frequency: Tensor
    amplitude: Tensor

    def derive(self) -> None:
        self.frequency.copy_(self.alpha.exp()[:, None])
        self.amplitude.copy_(1 / (self.beta.exp()[:, None] + _SMALLEST))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(x, (x * self.frequency).sin().square(), self.amplitude)
