"""Each target with what it has broken before and a few hundred examples; long.py lets a fuzzer look for more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.kept import KEPT
from tests.hostile.target import Target
from tests.hostile.targets import TARGETS


def examples(target: Target) -> st.SearchStrategy[bytes]:
    """Bytes, words that the target knows, and pieces of what gets far."""
    pieces = st.sampled_from([*target.words, *(seed[: len(seed) // 2] for seed in target.seeds)] or [b""])
    whole = st.sampled_from(target.seeds)
    mixed = st.lists(st.binary(max_size=6) | pieces, max_size=12).map(b"".join)
    return (
        st.tuples(whole, st.integers(0, 200), mixed).map(lambda bent: bent[0][: bent[1]] + bent[2] + bent[0][bent[1] :])
        | mixed
    )


@pytest.mark.parametrize("name", KEPT)
def test_what_was_found_stays_mended(name: str) -> None:
    for example in KEPT[name]:
        TARGETS[name].check(example)


@pytest.mark.parametrize("name", TARGETS)
def test_the_law_holds_for_any_bytes(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.check(seed)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(examples(target))
    def check(data: bytes) -> None:
        target.check(data)

    check()
