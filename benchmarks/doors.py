"""The doors of a running daemon, as clients use them: a text in, PCM at 24 kHz out."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import websockets
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice

_HEAD_BYTES = 8
"""Of a binary message of voice.v1"""


class NotSpoken(Exception):
    """What the daemon said instead."""


def word_by_word(text: str) -> list[str]:
    """As an assistant writes: each word with the blank after it."""
    words = text.split()
    return [*(f"{word} " for word in words[:-1]), *words[-1:]]


@dataclass(frozen=True)
class Doors:
    """Of a daemon on this machine. Each utterance has a connection of its own; raises NotSpoken."""

    http_port: int
    wyoming_port: int
    voice: str
    language: str = "en"
    timeout_s: float = 300.0
    pause_s: float = 0.0
    """Between two pieces of a live text"""

    async def http(self, text: str, seed: int) -> bytes:
        """The whole text, its sound as the body of the answer."""
        async with self._client() as client:
            answer = await client.post("/v1/audio/speech", json=self._order(text, seed))
            if answer.status_code != httpx.codes.OK:
                raise NotSpoken(answer.text)
            return answer.content

    async def http_events(self, text: str, seed: int) -> bytes:
        """The whole text, its sound as server-sent events."""
        order, pcm = self._order(text, seed) | {"stream_format": "sse"}, b""
        async with self._client() as client, client.stream("POST", "/v1/audio/speech", json=order) as answer:
            async for line in answer.aiter_lines():
                event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {"type": ""}
                if event["type"] == "speech.audio.done":
                    return pcm
                if event["type"] == "error":
                    raise NotSpoken(line)
                pcm += base64.b64decode(event.get("audio", ""))
        raise NotSpoken("the events ended too early")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.http_port}", timeout=self.timeout_s)

    def _order(self, text: str, seed: int) -> dict[str, object]:
        return {"input": text, "voice": self.voice, "language": self.language, "seed": seed, "response_format": "pcm"}

    async def websocket_live(self, pieces: Sequence[str], seed: int) -> bytes:
        """The text piece by piece over voice.v1."""
        url = f"ws://127.0.0.1:{self.http_port}/v1/tts"
        options = {"voice": self.voice, "language": self.language, "sampling": {"seed": seed}, "lead_ms": 600_000}
        async with websockets.connect(url, subprotocols=["voice.v1"], open_timeout=self.timeout_s) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"type": "configure", **options}))
            writing = asyncio.create_task(self._write(socket, pieces))
            pcm = b""
            async for message in socket:
                event = {"type": "sound"} if isinstance(message, bytes) else json.loads(message)
                pcm += message[_HEAD_BYTES:] if isinstance(message, bytes) else b""
                if event["type"] == "done":
                    await writing
                    return pcm
                if event["type"] == "error":
                    raise NotSpoken(event)
        raise NotSpoken("the socket was closed")

    async def _write(self, socket: websockets.ClientConnection, pieces: Sequence[str]) -> None:
        for piece in pieces:
            await socket.send(json.dumps({"type": "speak", "text": piece}))
            await asyncio.sleep(self.pause_s)
        await socket.send('{"type": "end"}')

    async def wyoming_live(self, pieces: Sequence[str], seed: int) -> bytes:
        """The text piece by piece over Wyoming, as Home Assistant sends an assistant's answer."""
        voice = SynthesizeVoice(name=self.voice, language=self.language)
        async with AsyncTcpClient("127.0.0.1", self.wyoming_port) as client:
            writing = asyncio.create_task(
                self._dictate(client, SynthesizeStart(voice=voice, context={"seed": seed}), pieces)
            )
            pcm = b""
            while (event := await client.read_event()) is not None and not SynthesizeStopped.is_type(event.type):
                if event.type == "error":
                    raise NotSpoken(event.data)
                pcm += AudioChunk.from_event(event).audio if AudioChunk.is_type(event.type) else b""
            await writing
            return pcm

    async def _dictate(self, client: AsyncTcpClient, start: SynthesizeStart, pieces: Sequence[str]) -> None:
        await client.write_event(start.event())
        for piece in pieces:
            await client.write_event(SynthesizeChunk(piece).event())
            await asyncio.sleep(self.pause_s)
        await client.write_event(SynthesizeStop().event())
