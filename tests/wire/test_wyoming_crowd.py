"""Many connections and floods on the Wyoming port: the house is served whoever else comes."""

import asyncio
import json
from functools import partial

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize

from qwen3tts_daemon.protocols.pace import TURN
from qwen3tts_daemon.protocols.wyoming import WyomingLimits, WyomingServer
from qwen3tts_daemon.protocols.wyoming.wire import encode_event
from qwen3tts_daemon.settings import WyomingSettings
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import ToneEngine
from tests.patience import PATIENCE_S
from tests.wire.http_door import until
from tests.wire.test_floods import push, watched
from tests.wire.test_wyoming import serving

HOUSE, FLOODER = "127.0.0.1", "127.0.0.2"
PING = b'{"type":"ping"}\n'

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(rows=64)


async def connect(server: WyomingServer, address: str) -> Streams:
    return await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))


async def said(reader: asyncio.StreamReader) -> str:
    """The type of the next event; its data and payload are read past."""
    header = json.loads(await reader.readuntil(b"\n"))
    await reader.readexactly((header.get("data_length") or 0) + (header.get("payload_length") or 0))
    return str(header["type"])


async def answer(streams: Streams, request: Event) -> list[str]:
    """The types of what comes until the sound has stopped or something failed."""
    reader, writer = streams
    writer.write(encode_event(request))
    types = [await said(reader)]
    async with asyncio.timeout(PATIENCE_S):
        while types[-1] not in ("audio-stop", "error"):
            types.append(await said(reader))
    return types


async def test_forty_satellites_are_served_beside_a_flooder(speech: Speech) -> None:
    async with serving(speech) as server:
        flooding = [await connect(server, FLOODER) for _ in range(3 * WyomingSettings().max_connections_per_address)]
        for _, writer in flooding:
            writer.write(PING * 20)
        satellites = [await connect(server, HOUSE) for _ in range(40)]
        answers = await asyncio.gather(*(answer(one, Synthesize("Hello.").event()) for one in satellites))
        assert {types[-1] for types in answers} == {"audio-stop"}
        await until(lambda: len(server._connections) <= 40 + WyomingSettings().max_connections_per_address)
        for _, writer in (*flooding, *satellites):
            writer.close()


async def test_who_has_all_the_places_gives_them_up(speech: Speech) -> None:
    async with serving(speech, max_connections=20, max_connections_per_address=20) as server:
        flooding = [await connect(server, FLOODER) for _ in range(20)]
        for reader, writer in flooding:
            writer.write(PING)
            assert await said(reader) == "pong"
        satellites = [await connect(server, HOUSE) for _ in range(8)]
        answers = await asyncio.gather(*(answer(one, Synthesize("Hello.").event()) for one in satellites))
        assert {types[-1] for types in answers} == {"audio-stop"}
        assert await said(flooding[0][0]) == "error", "it is told why it goes"
        for _, writer in (*flooding, *satellites):
            writer.close()


async def test_events_are_worked_off_in_turns(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(speech) as server:
        flooding = [await connect(server, HOUSE) for _ in range(4)]
        async with watched(monkeypatch) as turns:
            pushing = [asyncio.create_task(push(writer, PING * 20_000)) for _, writer in flooding]
            await until(partial(turns.have_worked_off, WyomingLimits().events_of_an_address.burst))
            neighbour = await connect(server, HOUSE)
            assert (await answer(neighbour, Synthesize("Hello.").event()))[-1] == "audio-stop"
            assert turns.most <= (len(flooding) + 1) * TURN
            for task in pushing:
                task.cancel()
        for _, writer in (*flooding, neighbour):
            writer.close()


async def test_broken_connections_do_not_linger_in_crowds(speech: Speech) -> None:
    async with serving(speech, limits=WyomingLimits(closing_s=PATIENCE_S)) as server:
        broken = [await connect(server, FLOODER) for _ in range(400)]
        for _, writer in broken:
            writer.write(b"nonsense\n")
        await until(lambda: len(server._connections) <= 40)
        for _, writer in broken:
            writer.close()
