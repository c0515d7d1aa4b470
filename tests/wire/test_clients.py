"""Who asks is known to the engine at every door, so that it can serve them in turn."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from wyoming.event import async_read_event, async_write_event
from wyoming.tts import Synthesize

from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.settings import WyomingSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import SynthesisRequest
from qwen_tts.stream import AudioStream
from tests.fakes import ToneEngine
from tests.patience import PATIENCE_S
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.patient import connect

ELSEWHERE = "127.0.0.2"
"""Another address of this machine."""


class Attentive(ToneEngine):
    """Remembers who asked."""

    def __init__(self) -> None:
        super().__init__()
        self.clients: list[str] = []

    def stream(self, request: SynthesisRequest) -> AudioStream:
        self.clients.append(request.client)
        return super().stream(request)


@pytest.fixture
def engine() -> Attentive:
    return Attentive()


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/audio/speech", {"input": "Hello.", "response_format": "pcm"}),
        ("/v1/audio/speech/batch", {"items": [{"input": "Hello."}]}),
        ("/v1/audio/clips", {"input": "Hello."}),
        ("/api/tts/custom-voice/stream", {"text": "Hello.", "speaker": "tone"}),
        ("/v1/audio/say?text=Hello.&response_format=wav", None),
        ("/v1/audio/voices/tone/preview", None),
    ],
)
async def test_over_http(door: Door, engine: Attentive, path: str, body: object) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE)
    async with httpx.AsyncClient(base_url=door.url, transport=transport, timeout=PATIENCE_S) as client:
        answer = await (client.get(path) if body is None else client.post(path, json=body))
        if path.endswith("clips"):
            answer = await client.get(answer.json()["path"])
        assert answer.is_success, answer.text
    assert engine.clients == [ELSEWHERE]


async def hear_over(client: ClientConnection) -> None:
    await client.send(json.dumps({"type": "speak", "text": "Hello.", "final": True}))
    async for data in client:
        if isinstance(data, str) and json.loads(data)["type"] == "done":
            break


async def test_behind_a_proxy_that_nobody_trusts_it_is_the_proxy(door: Door, engine: Attentive) -> None:
    headers = {"X-Forwarded-For": "192.168.1.7", "Authorization": f"Bearer {TOKEN}"}
    transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE)
    async with httpx.AsyncClient(base_url=door.url, transport=transport, headers=headers, timeout=PATIENCE_S) as client:
        assert (await client.post("/v1/audio/speech", json={"input": "Hello."})).is_success
    url = f"ws://127.0.0.1:{door.port}/v1/tts"
    async with connect(url, local_addr=(ELSEWHERE, 0), additional_headers=headers) as client:
        await hear_over(client)
    assert engine.clients == [ELSEWHERE] * 2


async def test_over_the_websocket(door: Door, engine: Attentive) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts", local_addr=(ELSEWHERE, 0)) as client:
        await hear_over(client)
    assert engine.clients == [ELSEWHERE]


async def test_over_wyoming(speech: Speech, engine: Attentive) -> None:
    server = WyomingServer(speech, WyomingSettings(host=("127.0.0.1",), port=0), version="1.2")
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(ELSEWHERE, 0))
    await async_write_event(Synthesize("Hello.").event(), writer)
    while (event := await async_read_event(reader)) is not None and event.type != "audio-stop":
        pass
    writer.close()
    await server.close()
    assert engine.clients == [ELSEWHERE]
