"""An invitation lets one browser in, once and soon; its letters can be guessed five times, by everybody together."""

import pytest

from qwen3tts_daemon.access.invitations import (
    _ALPHABET,
    FIRST_INVITATION_S,
    INVITATION_S,
    WRONG_TRIES,
    Invitation,
    Invitations,
)
from qwen3tts_daemon.failures import Refusal
from tests.fakes import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def invitations(clock: Clock) -> Invitations:
    return Invitations(clock)


def refusal(invitations: Invitations, code: str) -> tuple[str, int | None]:
    """Its code, and the tries left."""
    with pytest.raises(Refusal) as caught:
        invitations.redeem(code)
    return caught.value.code, caught.value.tries_left


GONE = ("no_invitation", None)


def wrong(invitation: Invitation) -> str:
    """Six letters, one of them another."""
    first = invitation.letters[0]
    return _ALPHABET[(_ALPHABET.index(first) + 1) % len(_ALPHABET)] + invitation.letters[1:]


@pytest.mark.parametrize("way", ["link_code", "letters"])
def test_it_is_taken_once_by_its_link_or_by_its_letters(invitations: Invitations, way: str) -> None:
    invitation = invitations.issue()
    invitations.redeem(getattr(invitation, way))
    for code in (invitation.link_code, invitation.letters):
        assert refusal(invitations, code) == GONE


@pytest.mark.parametrize("way", ["link_code", "letters"])
def test_it_ends(invitations: Invitations, clock: Clock, way: str) -> None:
    invitation = invitations.issue()
    clock.now += INVITATION_S
    assert refusal(invitations, getattr(invitation, way)) == GONE


def test_a_moment_before_it_still_holds(invitations: Invitations, clock: Clock) -> None:
    invitation = invitations.issue()
    clock.now += INVITATION_S - 0.001
    invitations.redeem(invitation.letters)


def test_a_new_one_takes_the_place_of_the_old(invitations: Invitations) -> None:
    old, new = invitations.issue(), invitations.issue()
    assert refusal(invitations, old.link_code) == GONE
    assert refusal(invitations, old.letters) == ("wrong_code", WRONG_TRIES - 1)
    invitations.redeem(new.letters)


def test_five_wrong_tries_void_the_letters_and_a_new_one_has_five_again(invitations: Invitations) -> None:
    invitation = invitations.issue()
    told = [refusal(invitations, wrong(invitation)) for _ in range(WRONG_TRIES)]
    assert told == [*(("wrong_code", left) for left in range(WRONG_TRIES - 1, 0, -1)), GONE]
    assert refusal(invitations, invitation.letters) == GONE
    new = invitations.issue()
    for _ in range(WRONG_TRIES - 1):
        refusal(invitations, wrong(new))
    invitations.redeem(new.letters)


@pytest.mark.parametrize("guess", ["", "A", "000000", "OIL ZUQ", "CDFGHJ" * 2, "ÄÖÜ", "😀"])
def test_whatever_is_typed_is_a_try(invitations: Invitations, guess: str) -> None:
    invitations.issue()
    assert refusal(invitations, guess) == ("wrong_code", WRONG_TRIES - 1)


def test_who_guesses_on_purpose_does_not_keep_the_owner_out(invitations: Invitations) -> None:
    invitation = invitations.issue()
    for _ in range(100):
        refusal(invitations, wrong(invitation))
    invitations.redeem(invitation.link_code)


def test_old_links_use_up_no_tries(invitations: Invitations) -> None:
    old, new = invitations.issue(), invitations.issue()
    for _ in range(100):
        assert refusal(invitations, old.link_code) == GONE
    invitations.redeem(new.letters)


def test_without_an_invitation_nothing_is_right(invitations: Invitations) -> None:
    assert refusal(invitations, "CDFGHJ") == GONE
    assert refusal(invitations, "") == GONE


def test_that_of_a_start_lasts_longer_and_has_a_link_alone(invitations: Invitations, clock: Clock) -> None:
    invitation = invitations.issue(FIRST_INVITATION_S, has_letters=False)
    assert invitation.letters == ""
    for guess in ("", "CDFGHJ"):
        assert refusal(invitations, guess) == GONE
    clock.now += FIRST_INVITATION_S - 1
    invitations.redeem(invitation.link_code)


@pytest.mark.parametrize(
    "spell",
    [
        str.lower, str.title, lambda letters: f"  {letters[:3]} {letters[3:]}\n", "-".join,
        lambda letters: "".join(chr(ord(letter) + 0xFEE0) for letter in letters),
        lambda letters: "\u3000".join(chr(ord(letter.lower()) + 0xFEE0) for letter in letters),
    ],
)  # fmt: skip
def test_case_blanks_and_width_do_not_matter(invitations: Invitations, spell: object) -> None:
    invitations.redeem(spell(invitations.issue().letters))  # type: ignore[operator]


def test_nobody_can_guess_or_misread_them(invitations: Invitations) -> None:
    many = [invitations.issue() for _ in range(200)]
    assert len({one.letters for one in many}) == len({one.link_code for one in many}) == 200
    assert all(len(one.letters) == 6 and len(one.link_code) >= 22 for one in many)
    letters = set("".join(one.letters for one in many))
    assert letters.isdisjoint("ILOQUZSB0123456789"), "none that looks like another or like a digit"
    assert len(_ALPHABET) ** 6 > 10_000_000
