"""Codec tokens beside codec tokens."""

from collections.abc import Sequence

import msgspec

Frames = Sequence[Sequence[int]]
"""[frames][codebooks]"""


class Parting(msgspec.Struct, frozen=True):
    """The first place where two recordings differ."""

    frame: int
    codebook: int
    """-1: one of them has ended"""


def parting(one: Frames, other: Frames) -> Parting | None:
    """None: they are equal."""
    for frame, (left, right) in enumerate(zip(one, other, strict=False)):
        if list(left) != list(right):
            pairs = enumerate(zip(left, right, strict=False))
            return Parting(frame, next((book for book, (a, b) in pairs if a != b), -1))
    return None if len(one) == len(other) else Parting(min(len(one), len(other)), -1)


def same_frames(one: Frames, other: Frames) -> int:
    """Before they part."""
    where = parting(one, other)
    return len(one) if where is None else where.frame
