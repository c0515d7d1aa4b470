"""What a product multiplies with: a tensor in floating point, or a weight in 8 or 4 bits."""

from typing import NamedTuple

import torch
from torch import Tensor


class PackedWeight(NamedTuple):
    """weight[o, i] = (value[o, i] - zeros[o, g]) * scales[o, g], input i being in group g."""

    stored: Tensor
    """The values: [outputs, groups, inputs of a group] int8; or in 4 bits [.., half of them] uint8, two neighbours a
    byte, the first in its low half"""
    scales: Tensor
    """[outputs, groups] float16"""
    zeros: Tensor
    """[outputs, groups] uint8; in 8 bits int8, and all of them nothing"""

    @property
    def bits(self) -> int:
        return 8 if self.stored.dtype == torch.int8 else 4

    @property
    def groups(self) -> int:
        return self.stored.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)"""
        outputs, groups, group_bytes = self.stored.shape
        return outputs, groups * group_bytes * 8 // self.bits


Weight = Tensor | PackedWeight
"""[outputs, inputs]"""


def tensors_of(weight: Weight) -> tuple[Tensor, Tensor, Tensor]:
    """The values, and their scales and zeros: in floating point there are none, and anything stands for them."""
    return weight if isinstance(weight, PackedWeight) else (weight, weight, weight)


def bits_of(weight: Weight) -> int:
    """16 for floating point, whatever it takes"""
    return weight.bits if isinstance(weight, PackedWeight) else 16


def groups_of(weight: Weight) -> int:
    return weight.groups if isinstance(weight, PackedWeight) else 1


def input_bytes(weight: Weight) -> float:
    """That an input of an output takes"""
    return weight.bits / 8 if isinstance(weight, PackedWeight) else weight.element_size()
