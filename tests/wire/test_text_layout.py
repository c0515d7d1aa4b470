"""How a text is to be read reaches the engine from every door: the layout asked for, and whether it is live."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from websockets.asyncio.client import connect
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from qwen3tts_daemon.commands import local
from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.settings import WyomingSettings, load_settings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.voices.stored_voice import StoredVoice, card_of, read_card
from qwen_tts.api import SynthesisRequest, TextLayout
from qwen_tts.stream import AudioStream
from tests.fakes import ToneEngine
from tests.wire.http_door import Door, open_door

TEXT = "Hello there. How are you?"
LAYOUTS: tuple[TextLayout, ...] = get_args(TextLayout)


class ListeningEngine(ToneEngine):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(kinds=("preset", "designed"), preview=False)
        self.requests: list[SynthesisRequest] = []

    def stream(self, request: SynthesisRequest) -> AudioStream:
        self.requests.append(request)
        return super().stream(request)


@pytest.fixture
def engine() -> ListeningEngine:
    return ListeningEngine()


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


Ask = Callable[[Door, dict[str, Any]], Awaitable[httpx.Response]]


async def say(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.get("/v1/audio/say", params={"text": TEXT, "format": "pcm"} | fields)


async def speech(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | fields)


async def batch(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/v1/audio/speech/batch", json={"items": [{"input": TEXT}]} | fields)


async def clip(door: Door, fields: dict[str, Any]) -> httpx.Response:
    made = await door.client.post("/v1/audio/clips", json={"input": TEXT, "response_format": "wav"} | fields)
    return await door.client.get(made.json()["path"]) if made.status_code == 201 else made


async def custom_voice(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/api/tts/custom-voice", json={"text": TEXT, "speaker": "tone"} | fields)


async def voice_design(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/api/tts/voice-design/stream", json={"text": TEXT, "instruct": "Old."} | fields)


HTTP_DOORS: tuple[Ask, ...] = (say, speech, batch, clip, custom_voice, voice_design)


@pytest.mark.parametrize("ask", HTTP_DOORS)
async def test_a_text_over_http_is_whole_and_may_name_its_layout(door: Door, engine: ListeningEngine, ask: Ask) -> None:
    for layout in LAYOUTS:
        assert (await ask(door, {"text_layout": layout})).status_code == 200
    assert (await ask(door, {})).status_code == 200
    assert [request.text_layout for request in engine.requests] == [*LAYOUTS, "auto"]
    assert all(request.fed_at_once for request in engine.requests)


@pytest.mark.parametrize("ask", HTTP_DOORS)
@pytest.mark.parametrize("wrong", ["both", "WHOLE", "none"])
async def test_a_layout_that_there_is_not_is_told(door: Door, engine: ListeningEngine, ask: Ask, wrong: str) -> None:
    answer = await ask(door, {"text_layout": wrong})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", "text_layout")
    assert engine.requests == []


@pytest.mark.parametrize("ask", [custom_voice, voice_design])
async def test_the_wrapper_knows_the_official_word_too(door: Door, engine: ListeningEngine, ask: Ask) -> None:
    given: list[dict[str, Any]] = [
        {"non_streaming_mode": True}, {"non_streaming_mode": False}, {"non_streaming_mode": None},
        {"non_streaming_mode": True, "text_layout": "whole"}, {"non_streaming_mode": False, "text_layout": "auto"},
    ]  # fmt: skip
    for fields in given:
        assert (await ask(door, fields)).status_code == 200
    assert [request.text_layout for request in engine.requests] == ["whole", "streaming", "auto", "whole", "streaming"]
    answer = await ask(door, {"non_streaming_mode": True, "text_layout": "streaming"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "non_streaming_mode")


async def converse(door: Door, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What a socket is told, up to the first `done` or an error without one."""
    told = []
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts") as client:
        for message in messages:
            await client.send(json.dumps(message))
        async for data in client:
            if isinstance(data, str):
                told.append(json.loads(data))
                if told[-1]["type"] == "done":
                    break
    return told


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_a_context_whose_first_message_has_all_of_it_is_whole(
    door: Door, engine: ListeningEngine, layout: TextLayout
) -> None:
    """And one that goes on is live, whenever its end comes: the same messages are the same speech."""
    whole = {"type": "speak", "text": TEXT, "final": True, "text_layout": layout}
    await converse(door, whole)
    await converse(door, {"type": "speak", "text": TEXT, "text_layout": layout}, {"type": "end"})
    configured = await converse(
        door, {"type": "configure", "text_layout": layout}, {"type": "speak", "text": TEXT, "final": True}
    )
    assert next(one for one in configured if one["type"] == "configured")["text_layout"] == layout
    # Who has waited for its turn is no other than who has not.
    queued = [{"type": "speak", "ctx": name, "text": TEXT, "text_layout": layout} for name in "ab"]
    await converse(door, *queued, {"type": "end", "ctx": "b"}, {"type": "end", "ctx": "a"})
    assert [request.text_layout for request in engine.requests][:4] == [layout] * 4
    assert [request.fed_at_once for request in engine.requests][:4] == [True, False, True, False]


