"""voice.v1 on real sockets: uvicorn on one side, the websockets client on the other."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen3tts_daemon.protocols.http.server import HttpServer, ServerConfig
from qwen3tts_daemon.protocols.voice_v1.outbox import MAX_FRAMES
from qwen3tts_daemon.protocols.voice_v1.sockets import Sockets
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.output import NOTHING_MS
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.stream import WINDOW_FRAMES
from tests.fakes import SAMPLE_RATE, SAMPLES_PER_FRAME, ToneEngine, tone
from tests.wire.http_door import NO_MODELS
from tests.wire.patient import connect

HEAD = struct.Struct("<BBHI")
LONG = "word " * 400
"""Two minutes of sound."""


@pytest.fixture
def limits() -> WebSocketSettings:
    """Override it for tight ones."""
    return WebSocketSettings()


@pytest.fixture
async def sockets(speech: Speech, limits: WebSocketSettings) -> Sockets:
    return Sockets(speech, limits, NO_MODELS, Downloads(NO_MODELS.path), version="1.2")


@pytest.fixture
async def server(sockets: Sockets, limits: WebSocketSettings) -> AsyncIterator[HttpServer]:
    app = FastAPI()

    @app.websocket("/v1/tts")
    async def tts(websocket: WebSocket) -> None:
        await sockets.serve(websocket, address="127.0.0.1")

    @app.websocket("/refused")
    async def refused(websocket: WebSocket) -> None:
        await sockets.refuse(websocket, Refusal("unauthorized", "no token"))

    server = HttpServer(app, ["127.0.0.1"], 0, ServerConfig(message_bytes=limits.message_bytes, grace_s=0.1))
    await server.start()
    yield server
    await server.close()


class Client:
    """What a client knows of its contexts."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.names: dict[int, str] = {}
        self.sound: dict[str, bytes] = {}
        self.log: list[dict[str, Any]] = []

    async def say(self, type: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": type, **fields}))

    async def hear(self) -> dict[str, Any]:
        """The next message, or {"type": "frame"}."""
        data = await self.connection.recv()
        if isinstance(data, str):
            message: dict[str, Any] = json.loads(data)
            if message["type"] == "started":
                self.names[message["ch"]] = message["ctx"]
                self.sound[message["ctx"]] = b""
        else:
            kind, _, channel, first = HEAD.unpack(data[:8])
            name = self.names[channel]
            assert kind == 1
            assert first == len(self.sound[name]) // 2, "a gap"
            self.sound[name] += data[8:]
            message = {"type": "frame", "ctx": name}
        self.log.append(message)
        return message

    async def until(self, type: str, **fields: Any) -> dict[str, Any]:
        """Hear until such a message comes."""
        while True:
            message = await self.hear()
            if message["type"] == type and fields.items() <= message.items():
                return message

    async def closed(self) -> int:
        """Hear until the end; its code."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.hear()
        assert self.connection.close_code is not None
        return self.connection.close_code


Connect = Callable[..., Any]


@pytest.fixture
def call(server: HttpServer) -> Connect:
    """Open a connection; the `ready` has been heard."""

    @contextlib.asynccontextmanager
    async def call(path: str = "/v1/tts", **options: Any) -> AsyncIterator[Client]:
        uri = f"ws://127.0.0.1:{server.port}{path}"
        async with connect(uri, close_timeout=1, **options) as connection:
            client = Client(connection)
            if path == "/v1/tts":
                await client.hear()
            yield client

    return call


async def settles(condition: Callable[[], bool]) -> None:
    """Until it is so; the test's own limit says when that is too late."""
    while not condition():
        await asyncio.sleep(0.001)


async def test_hello_world(call: Connect) -> None:
    async with call() as client:
        assert client.log[0]["server"] == {"name": "qwen3tts-daemon", "version": "1.2"}
        await client.connection.send('{"type":"speak","text":"Hello there.","final":true}')
        done = await client.until("done")
        assert done["reason"] == "complete"
        assert client.sound[done["ctx"]] == tone("Hello there.")
        assert done["samples"] == len(tone("Hello there.")) // 2
        order = [message["type"] for message in client.log]
        assert order[:3] == ["ready", "started", "segment"]
        assert set(order[3:-1]) == {"frame"}


async def test_the_engine_learns_whose_a_context_is(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="Hello there.", final=True)
        await client.until("done")
    assert [asked.client for asked in engine.asked] == ["127.0.0.1"]


async def test_what_a_context_cost_is_told(call: Connect, engine: ToneEngine) -> None:
    engine.queue_s = 1.25
    async with call() as client:
        await client.say("speak", ctx="a", text="Hello there.", final=True)
        cost = (await client.until("done"))["metrics"]
        await client.say("speak", ctx="b", text="Hello [limit] there.", final=True)
        cut = (await client.until("done", ctx="b"))["metrics"]
    assert (cost["queue_ms"], cost["gen_ms"]) == (1250.0, 1.0)
    assert ("guards" in cost, cut["guards"]) == (False, {"length": 1})
    assert cost["audio_ms"] == len(tone("Hello there.")) / 2 / SAMPLE_RATE * 1000


async def test_text_in_pieces_is_spoken_in_sentences(call: Connect) -> None:
    async with call() as client:
        for piece in ("Dr. Smith", " is in.", " He ", "waits."):
            await client.say("speak", ctx="a", text=piece)
        await client.say("end", ctx="a")
        await client.until("done")
        segments = [message for message in client.log if message["type"] == "segment"]
        assert [segment["text"] for segment in segments] == ["Dr. Smith is in.", "He waits."]
        assert segments[1]["sample"] == len(tone("Doctor Smith is in.")) // 2
        assert client.sound["a"] == tone("Doctor Smith is in.") + tone("He waits.")


async def test_flush_speaks_half_a_sentence(call: Connect) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="Half a sent")
        await client.say("flush", ctx="a", id=1)
        await client.until("flushed", id=1, sample=0)
        await client.until("segment", text="Half a sent")
        await client.until("frame")
        await client.say("speak", ctx="a", text="ence.", final=True)
        done = await client.until("done")
        assert client.sound["a"] == tone("Half a sent") + tone("ence.")
        assert done["chars_spoken"] == len("Half a sentence.")


