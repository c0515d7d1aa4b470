"""A paired browser stays paired over a restart, until the week is over, the token is another, or all are forgotten."""

import stat
from pathlib import Path

import pytest

from qwen3tts_daemon.access.sessions import SESSION_S, Sessions
from tests.fakes import Clock

TOKEN = "correct-horse-battery-staple-0123456789"


@pytest.fixture
def salt(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


def test_it_outlasts_a_restart_and_ends_in_a_week(salt: Path) -> None:
    clock = Clock()
    session = Sessions(TOKEN, salt, clock).issue()
    again = Sessions(TOKEN, salt, clock)
    assert again.is_valid(session)
    clock.now += SESSION_S
    assert not again.is_valid(session)


def test_nobody_else_reads_what_is_kept_and_no_session_is(salt: Path) -> None:
    session = Sessions(TOKEN, salt).issue()
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    assert not any(part in salt.read_text() for part in session.split("."))


@pytest.mark.parametrize("change", ["token", "salt", "forgotten", "nothing kept"])
def test_another_token_or_salt_ends_them_all(salt: Path, change: str) -> None:
    first = Sessions(TOKEN, salt)
    session = first.issue()
    if change == "salt":
        salt.unlink()
    if change == "forgotten":
        first.forget_all()
        assert not first.is_valid(session)
        assert first.is_valid(first.issue())
        assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    kept = None if change == "nothing kept" else salt
    assert not Sessions("another" if change == "token" else TOKEN, kept).is_valid(session)


def test_nothing_of_it_can_be_changed(salt: Path) -> None:
    sessions = Sessions(TOKEN, salt)
    session = sessions.issue()
    expires, nonce, signature = session.split(".")
    changed = [
        f"{int(expires) + 1}.{nonce}.{signature}",
        f"{expires}.{nonce}x.{signature}",
        f"{session}0",
        session[:-1],
    ]
    for forged in (*changed, f"{expires}.{nonce}", f"{expires}.{nonce}.", "", ".", "..", "\ud800.x.y", f"{signature}"):
        assert not sessions.is_valid(forged), forged


def test_two_are_never_the_same(salt: Path) -> None:
    sessions = Sessions(TOKEN, salt)
    assert len({sessions.issue() for _ in range(100)}) == 100