async def test_a_layout_that_there_is_not_is_told_on_the_socket(door: Door, engine: ListeningEngine) -> None:
    told = await converse(door, {"type": "speak", "ctx": "a", "text": TEXT, "final": True, "text_layout": "both"})
    error = next(one for one in told if one["type"] == "error")
    assert (error["code"], error["param"], error["ctx"]) == ("bad_field", "text_layout", "a")
    assert engine.requests == []


async def test_home_assistants_text_is_live_where_it_streams(speech: Speech, engine: ListeningEngine) -> None:
    wyoming = WyomingServer(speech, WyomingSettings(host=("127.0.0.1",), port=0), version="1.2")
    await wyoming.start()
    async with AsyncTcpClient("127.0.0.1", wyoming.port) as client:
        for event in (Synthesize(TEXT), SynthesizeStart(), SynthesizeChunk(TEXT), SynthesizeStop(), Synthesize(TEXT)):
            await client.write_event(event.event())
        stops = 0
        while stops < 3 and (event := await client.read_event()) is not None:
            stops += event.type == "audio-stop"
    await wyoming.close()
    assert [request.fed_at_once for request in engine.requests] == [True, False, True]
    assert {request.text_layout for request in engine.requests} == {"auto"}


@pytest.mark.parametrize("is_live", [True, False])
async def test_the_command_line_knows_whether_it_has_all_of_the_text(
    speech: Speech, engine: ListeningEngine, is_live: bool
) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield TEXT

    async def hear(rate: int, pcm: bytes) -> None: ...

    await local.speak(speech, Order("test"), pieces(), hear, is_live=is_live)
    assert engine.requests[0].fed_at_once is not is_live


async def test_a_voice_of_ones_own_may_have_a_layout(speech: Speech, engine: ListeningEngine, door: Door) -> None:
    """A profile has that of the voice below, a request another one."""
    library = speech.voices.library
    assert library is not None
    for id, base, layout in (("calm", "tone", "streaming"), ("calmer", "calm", None), ("open", "calm", "auto")):
        library.add(StoredVoice(id=id, name=id, kind="profile", base=base, text_layout=layout))  # type: ignore[arg-type]
    for fields in (
        {"voice": "calm"},
        {"voice": "calmer"},
        {"voice": "open"},
        {"voice": "calm", "text_layout": "whole"},
    ):
        answer = await door.client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | fields)
        assert answer.status_code == 200
    assert [request.text_layout for request in engine.requests] == ["streaming", "streaming", "auto", "whole"]
    listed = (await door.client.get("/v1/audio/voices/calm")).json()
    assert listed["text_layout"] == "streaming"


def test_a_card_without_a_layout_is_as_it_was() -> None:
    """An older daemon reads it."""
    plain = StoredVoice(id="calm", name="Calm", kind="profile", base="tone")
    assert b"text_layout" not in card_of(plain)
    streaming = StoredVoice(id="calm", name="Calm", kind="profile", base="tone", text_layout="streaming")
    assert read_card(card_of(streaming)) == streaming


def test_the_setting_reaches_the_engine(tmp_path: Path) -> None:
    settings = load_settings(["--qwen.text-layout", "whole"])
    assert settings.qwen.engine_options == {"text_layout": "whole"}
    (tmp_path / "config.toml").write_text('[qwen]\ntext_layout = "streaming"\n')
    assert load_settings(["--config", str(tmp_path / "config.toml")]).qwen.text_layout == "streaming"
