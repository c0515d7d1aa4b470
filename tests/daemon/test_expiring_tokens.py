"""What is given out is bounded, for each visitor and for all, and nobody pays for another."""

from qwen3tts_daemon.access.expiring_tokens import _MOST, _MOST_EACH, ExpiringTokens
from tests.fakes import Clock

LIFETIME_S = 30.0


def test_who_takes_many_loses_his_own_oldest() -> None:
    passes = ExpiringTokens(LIFETIME_S, Clock())
    mine = passes.give("10.0.0.1")
    theirs = [passes.give("10.0.0.2") for _ in range(1_000)]
    assert passes.is_valid(mine)
    assert [passes.is_valid(word) for word in theirs] == [False] * (1_000 - _MOST_EACH) + [True] * _MOST_EACH


def test_many_visitors_are_bounded_too_at_the_cost_of_those_who_have_most() -> None:
    passes = ExpiringTokens(LIFETIME_S, Clock())
    mine = passes.give("10.0.0.1")
    theirs = [passes.give(f"10.0.1.{number}") for number in range(250) for _ in range(_MOST_EACH)]
    assert passes.is_valid(mine)
    assert sum(passes.is_valid(word) for word in theirs) == _MOST - 1


def test_what_is_taken_or_has_ended_makes_room() -> None:
    clock = Clock()
    passes = ExpiringTokens(LIFETIME_S, clock)
    first = passes.give("a")
    for _ in range(5 * _MOST_EACH):
        assert passes.take(passes.give("a"))
    assert passes.is_valid(first)
    clock.now += LIFETIME_S
    assert not passes.take(first)
    kept = [passes.give("a") for _ in range(_MOST_EACH)]
    assert all(passes.is_valid(word) for word in kept)


def test_a_word_is_taken_once_and_nobody_guesses_it() -> None:
    passes = ExpiringTokens(LIFETIME_S, Clock())
    word = passes.give("a")
    assert len(word) >= 43
    assert [passes.take(word), passes.take(word), passes.take("")] == [True, False, False]
