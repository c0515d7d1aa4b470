"""What is known only when the sound is out follows it, for clients that read that far."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator

import pytest

from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.patience import PATIENCE_S
from tests.wire.http_door import Door, open_door
from tests.wire.test_hostile_http import SPEECH, post, request


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


def body(text: str) -> bytes:
    return json.dumps({"input": text, "response_format": "pcm"}).encode()


async def answered(door: Door, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(sent)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(("text", "end"), [("Hi [limit] there.", b"limit"), ("Hi there.", b"done")])
async def test_streamed_sound_is_followed_by_how_it_ended(door: Door, text: str, end: bytes) -> None:
    head, _, sound = (await answered(door, post(body(text), "Connection: close"))).partition(b"\r\n\r\n")
    assert b"trailer: X-End" in head
    *_, trailers = sound.rpartition(b"\r\n0\r\n")
    assert b"x-end: " + end + b"\r\n" in trailers
    assert b"x-audio-duration: " in trailers


async def test_who_cannot_read_trailers_gets_none(door: Door) -> None:
    old = post(body("Hi there.")).replace(b"HTTP/1.1", b"HTTP/1.0")
    head_only = request("/v1/audio/say?text=Hi", "Connection: close", method="HEAD")
    for sent in (old, head_only, request("/health", "Connection: close")):
        answer = await answered(door, sent)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"x-end" not in answer


async def test_a_connection_is_used_again_after_them(door: Door) -> None:
    def ask() -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=PATIENCE_S)
        statuses = []
        for text in ("Hi [limit] there.", "Hi there.", "👍"):
            connection.request("POST", SPEECH, body(text), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses

    assert await asyncio.to_thread(ask) == [200] * 3
