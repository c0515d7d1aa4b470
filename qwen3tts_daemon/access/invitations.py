"""Codes by which one browser is let in without the token: a link's, or six letters for who has to type.

1. Whoever has the token asks for an invitation; the daemon makes the first by itself, for its terminal. One is open at
   a time: a new one takes its place. One browser takes it, by its link or by its letters.
2. A link's code cannot be guessed; letters can. Five wrong ones, from whatever addresses, and the letters are void. The
   link is not: who guesses on purpose keeps nobody out.
3. Nothing makes new letters but a person who asks for them, so a stranger has five guesses for each, of 16 million.
"""

import hmac
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from qwen3tts_daemon.failures import Refusal

INVITATION_S: Final = 300.0
FIRST_INVITATION_S: Final = 3600.0
"""Of the link that a start prints: a first start may have much to load before somebody reads it."""

WRONG_TRIES: Final = 5
_ALPHABET: Final = "CDFGHJKMNPRTVWXY"
"""None looks like another or like a digit; without vowels they make no words."""
_LETTERS: Final = 6
_LINK_CODE_BYTES: Final = 16
_SHORTEST_LINK_CODE: Final = 16
"""In characters; what is shorter was typed."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Lets one browser in, once."""

    link_code: str
    letters: str
    """Empty if there is only the link."""
    expires_at: float
    """By the clock of the Invitations that it is of."""


class Invitations:
    """The one that is open, and how often its letters may still be guessed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: Invitation | None = None
        self._tries_left = 0
        self.let_in = 0
        """Browsers, since this object is there"""

    def issue(self, lifetime_s: float = INVITATION_S, *, has_letters: bool = True) -> Invitation:
        """A new one in place of the one that was open."""
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) if has_letters else ""
        self._open = Invitation(secrets.token_urlsafe(_LINK_CODE_BYTES), letters, self._clock() + lifetime_s)
        self._tries_left = WRONG_TRIES if has_letters else 0
        return self._open

    def withdraw(self) -> None:
        """None is open any more."""
        self._open = None

    def redeem(self, code: str) -> None:
        """Takes the one that is open. Raises Refusal: `wrong_code` with the tries left, or `no_invitation`."""
        invitation = self._open
        if invitation is None or self._clock() >= invitation.expires_at:
            raise _not_open()
        if not self._is_of(invitation, code):
            raise self._refuse(code)
        self._open = None
        self.let_in += 1

    def _is_of(self, invitation: Invitation, code: str) -> bool:
        if _is_same(code.strip(), invitation.link_code):
            return True
        return self._tries_left > 0 and _is_same(_spelled(code), invitation.letters)

    def _refuse(self, code: str) -> Refusal:
        if len(code.strip()) >= _SHORTEST_LINK_CODE:  # of a link that was used or is old: no guess
            return _not_open()
        self._tries_left = max(0, self._tries_left - 1)
        if not self._tries_left:
            return _not_open()
        way_out = f"{self._tries_left} more tries, then new letters are needed"
        return Refusal("wrong_code", f"these are not the letters; {way_out}", param="code", tries_left=self._tries_left)


def _spelled(typed: str) -> str:
    """The letters of what was typed: in any case, with blanks and hyphens, as wide as Asian keyboards make them."""
    wide = unicodedata.normalize("NFKC", typed).upper()
    return "".join(character for character in wide if character.isalnum())


def _is_same(given: str, right: str) -> bool:
    """In a time that does not tell how much of it was right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _not_open() -> Refusal:
    why = f"it was used, it is too old, or its letters were wrong {WRONG_TRIES} times"
    return Refusal(
        "no_invitation",
        f"no invitation is open by this code: {why}; `qwen3tts-daemon pair` makes a new one",
        param="code",
    )
