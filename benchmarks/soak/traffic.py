"""A household that uses every door, one thing after the other, and changes its mind about every fifth text.

python -m benchmarks.soak.traffic JSON      a line of JSON for everything that was done

It reads a line: "pause" (it goes on as soon as there is another) or the end, which ends it. While it pauses it holds
nothing; it says so.
"""

import argparse
import asyncio
import base64
import contextlib
import io
import json
import math
import random
import struct
import sys
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import websockets
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from benchmarks.doors import NotSpoken, word_by_word

CANCELLED = 0.2
"""Of all texts"""
_TIMEOUT_S = 300.0
_PAUSE_S = 0.5
"""Between two things, on average"""
_WORD_S = 0.02
_TEXTS = [line for line in (Path(__file__).parents[1] / "words.txt").read_text().splitlines() if line]
_FORMATS = ("wav", "pcm", "mp3", "opus", "flac")


@dataclass(frozen=True)
class Daemon:
    """What is known of it."""

    http: int
    wyoming: int
    token: str
    voice: str


class Client:
    """Somebody at an address. Each method uses the daemon once; `is_cancelled`: it leaves in the middle."""

    def __init__(self, daemon: Daemon, address: str, draw: random.Random) -> None:
        self._daemon, self._address, self._draw = daemon, address, draw
        self._http: httpx.AsyncClient | None = None
        """Its connections are kept until it pauses"""

    @property
    def http(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{self._daemon.http}", timeout=_TIMEOUT_S,
                transport=httpx.AsyncHTTPTransport(local_address=self._address, verify=False),
            )  # fmt: skip
        return self._http

    async def rest(self) -> None:
        """Hold nothing."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _text(self) -> str:
        return " ".join(self._draw.sample(_TEXTS, self._draw.randint(1, 3)))

    # -- voice.v1 ----------------------------------------------------------------------------------------------------

    async def websocket(self, *, is_cancelled: bool) -> None:
        async with self._socket() as socket:
            await socket.send(self._speak(final=True))
            await self._hear(socket, is_cancelled=is_cancelled)

    async def websocket_live(self, *, is_cancelled: bool) -> None:
        async with self._socket() as socket, asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write(socket))
            await self._hear(socket, is_cancelled=is_cancelled)
            writing.cancel()

    async def websocket_gone(self, *, is_cancelled: bool) -> None:
        """It goes without a word."""
        async with self._socket() as socket:
            await socket.send(self._speak(final=True))
            async for message in socket:
                if isinstance(message, bytes):
                    socket.transport.abort()
                    return

    @contextlib.asynccontextmanager
    async def _socket(self) -> AsyncIterator[websockets.ClientConnection]:
        url = f"ws://127.0.0.1:{self._daemon.http}/v1/tts"
        socket = await websockets.connect(
            url, subprotocols=["voice.v1"], local_addr=(self._address, 0), compression=None,  # type: ignore[list-item]
        )  # fmt: skip
        try:
            yield socket
        finally:
            await socket.close()

    def _speak(self, text: str | None = None, **options: object) -> str:
        order = {"type": "speak", "text": text or self._text(), "voice": self._daemon.voice, "lead_ms": 600_000}
        return json.dumps(order | options)

    async def _write(self, socket: websockets.ClientConnection) -> None:
        first, *others = word_by_word(self._text())
        await socket.send(self._speak(first))
        for piece in others:
            await asyncio.sleep(_WORD_S)
            await socket.send(json.dumps({"type": "speak", "text": piece}))
        await socket.send('{"type":"end"}')

    async def _hear(self, socket: websockets.ClientConnection, *, is_cancelled: bool) -> None:
        has_cancelled = False
        async for message in socket:
            if isinstance(message, bytes):
                if is_cancelled and not has_cancelled:
                    has_cancelled = True
                    await socket.send('{"type":"cancel","all":true}')
                continue
            said = json.loads(message)
            if said["type"] == "error" or said.get("reason") == "error":
                raise NotSpoken(message)
            if said["type"] == "done":
                return
        raise NotSpoken("the socket was closed")

    # -- Wyoming -----------------------------------------------------------------------------------------------------

    async def wyoming(self, *, is_cancelled: bool) -> None:
        voice = SynthesizeVoice(name=self._daemon.voice)
        async with self._connection() as (reader, writer):
            await async_write_event(Synthesize(self._text(), voice=voice).event(), writer)
            await _until("audio-stop", reader, is_cancelled=is_cancelled)

    async def wyoming_live(self, *, is_cancelled: bool) -> None:
        voice = SynthesizeVoice(name=self._daemon.voice)
        async with self._connection() as (reader, writer), asyncio.TaskGroup() as tasks:
            pieces = [SynthesizeChunk(piece).event() for piece in word_by_word(self._text())]
            events = [SynthesizeStart(voice=voice).event(), *pieces, SynthesizeStop().event()]
            writing = tasks.create_task(_dictate(events, writer))
            await _until("synthesize-stopped", reader, is_cancelled=is_cancelled)
            writing.cancel()

    async def describe(self, *, is_cancelled: bool) -> None:
        async with self._connection() as (reader, writer):
            await async_write_event(Describe().event(), writer)
            await _until("info", reader, is_cancelled=False)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._daemon.wyoming, local_addr=(self._address, 0))
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    # -- HTTP --------------------------------------------------------------------------------------------------------

    async def speech(self, *, is_cancelled: bool) -> None:
        await self._spoken(self._order(response_format=self._draw.choice(_FORMATS)), is_cancelled=is_cancelled)

    async def events(self, *, is_cancelled: bool) -> None:
        """Server-sent."""
        order = self._order(response_format="pcm", stream_format="sse")
        async with self.http.stream("POST", "/v1/audio/speech", json=order) as answer:
            await _check(answer)
            async for line in answer.aiter_lines():
                event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {"type": ""}
                if event["type"] == "error":
                    raise NotSpoken(line)
                if event["type"] == "speech.audio.done" or (is_cancelled and base64.b64decode(event.get("audio", ""))):
                    return
        raise NotSpoken("the events ended too early")

    async def clip(self, *, is_cancelled: bool) -> None:
        """A cancelled one is deleted while it is made."""
        order = self._order(response_format=self._draw.choice(("mp3", "wav")), expires_in_s=10)
        answer = await self.http.post("/v1/audio/clips", json=order)
        await _check(answer)
        path = answer.json()["path"]
        if is_cancelled:
            await _check(await self.http.delete(path))
        else:
            await _check(await self.http.get(path))

    async def voice(self, *, is_cancelled: bool) -> None:
        """Keep one that is made of a recording, hear it, forget it."""
        token = {"Authorization": f"Bearer {self._daemon.token}"}
        form = {"name": f"Guest {self._draw.randrange(10**9)}", "consent": "true", "ref_text": "Some words."}
        files = {"ref_audio": ("guest.wav", RECORDING)}
        answer = await self.http.post("/v1/audio/voices", data=form, files=files, headers=token)
        await _check(answer)
        name = answer.json()["id"]
        try:
            await self._spoken(self._order(response_format="wav", voice=name), is_cancelled=is_cancelled)
        finally:
            await _check(await self.http.delete(f"/v1/audio/voices/{name}", headers=token))

    async def health(self, *, is_cancelled: bool) -> None:
        for path in ("/health", "/api/gpu-status", "/v1/audio/voices", "/metrics"):
            await _check(await self.http.get(path))

    async def page(self, *, is_cancelled: bool) -> None:
        for path in ("/", "/web/page.js", "/web/style.css", "/web/js/app.js", "/openapi.json"):
            await _check(await self.http.get(path))

    def _order(self, **more: object) -> dict[str, object]:
        return {"input": self._text(), "voice": self._daemon.voice} | more

    async def _spoken(self, order: dict[str, object], *, is_cancelled: bool) -> None:
        async with self.http.stream("POST", "/v1/audio/speech", json=order) as answer:
            await _check(answer)
            async for _ in answer.aiter_raw():
                if is_cancelled:
                    return


Action = Callable[..., Awaitable[None]]

ACTIONS: dict[str, tuple[Action, int]] = {
    "websocket": (Client.websocket, 6),
    "websocket live": (Client.websocket_live, 5),
    "websocket gone": (Client.websocket_gone, 1),
    "wyoming": (Client.wyoming, 5),
    "wyoming live": (Client.wyoming_live, 4),
    "speech": (Client.speech, 5),
    "events": (Client.events, 3),
    "clip": (Client.clip, 3),
    "voice": (Client.voice, 1),
    "describe": (Client.describe, 3),
    "health": (Client.health, 3),
    "page": (Client.page, 2),
}
"""And how often each is done, beside the others"""
SPOKEN = frozenset(ACTIONS) - {"websocket gone", "describe", "health", "page"}
"""Those that can be cancelled"""


async def _until(kind: str, reader: asyncio.StreamReader, *, is_cancelled: bool) -> None:
    while (event := await async_read_event(reader)) is not None:
        if event.type == "error":
            raise NotSpoken(event.data)
        if event.type == kind or (is_cancelled and event.type == "audio-chunk"):
            return
    raise NotSpoken("the connection ended")


async def _dictate(events: list[Event], writer: asyncio.StreamWriter) -> None:
    for event in events:
        await async_write_event(event, writer)
        await asyncio.sleep(_WORD_S)


async def _check(answer: httpx.Response) -> None:
    if answer.is_error:
        raise NotSpoken((await answer.aread()).decode(errors="replace")[:500])


def _recording() -> bytes:
    """Four seconds of a tone that swells and fades, as WAV."""
    rate, told = 24_000, io.BytesIO()
    swell = (
        (1 + math.sin(2 * math.pi * 3 * n / rate)) * math.sin(2 * math.pi * 160 * n / rate) for n in range(4 * rate)
    )
    samples = [round(9_000 * value) for value in swell]
    with wave.open(told, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return told.getvalue()


RECORDING = _recording()


class Household:
    """So many clients at once, who all pause when they are told to."""

    def __init__(self, daemon: Daemon, address: str, clients: int, seed: int, actions: list[str]) -> None:
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._actions = actions
        self._weights = [ACTIONS[name][1] for name in actions]
        self._clients = [
            (Client(daemon, address, random.Random(seed * 1_000 + number)), random.Random(seed * 1_000 + number + 500))
            for number in range(clients)
        ]
        self._busy = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for client, draw in self._clients:
                tasks.create_task(self._use(client, draw))
            await self._obey(tasks)

    async def _obey(self, tasks: asyncio.TaskGroup) -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            if line == b"pause\n":
                self._goes_on.clear()
                while self._busy:
                    await asyncio.sleep(0.02)
                for client, _ in self._clients:
                    await client.rest()
                say(rests=True)
            else:
                self._goes_on.set()
        raise SystemExit

    async def _use(self, client: Client, draw: random.Random) -> None:
        while True:
            await asyncio.sleep(draw.expovariate(1 / _PAUSE_S))
            while not self._goes_on.is_set():  # it may be cleared between the end of a wait and this task's turn
                await self._goes_on.wait()
            name = draw.choices(self._actions, self._weights)[0]
            is_cancelled = name in SPOKEN and draw.random() < CANCELLED
            self._busy += 1
            try:
                await self._do(client, name, is_cancelled=is_cancelled)
            finally:
                self._busy -= 1

    async def _do(self, client: Client, name: str, *, is_cancelled: bool) -> None:
        began = time.time()
        error = ""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await ACTIONS[name][0](client, is_cancelled=is_cancelled)
        except Exception as failed:  # noqa: BLE001  whatever it is, it is told
            error = repr(failed if not isinstance(failed, BaseExceptionGroup) else failed.exceptions[0])
        say(did=name, cancelled=is_cancelled, began=began, ended=time.time(), error=error)


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", type=json.loads)
    wanted = parser.parse_args().wanted
    daemon = Daemon(**wanted["daemon"])
    household = Household(daemon, wanted["address"], wanted["clients"], wanted["seed"], wanted["actions"])
    asyncio.run(household.run())


if __name__ == "__main__":
    main()
