"""Which items of one sequence are which of another that is nearly the same."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]


def equal_pairs(first: Sequence[str], second: Sequence[str]) -> list[Pair]:
    """The places of equal items, in order, such that the fewest others are left, put in or taken away between them.

    Takes the product of both lengths, at worst: some 10 ms for 500 and 500.
    """
    most = min(len(first), len(second))
    head = next((at for at in range(most) if first[at] != second[at]), most)
    most -= head
    tail = next((at for at in range(most) if first[-1 - at] != second[-1 - at]), most)
    inner = _pairs(first[head : len(first) - tail], second[head : len(second) - tail])
    return [
        *((at, at) for at in range(head)),
        *((a + head, b + head) for a, b in inner),
        *((len(first) - at, len(second) - at) for at in range(tail, 0, -1)),
    ]


def _pairs(first: Sequence[str], second: Sequence[str]) -> list[Pair]:
    if not first or not second:
        return []
    differs, costs = _costs(first, second)
    pairs, a, b = [], len(first), len(second)
    while a and b:
        if costs[a, b] == costs[a - 1, b - 1] + differs[a - 1, b - 1]:
            a, b = a - 1, b - 1
            if not differs[a, b]:
                pairs.append((a, b))
        elif costs[a, b] == costs[a - 1, b] + 1:
            a -= 1
        else:
            b -= 1
    return pairs[::-1]


def _costs(first: Sequence[str], second: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Whether items differ, and the least that has to be changed between the beginnings of both."""
    numbers = {item: number for number, item in enumerate({*first, *second})}
    differs = np.not_equal.outer([numbers[item] for item in first], [numbers[item] for item in second])
    steps = np.arange(len(second) + 1, dtype=np.int32)
    costs = np.empty((len(first) + 1, len(second) + 1), np.int32)
    costs[0] = steps
    for a in range(len(first)):
        row = costs[a] + 1
        row[1:] = np.minimum(row[1:], costs[a, :-1] + differs[a])
        costs[a + 1] = np.minimum.accumulate(row - steps) + steps  # what is put in costs one each
    return differs, costs
