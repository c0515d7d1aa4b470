"""The field's clients of each door: each says a text, and gives back all that it heard."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize

from tests.hostile.watched import Watched
from tests.patience import PATIENCE_S
from tests.wire.patient import connect

Hear = Callable[[int], object]
"""Is told how many bytes of sound have come so far."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All of the sound, and how often its end was told."""

    pcm: bytes
    ends: int


Say = Callable[[Watched, str, Hear], Answer]


def nobody(heard: int) -> None:
    """Is told nothing."""


def wyoming(daemon: Watched, text: str, hear: Hear = nobody) -> Answer:
    """Home Assistant's."""

    async def say() -> Answer:
        pcm, ends = bytearray(), 0
        async with AsyncTcpClient(daemon.address, daemon.wyoming, read_timeout=PATIENCE_S) as client:
            await client.write_event(Synthesize(text).event())
            while not ends:
                event = await client.read_event()
                assert event is not None, "the connection ended inside an answer"
                assert not Error.is_type(event.type), event.data
                if AudioChunk.is_type(event.type):
                    pcm += AudioChunk.from_event(event).audio
                    hear(len(pcm))
                ends += AudioStop.is_type(event.type)
        return Answer(bytes(pcm), ends)

    return asyncio.run(say())


def websocket(daemon: Watched, text: str, hear: Hear = nobody) -> Answer:
    """A page's or a program's."""

    async def say() -> Answer:
        pcm, ends = bytearray(), 0
        async with connect(daemon.socket_url, ping_timeout=PATIENCE_S) as client:
            wanted = {"type": "speak", "ctx": "a", "text": text, "final": True, "format": {"framing": "raw"}}
            await client.send(json.dumps(wanted))
            while not ends:
                heard = await client.recv()
                if isinstance(heard, bytes):
                    pcm += heard
                    hear(len(pcm))
                else:
                    message = json.loads(heard)
                    assert message["type"] != "error", message
                    ends += message["type"] == "done" and message["reason"] == "complete"
        return Answer(bytes(pcm), ends)

    return asyncio.run(say())


def http(daemon: Watched, text: str, hear: Hear = nobody) -> Answer:
    """OpenAI's shape."""
    pcm = bytearray()
    wanted = {"input": text, "response_format": "pcm"}
    with (
        httpx.Client(base_url=daemon.url, timeout=PATIENCE_S) as client,
        client.stream("POST", "/v1/audio/speech", json=wanted) as answer,
    ):
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            pcm += piece
            hear(len(pcm))
    return Answer(bytes(pcm), 1)


DOORS: dict[str, Say] = {"wyoming": wyoming, "websocket": websocket, "http": http}
