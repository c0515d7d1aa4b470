"""Weights in 8 or 4 bits: integers and what they are multiplied with, made from the release's own.

Some inputs of an output are a group and share a scale; in 4 bits also a zero point.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Bits = Literal[8, 4]
BITS: Mapping[str, Bits] = {"int8": 8, "int4": 4}
"""By the name that a user gives them; other names are of weights that are not quantised."""

GROUPS: Mapping[Bits, int] = {8: 128, 4: 64}
"""Inputs of a group; where they are no multiple of it, all are one group."""

_MOST = {8: 127, 4: 15}


@dataclass(frozen=True)
class QuantisedWeight:
    """weight[o, i] = (values[o, g, i] - zeros[o, g, 0]) * scales[o, g, 0], input i being in group g."""

    bits: Bits
    stored: Tensor
    """The values: [outputs, groups, inputs of a group] int8; in 4 bits [.., half of them] uint8, each holding two
    neighbours, the first in its low half"""
    scales: Tensor
    """[outputs, groups, 1] float16"""
    zeros: Tensor
    """[outputs, groups, 1] int8 or uint8, one a byte"""

    @property
    def values(self) -> Tensor:
        """[outputs, groups, inputs of a group]: int8, or uint8 that holds 0..15; those of 4 bits are made anew."""
        return self.stored if self.bits == 8 else torch.stack((self.stored & 15, self.stored >> 4), -1).flatten(-2)

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)"""
        outputs, groups, width = self.stored.shape
        return outputs, groups * width * (1 if self.bits == 8 else 2)

    @classmethod
    def planned(cls, outputs: int, inputs: int, bits: Bits) -> "QuantisedWeight":
        """Without memory."""
        group = _group(inputs, bits)
        dtype, shape = torch.int8 if bits == 8 else torch.uint8, (outputs, inputs // group)
        stored, zeros = (
            torch.empty(*shape, size, dtype=dtype, device="meta") for size in (group * bits // 8, 1)
        )  # fmt: skip
        return cls(bits, stored, torch.empty(*shape, 1, dtype=torch.float16, device="meta"), zeros)

    def dequantised(self) -> Tensor:
        """[outputs, inputs] float32"""
        return ((self.values.float() - self.zeros.float()) * self.scales.float()).flatten(1)

    def error(self, weight: Tensor) -> float:
        """How far it is from the weight [outputs, inputs] that it was made of: of each input, measured by the size of
        its own weights, and the root of the mean square of all. Not finite if the weight is not.

        Measured by the size of the whole, a few great inputs would hide that all others in their groups are lost.
        """
        size = weight.square().sum(dim=0)
        off = (self.dequantised() - weight).square().sum(dim=0)
        return float((off / size.clamp(min=torch.finfo(torch.float32).tiny)).mean().sqrt())


def quantise(weight: Tensor, bits: Bits) -> QuantisedWeight:
    """weight [outputs, inputs] -> the nearest that so many bits can say."""
    groups = weight.float().unflatten(-1, (-1, _group(weight.shape[-1], bits)))
    if bits == 8:
        scales = _scales(groups.abs().amax(-1, keepdim=True) / _MOST[8])
        values = (groups / scales.float()).round().clamp(-_MOST[8], _MOST[8]).to(torch.int8)
        return QuantisedWeight(8, values, scales, torch.zeros_like(scales, dtype=torch.int8))
    # Zero is always among what can be said: a weight of nothing stays nothing.
    low, high = groups.amin(-1, keepdim=True).clamp(max=0), groups.amax(-1, keepdim=True).clamp(min=0)
    scales = _scales((high - low) / _MOST[4])
    zeros = (-low / scales.float()).round().clamp(0, _MOST[4])
    values = (groups / scales.float() + zeros).round().clamp(0, _MOST[4]).to(torch.uint8)
    return QuantisedWeight(4, values[..., ::2] | (values[..., 1::2] << 4), scales, zeros.to(torch.uint8))


def _group(inputs: int, bits: Bits) -> int:
    """Inputs of one."""
    return inputs if inputs % GROUPS[bits] else GROUPS[bits]


def _scales(exact: Tensor) -> Tensor:
    """In float16, and never zero."""
    return exact.half().clamp(min=torch.finfo(torch.float16).smallest_normal)
