"""When each word is heard, over HTTP: among events, in an object, in a batch, and as captions of a clip."""

import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import MS_PER_CHAR, ToneEngine, tone
from tests.wire.http_door import Door, open_door

SPEECH = "/v1/audio/speech"
TEXT = 'Come in. "Well," he said, it\'s <b>25</b> & rising.'
WORDS = ["Come", "in", "Well", "he", "said", "it's", "25", "rising"]
ASKED = {"input": TEXT, "words": True, "response_format": "pcm", "text_normalization": False}
CHAR_S = MS_PER_CHAR / 1000


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(word_times=True)


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


def events(body: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line]


def texts(words: list[dict[str, Any]]) -> list[str]:
    assert all(word["text"] == TEXT[word["char_start"] : word["char_end"]] for word in words)
    return [word["text"] for word in words]


async def test_events_tell_words_before_their_sound(door: Door) -> None:
    answer = await door.client.post(SPEECH, json={**ASKED, "stream_format": "sse"})
    told = [event for event in events(answer.text) if event["type"] == "speech.audio.words"]
    assert events(answer.text)[0] == told[0]
    assert [(event["segment"], event["estimated"]) for event in told] == [(0, False), (1, False)]
    assert texts([word for event in told for word in event["words"]]) == WORDS
    assert [(word["start"], word["end"]) for word in told[0]["words"]] == [
        (0, round(4 * CHAR_S, 4)), (round(5 * CHAR_S, 4), round(8 * CHAR_S, 4)),
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["pcm", "wav", "mp3"])
async def test_an_object_has_the_sound_and_its_words(door: Door, format: str) -> None:
    plain = await door.client.post(SPEECH, json={"input": TEXT, "response_format": format, "text_normalization": False})
    answer = await door.client.post(SPEECH, json={**ASKED, "stream_format": "json", "response_format": format})
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert base64.b64decode(said["audio"]) == plain.content
    assert said["media_type"] == plain.headers["content-type"]
    assert (said["end"], said["estimated"], said["voice"]) == ("done", False, "tone")
    assert texts(said["words"]) == WORDS
    assert said["words"][-1]["end"] <= said["audio_s"]


async def test_an_object_of_who_asks_for_no_words_has_none(door: Door, engine: ToneEngine) -> None:
    answer = await door.client.post(SPEECH, json={"input": "Hello.", "stream_format": "json", "response_format": "pcm"})
    assert base64.b64decode(answer.json()["audio"]) == tone("Hello.")
    assert "words" not in answer.json()
    assert not engine.asked[0].word_times


@pytest.mark.parametrize("stream_format", ["audio", None])
async def test_sound_alone_has_no_place_for_words(door: Door, engine: ToneEngine, stream_format: str | None) -> None:
    answer = await door.client.post(SPEECH, json={**ASKED, "stream_format": stream_format})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", "words")
    assert "sse or json" in error["message"]
    assert not engine.asked


async def test_what_cannot_be_spoken_is_an_error_and_no_object(door: Door) -> None:
    answer = await door.client.post(SPEECH, json={**ASKED, "input": "[fail]", "stream_format": "json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "generation_failed")


async def test_a_plain_get_has_them_too(door: Door) -> None:
    query = {"text": TEXT, "words": "true", "stream_format": "json", "format": "pcm", "text_normalization": "false"}
    answer = await door.client.get("/v1/audio/say", params=query)
    assert texts(answer.json()["words"]) == WORDS


async def test_a_line_of_a_batch_has_the_words_of_its_item(door: Door) -> None:
    items = [ASKED, {**ASKED, "words": False}]
    answer = await door.client.post(SPEECH + "/batch", json={"items": items})
    lines = {line["index"]: line for line in map(json.loads, answer.text.splitlines()) if "index" in line}
    assert texts(lines[0]["words"]) == WORDS
    assert "words" not in lines[1]


async def test_a_clip_has_captions(door: Door) -> None:
    made = (await door.client.post("/v1/audio/clips", json={**ASKED, "response_format": "mp3"})).json()
    vtt, srt = [await door.client.get(made["captions"][name]) for name in ("vtt", "srt")]
    assert vtt.headers["content-type"] == "text/vtt; charset=utf-8"
    assert vtt.text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.480\nCome in.\n\n"
        "00:00:00.480 --> 00:00:02.520\nWell, he said, it's 25 &amp; rising.\n"
    )
    times = re.findall(r"\d\d:\d\d:\d\d,\d\d\d", srt.text)
    assert srt.text.startswith("1\n00:00:00,000 --> 00:00:00,480\nCome in.\n\n2\n")
    assert times == sorted(times)


async def test_a_clip_without_words_has_no_captions(door: Door) -> None:
    made = (await door.client.post("/v1/audio/clips", json={"input": TEXT})).json()
    assert "captions" not in made
    answer = await door.client.get(f"/v1/audio/clips/{made['id']}.vtt")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "words: true" in answer.json()["error"]["message"]
