"""Attention by flash-attn: prompts of unequal length in one call, and rows of unequal length without a mask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from qwen_tts.modules.attention import PagedCache
from qwen_tts.modules.upload import upload


@dataclass(frozen=True)
class FlashAttention:
    """The two functions of flash-attn that are used. Both align a causal mask to the end: the last query sees all."""

    varlen: Callable[..., Tensor]
    """flash_attn_varlen_func: sequences packed one after the other"""
    with_cache: Callable[..., Tensor]
    """flash_attn_with_kvcache: rows whose keys lie in a cache, so many of each as are valid"""


@dataclass(frozen=True)
class FlashStep:
    """See Step: rows that stand anywhere."""

    cos: Tensor
    sin: Tensor
    places: Tensor
    span: int
    lengths: Tensor
    """[rows] int32: cached positions that the last input of each row attends to"""
    flash: FlashAttention

    def attend(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """See Step."""
        heads_last = [heads.transpose(1, 2) for heads in (query, keys, values)]
        return self.flash.with_cache(*heads_last, cache_seqlens=self.lengths, causal=True).transpose(1, 2)


@dataclass(frozen=True)
class PackedStep:
    """See Step: parts of several rows' prompts, one after the other as if they were one row."""

    cos: Tensor
    sin: Tensor
    parts: "PackedParts"
    flash: FlashAttention

    @property
    def places(self) -> Tensor:
        return self.parts.writes

    @property
    def span(self) -> int:
        return self.parts.read_pages.shape[1]

    def attend(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """See Step."""
        packed, parts = [heads[0].transpose(0, 1) for heads in (query, keys, values)], self.parts
        attended = self.flash.varlen(
            *packed, parts.query_starts, parts.key_starts, parts.most_queries, parts.most_keys, causal=True
        )
        return attended.transpose(0, 1)[None]


@dataclass(frozen=True)
class PackedParts:
    """Consecutive positions of several rows, one part after the other: a Cache for `PackedStep`."""

    cache: PagedCache
    positions: Tensor
    """[inputs] long: where each stands in its row"""
    writes: Tensor
    """[1, inputs] long: its place"""
    read_pages: Tensor
    """[1, keys] long: the pages of all that the parts attend to"""
    read_places: Tensor
    """[1, keys] long: the places within them"""
    query_starts: Tensor
    """[parts + 1] int32: where a part's inputs begin"""
    key_starts: Tensor
    """[parts + 1] int32: where what it attends to begins"""
    most_queries: int
    most_keys: int

    def append(self, layer: int, key: Tensor, value: Tensor, places: Tensor, span: int) -> tuple[Tensor, Tensor]:
        """See Cache. A part may go on where another ends: what was just written is read too."""
        self.cache.write(layer, key, value, places)
        return self.cache.read(layer, self.read_pages, self.read_places)


def pack(data: Tensor, pages: Tensor, spans: Sequence[tuple[int, int, int]]) -> PackedParts:
    """`data` and `pages` of a PagedCache of all rows; `spans`: row, first position and end of each part."""
    queries = [end - start for _, start, end in spans]
    keys = [end for _, _, end in spans]
    inputs = [(row, position) for row, start, end in spans for position in range(start, end)]
    seen = [(row, position) for row, _, end in spans for position in range(end)]
    rows, positions = upload([*zip(*inputs + seen, strict=True)], data.device, torch.long)
    count, size = len(inputs), data.shape[4]
    page, place = pages[rows, positions // size].long()[None], (positions % size)[None]
    starts = upload([[0, *accumulate(queries)], [0, *accumulate(keys)]], data.device, torch.int32)
    return PackedParts(
        cache=PagedCache(data, pages, pages.new_zeros(len(pages))),
        positions=positions[:count],
        writes=(page * size + place)[:, :count],
        read_pages=page[:, count:],
        read_places=place[:, count:],
        query_starts=starts[0],
        key_starts=starts[1],
        most_queries=max(queries),
        most_keys=max(keys),
    )