async def test_contexts_in_parallel(call: Connect) -> None:
    async with call() as client:
        await client.say("configure", policy="parallel", lead_ms=60_000)
        texts = {name: f"This is text {name}. " * 5 for name in "abcd"}
        for name, text in texts.items():
            await client.say("speak", ctx=name, text=text, final=True)
        for _ in texts:
            await client.until("done", reason="complete")
        for name in texts:
            assert client.sound[name] == 5 * tone(f"This is text {name}.")
        owners = [message["ctx"] for message in client.log if message["type"] == "frame"]
        assert owners != sorted(owners), "one after the other"


async def test_a_queue_is_heard_in_order(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        for name in "abc":
            await client.say("speak", ctx=name, text=f"Text {name}.", final=True, lead_ms=60_000)
        for name in "abc":
            assert (await client.until("done"))["ctx"] == name
        owners = [message["ctx"] for message in client.log if message["type"] == "frame"]
        assert owners == sorted(owners)


async def test_barge_in_is_one_message(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="long", text=LONG, final=True)
        await client.until("frame")
        await client.say("speak", ctx="new", text="Stop!", final=True, policy="preempt")
        done = await client.until("done", ctx="long")
        assert done["reason"] == "preempted"
        assert done["samples"] == len(client.sound["long"]) // 2
        await client.until("done", ctx="new", reason="complete")
        assert client.sound["new"] == tone("Stop!")
        await settles(lambda: engine.active == 0)


async def test_after_a_cancel_comes_done_and_nothing_else(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text=LONG, final=True)
        await client.until("frame")
        await client.say("cancel", ctx="a")
        done = await client.until("done")
        assert done["reason"] == "cancelled"
        assert done["samples"] == len(client.sound["a"]) // 2
        await settles(lambda: engine.active == 0)
        await client.say("ping", id=1)
        assert (await client.hear())["type"] == "pong"


async def test_a_cancel_reaches_an_engine_that_gives_nothing(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="[hang] on.", final=True)
        await settles(lambda: engine.active == 1)
        await client.say("cancel", ctx="a")
        await client.until("done", ctx="a", reason="cancelled")
        await settles(lambda: engine.active == 0)


async def test_cancelled_while_it_waits_it_never_reaches_the_engine(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text=LONG, final=True)
        await client.say("speak", ctx="b", text=LONG, final=True)
        await client.until("started", ctx="b", position=1)
        await client.say("cancel", ctx="b")
        await client.until("done", ctx="b", samples=0)
        await client.until("frame")
        assert engine.active == 1
        await client.say("cancel", ctx="a")
        await client.until("done", ctx="a")
        await client.say("cancel", ctx="a")
        await client.say("cancel", ctx="of-another-socket")
        warning = await client.hear()
        assert (warning["type"], warning["code"]) == ("warning", "unknown_ctx")


@pytest.mark.parametrize("encoding", ["pcm_s16le", "mulaw", "alaw"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
async def test_formats(call: Connect, encoding: str, rate: int) -> None:
    async with call() as client:
        format = {"encoding": encoding, "sample_rate": rate, "framing": "raw", "frame_ms": 20}
        await client.say("speak", text="Hello there.", final=True, format=format)
        frames: list[bytes] = []
        while True:
            data = await client.connection.recv()
            if isinstance(data, bytes):
                frames.append(data)
            elif (message := json.loads(data))["type"] == "done":
                break
        width = 2 if encoding == "pcm_s16le" else 1
        samples = sum(map(len, frames)) // width
        assert message["samples"] == samples
        assert samples == pytest.approx(len(tone("Hello there.")) / 2 * rate / 24_000, abs=1)
        assert {len(frame) for frame in frames[:-1]} == {rate // 50 * width}


async def test_the_tail_of_live_text_is_not_held_back(call: Connect) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="Yes.", format={"frame_ms": 200})
        while len(client.sound.get("a", b"")) < len(tone("Yes.")):
            await client.hear()


async def test_sound_waits_for_reports_of_what_was_played(call: Connect, engine: ToneEngine) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="", lead_ms=400)
        await client.say("played", ctx="a", ms=0)
        await client.say("speak", ctx="a", text=LONG, final=True)
        for frames in range(5, 50, 5):
            while len(client.sound.get("a", b"")) < frames * SAMPLES_PER_FRAME * 2:
                await client.hear()
            assert engine.frames_made < frames + WINDOW_FRAMES + MAX_FRAMES
            await client.say("ping", t=frames)
            assert (await client.hear())["type"] == "pong"
            await client.say("played", ctx="a", ms=frames * 80)


async def test_the_engine_fails(call: Connect) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text="Good. Now [fail] please.", final=True)
        error = await client.until("error")
        assert (error["code"], error["ctx"], error["fatal"]) == ("generation_failed", "a", False)
        assert (await client.hear())["reason"] == "error"
        await client.say("speak", ctx="b", text="Good.", final=True)
        await client.until("done", reason="complete")


async def test_what_a_voice_cannot_read_is_told_with_who_can(call: Connect) -> None:
    chinese, gong = "[mute] 今天天气很好，我们出去走走。", {"voice": "gong", "language": "zh"}
    async with call() as client:
        await client.say("speak", ctx="nothing", voice="tone", text=chinese, final=True)
        error = await client.until("error", ctx="nothing")
        assert (error["code"], error["instead"]) == ("unsupported_language", gong)
        await client.say("speak", ctx="refused", voice="tone", language="zh", text="x", final=True)
        error = await client.until("error", ctx="refused")
        assert (error["code"], error["param"], error["instead"]) == ("unsupported_language", "language", gong)
        await client.say("speak", ctx="some", voice="tone", text=f"Hello. {chinese}", final=True)
        warning = await client.until("warning", ctx="some")
        assert (warning["code"], warning["instead"]) == ("unread", gong)
        await client.until("done", ctx="some", reason="complete")
        assert client.sound["some"] == tone("Hello.")
        await client.say("speak", ctx="all", voice="tone", text="Hello.", final=True)
        await client.until("done", ctx="all")
        assert client.log[-1]["type"] == "done"
        assert not [message for message in client.log if message["type"] == "warning" and message["ctx"] == "all"]


async def test_the_status_tells_what_the_next_text_waits_for(call: Connect) -> None:
    async with call() as client:
        await client.say("watch")
        status = await client.until("status")
        assert (status["state"], status["ready_in_s"], status["stands_in"], status["last_hour"]) == (
            "ready",
            0,
            False,
            0,
        )
        await client.say("speak", text="Hello.", final=True)
        assert (await client.until("status"))["last_hour"] == 1


async def test_text_without_words(call: Connect) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text=" \n\U0001f600", final=True)
        done = await client.until("done", reason="complete")
        assert (done["samples"], done["chars_spoken"]) == (SAMPLE_RATE * NOTHING_MS // 1000, 0)
        await client.say("speak", ctx="b", text=" \n", final=True)
        assert (await client.until("error"))["code"] == "text_empty"
        assert (await client.hear())["reason"] == "error"


@pytest.mark.parametrize("engine", [ToneEngine(word_times=True)], ids=[""])
async def test_words_are_told_before_their_sound(call: Connect) -> None:
    text = "Come in. How are you?"
    async with call() as client:
        await client.say("speak", ctx="a", text=text, final=True, words=True)
        await client.until("done", reason="complete")
    log = [message["type"] for message in client.log if message.get("ctx") in (None, "a")]
    assert log.index("segment") < log.index("words") < log.index("frame")
    told = [word for message in client.log if message["type"] == "words" for word in message["words"]]
    assert [text[word["char_start"] : word["char_end"]] for word in told] == ["Come", "in", "How", "are", "you"]
    assert told[-1]["sample_end"] == len(client.sound["a"]) // 2


def limited(**limits: float) -> pytest.MarkDecorator:
    """A limit that the test can reach."""
    return pytest.mark.parametrize("limits", [WebSocketSettings(**limits)], ids=[""])  # type: ignore[arg-type]


class TestTight:
    @limited(idle_s=0.05)
    async def test_an_idle_socket_is_closed(self, call: Connect) -> None:
        async with call() as client:
            assert await client.closed() == 4408

    @limited(auto_flush_s=0.05, idle_s=1)
    async def test_forgotten_text_is_spoken(self, call: Connect) -> None:
        async with call() as client:
            await client.say("speak", ctx="a", text="Half a sent")
            await client.until("warning", code="auto_flushed", ctx="a")
            await client.until("segment", text="Half a sent")
            await client.until("done", ctx="a", reason="complete")

    @limited(messages_per_10s=20)
    async def test_a_flood_of_messages(self, call: Connect) -> None:
        async with call() as client:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(1000):
                    await client.connection.send("")
            assert await client.closed() == 1008

    @limited(slow_consumer_s=0.1)
    async def test_who_does_not_report_loses_the_context(self, call: Connect, engine: ToneEngine) -> None:
        async with call() as client:
            await client.say("speak", ctx="a", text=LONG, final=True)
            await client.say("played", ctx="a", ms=0)
            await client.until("error", code="slow_consumer", ctx="a")
            assert (await client.hear())["reason"] == "limit"
            await settles(lambda: engine.active == 0)

    @limited(send_timeout_s=0.2)
    async def test_who_does_not_read_is_cut_off(self, call: Connect, engine: ToneEngine, sockets: Sockets) -> None:
        async with call(max_queue=1) as client:
            format = {"sample_rate": 48_000}
            await client.say("speak", text=LONG * 3, final=True, lead_ms=600_000, format=format)
            client.connection.transport.pause_reading()
            await settles(lambda: sockets.live == 0)
            await settles(lambda: engine.active == 0)
            client.connection.transport.abort()


class TestFewSockets:
    @pytest.fixture
    def limits(self) -> WebSocketSettings:
        return WebSocketSettings(max_sockets_per_address=1)

    async def test_too_many_sockets(self, call: Connect, sockets: Sockets) -> None:
        async with call(), call() as second:
            assert second.log[0]["code"] == "rate_limited"
            assert await second.closed() == 4429
        await settles(lambda: sockets.live == 0)
        async with call() as third:
            assert third.log[0]["type"] == "ready"


async def test_who_does_not_read_does_not_make_the_engine_run_ahead(server: HttpServer, engine: ToneEngine) -> None:
    """The client's own socket takes little, and nobody reads it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    sock.connect(("127.0.0.1", server.port))
    async with connect(f"ws://127.0.0.1:{server.port}/v1/tts", sock=sock, max_queue=1, close_timeout=0.1) as connection:
        message = {"type": "speak", "text": LONG, "final": True, "lead_ms": 600_000}
        await connection.send(json.dumps(message))
        connection.transport.pause_reading()
        made = -1
        while engine.frames_made == 0 or engine.frames_made != made:
            made = engine.frames_made
            for _ in range(200):
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        # What the reader's window, the outbox and the buffers on the way can hold: a third of the text.
        assert WINDOW_FRAMES < engine.frames_made < 500
        assert engine.active == 1
        connection.transport.abort()
        await settles(lambda: engine.active == 0)


@pytest.mark.parametrize("manner", ["close", "reset"])
async def test_a_client_vanishes(
    call: Connect, engine: ToneEngine, sockets: Sockets, caplog: pytest.LogCaptureFixture, manner: str
) -> None:
    async with call() as client:
        await client.say("speak", ctx="a", text=LONG, final=True)
        await client.say("speak", ctx="b", text=LONG, final=True, policy="parallel")
        await client.say("speak", ctx="waits", text=LONG)
        await client.until("frame", ctx="b")
        assert engine.active == 2
        if manner == "close":
            client.connection.transport.close()
        else:
            client.connection.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            client.connection.transport.abort()
        await settles(lambda: engine.active == 0 and sockets.live == 0)
    assert [record for record in caplog.records if record.exc_info] == []


class TestSlowEngine:
    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(frame_s=0.02)

    async def test_a_client_hears_of_unloading_and_loading(self, call: Connect, manager: ModelManager) -> None:
        async with call() as client:
            for listener in manager.on_state:
                listener("sleeping")
                listener("loading")
                listener("ready")
            assert [(await client.hear())["state"] for _ in range(3)] == ["idle", "loading", "ready"]

    async def test_draining_lets_sentences_end(self, call: Connect, sockets: Sockets) -> None:
        async with call() as client, call() as idle:
            await client.say("speak", ctx="a", text="One two three. And four")
            await client.until("frame")
            draining = asyncio.create_task(sockets.drain(20))
            await client.until("state", state="draining")
            await client.say("speak", ctx="b", text="No.", final=True)
            await client.until("error", ctx="b", code="draining")
            await client.until("done", ctx="a", reason="complete")
            assert client.sound["a"] == tone("One two three.") + tone("And four")
            assert await client.closed() == 1001
            assert await idle.closed() == 1001
            await draining
            async with call() as late:
                assert late.log[0]["code"] == "draining"
                assert await late.closed() == 1001

    async def test_draining_does_not_wait_for_ever(self, call: Connect, sockets: Sockets) -> None:
        async with call() as client:
            await client.say("speak", ctx="a", text=LONG, final=True)
            await client.until("frame")
            draining = asyncio.create_task(sockets.drain(0.05))
            await client.until("done", ctx="a", reason="cancelled")
            assert await client.closed() == 1001
            await draining


# -- the edges of the wire ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"sound", 1003), ("x" * 65_537, 1009), ("é" * 40_000, 1009), (["x" * 40_000] * 2, 1009)],
    ids=["binary", "too big", "too big in UTF-8", "too big in parts"],
)
async def test_what_closes_a_socket(call: Connect, data: str | bytes | list[str], code: int) -> None:
    async with call() as client:
        await client.connection.send(data)
        assert await client.closed() == code


async def test_text_that_is_not_utf8(call: Connect, caplog: pytest.LogCaptureFixture) -> None:
    async with call() as client:
        await client.connection.send(b'{"type":"\xff"}', text=True)
        assert await client.closed() == 1007
    assert not caplog.records, "it is the client's fault, and anybody's to repeat"


async def test_what_does_not_close_a_socket(call: Connect) -> None:
    async with call() as client:
        for text, code in (
            ('{"type":"shout"}', "unknown_type"),
            ("[" * 60_000, "bad_json"),
            ("", "bad_json"),
            (json.dumps({"type": "speak", "ctx": "x" * 65}), "bad_field"),
        ):
            await client.connection.send(text)
            assert (await client.hear())["code"] == code
        await client.connection.send(iter('{"type":"ping","t":1}'))
        assert (await client.hear())["t"] == 1


async def test_the_subprotocol(call: Connect) -> None:
    async with call(subprotocols=["voice.v1", "bearer.secret"]) as client:
        assert client.connection.subprotocol == "voice.v1"
    async with call() as client:
        assert client.connection.subprotocol is None
    with pytest.raises(InvalidStatus) as refused:
        async with call(subprotocols=["voice.v9"]):
            pass
    assert refused.value.response.status_code == 400


async def test_nothing_is_compressed(call: Connect) -> None:
    async with call(compression="deflate") as client:
        assert "Sec-WebSocket-Extensions" not in client.connection.response.headers


async def test_a_refusal_can_be_read_by_a_page(call: Connect) -> None:
    async with call("/refused", subprotocols=["voice.v1"]) as client:
        error = await client.hear()
        assert (error["code"], error["fatal"]) == ("unauthorized", True)
        assert await client.closed() == 4401
