"""What the networks share. Parameters are named as in the release."""

import torch
from torch import Tensor, nn
from torch.nn import functional

ROPE_THETA = 10_000
FIRST_SCALE = 0.3
"""Of the codec's layers that are added to their input, when the training begins"""


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, self.weight.shape, self.weight, self.eps)


def rope(positions: int, head_dim: int, theta: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """cos, sin [positions, head_dim]"""
    steps = torch.arange(0, head_dim, 2, device=like.device, dtype=torch.float32)
    angles = torch.arange(positions, device=like.device, dtype=torch.float32)[:, None] * theta ** (-steps / head_dim)
    angles = torch.cat((angles, angles), -1)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class GatedMLP(nn.Module):
    def __init__(self, hidden: int, intermediate: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(hidden, intermediate, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(intermediate, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Scale(nn.Module):
    def __init__(self, size: int, start: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((size,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class Attention(nn.Module):
    """Of the codec's transformers: no grouped heads, no norms; `mask` [n, n] or None for every position before."""

    def __init__(self, hidden: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(hidden, heads * head_dim, bias=False) for _ in range(3))
        self.o_proj = nn.Linear(heads * head_dim, hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        projections = (self.q_proj, self.k_proj, self.v_proj)
        query, key, value = (p(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for p in projections)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        y = functional.scaled_dot_product_attention(query, key, value, mask, is_causal=mask is None)
        return self.o_proj(y.transpose(1, 2).flatten(2))


class CausalConv(nn.Module):
    """[rows, inputs, n] -> [rows, outputs, n / stride]; n is a multiple of the stride."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation, groups=groups)
        self._left = (kernel - 1) * dilation + 1 - stride

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.pad(x, (self._left, 0)))
