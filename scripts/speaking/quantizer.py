"""The codec's codebooks: vectors -> codes and the entries that they stand for.

The first codebook quantises one projection of what the encoder says, the others one after the other a second one.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.speaking.dimensions import (
    CODE_WIDTH,
    CODEBOOKS,
    ENTRIES,
)

_FEWEST = 1e-5


class Quantised(NamedTuple):
    entries: Tensor
    """[2, rows, frames, width]: of the first codebook, and the sum of the others'; gradients go to the encoder"""
    commitment: Tensor
    """How far what was quantised is from it"""


class Quantizer(nn.Module):
    """The codebooks, moved by running means; entries that nothing falls to begin anew."""

    sums: Tensor
    usage: Tensor

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__()
        self._decay, self._begun = decay, 0
        self.register_buffer("sums", torch.randn(CODEBOOKS, ENTRIES, CODE_WIDTH) * 0.1)
        self.register_buffer("usage", torch.ones(CODEBOOKS, ENTRIES))

    def go_on(self) -> Self:
        """Every codebook has begun."""
        self._begun = CODEBOOKS
        return self

    @property
    def tables(self) -> Tensor:
        """[codebooks, entries, width]"""
        return self.sums / self.usage.clamp(min=_FEWEST)[..., None]

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """[2, n, width] -> codes [n, codebooks]"""
        first, *rest = self.tables
        codes, residual = [_nearest(x[0], first)], x[1]
        for table in rest:
            codes.append(_nearest(residual, table))
            residual = residual - table[codes[-1]]
        return torch.stack(codes, 1)

    def look_up(self, codes: Tensor) -> Tensor:
        """codes [rows, frames, codebooks] -> entries [2, rows, frames, width]"""
        entries = [table[codes[..., level]] for level, table in enumerate(self.tables)]
        return torch.stack((entries[0], torch.stack(entries[1:]).sum(0)))

    def forward(self, x: Tensor) -> Quantised:
        """x [2, rows, frames, width]. Half of the rows are spoken with fewer codebooks: the first shall count most."""
        _, rows, frames, width = x.shape
        few = (2 ** (torch.rand(rows, device=x.device) * 4)).long().clamp(1, CODEBOOKS)
        count = torch.where(torch.rand(rows, device=x.device) < 0.5, CODEBOOKS, few).repeat_interleave(frames)
        first, residual = x[0].reshape(-1, width), x[1].reshape(-1, width)
        whole, rest, commitment = residual, torch.zeros_like(residual), x.new_zeros(())
        for level in range(CODEBOOKS):
            target = residual if level else first
            entry = self._entry(level, target.detach())
            used = (count > level)[:, None].float()
            commitment = commitment + ((target - entry).square() * used).mean() / CODEBOOKS
            if level:
                rest, residual = rest + entry * used, residual - entry
            else:
                spoken = first + (entry - first).detach()
        rest = whole + (rest - whole).detach()
        return Quantised(torch.stack((spoken, rest)).view(2, rows, frames, width), commitment)

    @torch.no_grad()
    def _entry(self, level: int, x: Tensor) -> Tensor:
        """The nearest entries to x [n, width], which then move towards it."""
        if self.training and level == self._begun:
            self.sums[level], self.usage[level] = x[torch.randint(len(x), (ENTRIES,), device=x.device)], 1.0
            self._begun += 1
        table = self.tables[level]
        code = _nearest(x, table)
        if self.training:
            hot = functional.one_hot(code, ENTRIES).float()
            self.usage[level].lerp_(hot.sum(0), 1 - self._decay)
            self.sums[level].lerp_(hot.T @ x, 1 - self._decay)
        return table[code]

    @torch.no_grad()
    def revive(self, x: Tensor) -> None:
        """Put entries of little use where vectors of x [2, n, width] are."""
        residual = x[1]
        for level in range(CODEBOOKS):
            target, usage = (residual if level else x[0]), self.usage[level]
            mean = usage.mean()
            unused = usage < 0.03 * mean
            picked = target[torch.randint(len(target), (ENTRIES,), device=x.device)]
            self.sums[level] = torch.where(unused[:, None], picked * mean, self.sums[level])
            self.usage[level] = torch.where(unused, mean, usage)
            if level:
                table = self.tables[level]
                residual = residual - table[_nearest(residual, table)]

    def perplexity(self) -> Tensor:
        """[codebooks]: how many entries are really used"""
        share = self.usage / self.usage.sum(-1, keepdim=True)
        return (-(share * (share + 1e-9).log()).sum(-1)).exp()


def _nearest(x: Tensor, table: Tensor) -> Tensor:
    return (table.square().sum(-1) - 2 * x @ table.T).argmin(-1)
