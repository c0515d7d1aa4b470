"""Clients whose machine is gone without a word: what they held is soon free again, whatever they did."""

import json
import socket
from collections.abc import Iterator

import pytest
from websockets.frames import Opcode

from tests.chaos.home import Home, a_home
from tests.chaos.network_clients import DOORS
from tests.hostile.test_http import request
from tests.hostile.test_websocket import LONG, frame, upgrade
from tests.hostile.test_wyoming import event
from tests.hostile.watched import Watched, wait_until

SHORT = ("--wyoming.dead-peer-s", "2", "--http.dead-peer-s", "2", "--wyoming.max-connections-per-address", "8")
NEVER = "[hang]"
"""A text whose sound does not come, so that nothing is ever sent to whoever waits for it."""


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with a_home() as home:
        yield home


@pytest.fixture(scope="module")
def daemon(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    options = {"kinds": ["preset", "cloned"], "frame_s": 0.01}
    with home.daemon(tmp_path_factory.mktemp("vanished"), *SHORT, **options) as daemon:
        for say in DOORS.values():
            home.neighbour.machine.run(say, daemon, "Hello.")
        yield daemon


def post(path: str, body: bytes, kind: str, length: int | None = None) -> bytes:
    headers = (f"Content-Type: {kind}", f"Content-Length: {length or len(body)}")
    return request(path, *headers, method="POST").replace(b"Connection: close\r\n", b"") + body


def speech(text: str) -> bytes:
    wanted = json.dumps({"input": text, "response_format": "pcm"}).encode()
    return post("/v1/audio/speech", wanted, "application/json")


def spoken(text: str) -> bytes:
    return upgrade() + frame(Opcode.TEXT, json.dumps({"type": "speak", "text": text, "final": True}).encode())


FORM = b'--x\r\nContent-Disposition: form-data; name="ref_audio"; filename="a.wav"\r\n\r\n' + bytes(1_000)
ASK = event("describe")

WYOMING = {
    "idle": (ASK, b'"info"'),
    "in the middle of an event": (ASK + event("synthesize", {"text": "Hello."})[:40], b'"info"'),
    "in the middle of a text": (ASK + event("synthesize-start"), b'"info"'),
    "hearing": (event("synthesize", {"text": LONG}), b'"audio-chunk"'),
    "waiting for sound": (event("synthesize", {"text": NEVER}) + ASK, b'"info"'),
}
HTTP = {
    "idle": (request("/health").replace(b"Connection: close\r\n", b""), b"200 OK"),
    "in the middle of a head": (request("/health").replace(b"Connection: close\r\n", b"") + b"GET /v1", b"200 OK"),
    "in the middle of an upload": (
        request("/health").replace(b"Connection: close\r\n", b"")
        + post("/v1/audio/references", FORM, "multipart/form-data; boundary=x", 100_000),
        b"200 OK",
    ),
    "hearing": (speech(LONG), b"200 OK"),
    "waiting for sound": (speech(NEVER), b""),
    "websocket: idle": (upgrade(), b'"ready"'),
    "websocket: in the middle of a message": (upgrade() + frame(Opcode.TEXT, bytes(100))[:50], b'"ready"'),
    "websocket: hearing": (spoken(LONG), b'"started"'),
    "websocket: waiting for sound": (spoken(NEVER) + frame(Opcode.TEXT, b'{"type":"ping"}'), b'"pong"'),
}


def talk(home: Home, daemon: Watched, port: int, said: bytes, answer: bytes) -> socket.socket:
    """The guest says this, and has heard that."""
    with home.guest.machine.inside():
        guest = daemon.connect(port)
    guest.sendall(said)
    heard = b""
    while answer not in heard:
        piece = guest.recv(65_536)
        assert piece, heard
        heard += piece
    return guest


def utterances(daemon: Watched) -> int:
    return sum(count for what, count in daemon.census().items() if what.endswith("utterance.Utterance"))


def test_a_guest_that_vanishes_holds_nothing_for_long(home: Home, daemon: Watched) -> None:
    """Doing everything at once; the neighbour is served all the while."""
    before = daemon.census()
    guests = [talk(home, daemon, daemon.wyoming, *what) for what in WYOMING.values()]
    guests += [talk(home, daemon, daemon.http, *what) for what in HTTP.values()]
    wait_until(lambda: utterances(daemon) == 7)
    home.guest.cut()
    try:
        for say in DOORS.values():
            assert home.neighbour.machine.run(say, daemon, "Hello.").ends == 1
        daemon.holds_no_more_than(before)
        assert "end=internal" not in daemon.log
    finally:
        home.guest.mend()
        for guest in guests:
            guest.close()
