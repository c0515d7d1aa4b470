"""What the kernels compute, in float64."""

import torch
from torch import Tensor
from torch.nn import functional


def error(ours: Tensor, exact: Tensor) -> float:
    """Relative; NaN is never small."""
    return float((ours.double() - exact).norm() / exact.norm())


def bound(dtype: torch.dtype) -> float:
    return 1e-5 if dtype == torch.float32 else 1e-2


def linear(x: Tensor, weight: Tensor, norm: Tensor | None, eps: float, gated: bool, residual: Tensor | None) -> Tensor:
    y = x.double()
    if norm is not None:
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + eps) * norm.double()
    y = y @ weight.double().T
    if gated:
        gate, up = y.chunk(2, dim=-1)
        y = functional.silu(gate) * up
    return y if residual is None else y + residual.double()


def turned(heads: Tensor, norm: Tensor, positions: Tensor, theta: float, eps: float) -> Tensor:
    """heads [tokens, heads, head_dim], normalised and rotated."""
    x = heads.double()
    x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * norm.double()
    width = x.shape[-1]
    exponents = torch.arange(0, width, 2, device=x.device).double() / width
    angles = positions[:, None].double() / theta**exponents
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def attention(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """query [heads, d] over keys and values [positions, kv_heads, d] -> [heads * d]."""
    group = query.shape[0] // keys.shape[1]
    keys, values = (x.double().repeat_interleave(group, dim=1) for x in (keys, values))
    scores = torch.einsum("hd,phd->hp", query.double(), keys) / query.shape[-1] ** 0.5
    return torch.einsum("hp,phd->hd", scores.softmax(-1), values).flatten()


def convolution(x: Tensor, weight: Tensor, bias: Tensor, taps: int, dilation: int) -> Tensor:
    """x [rows, history + steps, channels], weight [outputs, taps * channels], the oldest tap first
    -> [rows, steps, outputs]."""
    taps_last = weight.double().unflatten(1, (taps, -1)).transpose(1, 2)
    return functional.conv1d(x.double().transpose(1, 2), taps_last, bias.double(), dilation=dilation).transpose(1, 2)


def transposed_convolution(x: Tensor, weight: Tensor, bias: Tensor, taps: int, stride: int) -> Tensor:
    """x [rows, taps - 1 + steps, channels], weight [stride * outputs, taps * channels]: `outputs` for each step that
    comes out, bias [outputs] -> [rows, steps * stride, outputs]."""
    kernel = weight.double().unflatten(0, (stride, -1)).unflatten(2, (taps, -1))  # [stride, outputs, taps, channels]
    kernel = kernel.flip(2).permute(3, 1, 2, 0).flatten(2)
    y = functional.conv_transpose1d(x.double().transpose(1, 2), kernel, bias.double(), stride=stride).transpose(1, 2)
    return y[:, (taps - 1) * stride : x.shape[1] * stride]
