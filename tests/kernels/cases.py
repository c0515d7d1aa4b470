"""Which combinations of sizes the kernels are tried with."""

from collections.abc import Sequence
from itertools import cycle, islice, product
from typing import Any

import torch


def crossed(*choices: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Every combination on a card. The interpreter is slow: there each choice comes up once at least, the others' in
    turn beside it."""
    if torch.cuda.is_available():
        return list(product(*choices))
    most = max(map(len, choices))
    return list(zip(*(islice(cycle(some), most) for some in choices), strict=True))
