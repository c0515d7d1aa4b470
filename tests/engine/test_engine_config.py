"""The engine's options: what is asked for stays, and what is not gives way where memory is short."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_tts.config.engine import LEAST_POSITIONS, EngineConfig, GuardConfig


def config(**options: Any) -> EngineConfig:
    return EngineConfig(checkpoint=Path(), **options)


def smaller_and_smaller(config: EngineConfig | None) -> Iterator[EngineConfig]:
    """At most so many that an endless one is seen."""
    for _ in range(99):
        if config is None:
            return
        yield config
        config = config.smaller()


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ({}, [(16, 16384), (8, 8192), (4, 4096), (2, 2048), (1, 1024)]),
        ({"rows": 16}, [(16, 16384), (16, 8192), (16, 4096), (16, 2048), (16, 1024)]),
        ({"kv_positions": 16384}, [(16, 16384), (8, 16384), (4, 16384), (2, 16384), (1, 16384)]),
        ({"kv_positions": 64}, [(16, 64), (8, 64), (4, 64), (2, 64), (1, 64)]),
        ({"rows": 3, "kv_positions": 3000}, [(3, 3000)]),
        ({"rows": 16, "buckets": (16,)}, [(16, 16384), (16, 8192), (16, 4096), (16, 2048), (16, 1024)]),
        ({"buckets": (2, 16)}, [(16, 16384), (16, 8192), (16, 4096), (16, 2048), (16, 1024)]),
    ],
)
def test_what_was_not_asked_for_is_halved_until_little_is_left(
    asked: dict[str, Any], sizes: list[tuple[int, int]]
) -> None:
    assert [(one.rows, one.kv_positions) for one in smaller_and_smaller(config(**asked))] == sizes
    assert sizes[-1][1] == LEAST_POSITIONS or "kv_positions" in asked


def test_nothing_else_changes() -> None:
    first = config(queue=5, row_positions=512)
    for one in smaller_and_smaller(first):
        same = {"rows": one.rows, "kv_positions": one.kv_positions}
        assert one.model_dump() == first.model_dump() | same
        assert EngineConfig.model_validate(one.model_dump()) == one
        assert one.step_sizes == EngineConfig.model_validate(one.model_dump()).step_sizes
        assert max(one.step_sizes) == one.rows


@pytest.mark.parametrize("rows", [1, 2, 3, 16, 17, 64])
def test_steps_double_up_to_all_rows(rows: int) -> None:
    sizes = config(rows=rows).step_sizes
    assert (sizes[0], sizes[-1]) == (1, rows)
    assert all(one < other <= 2 * one for one, other in itertools.pairwise(sizes))


def test_buckets_are_steps_in_order() -> None:
    assert config(rows=4, buckets=(4, 1, 4, 3)).step_sizes == (1, 3, 4)
    for wrong in ((), (0, 4), (3,), (5,)):
        with pytest.raises(ValueError, match="the largest must be rows, 4"):
            config(rows=4, buckets=wrong)


@pytest.mark.parametrize("field", ["length_factor", "spare_s", "silence_s", "quiet_db"])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_figures_are_finite(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field}\n.*finite number"):
        GuardConfig.model_validate({field: value})
