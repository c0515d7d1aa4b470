"""/v1/audio/say: one GET, sound while it is made."""

from collections.abc import AsyncIterator

import pytest

from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import tone
from tests.wire.http_door import TOKEN, Door, GatedEngine, open_door, until

SAY = "/v1/audio/say"
TEXT = "The kettle is on and the lamp is lit."


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


async def test_sound_comes_while_it_is_made(door: Door, engine: GatedEngine) -> None:
    engine.allow(3)
    async with door.client.stream("GET", SAY, params={"text": TEXT, "format": "pcm"}) as answer:
        sound = answer.aiter_raw(3 * 3_840)
        assert await anext(sound) == tone(TEXT)[: 3 * 3_840]
        assert engine.frames_made == 3


async def test_who_leaves_frees_the_row(door: Door, engine: GatedEngine, speech: Speech) -> None:
    engine.allow(3)
    async with door.client.stream("GET", SAY, params={"text": TEXT, "format": "pcm"}) as answer:
        sound = answer.aiter_raw(1)  # kept: it closes the answer when it is collected
        await anext(sound)
    await until(lambda: engine.active == speech.active == 0)


async def test_who_asks_for_the_head_alone_lets_nothing_be_spoken(
    door: Door, engine: GatedEngine, speech: Speech
) -> None:
    engine.allow(3)
    head = await door.client.head(SAY, params={"text": TEXT})
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "audio/mpeg", b"")
    await until(lambda: engine.active == speech.active == 0)
    assert engine.frames_made == 3


async def test_every_name_of_the_query(door: Door, engine: GatedEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.allow()
    caplog.set_level("INFO", "qwen3tts_daemon.speech.service")
    query = {
        "text": "早上好", "voice": "gong", "language": "zh", "format": "wav", "instruct": "Calmly.", "seed": "7",
        "speed": "1.5", "utm_source": "x",
    }  # fmt: skip
    answer = await door.client.get(SAY, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert "protocol=say voice=gong language=zh" in caplog.messages[-1]
    bodys = {"text": TEXT, "response_format": "pcm", "instructions": "Calmly.", "model": "tts-1", "temperature": "0.7"}
    answer = await door.client.get(SAY, params=bodys)
    assert (answer.status_code, answer.content) == (200, tone(TEXT))
    events = await door.client.get(SAY, params={"text": TEXT, "stream_format": "sse"})
    assert events.headers["content-type"].startswith("text/event-stream")
    twice = await door.client.get(SAY + "?text=a&text=a&format=wav&response_format=wav&response_format=&speaker=")
    assert (twice.status_code, twice.headers["content-type"]) == (200, "audio/wav")
    empty = await door.client.get(SAY, params={"text": TEXT, "voice": "", "language": "", "seed": "", "format": ""})
    assert (empty.status_code, empty.headers["content-type"]) == (200, "audio/mpeg")


async def test_what_cannot_be_spoken_is_told_with_the_querys_names(door: Door, engine: GatedEngine) -> None:
    engine.allow()
    for query, *expected in (
        ({}, 422, "bad_field", "text"),
        ({"text": ""}, 422, "text_empty", "text"),
        ({"text": "x" * 8_001}, 413, "text_too_long", "text"),
        ({"voice": "nobody"}, 422, "unknown_voice", "voice"),
        ({"language": "klingon"}, 422, "unknown_language", "language"),
        ({"format": "midi"}, 422, "unsupported_format", "format"),
        ({"instruct": "x" * 2_001}, 422, "bad_field", "instruct"),
        ({"speed": "fast"}, 422, "bad_field", "speed"),
        ({"speed": "0.2"}, 422, "bad_field", "speed"),
        ({"speed": "NaN"}, 422, "bad_field", "speed"),
        ({"speed": "true"}, 422, "bad_field", "speed"),
        ({"seed": "1.5"}, 422, "bad_field", "seed"),
        ({"seed": "-1"}, 422, "bad_field", "seed"),
        ({"seed": "null"}, 422, "bad_field", "seed"),
        ({"seed": "9" * 5_000}, 422, "bad_field", "seed"),
        ({"instructions": "x" * 2_001}, 422, "bad_field", "instructions"),
        ({"response_format": "midi"}, 422, "unsupported_format", "response_format"),
        ({"stream_format": "tape"}, 422, "bad_field", "stream_format"),
        ({"model": "0.6B-Base"}, 503, "model_unavailable", "model"),
        ({"temperature": "hot"}, 422, "bad_field", "temperature"),
        ({"top_k": "1.5"}, 422, "bad_field", "top_k"),
        ({"format": "wav", "response_format": "mp3"}, 422, "bad_field", "response_format"),
        ({"instructions": "Calmly.", "instruct": "Loudly."}, 422, "bad_field", "instruct"),
        ({"text": ["a", "b"]}, 422, "bad_field", "text"),
        ({"speed": ["1", "2"]}, 422, "bad_field", "speed"),
        ({"text": "[fail]"}, 500, "generation_failed", None),
    ):
        answer = await door.client.get(SAY, params={"text": "a", **query} if query else {})
        error = answer.json()["error"]
        assert [answer.status_code, error["code"], error["param"]] == expected, str(query)[:80]
    assert engine.active == 0


@pytest.mark.parametrize(
    ("name", "ours"), [("input", "text"), ("speaker", "voice"), ("lang", "language"), ("rate", "speed")]
)
async def test_a_name_of_another_door_is_told_the_right_one(door: Door, name: str, ours: str) -> None:
    for query in ({name: "1"}, {"text": "a", name: "1"}):
        error = (await door.client.get(SAY, params=query)).json()["error"]
        assert (error["code"], error["param"]) == ("bad_field", name)
        assert error["message"] == f"{name}: it is called {ours} here"


async def test_strangers_and_foreign_pages_do_not_make_it_speak(speech: Speech, metrics: Metrics) -> None:
    query = {"text": TEXT}
    async with open_door(speech, metrics, policy="token") as door:
        assert (await door.client.get(SAY, params=query)).status_code == 401
        assert (await door.client.get(SAY, params={**query, "token": TOKEN})).status_code == 401
        page = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": "cross-site"}
        assert (await door.client.get(SAY, params=query, headers=page)).status_code == 403
    assert speech.active == 0


async def test_the_query_is_documented(door: Door) -> None:
    document = (await door.client.get("/openapi.json")).json()
    parameters = {field["name"]: field["required"] for field in document["paths"][SAY]["get"]["parameters"]}
    assert parameters == {
        "text": True, "model": False, "voice": False, "instruct": False, "instructions": False, "format": False,
        "response_format": False, "speed": False, "gain_db": False, "lead_silence_ms": False, "tail_silence_ms": False,
        "sentence_silence_ms": False, "style": False, "chime": False, "text_format": False, "private": False,
        "sample_rate": False, "markup": False, "stream_format": False, "language": False, "seed": False,
        "text_layout": False, "text_normalization": False, "words": False,
        "temperature": False, "top_k": False, "top_p": False, "repetition_penalty": False,
    }  # fmt: skip
