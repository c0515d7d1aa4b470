"""Laws of the pace: who speaks does not stutter because another came, and nobody waits without need or word."""

import math

import pytest

from qwen_tts.engine.pace import LONGER, Newcomer, Pace, Speaker

FRAME_S = 0.08
SHORT = Newcomer(positions=20, speech_s=2.0)
ENDLESS = Newcomer(positions=20, speech_s=math.inf)


def pace(*steps_s: float, position_s: float = 0.0) -> Pace:
    """Of a machine whose steps of 1, 2, ... rows were measured."""
    measured = Pace(FRAME_S)
    for rows, step_s in enumerate(steps_s, 1):
        measured.record_step(rows, step_s)
    if position_s:
        measured.record_reading(100, 100 * position_s)
    return measured


def speaker(lead_s: float = 1.0, *, is_playing: bool = True, left_s: float = 10.0) -> Speaker:
    return Speaker(lead_s, is_playing, left_s)


def test_where_nobody_speaks_the_next_begins_however_slow_the_machine_is() -> None:
    assert pace(3.0, position_s=1.0).may_begin(ENDLESS, [])


def test_before_anything_was_measured_everybody_begins() -> None:
    assert Pace(FRAME_S).may_begin(ENDLESS, [speaker()] * 63)


@pytest.mark.parametrize(("steps_s", "rows"), [
    ((0.003,), 26), ((0.03,), 2), ((0.03, 0.05), 3), ((0.03, 0.05, 0.081), 2), ((0.04,), 2), ((0.041,), 1), ((0.2,), 1),
])  # fmt: skip
def test_as_many_rows_as_were_measured_or_as_cost_no_more_each(steps_s: tuple[float, ...], rows: int) -> None:
    machine = pace(*steps_s)
    assert machine.rows == rows
    assert machine.may_begin(ENDLESS, [speaker()] * (rows - 1))
    if machine.keeps_up(rows):
        assert not machine.may_begin(ENDLESS, [speaker()] * rows)


def test_more_rows_are_never_faster_and_what_is_known_of_more_bounds_fewer() -> None:
    machine = pace(0.05)
    machine.record_step(4, 0.03)  # measured on a better day
    assert machine.step_s(2) == machine.step_s(4) == 0.05
    machine = Pace(FRAME_S)
    machine.record_step(8, 0.05)
    assert machine.step_s(2) == 0.05
    machine.record_step(1, 0.02)
    assert machine.step_s(2) == 0.04


def test_a_step_that_was_held_up_counts_little_and_a_slower_machine_is_noticed() -> None:
    machine = pace(0.03)
    machine.record_step(1, 60.0)
    assert machine.keeps_up(1)
    for _ in range(20):
        machine.record_step(1, 0.5)
    assert machine.step_s(1) > 0.4


def test_a_prompt_is_read_only_while_everybody_has_sound_for_so_long() -> None:
    machine = pace(0.03, position_s=0.01)
    until_heard_s = 20 * 0.01 + 2 * 0.03
    assert not machine.may_begin(SHORT, [speaker(until_heard_s - 0.01)])
    assert machine.may_begin(SHORT, [speaker(until_heard_s + 0.01)])
    assert machine.may_begin(SHORT, [speaker(0.0, is_playing=False)]), "nobody hears a silence yet"


def test_what_is_made_before_anybody_hears_silence_may_be_spoken_meanwhile() -> None:
    machine = pace(0.06, position_s=0.01)
    making_s = 0.2 + 2 * 0.06 + LONGER * 2.0 * 0.06 / FRAME_S
    assert machine.may_begin(SHORT, [speaker(making_s)])
    assert not machine.may_begin(SHORT, [speaker(making_s - 0.01)])
    assert not machine.may_begin(SHORT, [speaker(9.0), speaker(making_s - 0.01)])
    assert not machine.may_begin(ENDLESS, [speaker(60.0)])
    assert not machine.may_begin(SHORT, [speaker(9.0, is_playing=False)]), "it came first"


def test_a_machine_that_does_not_keep_up_with_one_has_no_time_to_spare() -> None:
    assert not pace(0.2).may_begin(SHORT, [speaker(1.0)])


def test_how_long_others_wait_is_told_by_what_is_left_and_what_is_before_them() -> None:
    one_at_a_time = pace(0.06)  # a second of sound takes 0.75 s
    downloads = speaker(lead_s=60.0, left_s=4.0)
    assert one_at_a_time.waits_s([downloads], [2.0, 8.0, 1.0]) == pytest.approx([3.0, 4.5, 10.5])
    plays = speaker(lead_s=5.12, left_s=4.0)
    assert one_at_a_time.waits_s([plays], [2.0]) == pytest.approx([4.0]), "it is made no faster than it is heard"
    two_at_once = pace(0.03, 0.06)
    assert two_at_once.waits_s([downloads, speaker(60.0, left_s=8.0)], [4.0, 1.0]) == pytest.approx([3.0, 6.0])
    assert two_at_once.waits_s([downloads], [4.0]) == [0.0]
    assert Pace(FRAME_S).waits_s([downloads], [1.0]) is None
