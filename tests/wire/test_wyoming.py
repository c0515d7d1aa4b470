"""The Wyoming server on real sockets, with the field's clients: wyoming's own, wyoming-bench, raw bytes."""

import asyncio
import contextlib
import errno
import json
import logging
import socket
import struct
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from qwen3tts_daemon.access.networks import NetworkAllowList, parse_address
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.wyoming import WyomingLimits, WyomingServer
from qwen3tts_daemon.protocols.wyoming.wire import encode_event, read_event
from qwen3tts_daemon.settings import PRIVATE, SettingsError, WyomingSettings
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.stream import WINDOW_FRAMES
from tests.fakes import MS_PER_CHAR, ToneEngine, tone
from tests.patience import PATIENCE_S

LONG = "This sentence is spoken again and again. " * 190
LONG_FRAMES = len(LONG) * MS_PER_CHAR // 80
"""Seven minutes."""


@pytest.fixture(autouse=True)
async def _no_unhandled_errors(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Whatever a client does, nothing goes wrong on our side that nobody foresaw."""
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    yield
    assert unhandled == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@asynccontextmanager
async def serving(speech: Speech, limits: WyomingLimits | None = None, **settings: Any) -> AsyncIterator[WyomingServer]:
    settings = {"host": ("127.0.0.1",), "port": 0, **settings}
    server = WyomingServer(speech, WyomingSettings(**settings), version="1.2", limits=limits)
    await server.start()
    yield server
    async with asyncio.timeout(PATIENCE_S):
        await server.close()


@pytest.fixture
async def server(speech: Speech) -> AsyncIterator[WyomingServer]:
    async with serving(speech) as server:
        yield server


def client_of(server: WyomingServer) -> AsyncTcpClient:
    return AsyncTcpClient("127.0.0.1", server.port, read_timeout=PATIENCE_S)


@pytest.fixture
async def client(server: WyomingServer) -> AsyncIterator[AsyncTcpClient]:
    async with client_of(server) as client:
        yield client


async def send(client: AsyncTcpClient, *events: Event) -> None:
    for event in events:
        await client.write_event(event)


async def read_until(client: AsyncTcpClient, *last: str) -> list[Event]:
    """The events up to one of a type in `last`."""
    events: list[Event] = []
    while not events or events[-1].type not in last:
        event = await client.read_event()
        assert event is not None, f"the connection ended after {types(events)}"
        events.append(event)
    return events


async def answer(client: AsyncTcpClient, *events: Event, last: str = "audio-stop") -> list[Event]:
    await send(client, *events)
    return await read_until(client, last)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0)


def types(events: list[Event]) -> list[str]:
    """Without repetitions of audio-chunk."""
    kinds: list[str] = []
    for event in events:
        if [event.type] != kinds[-1:] or event.type != "audio-chunk":
            kinds.append(event.type)
    return kinds


def pcm(events: list[Event]) -> bytes:
    return b"".join(event.payload or b"" for event in events)


def stream(*pieces: str, voice: str | None = None) -> list[Event]:
    start = SynthesizeStart(voice=SynthesizeVoice(voice) if voice else None).event()
    copy = Synthesize("".join(pieces)).event()
    return [start, *(SynthesizeChunk(piece).event() for piece in pieces), copy, SynthesizeStop().event()]


PLAIN = ["audio-start", "audio-chunk", "audio-stop"]
STREAM = [*PLAIN, "synthesize-stopped"]


# -- answers -------------------------------------------------------------------------------------------------


async def test_a_text_is_answered_by_one_stretch_of_sound(client: AsyncTcpClient) -> None:
    events = await answer(client, Synthesize("Hello there.").event())
    assert types(events) == PLAIN
    assert pcm(events) == tone("Hello there.")
    assert {(event.data["rate"], event.data["width"], event.data["channels"]) for event in events[:-1]} == {
        (24_000, 2, 1)
    }
    position = 0
    for event in events[1:]:
        assert event.data["timestamp"] == position // 2 * 1000 // 24_000
        assert len(event.payload or b"") <= 48 * 200
        position += len(event.payload or b"")


async def test_the_engine_learns_whose_a_request_is(client: AsyncTcpClient, engine: ToneEngine) -> None:
    await answer(client, Synthesize("Hello there.").event())
    assert [asked.client for asked in engine.asked] == ["127.0.0.1"]


async def test_a_stream_is_answered_by_one_stretch_of_sound(client: AsyncTcpClient) -> None:
    events = await answer(client, *stream("Hello ", "there. And", " good night."), last="synthesize-stopped")
    assert types(events) == STREAM
    assert pcm(events) == tone("Hello there.") + tone("And good night.")


async def test_a_stream_is_heard_before_its_text_ends(client: AsyncTcpClient) -> None:
    await send(client, SynthesizeStart().event(), SynthesizeChunk("Hello there. And ").event())
    first = await read_until(client, "audio-chunk")
    assert types(first) == ["audio-start", "audio-chunk"]
    await send(client, SynthesizeChunk("good night.").event(), SynthesizeStop().event())
    rest = await read_until(client, "synthesize-stopped")
    assert types([*first, *rest[1:]])[-2:] == ["audio-stop", "synthesize-stopped"]
    assert pcm([*first, *rest]) == tone("Hello there.") + tone("And good night.")


async def test_a_stream_asks_for_the_engine_before_its_text(client: AsyncTcpClient, speech: Speech) -> None:
    await send(client, SynthesizeStart().event())
    await until(lambda: speech.manager.leases == 1)


async def test_many_requests_on_a_connection_are_answered_in_order(client: AsyncTcpClient) -> None:
    await send(client, *stream("One. "), Synthesize("Two.").event())
    await send(client, *stream("Three."), Synthesize("Four.").event())
    assert pcm(await read_until(client, "synthesize-stopped")) == tone("One.")
    assert pcm(await read_until(client, "audio-stop")) == tone("Two.")
    assert pcm(await read_until(client, "synthesize-stopped")) == tone("Three.")
    assert pcm(await read_until(client, "audio-stop")) == tone("Four.")


async def test_many_clients_hear_what_one_hears(server: WyomingServer) -> None:
    async def hear(text: str) -> bytes:
        async with client_of(server) as client:
            return pcm(await answer(client, Synthesize(text).event()))

    texts = [f"This is {'very ' * number}good." for number in range(20)]
    assert await asyncio.gather(*map(hear, texts)) == [tone(text) for text in texts]


@pytest.mark.parametrize("text", ["", " \n", "***", "🙂", "..."])
async def test_a_text_without_words_is_answered_by_silence(client: AsyncTcpClient, text: str) -> None:
    plain = await answer(client, Synthesize(text).event())
    streamed = await answer(client, *stream(text), last="synthesize-stopped")
    assert (types(plain), types(streamed)) == (PLAIN, STREAM)
    assert pcm(plain) == pcm(streamed) == bytes(4_800)


@pytest.mark.parametrize("voice", ["tone", "TONE"])
async def test_a_voice_speaks(client: AsyncTcpClient, voice: str) -> None:
    assert pcm(await answer(client, Synthesize("Hello.", SynthesizeVoice(voice)).event())) == tone("Hello.")


async def test_a_voice_of_null_and_a_region_are_understood(client: AsyncTcpClient) -> None:
    for voice in (None, {"name": "tone", "language": "en-GB"}):
        events = await answer(client, Event("synthesize", {"text": "Hello.", "voice": voice}))
        assert types(events) == PLAIN


# -- failures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"voice": {"name": "nobody"}}, "unknown_voice"),
        ({"voice": {"language": "xx"}}, "unknown_language"),
        ({"voice": {"name": "tone", "language": "zh"}}, "unsupported_language"),
        ({"context": {"speed": "fast"}}, "bad_field"),
    ],
)
async def test_what_cannot_be_spoken_is_told_and_a_stream_may_be_followed_by_more(
    client: AsyncTcpClient, data: dict[str, Any], code: str
) -> None:
    events = [Event("synthesize-start", data), *stream("Hello. ", "More.")[1:]]
    error, stopped = await answer(client, *events, last="synthesize-stopped")
    assert (error.type, error.data["code"], stopped.type) == ("error", code, "synthesize-stopped")
    assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN
    (error,) = await answer(client, Event("synthesize", {"text": "Hello.", **data}), last="error")
    assert error.data["code"] == code
    assert await client.read_event() is None


async def test_an_engine_that_fails_is_told_and_the_connection_goes_on(client: AsyncTcpClient) -> None:
    events = await answer(client, *stream("All is well. Or not [fail]. "), last="synthesize-stopped")
    assert types(events)[-2:] == ["error", "synthesize-stopped"]
    assert events[-2].data["code"] == "generation_failed"
    assert "audio-stop" not in types(events)
    assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


@pytest.mark.parametrize("must_wait", [False, True])
async def test_too_much_text_is_told(client: AsyncTcpClient, speech: Speech, must_wait: bool) -> None:
    if must_wait:
        await send(client, Synthesize("Hello.").event())
    await send(client, SynthesizeStart().event())
    if not must_wait:
        await until(lambda: speech.active == 1)
    await send(client, *[SynthesizeChunk(LONG[:3_000]).event()] * 4)
    if must_wait:
        await read_until(client, "audio-stop")
    events = await read_until(client, "synthesize-stopped")
    assert types(events)[-2:] == ["error", "synthesize-stopped"]
    assert events[-2].data["code"] == "text_too_long"
    await send(client, SynthesizeStop().event())
    assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


async def test_a_malformed_piece_of_text_ends_its_stream(client: AsyncTcpClient) -> None:
    await send(client, SynthesizeStart().event(), SynthesizeChunk("Hello there. And").event())
    await read_until(client, "audio-chunk")
    events = await answer(client, Event("synthesize-chunk"), last="synthesize-stopped")
    assert types(events)[-2:] == ["error", "synthesize-stopped"]


async def test_a_busy_engine_is_told(engine: ToneEngine, client: AsyncTcpClient, server: WyomingServer) -> None:
    engine._capabilities = ToneEngine(rows=1).capabilities
    async with client_of(server) as other:
        await send(other, Synthesize("[hang] one.").event())
        await until(lambda: engine.active == 1)
        (error,) = await answer(client, Synthesize("Hello.").event(), last="error")
    assert error.data["code"] == "queue_full"


# -- the end after the error to a plain request --------------------------------------------------------------

FAILING = Synthesize("Hello.", SynthesizeVoice("nobody")).event()


async def hear_plainly(server: WyomingServer, request: Event) -> bytes | None:
    """As Home Assistant before 2026.11: it knows no `error`, and waits for a stop or for the connection's end."""
    sound = b""
    async with client_of(server) as client:
        await client.write_event(request)
        while (event := await client.read_event()) is not None:
            if AudioStop.is_type(event.type):
                return sound
            if AudioChunk.is_type(event.type):
                sound += AudioChunk.from_event(event).audio
    return None


@pytest.mark.parametrize(
    "failing", [FAILING, Event("synthesize"), Synthesize("[fail]").event(), Synthesize("One. Two [fail].").event()]
)
async def test_home_assistant_does_not_wait_for_an_answer_that_failed(server: WyomingServer, failing: Event) -> None:
    assert await hear_plainly(server, failing) is None
    assert await hear_plainly(server, Synthesize("Hello.").event()) == tone("Hello.")


@pytest.mark.parametrize("failures", [1, 2, 5])
async def test_what_is_asked_behind_a_failure_is_answered_first(client: AsyncTcpClient, failures: int) -> None:
    await send(client, *[FAILING] * failures, Synthesize("Hello.").event(), *stream("Good night."), FAILING)
    for _ in range(failures):
        assert types(await read_until(client, "error", "audio-stop")) == ["error"]
    assert pcm(await read_until(client, "audio-stop")) == tone("Hello.")
    assert pcm(await read_until(client, "synthesize-stopped")) == tone("Good night.")
    assert types(await read_until(client, "error")) == ["error"]
    assert await client.read_event() is None


async def test_what_is_asked_soon_after_a_failure_is_answered(speech: Speech) -> None:
    async with serving(speech, WyomingLimits(afterthought_s=PATIENCE_S)) as server, client_of(server) as client:
        await answer(client, FAILING, last="error")
        assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN
        assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


@pytest.mark.parametrize("sent_bytes", [1, 20, 60])
async def test_a_request_that_is_on_its_way_is_answered(speech: Speech, sent_bytes: int) -> None:
    request = encode_event(Synthesize("Hello there, all of you.").event())
    async with serving(speech, WyomingLimits(afterthought_s=0)) as server, client_of(server) as client:
        assert client._writer is not None
        client._writer.write(encode_event(FAILING) + request[:sent_bytes])
        await read_until(client, "error")
        for _ in range(100):
            await asyncio.sleep(0)
        client._writer.write(request[sent_bytes:])
        assert types(await read_until(client, "audio-stop")) == PLAIN


async def test_a_stream_whose_text_is_coming_is_not_cut_off(speech: Speech) -> None:
    async with serving(speech, WyomingLimits(afterthought_s=0)) as server, client_of(server) as client:
        await send(client, FAILING, SynthesizeStart().event())
        await read_until(client, "error")
        for _ in range(100):
            await asyncio.sleep(0)
        await send(client, SynthesizeChunk("Hello.").event(), SynthesizeStop().event())
        assert pcm(await read_until(client, "synthesize-stopped")) == tone("Hello.")


async def test_a_client_that_is_still_sending_reads_the_error_and_the_end(server: WyomingServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    more = encode_event(Event("audio-chunk", {"rate": 1}, payload=bytes(50_000)))

    async def send_on() -> None:
        with contextlib.suppress(ConnectionError):  # until nobody listens any more
            while True:
                writer.write(more)
                await writer.drain()
                await asyncio.sleep(0)

    writer.write(encode_event(FAILING))
    sending = asyncio.create_task(send_on())
    assert (await reader.read()).count(b'"error"') == 1
    await sending
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_client_that_does_not_close_is_closed(server: WyomingServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(encode_event(FAILING))
    said = await reader.read()
    assert b'"unknown_voice"' in said
    await until(lambda: not server._connections)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "data",
    [
        {"voice": {"name": "nobody"}},
        {"voice": {"name": "reference:nobody"}},
        {"voice": {"name": "tone-zh"}},
        {"voice": {"name": "sailor"}},
        {"voice": {"name": "whisperer"}},
        {"voice": {"language": "xx"}},
        {"voice": {"name": "tone", "language": "zh"}},
        {"voice": {"name": 5}},
        {"context": {"speed": 99}},
        {"text": "a" * 20_000},
        {"text": "[fail]"},
        {"text": None},
    ],
)
async def test_who_uses_home_assistant_is_told_nothing_of_http(
    client: AsyncTcpClient, speech: Speech, data: dict[str, Any]
) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(StoredVoice(id="sailor", kind="designed", name="Sailor", design="An old sailor."))
    library.add(StoredVoice(id="whisperer", kind="profile", name="Whisperer", base="sailor"))
    (error,) = await answer(client, Event("synthesize", {"text": "Hello.", **data}), last="error")
    for word in ("GET ", "POST ", "/v1/", "http"):
        assert word not in error.data["text"]
    assert ("Home Assistant" in error.data["text"]) is (error.data["code"] == "unknown_voice")


# -- describe and ping, always -------------------------------------------------------------------------------


async def test_describe_and_ping_are_answered_while_the_engine_works(
    client: AsyncTcpClient, server: WyomingServer, engine: ToneEngine
) -> None:
    await send(client, Synthesize("[hang] for ever.").event())
    await until(lambda: engine.active == 1)
    async with client_of(server) as other:
        for each in (client, other):
            (info,) = await answer(each, Describe().event(), last="info")
            (program,) = Info.from_event(info).tts
            assert [voice.name for voice in program.voices] == ["gong", "tone"]
            (pong,) = await answer(each, Ping("still there?").event(), last="pong")
            assert pong.data == {"text": "still there?"}


async def test_a_voice_that_is_new_is_described(client: AsyncTcpClient, engine: ToneEngine) -> None:
    voices = engine.capabilities.voices
    for known in (voices[:1], voices):
        engine._capabilities = msgspec.structs.replace(engine.capabilities, voices=known)
        (info,) = await answer(client, Describe().event(), last="info")
        assert len(Info.from_event(info).tts[0].voices) == len(known)


async def test_a_client_that_only_asks_and_closes_its_side_is_answered(server: WyomingServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b'{ "type": "describe" }\n')
    writer.write_eof()
    assert b'"info"' in await reader.readline()
    await reader.read()
    writer.close()
    await writer.wait_closed()


# -- clients that leave, clients that do not read ------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("events", [[Synthesize(LONG).event()], stream(LONG)], ids=["plain", "stream"])
async def test_a_client_that_leaves_ends_the_work(
    server: WyomingServer, speech: Speech, engine: ToneEngine, events: list[Event], reset: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"".join(map(encode_event, events)))
    await reader.readline()
    if reset:
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.close()
    await until(lambda: speech.active == 0 and engine.active == 0 and speech.manager.leases == 0)
    made = engine.frames_made
    assert made < LONG_FRAMES / 2
    for _ in range(100):
        await asyncio.sleep(0)
    assert engine.frames_made == made


async def test_a_client_that_leaves_while_nothing_sounds_ends_the_work(
    server: WyomingServer, speech: Speech, engine: ToneEngine
) -> None:
    async with client_of(server) as client:
        await send(client, Synthesize("[hang] for ever.").event(), Synthesize("Next.").event())
        await until(lambda: engine.active == 1)
    await until(lambda: speech.active == 0 and engine.active == 0)
    assert engine.frames_made == 0


def deaf_socket(server: WyomingServer) -> socket.socket:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    deaf.connect(("127.0.0.1", server.port))
    return deaf


async def test_a_client_that_does_not_read_holds_the_engine_back_and_loses_nothing(
    server: WyomingServer, engine: ToneEngine
) -> None:
    deaf = deaf_socket(server)
    text = LONG[:4_000]
    deaf.sendall(encode_event(Synthesize(text).event()))
    await until(lambda: engine.frames_made >= WINDOW_FRAMES)
    made = -1
    while made != engine.frames_made:
        made = engine.frames_made
        for _ in range(500):
            await asyncio.sleep(0)
    assert made < 3 * WINDOW_FRAMES, "a window ahead, and what the buffers hold"
    reader, writer = await asyncio.open_connection(sock=deaf)
    sound = bytearray()
    while (header := json.loads(await reader.readline()))["type"] != "audio-stop":
        await reader.readexactly(header.get("data_length", 0))
        sound += await reader.readexactly(header.get("payload_length", 0))
    assert len(sound) // 3_840 > 2_500
    writer.close()
    await writer.wait_closed()


async def test_a_client_that_never_reads_is_cut_off_and_could_have_read_why(speech: Speech) -> None:
    async with serving(speech, WyomingLimits(slow_reader_s=0.1, closing_s=PATIENCE_S)) as server:
        deaf = deaf_socket(server)
        deaf.sendall(encode_event(Synthesize(LONG).event()))
        await until(lambda: speech.active == 1)
        await until(lambda: speech.active == 0)
        reader, writer = await asyncio.open_connection(sock=deaf)
        assert b"slow_consumer" in (await reader.read())[-200:]
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_vanishes_while_it_is_answered_is_gone_and_nobody_waits(speech: Speech) -> None:
    """The system then says TimeoutError, which is no timeout of ours."""
    async with serving(speech, WyomingLimits(dead_peer_s=1.0, slow_reader_s=PATIENCE_S)) as server:
        with deaf_socket(server) as deaf:
            deaf.sendall(encode_event(Synthesize(LONG).event()))
            await until(lambda: speech.active == 1)
            await until(lambda: not server._connections)
        async with client_of(server) as client:
            assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ECONNRESET])
