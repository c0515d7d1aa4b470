"""The shell round a voice.v1 session, on an ASGI connection whose other side the test holds."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.websockets import WebSocket

from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.protocols.scope_state import ABORT, HAS_ROOM, SEND_BINARY
from qwen3tts_daemon.protocols.voice_v1.outbox import MAX_FRAMES
from qwen3tts_daemon.protocols.voice_v1.sockets import Sockets
from qwen3tts_daemon.settings import WebSocketSettings
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import ToneEngine
from tests.patience import PATIENCE_S
from tests.wire.http_door import NO_MODELS


class Peer:
    """A client that takes what `takes` allows."""

    def __init__(self) -> None:
        self.takes = asyncio.Event()
        self.takes.set()
        self.heard: list[Any] = []
        """Messages as dicts, frames as bytes, a close as its code."""
        self.changed = asyncio.Event()
        self.aborted = asyncio.Event()
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._says.put_nowait({"type": "websocket.connect"})

    def connection(self) -> WebSocket:
        scope = {
            "type": "websocket", "headers": [], "subprotocols": [], "client": ("10.0.0.1", 1),
            "path": "/", "state": {ABORT: self.aborted.set, SEND_BINARY: self._send_binary, HAS_ROOM: self._has_room},
        }  # fmt: skip
        return WebSocket(scope, self._says.get, self._send)

    async def _send(self, message: Any) -> None:
        await self.takes.wait()
        if message["type"] == "websocket.close":
            self.heard.append(message["code"])
            self._says.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
        elif message["type"] == "websocket.send":
            text = message.get("text")
            self.heard.append(message["bytes"] if text is None else json.loads(text))
        self.changed.set()

    def _send_binary(self, data: bytes) -> bool:
        if not self.takes.is_set():
            return False
        self.heard.append(data)
        self.changed.set()
        return True

    async def _has_room(self) -> None:
        await self.takes.wait()

    def say(self, **fields: Any) -> None:
        self._says.put_nowait({"type": "websocket.receive", "text": json.dumps(fields)})

    def go(self) -> None:
        self._says.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def until(self, type: str) -> dict[str, Any]:
        """Wait for such a message, wherever it is."""
        while True:
            for message in self.messages:
                if message["type"] == type:
                    return message
            self.changed.clear()
            await self.changed.wait()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for message in self.heard if isinstance(message, dict)]

    @property
    def frames(self) -> int:
        return sum(isinstance(message, bytes) for message in self.heard)


@pytest.fixture
def limits() -> WebSocketSettings:
    return WebSocketSettings()


@pytest.fixture
async def sockets(speech: Speech, limits: WebSocketSettings) -> Sockets:
    return Sockets(speech, limits, NO_MODELS, Downloads(NO_MODELS.path))


@pytest.fixture
async def peer(sockets: Sockets) -> AsyncIterator[Peer]:
    peer = Peer()
    serving = asyncio.create_task(sockets.serve(peer.connection(), address="10.0.0.1"))
    await peer.until("ready")
    yield peer
    peer.takes.set()
    peer.go()
    await serving


async def stalled(peer: Peer, text: str, engine: ToneEngine) -> None:
    """The peer takes nothing while this is spoken; returns when all that has room is made."""
    peer.say(type="speak", ctx="a", text=text, final=True, lead_ms=600_000)
    await peer.until("started")
    peer.takes.clear()
    made = -1
    while engine.frames_made == 0 or made != engine.frames_made:
        made = engine.frames_made
        for _ in range(50):
            await asyncio.sleep(0)


async def test_sound_goes_on_when_there_is_room_again(peer: Peer, engine: ToneEngine) -> None:
    await stalled(peer, "word " * 100, engine)
    before = peer.frames
    assert before < MAX_FRAMES
    peer.takes.set()
    done = await peer.until("done")
    assert done["reason"] == "complete"
    assert peer.frames > 100


async def test_others_have_their_turn_while_a_client_takes_all_at_once(peer: Peer, engine: ToneEngine) -> None:
    await stalled(peer, "word " * 100, engine)
    peer.takes.set()
    most = 0
    while peer.messages[-1]["type"] != "done":
        before = peer.frames
        await asyncio.sleep(0)
        most = max(most, peer.frames - before)
    assert most <= 2 * MAX_FRAMES


async def test_sound_that_was_made_but_not_taken_can_be_cancelled(peer: Peer, engine: ToneEngine) -> None:
    await stalled(peer, "Short", engine)
    taken = peer.frames
    peer.say(type="cancel", ctx="a")
    for _ in range(50):
        await asyncio.sleep(0)
    peer.takes.set()
    done = await peer.until("done")
    assert done["reason"] == "cancelled"
    # One was in the hands of the writer.
    assert peer.frames <= taken + 1
    assert done["samples"] == 1920 * peer.frames
    assert peer.heard[-1] == done


class TestImpatient:
    @pytest.fixture
    def limits(self) -> WebSocketSettings:
        return WebSocketSettings(send_timeout_s=0.05)

    async def test_a_peer_that_takes_nothing_is_cut_off(self, peer: Peer, engine: ToneEngine) -> None:
        await stalled(peer, "word " * 100, engine)
        await peer.aborted.wait()


class TestPatient:
    @pytest.fixture
    def limits(self) -> WebSocketSettings:
        return WebSocketSettings(send_timeout_s=3_600, slow_consumer_s=3_600, idle_s=7_200)

    async def test_a_peer_that_takes_nothing_does_not_hold_up_the_daemons_end(
        self, peer: Peer, sockets: Sockets, engine: ToneEngine
    ) -> None:
        await stalled(peer, "word " * 100, engine)
        async with asyncio.timeout(PATIENCE_S):
            await sockets.drain(0)
        assert peer.aborted.is_set()


async def test_a_context_that_cannot_open_fails_alone(peer: Peer, speech: Speech) -> None:
    await speech.drain(0)
    peer.say(type="speak", ctx="a", text="Hello.", final=True)
    assert (await peer.until("done"))["reason"] == "error"
    assert [message["code"] for message in peer.messages if message["type"] == "error"] == ["draining"]
    peer.say(type="ping")
    await peer.until("pong")


async def test_what_is_cancelled_before_it_runs_was_no_utterance(peer: Peer, speech: Speech) -> None:
    peer.say(type="speak", ctx="a", text="Hello.", final=True)
    peer.say(type="cancel", ctx="a")
    assert (await peer.until("done"))["reason"] == "cancelled"
    peer.say(type="speak", ctx="b", text="Hello.", final=True)
    while [message["ctx"] for message in peer.messages if message["type"] == "done"] != ["a", "b"]:
        peer.changed.clear()
        await peer.changed.wait()
    started = {message["ctx"]: message["request_id"] for message in peer.messages if message["type"] == "started"}
    assert started["a"] not in speech.reports
    assert started["b"] in speech.reports


async def test_a_fault_of_ours_closes_the_socket(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("qwen3tts_daemon.protocols.voice_v1.session.Session._obey", fault)
    peer.say(type="ping")
    while peer.heard[-1] != 1011:
        peer.changed.clear()
        await peer.changed.wait()
    assert "ZeroDivisionError" in caplog.text
