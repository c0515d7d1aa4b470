"""What is said to a daemon, or given by it, is found in a log, whoever said it."""

import asyncio
import json
import logging
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from tests.overheard import Eavesdropper, leaks_of, remember
from tests.wire.daemons import tone_daemon

DIARY = "Dear diary, by {} I was told of a walrus."


def test_every_client_of_the_tests_is_heard(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--log-text") as daemon:
        wyoming, http = daemon.ready()
        url = f"http://127.0.0.1:{http}"
        body = {"items": [{"input": DIARY.format("a form of many")}], "response_format": "pcm"}
        assert httpx.post(f"{url}/v1/audio/speech/batch", json=body).is_success
        assert httpx.get(f"{url}/v1/audio/say", params={"text": DIARY.format("an address"), "format": "pcm"}).is_success
        with connect(f"ws://127.0.0.1:{http}/v1/tts") as socket:
            socket.send(json.dumps({"type": "speak", "ctx": "a", "text": DIARY.format("a socket"), "final": True}))
            while '"type":"done"' not in str(socket.recv()):
                pass
        asyncio.run(_say(wyoming, DIARY.format("Wyoming")))
        for _ in range(4):
            daemon.wait_for(" text='Dear diary")
        told = [line for line in daemon.log.splitlines() if "Dear diary" in line]
        assert len(told) == 4
        assert leaks_of(daemon.log) == told, "which is why this daemon was started with --log-text"
        ticket = httpx.post(f"{url}/v1/tickets").json()["ticket"]
        assert leaks_of(f"opened by {ticket}.")


def test_what_the_daemon_says_of_itself_is_no_leak_whatever_was_said_before() -> None:
    remember({"text": "The embedded preview voice met a walrus."})
    assert leaks_of("speaking with the embedded preview voice (de en)\na preview voice met a walrus.") == [
        "a preview voice met a walrus."
    ]


async def _say(port: int, text: str) -> None:
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Synthesize(text).event())
        while (event := await client.read_event()) and event.type != "audio-stop":
            pass


@pytest.mark.parametrize("line", [
    "GET /v1/tts?ticket=3q2-7wAAAAAAAAAA", "http://x/#code=abcdefgh", "is 'the token of a test'",
    "cookie 1764540000.AAAAAAAAAAAAAAAAAAAAAA." + "0" * 64,
])  # fmt: skip
def test_what_lets_somebody_in_is_found(line: str) -> None:
    assert leaks_of(f"fine\n{line}\nfine", ["the token of a test"]) == [line]
    assert leaks_of(f"fine\n{line}\nfine", ["the token of a test"], may_have_text=True) == [line]


def test_what_is_logged_in_a_tests_own_process_is_heard() -> None:
    ear = Eavesdropper()
    for name in ("qwen3tts_daemon.access.auth", "asyncio"):
        ear.handle(logging.LogRecord(name, logging.WARNING, "", 0, "see %s", ("/?token=correct-horse",), None))
    assert ear.leaks == ["see /?token=correct-horse"]
