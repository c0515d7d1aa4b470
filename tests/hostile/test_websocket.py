"""voice.v1 of a whole daemon under attack. What has a test elsewhere is named in checklist.py."""

import contextlib
import json
import random
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection

from tests.fakes import tone
from tests.hostile.test_http import request, status
from tests.hostile.watched import Watched, wait_until
from tests.patience import PATIENCE_S
from tests.wire.patient import connect_blocking

KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
LONG = "Word upon word. " * 300


def upgrade(*headers: str, target: str = "/v1/tts") -> bytes:
    raw = request(target, "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY, *headers)
    return raw.replace(b"Connection: close", b"Connection: Upgrade")


def frame(opcode: Opcode, payload: bytes = b"", *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=mask)


@contextlib.contextmanager
def calling(watched: Watched) -> Iterator[ClientConnection]:
    """A socket; its `ready` has been heard."""
    with connect_blocking(watched.socket_url, max_queue=None, close_timeout=1) as call:
        assert json.loads(call.recv())["type"] == "ready"
        yield call


def say(call: ClientConnection, type: str, **fields: Any) -> None:
    call.send(json.dumps({"type": type, **fields}))


def until(call: ClientConnection, type: str, **fields: Any) -> list[dict[str, Any]]:
    """The JSON messages up to the first like that."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["type"] != type or not fields.items() <= heard[-1].items():
        data = call.recv(PATIENCE_S)
        if isinstance(data, str):
            heard.append(json.loads(data))
    return heard


# -- row 21: frames ----------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[bytes, int]] = {
    "not masked": (frame(Opcode.TEXT, b"{}", mask=False), 1002),
    "a reserved bit": (b"\xc1\x80" + bytes(4), 1002),
    "another reserved bit": (b"\xa1\x80" + bytes(4), 1002),
    "an unknown kind": (b"\x83\x80" + bytes(4), 1002),
    "an unknown kind of control": (b"\x8b\x80" + bytes(4), 1002),
    "a ping in parts": (b"\x09\x80" + bytes(4), 1002),
    "a long ping": (b"\x89\xfe\x00\x7e" + bytes(130), 1002),
    "the end of nothing": (frame(Opcode.CONT, b"x"), 1002),
    "a text in a text": (frame(Opcode.TEXT, b"{", fin=False) + frame(Opcode.TEXT, b"{}"), 1002),
    "2**62 bytes": (b"\x81\xff\x40" + bytes(11), 1009),
    "2**63 bytes": (b"\x81\xff\x80" + bytes(11), 1009),
    "a close of a byte": (frame(Opcode.CLOSE, b"x"), 1002),
    "a close that is none": (frame(Opcode.CLOSE, struct.pack(">H", 1005)), 1002),
    "a close below all": (frame(Opcode.CLOSE, struct.pack(">H", 999)), 1002),
    "a close in no UTF-8": (frame(Opcode.CLOSE, struct.pack(">H", 1000) + b"\xff"), 1007),
    "no UTF-8": (frame(Opcode.TEXT, b'"\xc3("'), 1007),
    "no UTF-8 in parts": (frame(Opcode.TEXT, b'"\xc3', fin=False) + frame(Opcode.CONT, b'("'), 1007),
    "half of a pair in UTF-8": (frame(Opcode.TEXT, b'"\xed\xa0\x80"'), 1007),
    "a request": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 1002),
    "sound": (frame(Opcode.BINARY, bytes(100)), 1003),
}


@pytest.mark.parametrize("name", BROKEN)
def test_row_21_a_frame_that_is_none_closes_with_its_code(watched: Watched, name: str) -> None:
    sent, code = BROKEN[name]
    answer = watched.say(watched.http, upgrade() + sent, ends=True)
    assert status(answer) == 101
    assert struct.pack(">H", code) in answer[-128:], answer[-128:]


def test_row_21_noise_ends_a_socket_and_no_other(watched: Watched) -> None:
    noise = random.Random(24)
    with calling(watched) as neighbour:
        for _ in range(30):
            watched.say(watched.http, upgrade() + noise.randbytes(noise.randrange(1, 400)), ends=True)
        say(neighbour, "ping", id=1)
        until(neighbour, "pong", id=1)


PROTOCOLS = {
    "a," * 4_000: (400,),
    "bearer.\xff": (400,),
    ",": (400,),
    "a b": (400,),
    "bearer.": (101,),
    "voice.v2": (400,),
}


@pytest.mark.parametrize("offered", PROTOCOLS, ids=lambda offered: ascii(offered[:12]))
def test_row_21_an_odd_offer_is_refused_with_a_status(watched: Watched, offered: str) -> None:
    sent = upgrade(f"Sec-WebSocket-Protocol: {offered}") + frame(Opcode.CLOSE, struct.pack(">H", 1000))
    assert status(watched.say(watched.http, sent, ends=True)) in PROTOCOLS[offered]


# -- row 21: messages --------------------------------------------------------------------------------------------------

ODD = [
    *("", " ", "1", "null", '"x"', "[]", "{}", '{"type":null}', '{"type":["speak"]}', '{"type":{"a":1}}', "{" * 60_000),
    *('{"type":"speak","text":null}', '{"type":"speak","text":"a","final":1}', '{"type":"speak","id":{"a":1}}'),
    *('{"type":"speak","id":1e400,"text":"x"}', '{"type":"speak","id":9007199254740993,"text":"x"}'),
    *('{"type":"cancel","played_ms":1e999}', '{"type":"played","ms":NaN}', '{"type":"played"}'),
    *('{"type":"ping","t":1e308}', '{"type":"watch","on":null}'),
    *('{"type":"configure","format":[]}', '{"type":"configure","lead_ms":1e400}'),
    *('{"type":"configure","format":{"frame_ms":20.5}}', '{"type":"configure","sampling":{"seed":1e30}}'),
    *('{"type":"configure","voice":"\\u0000"}', '{"type":"configure","voice":"%s"}' % ("x" * 60_000)),
    *('{"type":"configure","language":"\\ud800"}', '{"type":"configure","mode":"clone","voice":"reference:../../x"}'),
    *('{"type":"speak","ctx":"\\ud800","text":"x"}', '{"type":"speak","ctx":"a\\n","text":"x"}'),
    *('{"\\ud800":1,"type":"ping"}', '{"type":"ping","\\ud800":{"\\ud800":"\\ud800"}}'),
    *('{"type":"configure","sampling":{"\\ud800":1}}', '{"type":"speak","ctx":"b","text":"x","\\udfff":1}'),
]  # fmt: skip
"""What none of can be obeyed, or it has a field that nobody knows"""


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:40]))
def test_row_21_an_odd_message_is_told_and_harms_nothing(watched: Watched, text: str) -> None:
    with calling(watched) as call:
        call.send(text)
        say(call, "ping", id="behind")
        heard = until(call, "pong", id="behind")
        assert heard[0]["type"] == "error" or "\\ud" in text, heard
        assert not heard[0].get("fatal")
        say(call, "speak", ctx="after", text="Hello.", final=True)
        assert until(call, "done", ctx="after")[-1]["reason"] == "complete"


def test_row_21_a_crowd_of_messages_is_told_then_cut_off(watched: Watched) -> None:
    with calling(watched) as flooder, calling(watched) as neighbour:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1_500):
                flooder.send("")
        with pytest.raises(ConnectionClosed):
            until(flooder, "never")
        assert flooder.close_code == 1008
        say(neighbour, "speak", ctx="a", text="Hello.", final=True)
        until(neighbour, "done", ctx="a", reason="complete")


# -- rows 22, 23, 24 ---------------------------------------------------------------------------------------------------


def test_row_22_nobody_cancels_for_another(watched: Watched) -> None:
    with calling(watched) as speaker, calling(watched) as other:
        say(speaker, "speak", ctx="mine", text=LONG[:400], final=True, lead_ms=600_000)
        until(speaker, "segment")
        for fields in ({"ctx": "mine"}, {"all": True}, {}):
            say(other, "cancel", **fields)
        assert until(other, "warning")[-1]["code"] == "unknown_ctx"
        assert until(speaker, "done")[-1]["reason"] == "complete"


LEAVING = {
    "idle": [],
    "with text open": [{"text": "Half a sent"}],
    "while nothing sounds": [{"text": "[hang] for ever.", "final": True}],
    "while it speaks": [{"text": LONG, "final": True}],
    "with a queue": [{"text": LONG, "final": True}, {"text": LONG, "final": True}, {"text": "Half a sent"}],
    "with several at once": [{"text": LONG, "final": True, "policy": "parallel"}] * 4,
}


@pytest.mark.parametrize("manner", ["closes", "resets", "says nothing"])
@pytest.mark.parametrize("when", LEAVING)
def test_row_23_who_leaves_ends_the_work(watched: Watched, when: str, manner: str) -> None:
    sock = watched.connect(watched.http)
    with connect_blocking(watched.socket_url, sock=sock, max_queue=None, close_timeout=0.1) as call:
        for number, fields in enumerate(LEAVING[when]):
            say(call, "speak", ctx=str(number), **fields)
        say(call, "ping", id=1)
        until(call, "pong", id=1)
        if manner == "resets":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if manner != "closes":
            call.socket.close()


def test_row_24_who_does_not_read_takes_little_and_nobody_waits(watched: Watched) -> None:
    before = watched.memory
    deaf = []
    text = json.dumps(
        {"type": "speak", "text": LONG, "final": True, "lead_ms": 600_000, "format": {"sample_rate": 48_000}}
    )
    for _ in range(20):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(("127.0.0.1", watched.http))
        sock.sendall(upgrade() + frame(Opcode.TEXT, text.encode()))
        deaf.append(sock)
    with calling(watched) as call:
        for number in range(5):
            say(call, "speak", ctx=str(number), text="Hello.", final=True, format={"framing": "raw"})
            sound = b""
            while isinstance(data := call.recv(PATIENCE_S), bytes) or json.loads(data)["type"] != "done":
                sound += data if isinstance(data, bytes) else b""
            assert sound == tone("Hello.")
    assert watched.memory - before < 20 * 1_000_000
    for sock in deaf:
        sock.close()


def test_row_28_nothing_that_is_said_is_logged(watched: Watched) -> None:
    with calling(watched) as call:
        say(call, "configure", voice="diary\r\nFAKE line")
        say(call, "speak", ctx="a", text="My diary entry. [fail]", final=True)
        say(call, "speak", ctx="b", text="My diary entry.", voice="diary", final=True)
        until(call, "done", ctx="a")
    wait_until(lambda: "generation_failed" in watched.log)
    assert "diary" not in watched.log
    assert "FAKE" not in watched.log
