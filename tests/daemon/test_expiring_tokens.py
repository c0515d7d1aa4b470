"""What is given out is bounded, for each owner and for all, and nobody pays for another."""

from qwen3tts_daemon.access.expiring_tokens import _MOST, _MOST_EACH, ExpiringTokens
from tests.fakes import Clock

LIFETIME_S = 30.0


def test_who_is_issued_many_loses_the_own_oldest() -> None:
    tokens = ExpiringTokens(LIFETIME_S, Clock())
    mine = tokens.issue("10.0.0.1")
    theirs = [tokens.issue("10.0.0.2") for _ in range(1_000)]
    assert tokens.is_valid(mine)
    assert [tokens.is_valid(token) for token in theirs] == [False] * (1_000 - _MOST_EACH) + [True] * _MOST_EACH


def test_many_owners_are_bounded_too_at_the_cost_of_those_who_have_most() -> None:
    tokens = ExpiringTokens(LIFETIME_S, Clock())
    mine = tokens.issue("10.0.0.1")
    theirs = [tokens.issue(f"10.0.1.{number}") for number in range(250) for _ in range(_MOST_EACH)]
    assert tokens.is_valid(mine)
    assert sum(tokens.is_valid(token) for token in theirs) == _MOST - 1


def test_what_is_redeemed_or_has_ended_makes_room() -> None:
    clock = Clock()
    tokens = ExpiringTokens(LIFETIME_S, clock)
    first = tokens.issue("a")
    for _ in range(5 * _MOST_EACH):
        assert tokens.redeem(tokens.issue("a"))
    assert tokens.is_valid(first)
    clock.now += LIFETIME_S
    assert not tokens.redeem(first)
    kept = [tokens.issue("a") for _ in range(_MOST_EACH)]
    assert all(tokens.is_valid(token) for token in kept)


def test_a_token_is_redeemed_once_and_nobody_guesses_it() -> None:
    tokens = ExpiringTokens(LIFETIME_S, Clock())
    token = tokens.issue("a")
    assert len(token) >= 43
    assert [tokens.redeem(token), tokens.redeem(token), tokens.redeem("")] == [True, False, False]
