"""Grouped-query attention over a cache of keys and values: a dense one, or pages that rows share."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from qwen_tts.config.checkpoint import TransformerConfig
from qwen_tts.modules.linear import FusedLinear
from qwen_tts.modules.norm import RMSNorm
from qwen_tts.modules.rope import rotate


class Cache(Protocol):
    """What has been read so far. Only written in place."""

    def append(self, layer: int, key: Tensor, value: Tensor, places: Tensor, span: int) -> tuple[Tensor, Tensor]:
        """Write key and value [rows, kv_heads, n, head_dim]; the first `span` positions, [rows, kv_heads, span, ..].

        What lies beyond a row's length means nothing.
        """


class RowCache(Cache, Protocol):
    """What every row of a batch has read so far."""

    lengths: Tensor
    """[rows] long"""

    @property
    def positions(self) -> int:
        """How many positions a row can hold."""

    def places(self, positions: Tensor, is_real: Tensor) -> Tensor:
        """Where inputs at `positions` [rows, n] are written, those that are real [rows, n] bool: for `append`."""


@dataclass(frozen=True)
class KVCache:
    """Every row has its own positions. Allocated once.

    What lies beyond a row's length is stale, and hidden as long as it is finite. The last position takes what padded
    inputs write; no row reads it.
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
        return self.keys.shape[3] - 1

    def row(self, row: int) -> "KVCache":
        """One row of this cache, sharing its memory."""
        return KVCache(self.keys[:, row : row + 1], self.values[:, row : row + 1], self.lengths[row : row + 1])

    def clear(self) -> None:
        """All rows have read nothing."""
        for tensor in (self.lengths, self.keys, self.values):
            tensor.zero_()

    def places(self, positions: Tensor, is_real: Tensor) -> Tensor:
        return torch.where(is_real, positions, self.positions)[:, None, :, None]

    def append(self, layer: int, key: Tensor, value: Tensor, places: Tensor, span: int) -> tuple[Tensor, Tensor]:
        places = places.expand_as(key)
        self.keys[layer].scatter_(2, places, key)
        self.values[layer].scatter_(2, places, value)
        return self.keys[layer, :, :, :span], self.values[layer, :, :, :span]


@dataclass(frozen=True)
class PagedCache:
    """Some rows' view of pages that all rows share. The last page takes what padded inputs write; no row reads it.

    A mask hides what lies beyond a row's length from attention, unless that is not finite: pages are clean when a row
    gets them.
    """

    data: Tensor
    """[pages, layers, 2, kv_heads, page_positions, head_dim]"""
    pages: Tensor
    """[rows, most pages] int: where a row's positions lie"""
    lengths: Tensor

    @property
    def positions(self) -> int:
        return self.pages.shape[1] * self._page_positions

    @property
    def _page_positions(self) -> int:
        return self.data.shape[4]

    def places(self, positions: Tensor, is_real: Tensor) -> Tensor:
        """[rows, n]: page * page_positions + the place within it."""
        size = self._page_positions
        inside = positions.clamp(max=self.positions - 1)
        page = self.pages.long().gather(1, inside // size)
        return torch.where(is_real, page, len(self.data) - 1) * size + inside % size

    def append(self, layer: int, key: Tensor, value: Tensor, places: Tensor, span: int) -> tuple[Tensor, Tensor]:
        self.write(layer, key, value, places)
        size, positions = self._page_positions, torch.arange(span, device=key.device)
        return self.read(layer, self.pages.long()[:, positions // size], positions % size)

    def write(self, layer: int, key: Tensor, value: Tensor, places: Tensor) -> None:
        """Key and value [rows, kv_heads, n, head_dim] at `places` [rows, n]."""
        page, place = places // self._page_positions, places % self._page_positions
        self.data[page, layer, 0, :, place] = key.transpose(1, 2)
        self.data[page, layer, 1, :, place] = value.transpose(1, 2)

    def read(self, layer: int, page: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
        """Key and value [rows, kv_heads, n, head_dim] at the places, [n] or [rows, n], within pages [rows, n]."""
        keys, values = (self.data[page, layer, part, :, place] for part in range(2))
        return keys.transpose(1, 2), values.transpose(1, 2)


class Step(Protocol):
    """Where the inputs of one forward pass stand, and how they attend: the same for every layer."""

    @property
    def cos(self) -> Tensor: ...
    @property
    def sin(self) -> Tensor: ...
    @property
    def places(self) -> Tensor:
        """Of the cache"""

    @property
    def span(self) -> int:
        """Positions of the cache that are read"""

    def attend(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """query [rows, heads, n, head_dim], keys and values [rows, kv_heads, span, head_dim] -> as query."""


@dataclass(frozen=True)
class MaskedStep:
    """See Step: PyTorch's own attention, under a mask."""

    cos: Tensor
    sin: Tensor
    places: Tensor
    mask: Tensor
    """[rows, 1, n, span] bool: which cached positions each input attends to."""

    @property
    def span(self) -> int:
        return self.mask.shape[-1]

    def attend(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """See Step."""
        # The query heads that share a key head become further queries of it: nothing is repeated in memory.
        rows, heads, n, head_dim = query.shape
        kv_heads = keys.shape[1]
        sharing = heads // kv_heads
        query = query.reshape(rows, kv_heads, sharing * n, head_dim)
        mask = self.mask.repeat(1, 1, sharing, 1)
        attended = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return attended.reshape(rows, heads, n, head_dim)


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

    def forward(self, x: Tensor, step: Step, cache: Cache, layer: int) -> Tensor:
        """x [rows, n, hidden] -> the same shape; writes this layer's part of the cache in place."""
        rows, n, _ = x.shape
        heads = self.qkv_proj(x).view(rows, n, -1, self.head_dim).transpose(1, 2)
        query, key, value = heads.split((self.heads, self.kv_heads, self.kv_heads), dim=1)
        query = rotate(self.q_norm(query), step.cos, step.sin)
        key = rotate(self.k_norm(key), step.cos, step.sin)
        keys, values = cache.append(layer, key, value, step.places, step.span)
        attended = step.attend(query, keys, values)
        return self.o_proj(attended.transpose(1, 2).reshape(rows, n, -1))
