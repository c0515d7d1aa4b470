"""/v1/audio/say: one GET, sound while it is made."""

from collections.abc import AsyncIterator

import pytest

from qwen3tts_daemon.metrics import Metrics
from qwen3tts_daemon.speech import Speech
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
    caplog.set_level("INFO", "qwen3tts_daemon.speech")
    query = {
        "text": "早上好", "voice": "gong", "language": "zh", "format": "wav", "instruct": "Calmly.", "seed": "7",
        "speed": "1.5", "utm_source": "x",
    }  # fmt: skip
    answer = await door.client.get(SAY, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert "protocol=say voice=gong language=zh" in caplog.messages[-1]
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
        ({"text": "[fail]"}, 500, "generation_failed", None),
    ):
        answer = await door.client.get(SAY, params={"text": "a", **query} if query else {})
        error = answer.json()["error"]
        assert [answer.status_code, error["code"], error["param"]] == expected, str(query)[:80]
    assert engine.active == 0


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
        "text": True, "voice": False, "language": False, "format": False, "instruct": False, "seed": False,
        "speed": False,
    }  # fmt: skip
