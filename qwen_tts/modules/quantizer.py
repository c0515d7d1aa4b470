"""Residual vector quantisation: a vector is the sum of one entry from each codebook, each the nearest to what is left.

The release stores a codebook as it was trained: the sum of the vectors that fell to an entry, and how many did.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_FEWEST = 1e-5  # entries that no vector fell to


class Codebooks(nn.Module):
    """Codebooks stacked. `parts` are the checkpoint's names of them, in order."""

    def __init__(self, names: Sequence[str], size: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.parts = dict.fromkeys(names, size)
        self.embedding_sum = nn.Parameter(torch.empty(len(names) * size, width))
        self.cluster_usage = nn.Parameter(torch.empty(len(names) * size))
        self.register_buffer("entries", torch.empty(len(names) * size, width), persistent=False)

    entries: Tensor
    """[codebooks * size, width]"""

    def derive(self) -> None:
        """What they are made of is needed no more."""
        self.entries.copy_(self.embedding_sum / self.cluster_usage.clamp(min=_FEWEST)[:, None])
        del self.embedding_sum, self.cluster_usage

    def decode(self, codes: Tensor) -> Tensor:
        """codes [rows, codebooks, n] -> vectors [rows, n, width]."""
        offsets = torch.arange(len(self.parts), device=codes.device)[:, None] * self.size
        return functional.embedding(codes + offsets, self.entries).sum(dim=1)
