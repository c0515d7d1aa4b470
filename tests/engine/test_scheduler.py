"""Laws of the scheduler: nobody starves, the oldest prompt first, real time before fairness."""

import random

import pytest

from qwen_tts.engine.scheduler import (
    CLOSE_TO_SILENCE_S,
    PREFILL_TOKENS,
    URGENT_PREFILL_TOKENS,
    Plan,
    Scheduler,
    Speaking,
)
from qwen_tts.engine.sequence import Sequence

FRAME_S = 0.08


def reading(row: int, prompt: int, cached: int = 0) -> Sequence:
    return Sequence(row, prompt_positions=prompt, cached_positions=cached, max_frames=100, room=100)


def speaking(row: int, lead_s: float = 1.0, *, is_playing: bool = True) -> Speaking:
    sequence = reading(row, 10, 9)
    sequence.frames = 5
    return Speaking(sequence, lead_s, is_playing)


def rows(plan: Plan) -> list[int]:
    return sorted(sequence.row for sequence in plan.frame)


def test_everybody_speaks_in_every_step() -> None:
    plan = Scheduler(FRAME_S).plan([], [speaking(row, lead_s=row) for row in range(64)])
    assert rows(plan) == list(range(64))
    assert Scheduler(FRAME_S).plan([], []) == Plan([], [])


def test_prompts_are_read_in_order_and_joined_at_once() -> None:
    first, second = reading(0, 301), reading(1, 401)
    plan = Scheduler(FRAME_S).plan([first, second], [])
    assert plan.prefill == [(first, 300), (second, PREFILL_TOKENS - 300)]
    assert rows(plan) == [0], "its prompt is read to the end"


def test_a_prompt_of_one_position_needs_no_reading() -> None:
    one = reading(0, 1)
    assert not one.prefill_left
    assert one.may_step
    assert one.position == 0


def test_a_long_prompt_does_not_silence_anybody() -> None:
    long = reading(1, 4000)
    close = speaking(0, lead_s=CLOSE_TO_SILENCE_S / 2)
    plan = Scheduler(FRAME_S).plan([long], [close])
    assert plan.prefill == [(long, URGENT_PREFILL_TOKENS)]
    assert rows(plan) == [0]
    far = speaking(0, lead_s=2)
    assert Scheduler(FRAME_S).plan([long], [far]).prefill == [(long, PREFILL_TOKENS)]


def test_who_is_not_heard_yet_is_not_close_to_silence() -> None:
    long = reading(1, 4000)
    plan = Scheduler(FRAME_S).plan([long], [speaking(0, lead_s=0, is_playing=False)])
    assert plan.prefill == [(long, PREFILL_TOKENS)]


def test_on_a_slow_machine_the_most_urgent_speak() -> None:
    scheduler = Scheduler(FRAME_S)
    for count, step_s in ((1, 0.03), (2, 0.05), (4, 0.07), (8, 0.13)):
        scheduler.record_step(count, step_s)
    plan = scheduler.plan([], [speaking(row, lead_s=8 - row) for row in range(8)])
    assert rows(plan) == [4, 5, 6, 7]
    assert rows(scheduler.plan([], [speaking(row) for row in range(3)])) == [0, 1, 2]


def test_somebody_always_speaks() -> None:
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(1, 0.5)
    assert len(scheduler.plan([], [speaking(0), speaking(1, 0.5)]).frame) == 1


@pytest.mark.parametrize("seed", range(20))
def test_nobody_starves(seed: int) -> None:
    """A machine that keeps up with 4 of 8 rows gives each of them half of real time, none of them nothing."""
    chance = random.Random(seed)
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(4, 0.06)
    scheduler.record_step(8, 0.2)
    made = dict.fromkeys(range(8), 0)
    for step in range(200):
        now = step * 0.06
        order = chance.sample(range(8), 8)
        plan = scheduler.plan([], [speaking(row, made[row] * FRAME_S - now) for row in order])
        for row in rows(plan):
            made[row] += 1
    assert max(made.values()) - min(made.values()) <= 1


def test_when_nothing_is_left_to_read_in_a_step_the_others_wait() -> None:
    """No empty share: a sequence is either read on or not mentioned."""
    plan = Scheduler(FRAME_S).plan([reading(0, PREFILL_TOKENS + 1), reading(1, 20)], [])
    assert [(sequence.row, tokens) for sequence, tokens in plan.prefill] == [(0, PREFILL_TOKENS)]


def test_who_has_as_much_as_that_is_not_close_to_silence() -> None:
    plan = Scheduler(FRAME_S).plan([reading(1, 4000)], [speaking(0, lead_s=CLOSE_TO_SILENCE_S)])
    assert plan.prefill[0][1] == PREFILL_TOKENS


def test_times_are_averaged_and_one_hiccup_counts_little() -> None:
    scheduler, both = Scheduler(FRAME_S), [speaking(0), speaking(1)]
    scheduler.record_step(2, 0.05)
    scheduler.record_step(2, 1_000.0)
    assert len(scheduler.plan([], both).frame) == 2
    for _ in range(2):
        scheduler.record_step(2, 1_000.0)
    assert len(scheduler.plan([], both).frame) == 1


def test_what_was_too_slow_once_is_tried_again() -> None:
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(1, 0.01)
    scheduler.record_step(2, FRAME_S * 1.01)
    both = [speaking(0), speaking(1)]
    assert len(scheduler.plan([], both).frame) == 1
    for _ in range(3):
        scheduler.record_step(1, 0.01)
    assert len(scheduler.plan([], both).frame) == 2


def test_nothing_is_tried_while_somebody_is_close_to_silence() -> None:
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(1, 0.05)
    scheduler.record_step(2, FRAME_S * 1.1)
    for _ in range(100):
        scheduler.record_step(1, 0.05)
    assert len(scheduler.plan([], [speaking(0, lead_s=CLOSE_TO_SILENCE_S), speaking(1)]).frame) == 2
    assert rows(scheduler.plan([], [speaking(0), speaking(1, lead_s=CLOSE_TO_SILENCE_S / 2)])) == [1]


def test_a_step_that_takes_just_its_sounds_length_is_in_time() -> None:
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(2, FRAME_S)
    assert len(scheduler.plan([], [speaking(row) for row in range(3)]).frame) == 3
    scheduler.record_step(3, FRAME_S * 1.5)
    assert len(scheduler.plan([], [speaking(row) for row in range(3)]).frame) == 2


def test_fewer_rows_than_those_that_were_too_slow_may_all_speak() -> None:
    scheduler = Scheduler(FRAME_S)
    for count in (8, 16):
        scheduler.record_step(count, FRAME_S * 1.9)
    scheduler.record_step(4, 0.01)
    assert len(scheduler.plan([], [speaking(row) for row in range(7)]).frame) == 7
    assert len(scheduler.plan([], [speaking(row) for row in range(8)]).frame) == 4


def test_who_begins_takes_a_row_of_those_that_are_in_time() -> None:
    scheduler = Scheduler(FRAME_S)
    scheduler.record_step(2, 0.01)
    scheduler.record_step(4, FRAME_S * 1.5)
    plan = scheduler.plan([reading(9, 5)], [speaking(row, lead_s=row) for row in range(3)])
    assert rows(plan) == [0, 9]


def test_where_everybody_may_speak_nobody_is_sorted() -> None:
    """The order of rows is that in which they came: it is the order of their places in the batch."""
    plan = Scheduler(FRAME_S).plan([], [speaking(0, lead_s=3), speaking(1, lead_s=1)])
    assert [sequence.row for sequence in plan.frame] == [0, 1]
