"""The HTTP server's own arithmetic; its sockets are in tests/wire/test_hostile_http.py."""

import pytest

from qwen3tts_daemon.protocols.server import Room
from tests.fakes import Clock


def test_a_full_house_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    room = Room(2, clock)
    assert room.has_room_for(2)
    assert not caplog.records
    assert not any(room.has_room_for(3) for _ in range(100))
    assert len(caplog.records) == 1
    clock.now += 59.9
    assert not room.has_room_for(3)
    assert len(caplog.records) == 1
    clock.now += 0.1
    assert not room.has_room_for(3)
    assert len(caplog.records) == 2
