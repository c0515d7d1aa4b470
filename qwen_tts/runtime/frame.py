"""What the device keeps of every row between frames, and what a backend does with it.

A frame of a row: the talker reads the row's next input; codebook 0 is drawn from its state; the code predictor draws
the rest; their embeddings and a text embedding are the row's next input. Everything a frame needs to know of a row
stands in `params`, which the host writes before each frame; nothing comes back before the codes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from qwen_tts.config.checkpoint import TalkerConfig

# Columns of RowTensors.params; float columns hold their bits.
COLUMNS = 16
ACTIVE, POSITION, FRAME, TEXT, SEED_LOW, SEED_HIGH, TOP_K, NEXT_TOP_K = range(8)
TEMPERATURE, TOP_P, PENALTY, NEXT_TEMPERATURE, NEXT_TOP_P = range(8, 13)

PAD_SLOT, END_SLOT = 0, 1
FIRST_TEXT_SLOT = 2
"""Of RowTensors.text; those before it hold the pad and the end of text."""

PAGE_POSITIONS = 16
"""Of a backend that has no wish of its own"""

DUMP_PAGE = 0
"""Where a row has no page of its own. The kernels write there and never read it; plain PyTorch reads it under its mask
and never writes there, so that it stays zero."""


@dataclass(frozen=True)
class RowTensors:
    """Allocated once, then only written in place."""

    params: Tensor
    """[rows, COLUMNS] int32"""
    cache: Tensor
    """[pages, layers, 2, kv_heads, page_positions, head_dim]: keys and values of the talker"""
    pages: Tensor
    """[rows + 1, most pages] int32: where a row's positions lie in the cache; the last row has no pages, for padding"""
    inputs: Tensor
    """[rows, width] float32: what the talker reads next"""
    text: Tensor
    """[slots, width]: the text beside frames to come"""
    spoken: Tensor
    """[rows, vocab] uint8: which tokens of codebook 0 the row has drawn"""
    codes: Tensor
    """[rows, codebooks] int32: of the last frame; codebook 0 may be the end of speech, or NOT_FINITE"""

    @property
    def most_positions(self) -> int:
        """Of a row."""
        return self.pages.shape[1] * self.page_positions

    @property
    def page_positions(self) -> int:
        return self.cache.shape[4]

    @classmethod
    def allocate(
        cls,
        config: TalkerConfig,
        rows: int,
        pages: int,
        row_positions: int,
        text_slots: int,
        device: torch.device,
        dtype: torch.dtype,
        page_positions: int = PAGE_POSITIONS,
    ) -> "RowTensors":
        """`pages` of cache between the dump and the one for padding; a row may take `row_positions` positions."""
        int32 = partial(torch.zeros, dtype=torch.int32, device=device)
        shape = (1 + pages + 1, config.layers, 2, config.kv_heads, page_positions, config.head_dim)
        return cls(
            params=int32(rows, COLUMNS),
            cache=_zeros(shape, device, dtype),
            pages=int32(rows + 1, -(-row_positions // page_positions)),
            inputs=torch.zeros(rows, config.hidden_size, device=device),
            text=_zeros((FIRST_TEXT_SLOT + text_slots, config.hidden_size), device, dtype),
            spoken=torch.zeros(rows, config.vocab_size, device=device, dtype=torch.uint8),
            codes=int32(rows, config.codebooks),
        )


def _zeros(shape: Sequence[int], device: torch.device, dtype: torch.dtype) -> Tensor:
    """On a CPU, pages of memory that nobody has written to yet take no memory, which torch.zeros would write to."""
    if device.type != "cpu":
        return torch.zeros(shape, device=device, dtype=dtype)
    return torch.from_numpy(np.zeros(math.prod(shape) * dtype.itemsize, np.uint8)).view(dtype).view(shape)


@dataclass(frozen=True)
class PromptPart:
    """Consecutive positions of one row's prompt."""

    row: int
    start: int
    inputs: Tensor
    """[positions, width]"""


class FrameBackend(Protocol):
    """How the networks run. Calls only enqueue work on the current stream, and of RowTensors write what they say; of
    rows that are not active at most the cache at their position in `params`."""

    @property
    def spans(self) -> Sequence[int]:
        """A captured frame is for rows of up to so many positions; the last is the longest there may be."""

    def prefill(self, parts: Sequence[PromptPart]) -> None:
        """Put parts of prompts into the cache."""

    def prepare_prefill(self) -> None:
        """Compile and capture what `prefill` needs; nothing happens the second time."""

    def frame(self, rows: int, span: int) -> None:
        """One frame of the active ones of the first `rows` rows; none of them is longer than `span` afterwards."""
