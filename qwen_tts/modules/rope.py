"""Rotary position embedding, rotate-half layout.

The release's talker declares three interleaved position axes; all three always carry the same position, which makes it
this ordinary one-axis form bit for bit.
"""

import torch
from torch import Tensor


def rope(positions: Tensor, head_dim: int, theta: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """positions [rows, n] -> cosine and sine [rows, 1, n, head_dim], computed in float32 and given in `dtype`."""
    exponents = torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim
    angles = positions[:, None, :, None].float() / theta**exponents
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x [rows, heads, n, head_dim], turned by the angles of its positions."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin
