"""Laws of a sequence: where its next frame stands, and when it may have no more."""

from qwen_tts.engine.sequence import Sequence


def test_its_frames_follow_its_prompt_whose_last_position_is_the_first_input() -> None:
    sequence = Sequence(0, prompt_positions=10, cached_positions=4, max_frames=3, room=100)
    assert (sequence.prefill_left, sequence.may_step) == (5, False)
    sequence.cached_positions += 5
    assert (sequence.prefill_left, sequence.position, sequence.may_step) == (0, 9, True)
    sequence.frames += 2
    assert (sequence.position, sequence.may_step) == (11, True)


def test_it_stops_at_the_nearer_of_its_limits() -> None:
    for limits in ({"max_frames": 3, "room": 100}, {"max_frames": 100, "room": 3}):
        sequence = Sequence(0, prompt_positions=10, cached_positions=9, frames=2, **limits)
        assert sequence.may_step
        sequence.frames = 3
        assert sequence.is_at_its_limit
        assert not sequence.may_step


def test_what_has_ended_takes_no_step() -> None:
    sequence = Sequence(0, prompt_positions=1, cached_positions=0, max_frames=9, room=9)
    assert sequence.may_step
    sequence.end = "complete"
    assert not sequence.may_step
