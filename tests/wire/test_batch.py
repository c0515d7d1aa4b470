"""/v1/audio/speech/batch: a line for each text, as it is complete."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from qwen3tts_daemon.audio import wav_header
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import SAMPLE_RATE, ToneEngine, tone
from tests.wire.http_door import Door, GatedEngine, open_door, until

BATCH = "/v1/audio/speech/batch"
TEXTS = ["One lamp is lit.", "Two cups of tea.", "Three chairs stand here."]


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


def batch(*items: str | dict[str, Any], **shared: Any) -> dict[str, Any]:
    return {"items": [item if isinstance(item, dict) else {"input": item} for item in items], **shared}


async def speak(door: Door, body: dict[str, Any]) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """The items' lines by index, and the last line."""
    answer = await door.client.post(BATCH, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    *lines, last = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(line["index"] for line in lines) == list(range(len(body["items"])))
    return {line["index"]: line for line in lines}, last


async def test_every_text_is_a_line_with_its_sound(door: Door) -> None:
    lines, last = await speak(door, batch(*TEXTS, response_format="wav"))
    for index, text in enumerate(TEXTS):
        sound = base64.b64decode(lines[index]["audio"])
        assert sound == wav_header(SAMPLE_RATE, len(tone(text))) + tone(text)
        assert lines[index]["media_type"] == "audio/wav"
        assert lines[index]["audio_s"] == pytest.approx(len(tone(text)) / 2 / SAMPLE_RATE, abs=1e-3)
        assert lines[index]["ttfa_s"] >= 0
        assert lines[index]["rtf"] >= 0
    assert last == {"done": True, "items": 3, "failed": 0}


async def test_an_item_says_otherwise_than_all(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "qwen3tts_daemon.speech.service")
    body = batch("Hello", {"input": "早上好", "voice": "gong", "response_format": "pcm"}, {}, voice="tone", input="Bye")
    lines, _ = await speak(door, body)
    assert [lines[index]["media_type"] for index in range(3)] == [
        "audio/mpeg",
        f"audio/pcm;rate={SAMPLE_RATE}",
        "audio/mpeg",
    ]
    assert sorted(message.split("voice=")[1].split(" ")[0] for message in caplog.messages) == ["gong", "tone", "tone"]


async def test_an_item_that_fails_is_a_line_and_the_others_go_on(door: Door, engine: ToneEngine) -> None:
    missing = {"input": "a", "model": "Qwen3-TTS-12Hz-1.7B-Base"}
    lines, last = await speak(door, batch("Hello", "[fail]", "", {"input": "Hello", "voice": "nobody"}, missing, "Bye"))
    errors = {
        index: (line["error"]["code"], line["error"]["param"]) for index, line in lines.items() if "error" in line
    }
    assert errors == {
        1: ("generation_failed", None), 2: ("text_empty", "input"), 3: ("unknown_voice", "voice"),
        4: ("model_unavailable", "model"),
    }  # fmt: skip
    assert last == {"done": True, "items": 6, "failed": 4}
    assert engine.active == 0


async def test_what_is_no_batch_is_refused_whole(door: Door, engine: ToneEngine) -> None:
    bodies: list[tuple[dict[str, Any], int, str, str]] = [
        ({}, 422, "bad_field", "items"),
        (batch(), 422, "bad_field", "items"),
        (batch(*["a"] * 65), 422, "bad_field", "items"),
        ({"items": ["a"]}, 422, "bad_field", "items[0]"),
        ({"items": {"input": "a"}}, 422, "bad_field", "items"),
        (batch("a", {"input": 5}), 422, "bad_field", "items[1].input"),
        (batch("a", {"input": "a", "speed": 9}), 422, "bad_field", "items[1].speed"),
        (batch("a", speed=9), 422, "bad_field", "speed"),
        (batch(*["word " * 200] * 33), 413, "text_too_long", "items"),
    ]
    for body, *expected in bodies:
        answer = await door.client.post(BATCH, json=body)
        error = answer.json()["error"]
        assert [answer.status_code, error["code"], error["param"]] == expected, str(body)[:80]
    assert engine.frames_made == 0


class TestRows:
    """An engine with two rows, at work on more texts."""

    @pytest.fixture
    def engine(self) -> GatedEngine:
        return GatedEngine(rows=2)

    async def test_no_more_run_at_once_than_there_are_rows(self, door: Door, engine: GatedEngine) -> None:
        speaking = asyncio.create_task(speak(door, batch(*TEXTS * 4)))
        await until(lambda: engine.active == 2)
        engine.allow()
        lines, last = await speaking
        assert last == {"done": True, "items": 12, "failed": 0}
        assert not [line for line in lines.values() if "error" in line]

    async def test_a_line_comes_as_soon_as_it_is_complete(self, door: Door, engine: GatedEngine) -> None:
        async with door.client.stream("POST", BATCH, json=batch("Never [hang] on.", "Hi there.", "Bye now.")) as answer:
            engine.allow()
            lines = answer.aiter_lines()
            assert {json.loads(await anext(lines))["index"] for _ in range(2)} == {1, 2}
            assert engine.active == 1

    async def test_a_client_that_leaves_cancels_all(self, door: Door, engine: GatedEngine, speech: Speech) -> None:
        async with door.client.stream("POST", BATCH, json=batch(*TEXTS * 4)):
            await until(lambda: engine.active == 2)
        await until(lambda: engine.active == speech.active == 0)
        engine.allow()
        await door.client.post("/v1/audio/speech", json={"input": "a", "response_format": "pcm"})
        assert engine.frames_made == 1, "and what had waited is not begun"

    async def test_draining_is_told_for_every_item(self, door: Door, engine: GatedEngine, speech: Speech) -> None:
        speaking = asyncio.create_task(speak(door, batch(*TEXTS)))
        await until(lambda: engine.active == 2)
        await speech.drain(0)
        lines, last = await speaking
        assert {line["error"]["code"] for line in lines.values()} == {"draining"}
        assert last["failed"] == 3
