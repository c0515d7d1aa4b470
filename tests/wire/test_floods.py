"""What is no message costs no more than one: upgrades that fail, frames without end, chunks of a byte."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import websockets
from websockets.frames import Frame, Opcode

from qwen3tts_daemon.protocols.http import connection as http_connection
from qwen3tts_daemon.protocols.http import server
from qwen3tts_daemon.protocols.http.connection import EVENTS, EVENTS_OF_AN_ADDRESS
from qwen3tts_daemon.protocols.http.server import ServerConfig
from qwen3tts_daemon.protocols.http.websocket_connection import MOST_FRAGMENTS
from qwen3tts_daemon.protocols.pace import TURN, Pace
from qwen3tts_daemon.rates import Rate
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.patience import PATIENCE_S
from tests.wire.http_door import Door, GatedEngine, open_door, until
from tests.wire.test_hostile_http import SPEECH, Answer, raw, read_answer, request

UNPACED = Rate(per_s=1e9, burst=1_000_000_000)
KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
HANDSHAKE = ("Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY)


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, server=ServerConfig(head_timeout_s=2.0, grace_s=0.3)) as door:
        yield door


def upgrade(*headers: str, target: str = "/v1/tts", method: str = "GET", body: bytes = b"") -> bytes:
    return request(target, *HANDSHAKE, *headers, method=method) + body


# -- upgrades ------------------------------------------------------------------------------------------------

REFUSED = {
    "a body": (upgrade("Content-Length: 5", body=b"hello"), 400),
    "a body that does not come": (upgrade("Content-Length: 5"), 400),
    "a large body": (upgrade("Content-Length: 300000", body=b"x" * 300_000), 400),
    "chunks": (upgrade("Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunks that do not come": (upgrade("Transfer-Encoding: chunked"), 400),
    "http/1.0": (upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
    "no key": (upgrade().replace(KEY.encode() + b"\r\n", b""), 400),
    "a short key": (upgrade().replace(b"AAAAAAAA", b"", 1), 400),
    "two keys": (upgrade(KEY), 400),
    "another version": (upgrade().replace(b"Version: 13", b"Version: 8"), 400),
    "post": (upgrade(method="POST"), 405),
    "foreign": (upgrade("Origin: https://evil.example"), 403),
    "elsewhere": (upgrade(target="/nowhere"), 404),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_upgrade_that_cannot_be_is_answered(door: Door, name: str, caplog: pytest.LogCaptureFixture) -> None:
    sent, status = REFUSED[name]
    answer = await raw(door, sent)
    assert answer.status == status
    await until(lambda: not door.server.connections)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


OPENED = {
    "a long cookie": upgrade("Cookie: session=" + "c" * 8_400),
    "a long query": upgrade(target="/v1/tts?hint=" + "q" * 8_400),
    "many headers": upgrade(*(f"X-{number}: {number}" for number in range(200))),
    "an empty body": upgrade("Content-Length: 0"),
    "latin-1": upgrade("X-Name: Küche"),
    "frames with the head": upgrade() + bytes((0x81, 0x8F)) + bytes(4) + b'{"type":"ping"}',
}


@pytest.mark.parametrize("name", OPENED)
async def test_what_one_parser_takes_the_other_takes_too(door: Door, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(OPENED[name])
    async with asyncio.timeout(PATIENCE_S):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        if name != "frames with the head":
            writer.write(bytes((0x81, 0x8F)) + bytes(4) + b'{"type":"ping"}')
        assert b'"pong"' in await reader.readuntil(b'pong"')
    writer.close()
    await until(lambda: not door.server.connections)


async def test_no_place_is_kept_by_upgrades_that_failed(speech: Speech, metrics: Metrics) -> None:
    config = ServerConfig(max_connections=8, max_connections_per_address=8, grace_s=0.3)
    async with open_door(speech, metrics, server=config) as door:
        opened = []
        for sent, _ in [*REFUSED.values()] * 3:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(sent)
            opened.append(writer)
            async with asyncio.timeout(PATIENCE_S):
                await read_answer(reader)
        assert (await raw(door, request("/health"))).status == 200
        for writer in opened:
            writer.close()


async def test_broken_requests_do_not_linger_in_crowds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "_PARTING_S", PATIENCE_S)
    writers = []
    for _ in range(200):
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(REFUSED["a body"][0])
        writers.append(writer)
    await until(lambda: 0 < door.server.connections <= 40)
    for writer in writers:
        writer.close()


# -- the pace ------------------------------------------------------------------------------------------------


class Turns:
    """How many frames and events were worked off between two turns of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.all = self.most = self._in_turn = 0
        count = Pace.count

        def counting(pace: Pace) -> None:
            count(pace)
            self.all += 1
            self._in_turn += 1

        monkeypatch.setattr(Pace, "count", counting)

    def have_worked_off(self, count: int) -> bool:
        return self.all >= count

    async def watch(self) -> None:
        while True:
            self.most, self._in_turn = max(self.most, self._in_turn), 0
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Turns]:
    turns = Turns(monkeypatch)
    watching = asyncio.create_task(turns.watch())
    try:
        yield turns
    finally:
        watching.cancel()


