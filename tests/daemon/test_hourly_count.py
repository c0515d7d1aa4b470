"""What the last hour had."""

from qwen3tts_daemon.speech.hourly_count import HourlyCount
from tests.fakes import Clock


def test_what_is_older_than_an_hour_is_not_counted() -> None:
    clock = Clock()
    clock.now = 0.0
    count = HourlyCount(clock)
    assert count.total == 0
    for second in (0.0, 10.0, 70.0, 3_540.0):
        clock.now = second
        count.add()
    assert count.total == 4
    clock.now = 3_600.0
    assert count.total == 2, "the first minute is over"
    clock.now = 3_660.0
    assert count.total == 1
    clock.now = 100_000.0
    assert count.total == 0


def test_a_crowd_takes_no_more_room_than_a_minute() -> None:
    clock = Clock()
    count = HourlyCount(clock)
    for _ in range(10_000):
        count.add()
    assert count.total == 10_000
    assert len(count._minutes) == 1
