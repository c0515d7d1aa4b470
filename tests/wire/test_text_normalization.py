"""What an engine is given of a text: in words from every door, unless the request, the voice or the settings say no."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.protocols.wyoming import WyomingServer
from qwen3tts_daemon.settings import WyomingSettings, load_settings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.output import SegmentStarted
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.stored_voice import StoredVoice, card_of, read_card
from qwen_tts.api import AudioChunk as Chunk
from qwen_tts.limits import MAX_TEXT_CHARS
from tests.fakes import ToneEngine, tone
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.test_cli import pcm, run

SPOKEN = "/v1/text/spoken"
TEXT = "It is 21.5 °C."
WORDS = "It is twenty-one point five degrees Celsius."


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(kinds=("preset", "designed"), preview=False)


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


Ask = Callable[[Door, dict[str, Any]], Awaitable[httpx.Response]]


async def say(door: Door, fields: dict[str, Any]) -> httpx.Response:
    query = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in fields.items()}
    return await door.client.get("/v1/audio/say", params={"text": TEXT, "format": "wav"} | query)


async def speak(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "wav"} | fields)


async def clip(door: Door, fields: dict[str, Any]) -> httpx.Response:
    made = await door.client.post("/v1/audio/clips", json={"input": TEXT, "response_format": "wav"} | fields)
    return await door.client.get(made.json()["path"]) if made.status_code == 201 else made


async def custom_voice(door: Door, fields: dict[str, Any]) -> httpx.Response:
    return await door.client.post("/api/tts/custom-voice", json={"text": TEXT, "speaker": "tone"} | fields)


async def voice_design(door: Door, fields: dict[str, Any]) -> httpx.Response:
    body = {"text": TEXT, "language": "en", "instruct": "Old."}
    return await door.client.post("/api/tts/voice-design", json=body | fields)


HTTP_DOORS = pytest.mark.parametrize("ask", [say, speak, clip, custom_voice, voice_design])
HEADER_BYTES = 44


@HTTP_DOORS
async def test_a_request_may_say_no(door: Door, ask: Ask) -> None:
    for fields, said in (({}, WORDS), ({"text_normalization": True}, WORDS), ({"text_normalization": False}, TEXT)):
        answer = await ask(door, fields)
        assert answer.status_code == 200, answer.text
        assert answer.content[HEADER_BYTES:] == tone(said)


@HTTP_DOORS
@pytest.mark.parametrize("wrong", ["off", 0, "maybe"])
async def test_what_is_neither_is_told(door: Door, engine: ToneEngine, ask: Ask, wrong: Any) -> None:
    answer = await ask(door, {"text_normalization": wrong})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", "text_normalization")
    assert engine.asked == []


async def test_items_of_a_batch_may_differ(door: Door) -> None:
    items = [{"input": TEXT}, {"input": TEXT, "text_normalization": True}]
    body = {"items": items, "text_normalization": False, "response_format": "pcm"}
    lines = (await door.client.post("/v1/audio/speech/batch", json=body)).text.splitlines()
    sounds = {line["index"]: base64.b64decode(line["audio"]) for line in map(json.loads, lines[:2])}
    assert sounds == {0: tone(TEXT), 1: tone(WORDS)}


async def on_a_socket(door: Door, *messages: dict[str, Any]) -> tuple[bytes, list[dict[str, Any]]]:
    """The sound of a context, and what is told up to its end."""
    sound, told = b"", []
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts") as client:
        for message in messages:
            await client.send(json.dumps(message))
        async for data in client:
            if isinstance(data, bytes):
                sound += data[8:]
                continue
            told.append(json.loads(data))
            if told[-1]["type"] == "done":
                break
    return sound, told


async def test_a_socket_and_its_contexts_may_say_no(door: Door) -> None:
    all_of_it = {"type": "speak", "text": TEXT, "final": True}
    off = {"text_normalization": False}
    assert (await on_a_socket(door, all_of_it))[0] == tone(WORDS)
    assert (await on_a_socket(door, {**all_of_it, **off}))[0] == tone(TEXT)
    sound, told = await on_a_socket(door, {"type": "configure", **off}, all_of_it)
    assert sound == tone(TEXT)
    assert next(one for one in told if one["type"] == "configured")["text_normalization"] is False
    back = {**all_of_it, "text_normalization": None}
    assert (await on_a_socket(door, {"type": "configure", **off}, back))[0] == tone(WORDS)
    _, told = await on_a_socket(door, {**all_of_it, "ctx": "a", "text_normalization": "no"})
    error = next(one for one in told if one["type"] == "error")
    assert (error["code"], error["param"]) == ("bad_field", "text_normalization")


async def test_events_point_at_the_text_as_it_was_written(door: Door) -> None:
    text = "It is **21.5 °C**. Then 3 < 5 km. Bye."
    for pieces in ([text], list(text)):
        speaking = [{"type": "speak", "ctx": "a", "text": piece} for piece in pieces]
        _, told = await on_a_socket(door, *speaking, {"type": "end", "ctx": "a"})
        segments = [one for one in told if one["type"] == "segment"]
        assert [one["text"] for one in segments] == [text[one["char_start"] : one["char_end"]] for one in segments]
        assert [one["text"] for one in segments] == ["It is **21.5 °C**.", "Then 3 < 5 km.", "Bye."]


async def test_a_stored_voice_may_say_no(speech: Speech, door: Door) -> None:
    """A profile has that of the voice below, a request another one; what it has not got the settings say."""
    library = speech.voices.library
    assert library is not None
    for id, base, text_normalization in (
        ("plain", "tone", False), ("plainer", "plain", None), ("read", "plain", True), ("calm", "tone", None),
    ):  # fmt: skip
        library.add(StoredVoice(id=id, name=id, kind="profile", base=base, text_normalization=text_normalization))
    wanted: list[tuple[dict[str, Any], str]] = [
        ({"voice": "plain"}, TEXT), ({"voice": "plainer"}, TEXT), ({"voice": "read"}, WORDS),
        ({"voice": "calm"}, WORDS), ({"voice": "plain", "text_normalization": True}, WORDS),
    ]  # fmt: skip
    for fields, said in wanted:
        assert (await speak(door, fields)).content[HEADER_BYTES:] == tone(said), fields
    speech.config = SpeechConfig(text_normalization=False)
    for fields, said in (*wanted[:3], ({"voice": "calm"}, TEXT), ({"text_normalization": True}, WORDS)):
        assert (await speak(door, fields)).content[HEADER_BYTES:] == tone(said), fields


async def test_a_voice_is_made_and_changed_with_it(door: Door) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = "/v1/audio/voices"
    profile = {"name": "Plain", "voice": "tone", "text_normalization": False}
    made = await door.client.post(path, json=profile, headers=headers)
    assert made.json()["text_normalization"] is False
    assert (await door.client.get(f"{path}/plain")).json()["text_normalization"] is False
    changed = await door.client.patch(f"{path}/plain", json={"text_normalization": None}, headers=headers)
    assert changed.json()["text_normalization"] is None


def test_a_card_that_does_not_say_is_as_it_was() -> None:
    """An older daemon reads it."""
    plain = StoredVoice(id="calm", name="Calm", kind="profile", base="tone")
    assert b"text_normalization" not in card_of(plain)
    off = StoredVoice(id="calm", name="Calm", kind="profile", base="tone", text_normalization=False)
    assert read_card(card_of(off)) == off


async def test_the_setting_is_for_home_assistant_too(speech: Speech) -> None:
    speech.config = SpeechConfig(
        text_normalization=load_settings(["--no-speech.text-normalization"]).speech.text_normalization
    )
    wyoming = WyomingServer(speech, WyomingSettings(host=("127.0.0.1",), port=0), version="1.2")
    await wyoming.start()
    for context, said in (({}, TEXT), ({"text_normalization": True}, WORDS)):
        async with AsyncTcpClient("127.0.0.1", wyoming.port) as client:
            await client.write_event(Event("synthesize", {"text": TEXT, "context": context}))
            sound = b""
            while (event := await client.read_event()) is not None and event.type != "audio-stop":
                sound += AudioChunk.from_event(event).audio if AudioChunk.is_type(event.type) else b""
        assert sound == tone(said)
    await wyoming.close()


# -- what would be spoken ------------------------------------------------------------------------------------------


async def spoken(door: Door, text: str, **fields: Any) -> dict[str, Any]:
    answer = await door.client.post(SPOKEN, json={"input": text, **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_what_would_be_spoken_is_told_before_any_sound(door: Door, engine: ToneEngine) -> None:
    assert await spoken(door, f"Hello **there**. {TEXT}") == {
        "language": "en",
        "segments": [
            {"text": "Hello **there**.", "spoken": "Hello there.", "char_start": 0, "char_end": 16},
            {"text": TEXT, "spoken": WORDS, "char_start": 17, "char_end": 31},
        ],
    }
    assert await spoken(door, "👍") == {"language": "en", "segments": []}
    assert (await spoken(door, TEXT, text_normalization=False))["segments"][0]["spoken"] == TEXT
    assert engine.asked == []


async def test_it_is_what_the_engine_then_gets(door: Door, speech: Speech) -> None:
    """Whoever speaks in which language: the same decisions."""
    for text in (f"Hello there. {TEXT}", "Ring 555-0142, please.\n- 3 eggs\n- 2 l of milk", "20 % off!"):
        told = await spoken(door, text)
        async with speech.whole_utterance(Order("test"), text) as utterance:
            parts = [part async for part in utterance]
        sound = b"".join(part.pcm for part in parts if isinstance(part, Chunk))
        assert sound == b"".join(tone(one["spoken"]) for one in told["segments"])
        starts = [(one.text, one.start, one.end) for one in parts if isinstance(one, SegmentStarted)]
        assert starts == [(one["text"], one["char_start"], one["char_end"]) for one in told["segments"]]
        assert utterance.language == told["language"]


async def test_segments_keep_their_order_whether_or_not_there_is_something_to_read(speech: Speech) -> None:
    sentences = [f"This is {'very ' * number}good." if number % 3 else f"It is {number} pm." for number in range(12)]
    async with speech.utterance(Order("test")) as utterance:
        for character in " ".join(sentences):
            utterance.feed(character)
        utterance.end_text()
        parts = [part async for part in utterance]
    assert [part.text for part in parts if isinstance(part, SegmentStarted)] == sentences
    said = utterance.text.removesuffix(".").split(". ")
    assert b"".join(part.pcm for part in parts if isinstance(part, Chunk)) == b"".join(tone(f"{one}.") for one in said)
    assert not any(map(str.isdigit, utterance.text))


async def test_who_leaves_while_it_is_read_hears_nothing(speech: Speech, engine: ToneEngine) -> None:
    async with speech.whole_utterance(Order("test"), f"{TEXT} " * 100) as utterance:
        await anext(utterance)
        utterance.cancel()
        assert [part async for part in utterance] == []
    assert engine.active == 0


async def test_no_engine_is_loaded_for_it(metrics: Metrics) -> None:
    manager = ModelManager(lambda: made(ToneEngine(load_fails="nobody is there")), ManagerConfig())
    await manager.start(preload=False)
    voices = VoiceCatalogue(lambda: manager.capabilities)
    async with open_door(Speech(manager, voices, metrics, SpeechConfig()), metrics) as door:
        assert (await spoken(door, TEXT))["segments"][0]["spoken"] == WORDS
        assert manager.state == "unloaded"
    await manager.close()


async def made(engine: ToneEngine) -> ToneEngine:
    return engine


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({}, 422, "bad_field", "input"),
        ({"input": " \n"}, 422, "text_empty", "input"),
        ({"input": "a" * (MAX_TEXT_CHARS + 1)}, 413, "text_too_long", "input"),
        ({"input": "a", "voice": "nobody"}, 422, "unknown_voice", "voice"),
        ({"input": "a", "language": "klingon"}, 422, "unknown_language", "language"),
        ({"input": "a", "voice": "gong", "language": "de"}, 422, "unsupported_language", "language"),
        ({"input": "a", "text_normalization": "true"}, 422, "bad_field", "text_normalization"),
    ],
)
async def test_what_could_not_be_spoken_is_no_answer(
    door: Door, fields: dict[str, Any], status: int, code: str, param: str
) -> None:
    answer = await door.client.post(SPOKEN, json=fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)


async def test_who_may_not_speak_may_not_ask(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        assert (await door.client.post(SPOKEN, json={"input": TEXT})).status_code == 401


def test_the_commands_ask_a_daemon(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--auth", "token") as daemon:
        wyoming, http = daemon.ready()
        ports = {"QWEN3TTS_HTTP__PORT": str(http), "QWEN3TTS_WYOMING__PORT": str(wyoming)}
        assert run("read", f"Hello. {TEXT}", data=tmp_path, **ports).stdout == f"Hello.\n{WORDS}\n"
        plain = run("read", TEXT, "--no-text-normalization", "--voice", "tone", "--json", data=tmp_path, **ports)
        assert json.loads(plain.stdout) == {
            "language": "en", "segments": [{"text": TEXT, "spoken": TEXT, "char_start": 0, "char_end": len(TEXT)}],
        }  # fmt: skip
        wrong = run("read", TEXT, "--voice", "nobody", data=tmp_path, **ports)
        assert (wrong.returncode, wrong.stdout) == (1, "")
        assert "no voice 'nobody'" in wrong.stderr
        out = tmp_path / "out.wav"
        assert run("say", TEXT, "-o", str(out), data=tmp_path, **ports).returncode == 0
        assert pcm(out) == tone(WORDS)
        assert run("say", TEXT, "-o", str(out), "--no-text-normalization", data=tmp_path, **ports).returncode == 0
        assert pcm(out) == tone(TEXT)
        markup = f"{TEXT.removesuffix('.')}<mark name='x'/>."
        assert run("read", markup, "--text-format", "ssml", data=tmp_path, **ports).stdout == f"{WORDS}\n"
        assert run("say", markup, "-o", str(out), "--text-format", "ssml", data=tmp_path, **ports).returncode == 0
        assert pcm(out) == tone(WORDS)


def test_the_command_reads_without_a_daemon(tmp_path: Path) -> None:
    alone = run("read", TEXT, "--language", "en", data=tmp_path, QWEN3TTS_HTTP__PORT="1")
    assert (alone.returncode, alone.stdout) == (0, f"{WORDS}\n"), alone.stderr
