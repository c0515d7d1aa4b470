"""The codec decoder's transformer: every frame attends to itself and the frames just before it, within a window.

The keys and values of the window lie in a ring: position p in slot p modulo the ring's size, which is what the window
and the largest chunk need together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import CodecDecoderConfig
from qwen_tts.modules.linear import FusedLinear, SwiGLU
from qwen_tts.modules.module_list import ModuleList
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.rope import rope, rotate


@dataclass(frozen=True)
class WindowState:
    """Every row's ring. Allocated once, then only written in place.

    A row at position 0 has an empty ring, whatever finite numbers the slots hold. The last slot is no part of
    the ring: it takes what inactive rows write.
    """

    keys: tuple[Tensor, ...]
    """[rows, heads, slots + 1, head_dim] for each layer"""
    values: tuple[Tensor, ...]
    """[rows, heads, slots + 1, head_dim] for each layer"""
    positions: Tensor
    """[rows] long: frames read so far"""

    @property
    def slots(self) -> int:
        return self.keys[0].shape[2] - 1

    def first(self, rows: int) -> "WindowState":
        """The first `rows` rows, sharing their memory."""
        keys, values = (tuple(part[:rows] for part in parts) for parts in (self.keys, self.values))
        return WindowState(keys, values, self.positions[:rows])

    def reset_row(self, row: int) -> None:
        """`row` has read nothing."""
        self.positions[row] = 0
        for tensor in (*self.keys, *self.values):
            tensor[row] = 0  # a mask hides what is finite only

    def copy_row(self, source: "WindowState", source_row: int, row: int) -> None:
        """`row` has read what `source_row` of `source` has; the rings may differ in size."""
        past = torch.arange(1, 1 + min(self.slots, source.slots), device=self.positions.device)
        positions = source.positions[source_row] - past
        here, there = positions % self.slots, positions % source.slots
        for target, tensor in zip((*self.keys, *self.values), (*source.keys, *source.values), strict=True):
            target[row].index_copy_(1, here, tensor[source_row].index_select(1, there))
        self.positions[row] = source.positions[source_row]


@dataclass(frozen=True)
class _Step:
    """Where the inputs of one forward pass stand, the same for every layer."""

    cos: Tensor
    sin: Tensor
    slots: Tensor
    """[rows, 1, n, 1] long"""
    mask: Tensor
    """[rows, 1, n, slots] bool"""


class _Attention(nn.Module):
    def __init__(self, config: CodecDecoderConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        query, key = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.qkv_proj = FusedLinear(config.hidden_size, {"q_proj": query, "k_proj": key, "v_proj": key})
        self.o_proj = nn.Linear(query, config.hidden_size, bias=False)

    def forward(self, x: Tensor, step: _Step, keys: Tensor, values: Tensor) -> Tensor:
        """x [rows, n, hidden] -> the same shape; writes this layer's `keys` and `values` in place."""
        rows, n, _ = x.shape
        heads = self.qkv_proj(x).view(rows, n, -1, self.head_dim).transpose(1, 2)
        query, key, value = heads.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        slots = step.slots.expand_as(key)
        keys.scatter_(2, slots, rotate(key, step.cos, step.sin))
        values.scatter_(2, slots, value)
        attended = functional.scaled_dot_product_attention(
            rotate(query, step.cos, step.sin),
            keys[:, :, :-1],
            values[:, :, :-1],
            attn_mask=step.mask,
            enable_gqa=self.heads != self.kv_heads,
        )
        return self.o_proj(attended.transpose(1, 2).reshape(rows, n, -1))


class WindowLayer(nn.Module):
    def __init__(self, config: CodecDecoderConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.attention = _Attention(config)
        self.attention_scale = nn.Parameter(torch.empty(config.hidden_size))
        self.mlp_norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = SwiGLU(config.hidden_size, config.intermediate_size)
        self.mlp_scale = nn.Parameter(torch.empty(config.hidden_size))

    def forward(self, x: Tensor, step: _Step, keys: Tensor, values: Tensor) -> Tensor:
        x = x + self.attention_scale * self.attention(self.attention_norm(x), step, keys, values)
        return x + self.mlp_scale * self.mlp(self.mlp_norm(x))


class WindowTransformer(nn.Module):
    """[rows, n, latent_dim] -> the same shape."""

    def __init__(self, config: CodecDecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.input_proj = nn.Linear(config.latent_dim, config.hidden_size)
        self.layers = ModuleList(WindowLayer(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.output_proj = nn.Linear(config.hidden_size, config.latent_dim)

    def init_state(self, rows: int, max_frames: int) -> WindowState:
        """For chunks of up to `max_frames`."""
        slots = self.config.window - 1 + max_frames
        shape = (rows, self.config.kv_heads, slots + 1, self.config.head_dim)
        weight = self.norm.weight
        keys, values = (tuple(weight.new_zeros(shape) for _ in self.layers) for _ in range(2))
        return WindowState(keys, values, torch.zeros(rows, dtype=torch.long, device=weight.device))

    def forward(self, x: Tensor, state: WindowState, active: Tensor) -> Tensor:
        """Advances the `active` [rows] rows of `state`; what comes out of the others means nothing."""
        x = self.input_proj(x)
        step = self._step(x, state, active)
        for layer, keys, values in zip(self.layers, state.keys, state.values, strict=True):
            x = layer(x, step, keys, values)
        state.positions.add_(active * x.shape[1])
        return self.output_proj(self.norm(x))

    def _step(self, x: Tensor, state: WindowState, active: Tensor) -> _Step:
        n, window = x.shape[1], self.config.window
        assert n <= state.slots - window + 1, f"a chunk of {n} frames is longer than the state was made for"
        positions = state.positions[:, None] + torch.arange(n, device=x.device)
        # A slot holds the latest position that falls to it.
        held = positions[:, -1:] - (positions[:, -1:] - torch.arange(state.slots, device=x.device)) % state.slots
        age = positions[:, :, None] - held[:, None]
        mask = (age >= 0) & (age < window) & (held >= 0)[:, None]
        cos, sin = rope(positions, self.config.head_dim, self.config.rope_theta, x.dtype)
        slots = torch.where(active[:, None], positions % state.slots, state.slots)
        return _Step(cos, sin, slots[:, None, :, None], mask[:, None])
