"""How much of what comes in is worked off, and when."""

import pytest

from qwen3tts_daemon.protocols.pace import TURN, Pace
from qwen3tts_daemon.rates import Rate, TokenBucket
from tests.fakes import Clock


def worked_off(pace: Pace) -> int:
    """In one turn."""
    pace.begin_turn()
    units = 0
    while pace.allows_more:
        pace.count()
        units += 1
    return units


def all_worked_off(pace: Pace) -> int:
    """In as many turns as it takes."""
    units = 0
    while more := worked_off(pace):
        units += more
    return units


def test_a_turn_and_a_burst_are_bounded() -> None:
    pace = Pace(TokenBucket(Rate(per_s=100, burst=2 * TURN + 3), Clock().now), None, Clock())
    assert [worked_off(pace) for _ in range(4)] == [TURN, TURN, 3, 0]


def test_who_has_spent_all_waits_for_more() -> None:
    clock = Clock()
    pace = Pace(TokenBucket(Rate(per_s=100, burst=50), clock.now), None, clock)
    all_worked_off(pace)
    assert pace.wait_s() == pytest.approx(1 / 100)
    clock.now += 0.0101
    assert worked_off(pace) == 1


def test_who_has_only_had_a_turn_goes_on_in_the_next() -> None:
    pace = Pace(TokenBucket(Rate(per_s=100, burst=2 * TURN), Clock().now), None, Clock())
    worked_off(pace)
    assert pace.wait_s() == 0


def test_debt_is_paid_and_a_pause_fills_no_more_than_the_bucket() -> None:
    clock = Clock()
    bucket = TokenBucket(Rate(per_s=100, burst=20), clock.now)
    bucket.spend(50)
    clock.now += 0.3
    bucket.refill(clock.now)
    assert bucket.is_empty
    clock.now += 3_600
    assert all_worked_off(Pace(bucket, None, clock)) == 20


@pytest.mark.parametrize("turns", [1, 7, 1_000])
def test_no_second_has_more_than_its_rate_after_the_burst(turns: int) -> None:
    clock = Clock()
    pace = Pace(TokenBucket(Rate(per_s=100, burst=50), clock.now), None, clock)
    units = 0
    for _ in range(turns):
        units += all_worked_off(pace)
        clock.now += 1 / turns
    assert units <= 50 + 100


def test_connections_of_one_address_share_what_goes_beyond_their_own() -> None:
    clock = Clock()
    shared = TokenBucket(Rate(per_s=100, burst=100), clock.now)
    paces = [Pace(TokenBucket(Rate(per_s=5, burst=10), clock.now), shared, clock) for _ in range(64)]
    assert sum(map(all_worked_off, paces)) == 64 * 10 + 100
    clock.now += 1
    assert sum(map(all_worked_off, paces)) == 64 * 5 + 100


def test_who_asks_for_little_has_it_beside_a_flood() -> None:
    clock = Clock()
    shared = TokenBucket(Rate(per_s=100, burst=100), clock.now)
    flooding = [Pace(TokenBucket(Rate(per_s=5, burst=10), clock.now), shared, clock) for _ in range(64)]
    neighbour = Pace(TokenBucket(Rate(per_s=5, burst=10), clock.now), shared, clock)
    for _ in range(20):
        assert worked_off(neighbour) >= 1
        for pace in flooding:
            all_worked_off(pace)
        clock.now += 0.21
