"""One client that asks for too much is told at each door, and another one is served."""

import json
import socket
from pathlib import Path

import httpx
from websockets.sync.client import connect

from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon


def test_who_asks_for_too_much_is_told_at_each_door(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--speech.requests-per-min", "2") as daemon:
        wyoming, http = daemon.ready()
        url, body = f"http://127.0.0.1:{http}/v1/audio/speech", {"input": "Hello.", "response_format": "wav"}
        assert [httpx.post(url, json=body, timeout=PATIENCE_S).status_code for _ in range(2)] == [200, 200]

        answer = httpx.post(url, json=body, timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        with connect(f"ws://127.0.0.1:{http}/v1/tts", open_timeout=PATIENCE_S) as client:
            client.send(json.dumps({"type": "speak", "ctx": "a", "text": "Hello.", "final": True}))
            told = [json.loads(client.recv(timeout=PATIENCE_S)) for _ in range(4)]
            assert [one["type"] for one in told] == ["ready", "started", "error", "done"]
            assert (told[2]["code"], told[3]["reason"]) == ("rate_limited", "error")
        with socket.create_connection(("127.0.0.1", wyoming), timeout=PATIENCE_S) as client:
            client.sendall(b'{"type": "synthesize", "data": {"text": "Hello."}}\n')
            assert b"rate_limited" in client.makefile("rb").read()

        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=elsewhere, timeout=PATIENCE_S) as neighbour:
            assert neighbour.post(url, json=body).status_code == 200
