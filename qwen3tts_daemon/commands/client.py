"""A running daemon, asked over Wyoming."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen_tts.errors import ModelUnavailable, from_code

Hear = Callable[[int, bytes], Awaitable[None]]
"""Called with the sample rate in Hz and PCM (s16le mono), in order."""


_DESCRIBE_S = 5.0
"""Home Assistant waits as long."""


class NoDaemon(Exception):
    """Nothing answers there."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a Wyoming server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a text is to be spoken; None leaves it to the server."""

    voice: str | None = None
    language: str | None = None
    text_normalization: bool | None = None
    text_format: TextFormat | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Of the event that begins a request."""
        # The library's SynthesizeVoice drops the language when there is a name.
        voice = {key: value for key, value in (("name", self.voice), ("language", self.language)) if value}
        context = {} if self.text_normalization is None else {"text_normalization": self.text_normalization}
        fields = {"voice": voice, "context": context, "text_format": self.text_format}
        return {name: wish for name, wish in fields.items() if wish}

    def order(self, *, streamed: bool) -> Order:
        """For speech of this process."""
        return Order(
            "cli", self.voice, self.language, text_normalization=self.text_normalization, text_format=self.text_format,
            streamed=streamed,
        )  # fmt: skip


NO_WISHES = Wishes()


async def ask_info(address: ServerAddress) -> Info:
    """What the server offers. Raises NoDaemon."""
    try:
        async with asyncio.timeout(_DESCRIBE_S), _connected(address) as client:
            await client.write_event(Describe().event())
            while (event := await client.read_event()) is not None:
                if Info.is_type(event.type):
                    return Info.from_event(event)
    except TimeoutError:
        raise NoDaemon(f"{address} does not answer within {_DESCRIBE_S:g} s") from None
    raise NoDaemon(f"{address} closed the connection without an answer")


async def speak(address: ServerAddress, text: str, hear: Hear, wishes: Wishes = NO_WISHES) -> str:
    """Speak a whole text. Returns how it has ended: `done`, or `limit` if some of it was stopped.

    Raises NoDaemon, or the SynthesisError that the server reports.
    """
    async with _connected(address) as client:
        await client.write_event(Event(Synthesize("").event().type, {"text": text, **wishes.fields}))
        return await _listen(client, hear, until=AudioStop.is_type)


async def speak_live(address: ServerAddress, pieces: AsyncIterable[str], hear: Hear, wishes: Wishes = NO_WISHES) -> str:
    """Speak text while it comes. Returns and raises as `speak`."""
    async with _connected(address) as client, asyncio.TaskGroup() as group:
        await client.write_event(Event(SynthesizeStart().event().type, wishes.fields))
        writing = group.create_task(_write(client, pieces))
        try:
            return await _listen(client, hear, until=SynthesizeStopped.is_type)
        finally:
            writing.cancel()


@contextlib.asynccontextmanager
async def _connected(address: ServerAddress) -> AsyncIterator[AsyncTcpClient]:
    client = AsyncTcpClient(address.host, address.port)
    try:
        await client.connect()
    except (OSError, TimeoutError) as error:
        raise NoDaemon(f"no daemon at {address}: {error}") from error
    try:
        yield client
    except ConnectionError as error:
        raise NoDaemon(f"{address} went away: {error}") from error
    finally:
        await client.disconnect()


async def _write(client: AsyncTcpClient, pieces: AsyncIterable[str]) -> None:
    async for piece in pieces:
        await client.write_event(SynthesizeChunk(piece).event())
    await client.write_event(SynthesizeStop().event())


async def _listen(client: AsyncTcpClient, hear: Hear, *, until: Callable[[str], bool]) -> str:
    end = "done"
    while (event := await client.read_event()) is not None:
        if AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            await hear(chunk.rate, chunk.audio)
        elif Error.is_type(event.type):
            error = Error.from_event(event)
            raise from_code(error.code or "", error.text)
        if AudioStop.is_type(event.type):
            end = event.data.get("end", end)
        if until(event.type):
            return end
    raise ModelUnavailable("the daemon closed the connection in the middle of the answer")
