"""The Wyoming port of a whole daemon under attack. What has a test elsewhere is named in checklist.py."""

import json
import random
import socket
import struct
from typing import Any

import pytest

from tests.hostile.watched import Watched, wait_until

LONG = "Word upon word. " * 300


def event(type: str, data: Any = None, **header: Any) -> bytes:
    body = b"" if data is None else json.dumps(data).encode()
    length = {"data_length": len(body)} if body else {}
    return json.dumps({"type": type, **length, **header}).encode() + b"\n" + body


def events(said: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Types and data, as they came; half an event at the end is none."""
    found = []
    while b"\n" in said:
        line, _, said = said.partition(b"\n")
        header = json.loads(line)
        length, payload = header.get("data_length") or 0, header.get("payload_length") or 0
        if len(said) < length + payload:
            break
        found.append((header["type"], json.loads(said[:length]) if length else {}))
        said = said[length + payload :]
    return found


def types(said: bytes) -> list[str]:
    """Without repetitions of audio-chunk."""
    kinds = [kind for kind, _ in events(said)]
    return [kind for number, kind in enumerate(kinds) if kind != "audio-chunk" or kinds[number - 1] != "audio-chunk"]


def hear(watched: Watched, sent: bytes, last: str) -> bytes:
    """What is said up to an event of that type, to a client that stays."""
    said = b""
    with watched.connect(watched.wyoming) as sock:
        sock.sendall(sent)
        while last not in types(said) and (piece := sock.recv(65_536)):
            said += piece
    return said


PLAIN = ["audio-start", "audio-chunk", "audio-stop"]

# The library would end the connection at the first, raise inside its task at the others, or wait for ever.
TRAPS: dict[str, tuple[bytes, list[str]]] = {
    "data of null": (b'{"type":"describe","data":null,"data_length":null,"payload_length":null}\n', ["info"]),
    "data in the line": (b'{"type":"synthesize","data":{"text":"Hi."}}\n', PLAIN),
    "data in and behind the line": (b'{"type":"synthesize","data":{"text":5},"data_length":14}\n{"text":"Hi."}', PLAIN),
    "a line that ends as on Windows": (b'{"type":"describe"}\r\n', ["info"]),
    "a version of another kind": (b'{"type":"describe","version":5}\n', ["info"]),
    "fields that nobody knows": (b'{"type":"describe","x":[{}]}\n', ["info"]),
    "a voice of null": (event("synthesize", {"text": "Hi.", "voice": None}), PLAIN),
    "name and language": (event("synthesize", {"text": "Hi.", "voice": {"name": "tone", "language": "de"}}), PLAIN),
    "a format that nobody knows": (event("synthesize", {"text": "Hi.", "text_format": "html"}), PLAIN),
    "text that is none": (event("synthesize", {"text": 5}), ["error"]),
    "no text": (event("synthesize", {}), ["error"]),
    "no data": (event("synthesize"), ["error"]),
    "a voice that is a list": (event("synthesize", {"text": "x", "voice": []}), ["error"]),
    "a name that is a number": (event("synthesize", {"text": "x", "voice": {"name": 5}}), ["error"]),
    "a name of 60 kB": (event("synthesize", {"text": "x", "voice": {"name": "x" * 60_000}}), ["error"]),
    "a speaker that is an object": (event("synthesize", {"text": "x", "voice": {"speaker": {}}}), ["error"]),
    "a context that is a list": (event("synthesize", {"text": "x", "context": []}), ["error"]),
    "a speed beyond": (event("synthesize", {"text": "x", "context": {"speed": 9}}), ["error"]),
    "a seed below zero": (event("synthesize", {"text": "x", "context": {"seed": -1}}), ["error"]),
    "text outside a stream": (event("synthesize-chunk", {"text": "x"}) + event("synthesize-stop"), []),
    "a stream of nothing": (event("synthesize-start") + event("synthesize-stop"), [*PLAIN, "synthesize-stopped"]),
    "a piece without text": (event("synthesize-start") + event("synthesize-chunk"), ["error", "synthesize-stopped"]),
    "a start that is a list": (event("synthesize-start", [1]), ["error"]),
    "a ping of objects": (event("ping", {"text": {"a": [1]}}), ["pong"]),
    "a program": (event("select-program", {"name": 5}) + event("ping"), ["pong"]),
    "a kind of 60 kB": (event("x" * 60_000) + event("ping"), ["pong"]),
    "a payload": (event("audio-chunk", {"rate": 1}, payload_length=4) + b"\n{}\n" + event("ping"), ["pong"]),
    "a length that is a fraction": (b'{"type":"describe","data_length":1.5}\n', ["error"]),
    "a length that is true": (b'{"type":"describe","data_length":true}\n', ["error"]),
    "a length of 2**63": (b'{"type":"describe","payload_length":9223372036854775808}\n', ["error"]),
    "a length that leads into the next": (event("ping", {}, data_length=9) + event("describe"), ["error"]),
    "an order mark": (b'\xef\xbb\xbf{"type":"describe"}\n', ["error"]),
    "a zero": (b'{"type":"describe"}\0\n', ["error"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_of_the_protocol_is_answered_or_told(watched: Watched, name: str) -> None:
    sent, expected = TRAPS[name]
    said = hear(watched, sent, expected[-1]) if expected else watched.say(watched.wyoming, sent, ends=True)
    assert types(said) == expected, events(said)
    assert len(said) < 200_000


def test_noise_between_events_ends_a_connection_and_no_other(watched: Watched) -> None:
    noise = random.Random(24)
    neighbour = watched.connect(watched.wyoming)
    for _ in range(40):
        sent = event("ping") + noise.randbytes(noise.randrange(1, 200)) + b"\n"
        assert types(watched.say(watched.wyoming, sent, ends=True))[0] in ("pong", "error")
    neighbour.sendall(event("ping"))
    assert b"pong" in neighbour.recv(4_096)
    neighbour.close()


def test_fifty_streams_at_once_on_one_connection_are_told_as_too_many(watched: Watched) -> None:
    sent = event("synthesize-start") + event("synthesize-chunk", {"text": "[hang] on. "})
    said = events(watched.say(watched.wyoming, sent + (event("synthesize-start") + event("synthesize-stop")) * 50))
    assert said[-1][0] == "error"
    assert said[-1][1]["code"] == "queue_full"


LEAVING = {
    "idle": event("ping"),
    "in a header": b'{"type":"syn',
    "in the data": event("synthesize", {"text": "Hi."})[:-3],
    "with text open": event("synthesize-start") + event("synthesize-chunk", {"text": "Half a sent"}),
    "while nothing sounds": event("synthesize", {"text": "[hang] for ever."}),
    "while it speaks": event("synthesize", {"text": LONG}),
    "with a queue": event("synthesize", {"text": LONG}) * 20,
    "in a stream": event("synthesize-start") + event("synthesize-chunk", {"text": LONG}),
}


@pytest.mark.parametrize("manner", ["closes", "resets"])
@pytest.mark.parametrize("when", LEAVING)
def test_who_leaves_ends_the_work(watched: Watched, when: str, manner: str) -> None:
    with watched.connect(watched.wyoming) as sock:
        sock.sendall(event("ping"))
        sock.recv(1)
        sock.sendall(LEAVING[when])
        if "speaks" in when or "stream" in when:
            sock.recv(20_000)
        if manner == "resets":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_who_does_not_read_takes_little_and_nobody_waits(watched: Watched) -> None:
    before = watched.memory
    deaf = []
    for _ in range(20):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(("127.0.0.1", watched.wyoming))
        sock.sendall(event("synthesize", {"text": LONG}) + event("describe") * 5)
        deaf.append(sock)
    for _ in range(5):
        assert types(hear(watched, event("synthesize", {"text": "Hello."}), "audio-stop")) == PLAIN
    assert watched.memory - before < 20 * 1_000_000
    for sock in deaf:
        sock.close()


def test_nothing_that_is_said_is_logged(watched: Watched) -> None:
    for data in ({"text": "My diary entry. [fail]"}, {"text": "My diary entry.", "voice": {"name": "diary\r\nFAKE"}}):
        assert types(hear(watched, event("synthesize", data), "error"))[-1] == "error"
    wait_until(lambda: "generation_failed" in watched.log)
    assert "diary" not in watched.log
    assert "FAKE" not in watched.log
