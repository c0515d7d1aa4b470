"""Limits of the settings, made tight: each is reached on a whole daemon, told, and costs nobody else a thing."""

import json
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from tests.hostile.test_websocket import LONG, calling, frame, say, until, upgrade
from tests.hostile.test_wyoming import event, events, hear
from tests.hostile.watched import Watched, wait_until, watched_daemon
from tests.patience import PATIENCE_S
from tests.wire.patient import connect_blocking

TIGHT = (
    "--websocket.idle-s", "1", "--websocket.send-timeout-s", "0.5", "--websocket.slow-consumer-s", "0.5",
    "--websocket.auto-flush-s", "0.3", "--websocket.max-sockets-per-address", "4", "--wyoming.idle-s", "1",
    "--wyoming.max-connections-per-address", "4", "--http.max-connections-per-address", "8",
)  # fmt: skip


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched_daemon(tmp_path_factory.mktemp("tight"), *TIGHT) as daemon:
        yield daemon


def test_an_idle_socket_is_closed_and_one_that_speaks_is_not(tight: Watched) -> None:
    with calling(tight) as idle:
        with pytest.raises(ConnectionClosed):
            until(idle, "never")
        assert idle.close_code == 4408
    with calling(tight) as call:
        say(call, "speak", ctx="a", text="Half a sent")
        assert "auto_flushed" in {heard.get("code") for heard in until(call, "segment", ctx="a")}
        assert until(call, "done", ctx="a")[-1]["reason"] == "complete"


def test_who_reports_nothing_and_who_reads_nothing_is_cut_off(tight: Watched) -> None:
    before = tight.census(with_objects=False)
    with calling(tight) as call:
        say(call, "speak", ctx="a", text=LONG, final=True)
        say(call, "played", ctx="a", ms=0)
        heard = until(call, "done", ctx="a")
        assert (heard[-2]["code"], heard[-1]["reason"]) == ("slow_consumer", "limit")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(("127.0.0.1", tight.http))
    text = {"type": "speak", "text": LONG, "final": True, "lead_ms": 600_000, "format": {"sample_rate": 48_000}}
    deaf.sendall(upgrade() + frame(Opcode.TEXT, json.dumps(text).encode()))
    wait_until(lambda: "is cut off" in tight.log)
    tight.holds_no_more_than(before, with_objects=False)
    deaf.close()


def test_one_too_many_is_told_and_the_others_go_on(tight: Watched) -> None:
    with calling(tight) as first, calling(tight), calling(tight), calling(tight):
        with connect_blocking(tight.socket_url) as fifth:
            assert json.loads(fifth.recv(PATIENCE_S))["code"] == "rate_limited"
            with pytest.raises(ConnectionClosed):
                fifth.recv(PATIENCE_S)
            assert fifth.close_code == 4429
        say(first, "speak", ctx="a", text="Hello.", final=True)
        until(first, "done", ctx="a", reason="complete")


def test_a_wyoming_client_that_says_nothing_is_told(tight: Watched) -> None:
    for sent in (b"", event("ping"), event("synthesize-start")):
        assert events(hear(tight, sent, "error"))[-1][1]["code"] == "timeout"


def test_of_an_address_with_all_its_places_the_longest_idle_one_goes(tight: Watched) -> None:
    crowd = [tight.connect(tight.wyoming) for _ in range(4)]
    for sock in crowd:
        sock.sendall(event("ping"))
        assert b"pong" in sock.recv(4_096)
    assert hear(tight, event("synthesize", {"text": "Hello."}), "audio-stop")
    for sock in crowd:
        sock.close()