async def test_a_connection_that_breaks_is_lost_and_is_no_timeout(number: int) -> None:
    reader = asyncio.StreamReader()
    reader.set_exception(OSError(number, "it has broken"))
    with pytest.raises(ConnectionError):
        await read_event(reader, idle_s=PATIENCE_S, message_s=PATIENCE_S)


# -- hostile and broken clients ------------------------------------------------------------------------------


def framed(header: bytes, rest: bytes = b"") -> bytes:
    return header + b"\n" + rest


HOSTILE = {
    "no json": framed(b"hello"),
    "an empty line": b"\n",
    "an array": framed(b"[1]"),
    "no type": framed(b"{}"),
    "a type of the wrong kind": framed(b'{"type": 5}'),
    "data of the wrong kind": framed(b'{"type": "synthesize", "data": []}'),
    "a negative length": framed(b'{"type": "describe", "data_length": -1}'),
    "a length that is a string": framed(b'{"type": "describe", "data_length": "5"}'),
    "data without end": framed(b'{"type": "describe", "data_length": 1000000000000}'),
    "a payload without end": framed(b'{"type": "audio-chunk", "payload_length": 1000000000000}'),
    "data that is an array": framed(b'{"type": "synthesize", "data_length": 3}', b"[1]"),
    "data that is no json": framed(b'{"type": "synthesize", "data_length": 3}', b"abc"),
    "invalid utf-8": framed(b'{"type": "\xff\xfe"}'),
    "invalid utf-8 in the data": framed(b'{"type": "ping", "data_length": 12}', b'{"text":"\xff"}'),
    "half a surrogate": framed(b'{"type": "ping", "data": {"text": "\\ud800 "}}'),
    "a line without end": b"x" * 200_000,
    "json a thousand deep": framed(b'{"type": "ping", "data": {"text": ' + b"[" * 50_000),
    "an http request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


async def told(server: WyomingServer, sent: bytes, *, ends: bool = False) -> dict[str, Any]:
    """What the server says last, before it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    if ends:
        writer.write_eof()
    async with asyncio.timeout(PATIENCE_S):
        said = await reader.read()
    writer.close()
    await writer.wait_closed()
    data: dict[str, Any] = json.loads(said[said.rindex(b"\n") :])
    assert b'"error"' in said.splitlines()[-2]
    return data


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_event_is_told_and_ends_the_connection(server: WyomingServer, sent: bytes) -> None:
    assert (await told(server, sent))["code"] in ("bad_json", "too_large")
    async with client_of(server) as client:
        assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


@pytest.mark.parametrize(
    ("sent", "language"),
    [(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "http"), (b"\x16\x03\x01\x02\x00\x01", "TLS")],
)
async def test_who_speaks_another_language_is_told_which_port_it_is(
    server: WyomingServer, sent: bytes, language: str
) -> None:
    assert (await told(server, sent))["text"].startswith(f"this is {language};")


@pytest.mark.parametrize(
    "sent",
    [
        b'{"type": "descr',
        framed(b'{"type": "synthesize", "data_length": 20}', b'{"text": '),
        framed(b'{"type": "audio-chunk", "payload_length": 20}', b"abc"),
    ],
)
async def test_half_an_event_is_told(server: WyomingServer, sent: bytes) -> None:
    assert (await told(server, sent, ends=True))["code"] == "bad_json"


async def test_a_broken_event_ends_the_speech_of_its_connection(
    server: WyomingServer, speech: Speech, engine: ToneEngine
) -> None:
    sent = encode_event(Synthesize("[hang] for ever.").event()) + b"hello\n"
    assert (await told(server, sent))["code"] == "bad_json"
    await until(lambda: speech.active == 0 and engine.active == 0)


async def test_events_of_other_services_are_ignored_with_their_payload(client: AsyncTcpClient) -> None:
    await send(client, Event("audio-chunk", {"rate": 1}, payload=bytes(300_000)), Event("nonsense"))
    assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


PIECES = [*HOSTILE.values(), b'{"type":"a","data_length":2}\n{}', b"{", b"}", b"\n", b"\0"]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_bytes_are_events_or_a_refusal(pieces: list[bytes]) -> None:
    async def read_all() -> None:
        reader = asyncio.StreamReader(limit=64 * 1024)
        reader.feed_data(b"".join(pieces))
        reader.feed_eof()
        with contextlib.suppress(Refusal):
            while await read_event(reader, idle_s=PATIENCE_S, message_s=PATIENCE_S) is not None:
                pass

    asyncio.run(read_all())


async def test_an_event_that_never_gets_complete_is_told(speech: Speech) -> None:
    async with serving(speech, WyomingLimits(message_s=0.05)) as server:
        assert (await told(server, b'{"type": "describe"'))["code"] == "timeout"


async def test_a_client_that_says_nothing_is_told(speech: Speech) -> None:
    async with serving(speech, idle_s=0.05) as server:
        assert (await told(server, b""))["code"] == "timeout"
        assert (await told(server, encode_event(SynthesizeStart().event())))["code"] == "timeout"


async def test_a_client_that_waits_for_its_answer_may_be_silent(speech: Speech, engine: ToneEngine) -> None:
    engine.frame_s = 0.05
    async with serving(speech, idle_s=0.3) as server, client_of(server) as client:
        assert types(await answer(client, Synthesize("Hello there, how are you?").event())) == PLAIN


@pytest.mark.parametrize("text", ["[hang]", LONG])
async def test_a_client_whose_machine_is_gone_ends_like_one_that_leaves(speech: Speech, text: str) -> None:
    """The kernel's ETIMEDOUT is a TimeoutError, and comes again with every try to read."""
    async with serving(speech) as server, client_of(server) as client:
        await send(client, Synthesize(text).event())
        await until(lambda: any(one.is_busy for one in server._connections.values()))
        (connection,) = server._connections.values()
        protocol = connection._writer.transport.get_protocol()
        assert isinstance(protocol, asyncio.Protocol)
        protocol.connection_lost(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
        await until(lambda: not server._connections and not speech.active)


async def test_requests_without_end_are_told(speech: Speech) -> None:
    async with serving(speech, WyomingLimits(requests=3)) as server:
        sent = encode_event(Synthesize("[hang] for ever.").event()) * 4
        assert (await told(server, sent))["code"] == "queue_full"


# -- who may connect -----------------------------------------------------------------------------------------


async def test_an_address_that_is_not_allowed_is_told(speech: Speech) -> None:
    async with serving(speech, allow=("10.0.0.0/8",)) as server:
        assert (await told(server, b""))["code"] == "forbidden_address"


async def test_one_connection_too_many_is_told_and_others_go_on(speech: Speech) -> None:
    async with serving(speech, max_connections=1) as server:
        async with client_of(server) as client:
            await answer(client, Describe().event(), last="info")
            assert (await told(server, b""))["code"] == "rate_limited"
            assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN
        await until(lambda: not server._connections)
        async with client_of(server) as client:
            await answer(client, Describe().event(), last="info")


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("127.0.0.1", True),
        ("192.168.1.7", True),
        ("::ffff:192.168.1.7", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("2001:db8::1", False),
    ],
)
def test_the_home_is_allowed_and_the_internet_is_not(address: str, is_allowed: bool) -> None:
    allowed = NetworkAllowList(WyomingSettings().allow, own_networks=lambda: [])
    assert (parse_address(address) in allowed) is is_allowed


def test_a_network_that_is_none_stops_the_start(speech: Speech) -> None:
    with pytest.raises(SettingsError, match=r"wyoming\.allow"):
        WyomingServer(speech, WyomingSettings(allow=(PRIVATE, "home")), version="1.2")


async def test_both_address_families_have_the_same_port(speech: Speech) -> None:
    async with serving(speech, host=("0.0.0.0", "::")) as server:
        if "::" not in server.addresses:
            pytest.skip("no IPv6 here")
        for host in ("127.0.0.1", "::1"):
            async with AsyncTcpClient(host, server.port, read_timeout=PATIENCE_S) as client:
                assert types(await answer(client, Synthesize("Hello.").event())) == PLAIN


async def test_a_port_in_use_stops_the_start(speech: Speech, server: WyomingServer) -> None:
    settings = WyomingSettings(host=("127.0.0.1",), port=server.port)
    with pytest.raises(OSError, match="in use"):
        await WyomingServer(speech, settings, version="1.2").start()


# -- stopping ------------------------------------------------------------------------------------------------


async def test_a_stop_is_told_to_who_waits_for_an_answer(server: WyomingServer, engine: ToneEngine) -> None:
    async with client_of(server) as client, client_of(server) as streaming:
        await send(client, Synthesize("[hang] for ever.").event())
        await send(streaming, *stream("[hang] for ever."))
        await until(lambda: engine.active == 2)
        closing = asyncio.create_task(server.close())
        for each in (client, streaming):
            error = (await read_until(each, "error"))[-1]
            assert error.data["code"] == "draining"
            assert await each.read_event() is None
    await closing
    await until(lambda: engine.active == 0)


async def test_speech_that_runs_may_end_while_no_more_is_taken(
    server: WyomingServer, speech: Speech, engine: ToneEngine
) -> None:
    async with client_of(server) as client, client_of(server) as idle:
        await answer(idle, Ping().event(), last="pong")
        await send(client, SynthesizeStart().event(), SynthesizeChunk("Hello there. And ").event())
        await read_until(client, "audio-chunk")
        await server.drain()
        assert (await read_until(idle, "error"))[-1].data["code"] == "draining"
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await client_of(server).connect()
        await send(client, SynthesizeChunk("good night.").event(), SynthesizeStop().event())
        assert types(await read_until(client, "synthesize-stopped"))[-2:] == STREAM[-2:]


@pytest.mark.parametrize("is_stream", [False, True])
async def test_speech_that_is_cut_off_is_not_complete(
    client: AsyncTcpClient, speech: Speech, engine: ToneEngine, is_stream: bool
) -> None:
    await send(client, *(stream("[hang] on.") if is_stream else [Synthesize("[hang] on.").event()]))
    await send(client, Synthesize("Hello.").event())
    await until(lambda: engine.active == 1)
    await speech.drain(0)
    events = await read_until(client, "synthesize-stopped" if is_stream else "error")
    assert types(events) == ["error", "synthesize-stopped"][: len(events)]
    assert events[0].data["code"] == "draining"
    (refused,) = await read_until(client, "error")
    assert refused.data["code"] == "draining"


async def test_stopping_twice_and_without_a_start_is_harmless(speech: Speech, server: WyomingServer) -> None:
    await server.close()
    await server.close()
    await WyomingServer(speech, WyomingSettings(), version="1.2").close()


# -- the field's benchmark -----------------------------------------------------------------------------------


async def test_wyoming_bench_has_nothing_to_complain_about(server: WyomingServer) -> None:
    bench = Path(sys.executable).with_name("wyoming-bench")
    options = ["--rounds", "1", "--programs", "qwen3-tts", "--timeout", str(PATIENCE_S), "--verbose"]
    process = await asyncio.create_subprocess_exec(
        str(bench), "tts", f"127.0.0.1:{server.port}", *options, stdout=PIPE, stderr=STDOUT
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "[non_streaming] ok=4 fail=0" in output
    assert "[streaming] ok=4 fail=0" in output
    assert output.count("cycles=1") == 8, output