async def push(writer: asyncio.StreamWriter, data: bytes) -> None:
    """As much as is taken; who floods is cut off or waits."""
    with contextlib.suppress(ConnectionError):
        for start in range(0, len(data), 65_536):
            writer.write(data[start : start + 65_536])
            await writer.drain()


async def call(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket that is open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(upgrade())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def frame(opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


FLOODS = {
    "empty pings": frame(Opcode.PING),
    "pongs": frame(Opcode.PONG, b"x" * 125),
    "pings": frame(Opcode.PING, b"x" * 125),
    "empty texts": frame(Opcode.TEXT),
    "messages": frame(Opcode.TEXT, b'{"type":"ping"}'),
    "parts": frame(Opcode.TEXT, b"{", fin=False) + 900 * frame(Opcode.CONT, fin=False) + frame(Opcode.CONT),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_frames_are_worked_off_in_turns(door: Door, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flooders = [await call(door) for _ in range(3)]
    flood = FLOODS[name] * (400_000 // len(FLOODS[name]))
    async with watched(monkeypatch) as turns:
        pushing = [asyncio.create_task(push(writer, flood)) for _, writer in flooders]
        await until(lambda: turns.all > 100 * TURN)
        for _ in range(20):
            assert (await door.client.get("/health")).status_code == 200
        # A piece may hold some frames more than the turn had left, one after a long frame most.
        assert turns.most <= len(flooders) * (TURN + 170) + TURN
        for task in pushing:
            task.cancel()
    for _, writer in flooders:
        writer.close()


async def test_chunks_of_a_byte_are_worked_off_in_turns(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    for headers in ((), ("X-Forwarded-For: 203.0.113.9",)):
        head = request(SPEECH, "Transfer-Encoding: chunked", *headers, method="POST")
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        async with watched(monkeypatch) as turns:
            pushing = asyncio.create_task(push(writer, head + b"1\r\n \r\n" * 100_000))
            await until(partial(turns.have_worked_off, EVENTS.burst))
            for _ in range(20):
                assert (await door.client.get("/health")).status_code == 200
            assert turns.most <= 3 * TURN  # the one before may not have left yet
            pushing.cancel()
        writer.close()


async def test_a_body_in_small_chunks_arrives_whole(door: Door) -> None:
    """What a slow but honest client sends is paced, not lost."""
    body = json.dumps({"input": "hello", "response_format": "pcm", "more": "x" * 3_000}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = request(SPEECH, "Transfer-Encoding: chunked", "Connection: close", method="POST")
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head + chunks)
    async with asyncio.timeout(PATIENCE_S):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_requests_in_a_row_are_all_answered(door: Door) -> None:
    count = (EVENTS.burst + EVENTS_OF_AN_ADDRESS.burst) // 2 + 100  # a head and an end each: some have to wait
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request("/health") * count)
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(count):
            assert (await read_answer(reader)).status == 200
    writer.close()


async def test_messages_after_a_flood_are_heard(door: Door) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{door.port}/v1/tts", ping_interval=None) as client:
        for _ in range(EVENTS.burst + EVENTS_OF_AN_ADDRESS.burst + 50):
            await client.pong()
        await client.send('{"type":"ping","id":1}')
        assert [json.loads(await client.recv())["type"] for _ in range(2)] == ["ready", "pong"]


async def test_a_message_of_many_parts_is_one_message(door: Door) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{door.port}/v1/tts") as client:
        await client.recv()
        await client.send(character for character in '{"type":"ping","id":"%s"}' % ("x" * 60))
        assert json.loads(await client.recv())["type"] == "pong"


async def test_a_message_without_end_is_an_error(door: Door) -> None:
    reader, writer = await call(door)
    await push(writer, frame(Opcode.TEXT, b"{", fin=False) + frame(Opcode.CONT, fin=False) * (MOST_FRAGMENTS + 100))
    async with asyncio.timeout(PATIENCE_S):
        said = await reader.read()
    assert b"fragments" in said
    writer.close()
    await until(lambda: not door.server.connections)


async def test_pongs_do_not_pile_up_for_who_does_not_read(
    speech: Speech, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At its pace it would take minutes to fill the kernel's buffers.
    monkeypatch.setattr(http_connection, "EVENTS", UNPACED)
    monkeypatch.setattr(server, "EVENTS_OF_AN_ADDRESS", UNPACED)
    async with open_door(speech, metrics) as door:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", door.port))
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(upgrade())
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        (connection,) = door.server._server.server_state.connections
        transport: Any = connection.transport
        turns = Turns(monkeypatch)
        await push(writer, FLOODS["pings"] * 8_000)
        await until(partial(turns.have_worked_off, 8_000))
        assert 16_384 < transport.get_write_buffer_size() < 65_536
        writer.close()


async def test_who_answers_no_ping_is_cut_off(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, server=ServerConfig(ping_s=0.05, grace_s=0.3)) as door:
        reader, writer = await call(door)
        async with asyncio.timeout(PATIENCE_S):
            said = await reader.read()  # to its end
        assert bytes((0x80 | Opcode.PING,)) in said
        assert (1011).to_bytes(2, "big") in said
        writer.close()
        await until(lambda: not door.server.connections)


# -- the end -------------------------------------------------------------------------------------------------


async def test_the_door_closes_whatever_its_connections_are_at(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, server=ServerConfig(grace_s=0.3)) as door:
        writers = []
        for sent, _ in REFUSED.values():
            _, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(sent)
            writers.append(writer)
        for flood in FLOODS.values():
            _, writer = await call(door)
            writer.write(flood * 2_000)
            writers.append(writer)
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(request(SPEECH, "Transfer-Encoding: chunked", method="POST") + b"1\r\n \r\n" * 50_000)
        writers.append(writer)
        async with asyncio.timeout(PATIENCE_S):
            await door.server.close()
        assert not door.server.connections
        for writer in writers:
            writer.close()


async def test_the_door_does_not_wait_for_a_body_that_does_not_come(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, server=ServerConfig(grace_s=0.1), body_timeout_s=3_600) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(request(SPEECH, "Content-Length: 10", method="POST"))
        await until(lambda: door.server._server.server_state.tasks)
        async with asyncio.timeout(PATIENCE_S):
            await door.server.close()
        writer.close()


async def test_a_stop_does_not_wait_for_who_asks_for_nothing_and_never_answers(
    speech: Speech, metrics: Metrics
) -> None:
    async with open_door(speech, metrics) as door:
        reader, writer = await call(door)
        async with asyncio.timeout(PATIENCE_S):
            await door.sockets.drain(3_600)
            await reader.read()
        writer.close()


async def test_two_lengths_end_the_connection(door: Door) -> None:
    """What follows may be the body to one reader and a request to another."""
    both = request(SPEECH, "Transfer-Encoding: chunked", "Content-Length: 4", method="POST")
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(both + b"0\r\n\r\n" + request("/health"))
    async with asyncio.timeout(PATIENCE_S):
        answer: Answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert await reader.read() == b""
    writer.close()


async def test_other_languages_are_told_once(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        await raw(door, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50)
        await raw(door, b'{"type":"describe"}\n\r\n\r\n')
    told = [record.getMessage() for record in caplog.records if "speaks" in record.getMessage()]
    assert len(told) == 2
    assert told[0].startswith("127.0.0.1 speaks https")
    assert "wyoming.port" in told[1]


async def test_refused_upgrades_are_told_once_with_address_and_reason(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(30):
        assert (await raw(door, REFUSED["foreign"][0])).status == 403
    (told,) = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert "a WebSocket from 127.0.0.1 was refused: " in told.getMessage()
    assert not told.exc_info


class TestWhoComesByATrustedProxy:
    @pytest.fixture
    def engine(self) -> GatedEngine:
        return GatedEngine()

    async def test_it_is_counted_by_its_own_address(
        self, speech: Speech, metrics: Metrics, engine: GatedEngine
    ) -> None:
        config = HttpSettings(max_connections_per_address=3, trusted_proxies=("127.0.0.1",))
        limits = ServerConfig(max_connections_per_address=3, trusted_proxies=("127.0.0.1",), grace_s=0.3)
        async with open_door(speech, metrics, server=limits, config=config) as door:

            async def ask(address: str) -> int:
                body = {"input": "hello", "response_format": "pcm"}
                headers = {"X-Forwarded-For": address}
                return (await door.client.post(SPEECH, json=body, headers=headers, timeout=PATIENCE_S)).status_code

            greedy = [asyncio.create_task(ask("192.168.1.66")) for _ in range(3)]
            await until(lambda: speech.active == 3)
            assert await ask("192.168.1.66") == 429
            other = asyncio.create_task(ask("192.168.1.2"))
            await until(lambda: speech.active == 4)
            engine.allow()
            assert await asyncio.gather(*greedy, other) == [200] * 4
            assert await ask("192.168.1.66") == 200
