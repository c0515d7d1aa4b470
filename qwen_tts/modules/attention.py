"""Grouped-query attention over a static cache of keys and values."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config import TransformerConfig
from qwen_tts.modules.linear import FusedLinear
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.rope import rotate


@dataclass(frozen=True)
class KVCache:
    """What every row of a batch has read so far. Allocated once, then only written in place.

    A row's keys and values beyond its length are stale or zero and never seen, so a reset is a length of zero. The last
    position of the buffers takes what padded inputs write; no row reads it.
    """

    keys: Tensor
    """[layers, rows, kv_heads, positions + 1, head_dim]"""
    values: Tensor
    """[layers, rows, kv_heads, positions + 1, head_dim]"""
    lengths: Tensor
    """[rows] long"""

    @classmethod
    def allocate(cls, config: TransformerConfig, rows: int, positions: int, like: Tensor) -> "KVCache":
        """Zeros for `positions` positions a row, with the device and dtype of `like`."""
        shape = (config.layers, rows, config.kv_heads, positions + 1, config.head_dim)
        lengths = torch.zeros(rows, dtype=torch.long, device=like.device)
        return cls(like.new_zeros(shape), like.new_zeros(shape), lengths)

    @property
    def positions(self) -> int:
        """How many positions a row can hold."""
        return self.keys.shape[3] - 1

    def row(self, row: int) -> "KVCache":
        """One row of this cache, sharing its memory."""
        return KVCache(self.keys[:, row : row + 1], self.values[:, row : row + 1], self.lengths[row : row + 1])


@dataclass(frozen=True)
class Step:
    """Where the inputs of one forward pass stand, the same for every layer."""

    cos: Tensor
    sin: Tensor
    slots: Tensor
    """[rows, 1, n, 1] long: the cache position that each input is written to."""
    mask: Tensor
    """[rows, 1, n, span] bool: which cached positions each input attends to."""

    @property
    def span(self) -> int:
        return self.mask.shape[-1]


class Attention(nn.Module):
    """Heads with an RMSNorm of their own on queries and keys before the rotation."""

    def __init__(self, config: TransformerConfig, rms_norm_eps: float) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        query, key = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.qkv_proj = FusedLinear(config.hidden_size, {"q_proj": query, "k_proj": key, "v_proj": key})
        self.o_proj = nn.Linear(query, config.hidden_size, bias=False)
        self.q_norm = RMSNorm(config.head_dim, rms_norm_eps)
        self.k_norm = RMSNorm(config.head_dim, rms_norm_eps)

    def forward(self, x: Tensor, step: Step, keys: Tensor, values: Tensor) -> Tensor:
        """x [rows, n, hidden] -> the same shape; writes this layer's `keys` and `values` in place."""
        rows, n, _ = x.shape
        heads = self.qkv_proj(x).view(rows, n, -1, self.head_dim).transpose(1, 2)
        query, key, value = heads.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        query = rotate(self.q_norm(query), step.cos, step.sin)
        key = rotate(self.k_norm(key), step.cos, step.sin)
        slots = step.slots.expand_as(key)
        keys.scatter_(2, slots, key)
        values.scatter_(2, slots, value)
        return self.o_proj(self._attend(query, keys[:, :, : step.span], values[:, :, : step.span], step.mask))

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        # The query heads that share a key head become further queries of it: nothing is repeated in memory.
        rows, _, n, _ = query.shape
        sharing = self.heads // self.kv_heads
        query = query.reshape(rows, self.kv_heads, sharing * n, self.head_dim)
        mask = mask.repeat(1, 1, sharing, 1)
        attended = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return attended.reshape(rows, self.heads, n, self.head_dim).transpose(1, 2).reshape(rows, n, -1)
