"""How much of a connection's input is worked off, and when."""

import pytest

from qwen3tts_daemon.protocols.pace import Pace, Rate
from tests.fakes import Clock


def worked_off(pace: Pace) -> int:
    """In one turn."""
    pace.begin_turn()
    units = 0
    while pace.allows_more:
        pace.count()
        units += 1
    return units


def test_a_turn_and_a_burst_are_bounded() -> None:
    clock = Clock()
    pace = Pace(Rate(per_s=100, burst=50, per_turn=20), clock)
    assert [worked_off(pace) for _ in range(4)] == [20, 20, 10, 0]


def test_who_has_spent_all_waits_for_a_turns_worth() -> None:
    clock = Clock()
    pace = Pace(Rate(per_s=100, burst=50, per_turn=20), clock)
    while worked_off(pace):
        pass
    assert pace.wait_s() == pytest.approx(0.2)
    clock.now += 0.2
    assert worked_off(pace) == 20
    assert pace.wait_s() == pytest.approx(0.2)


def test_who_has_only_had_a_turn_goes_on_in_the_next() -> None:
    pace = Pace(Rate(per_s=100, burst=50, per_turn=20), Clock())
    worked_off(pace)
    assert pace.wait_s() == 0


def test_debt_is_paid_and_a_pause_fills_no_more_than_the_bucket() -> None:
    clock = Clock()
    pace = Pace(Rate(per_s=100, burst=50, per_turn=50), clock)
    pace.count(80)
    assert not pace.allows_more
    clock.now += 0.29
    pace.begin_turn()
    assert not pace.allows_more
    clock.now += 3_600
    assert worked_off(pace) == 50


@pytest.mark.parametrize("turns", [1, 7, 1_000])
def test_no_second_has_more_than_its_rate_after_the_burst(turns: int) -> None:
    clock = Clock()
    pace = Pace(Rate(per_s=100, burst=50, per_turn=20), clock)
    units = 0
    for _ in range(turns):
        units += worked_off(pace)
        clock.now += 1 / turns
    assert units <= 50 + 100
