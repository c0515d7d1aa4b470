"""/v1/audio/speech: driven by OpenAI's own client, in every format, and left by clients in the middle."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import av
import httpx
import openai
import pytest

from qwen3tts_daemon.protocols.http import audio_responses
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import MS_PER_CHAR, SAMPLE_RATE, ToneEngine
from tests.wire.http_door import TOKEN, Door, open_door, until

SPEECH = "/v1/audio/speech"
TEXT = "The kettle is on and the lamp is lit."
SECONDS = len(TEXT) * MS_PER_CHAR / 1000


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


@pytest.fixture
async def client(door: Door) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=door.url + "/v1", api_key="not-needed", max_retries=0) as client:
        yield client


def seconds_of(encoded: bytes) -> float:
    with av.open(io.BytesIO(encoded)) as file:
        return sum(frame.samples for frame in file.decode(audio=0)) / file.streams.audio[0].rate


PADDING_S = {"mp3": 0.08, "aac": 0.13, "opus": 0.001, "flac": 0.0, "wav": 0.0}


@pytest.mark.parametrize("name", PADDING_S)
async def test_every_format_holds_the_whole_sound(client: openai.AsyncOpenAI, name: Any) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=name)
    assert 0 <= seconds_of(answer.content) - SECONDS <= PADDING_S[name] + 1e-6


async def test_the_engine_learns_whose_a_request_is(door: Door, engine: ToneEngine) -> None:
    await door.client.post(SPEECH, json={"input": "Hello."})
    assert [asked.client for asked in engine.asked] == ["127.0.0.1"]


async def test_pcm_is_the_sound_itself(client: openai.AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="tone", input=TEXT, response_format="pcm", instructions="Calmly."
    )
    assert answer.response.headers["content-type"] == f"audio/pcm;rate={SAMPLE_RATE}"
    assert len(answer.content) == round(SECONDS * SAMPLE_RATE) * 2


async def test_mp3_is_what_nobody_asked_for(door: Door) -> None:
    answer = await door.client.post(SPEECH, json={"input": TEXT})
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


async def test_the_client_library_understands_errors(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        await client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
    assert (caught.value.code, caught.value.param) == ("unknown_voice", "voice")
    assert caught.value.type == "invalid_request_error"
    assert "qwen3-tts" in [model.id async for model in await client.models.list()]


async def test_the_token_is_the_api_key(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        for key in ("wrong", TOKEN):
            async with openai.AsyncOpenAI(base_url=door.url + "/v1", api_key=key, max_retries=0) as client:
                create = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
                if key == TOKEN:
                    assert (await create).content
                else:
                    with pytest.raises(openai.AuthenticationError):
                        await create


UNSPEAKABLE: list[tuple[Any, int, str, str | None]] = [
    ({"input": ""}, 422, "text_empty", "input"),
    ({"input": " \n\t "}, 422, "text_empty", "input"),
    ({"input": "x" * 8_001}, 413, "text_too_long", "input"),
    ({"input": 5}, 422, "bad_field", "input"),
    ({}, 422, "bad_field", "input"),
    ([], 422, "bad_field", None),
    ({"input": "a", "voice": "../../etc/passwd"}, 422, "unknown_voice", "voice"),
    ({"input": "a", "voice": {"id": "nobody"}}, 422, "unknown_voice", "voice"),
    ({"input": "a", "voice": {"name": "tone"}}, 422, "bad_field", "voice.id"),
    ({"input": "a", "voice": ["tone"]}, 422, "bad_field", "voice"),
    ({"input": "a", "model": 1}, 422, "bad_field", "model"),
    ({"input": "a", "model": "Qwen/Qwen3-TTS-12Hz-1.7B-Base"}, 503, "model_unavailable", "model"),
    ({"input": "a", "response_format": "midi"}, 422, "unsupported_format", "response_format"),
    ({"input": "a", "stream_format": "tape"}, 422, "bad_field", "stream_format"),
    ({"input": "a", "language": "klingon"}, 422, "unknown_language", "language"),
    ({"input": "a", "voice": "gong", "language": "de"}, 422, "unsupported_language", "language"),
    ({"input": "a", "instructions": "x" * 2_001}, 422, "bad_field", "instructions"),
    ({"input": "a", "speed": 0.2}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "fast"}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": ""}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "4.5"}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "1e999"}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "NaN"}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "true"}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": "1" * 10_000}, 422, "bad_field", "speed"),
    ({"input": "a", "speed": True}, 422, "bad_field", "speed"),
    ({"input": "a", "temperature": -1}, 422, "bad_field", "temperature"),
    ({"input": "a", "temperature": 1e9}, 422, "bad_field", "temperature"),
    ({"input": "a", "top_k": 0}, 422, "bad_field", "top_k"),
    ({"input": "a", "top_k": 1.5}, 422, "bad_field", "top_k"),
    ({"input": "a", "top_k": 10**12}, 422, "bad_field", "top_k"),
    ({"input": "a", "seed": 2**63}, 422, "bad_field", "seed"),
    ({"input": "a", "seed": "5.5"}, 422, "bad_field", "seed"),
    ({"input": "a", "seed": "-1"}, 422, "bad_field", "seed"),
    ({"input": "a", "top_k": "0"}, 422, "bad_field", "top_k"),
    ({"input": "5", "instructions": 5}, 422, "bad_field", "instructions"),
    ({"text": "a"}, 422, "bad_field", "input"),
    ({"input": "[fail]"}, 500, "generation_failed", None),
]


async def test_what_cannot_be_spoken_is_an_error_before_the_first_byte(door: Door, engine: ToneEngine) -> None:
    for body, *expected in UNSPEAKABLE:
        answer = await door.client.post(SPEECH, json=body)
        error = answer.json()["error"]
        assert [answer.status_code, error["code"], error["param"]] == expected, str(body)[:80]
        assert error["request_id"] == answer.headers["x-request-id"]
    assert engine.active == 0


async def test_fields_of_other_clients_are_ignored_and_null_is_absent(door: Door) -> None:
    body = {
        "input": "a",
        "voice": None,
        "model": None,
        "speed": None,
        "seed": None,
        "response_format": None,
        "lang_code": "x",
    }
    assert (await door.client.post(SPEECH, json=body)).status_code == 200


@pytest.mark.parametrize(
    ("voice", "language", "text", "spoken_by"),
    [
        ("nova", None, "Good morning, how did you sleep?", "tone"),
        ("onyx", None, "Good morning, how did you sleep?", "tone"),  # no male voice speaks English here
        ("onyx", None, "早上好，你睡得怎么样？", "gong"),
        ("shimmer", "zh", "早上好", "gong"),
        ("Alloy", "zh-CN", "早上好", "gong"),
        (None, None, "早上好，你睡得怎么样？", "gong"),
        ("TONE", None, "Hello", "tone"),
    ],
)
async def test_openais_voices_are_voices_of_the_language(
    door: Door, caplog: pytest.LogCaptureFixture, voice: str, language: str, text: str, spoken_by: str
) -> None:
    caplog.set_level("INFO", "qwen3tts_daemon.speech.service")
    answer = await door.client.post(SPEECH, json={"input": text, "voice": voice, "language": language})
    assert answer.status_code == 200
    assert f"voice={spoken_by} " in caplog.messages[-1]
    assert answer.headers["x-request-id"] in caplog.messages[-1]


def events_of(body: str) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix("data: ")) for event in body.split("\n\n") if event]


async def test_server_sent_events_carry_the_same_bytes(door: Door) -> None:
    order = {"input": TEXT, "response_format": "wav"}
    whole = await door.client.post(SPEECH, json=order)
    answer = await door.client.post(SPEECH, json=order | {"stream_format": "sse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    *deltas, done = events_of(answer.text)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == whole.content
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["input_tokens"] == len(TEXT)


async def read_on(sound: AsyncIterator[bytes]) -> None:
    async for _ in sound:
        pass


class TestSlow:
    """An engine at work while the client waits, reads or leaves."""

    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(frame_s=0.01)

    async def until_idle(self, engine: ToneEngine, speech: Speech) -> None:
        await until(lambda: engine.active == speech.active == 0)

    @pytest.mark.parametrize("name", ["wav", "pcm", "mp3", "opus", "aac", "flac"])
    async def test_sound_arrives_before_all_of_it_is_made(self, door: Door, engine: ToneEngine, name: str) -> None:
        order = {"input": TEXT * 4, "response_format": name}
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            async for _ in answer.aiter_raw(1_000):
                break
            assert engine.active == 1
            assert engine.frames_made < SECONDS * 4 / 0.08 / 2

    @pytest.mark.parametrize("extra", [{}, {"stream_format": "sse"}])
    async def test_a_client_that_leaves_frees_the_row(
        self, door: Door, engine: ToneEngine, speech: Speech, extra: dict[str, str]
    ) -> None:
        order = {"input": TEXT * 20, "response_format": "pcm"} | extra
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            sound = answer.aiter_raw(1)  # kept: it closes the answer when it is collected
            await anext(sound)
            assert engine.active == 1
        await self.until_idle(engine, speech)
        assert engine.frames_made < SECONDS * 20 / 0.08 / 2

    async def test_a_client_that_leaves_before_the_first_sound_frees_the_row(
        self, door: Door, engine: ToneEngine, speech: Speech
    ) -> None:
        waiting = asyncio.create_task(door.client.post(SPEECH, json={"input": "Please [hang]"}))
        await until(lambda: engine.active)
        waiting.cancel()
        await self.until_idle(engine, speech)

    async def test_a_failure_in_the_middle_is_no_clean_end(
        self, door: Door, engine: ToneEngine, speech: Speech, caplog: pytest.LogCaptureFixture
    ) -> None:
        order = {"input": "This goes well. This one will [fail] here.", "response_format": "pcm"}
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            assert answer.status_code == 200
            sound = answer.aiter_raw(1)
            await anext(sound)
            with pytest.raises(httpx.RemoteProtocolError):
                await read_on(sound)
        await self.until_idle(engine, speech)
        assert not [record for record in caplog.records if record.levelname == "ERROR"], "nobody's fault"

    async def test_a_failure_in_the_middle_is_an_event(self, door: Door) -> None:
        order = {"input": "This goes well. This one will [fail] here.", "stream_format": "sse"}
        answer = await door.client.post(SPEECH, json=order)
        events = events_of(answer.text)
        assert events[0]["type"] == "speech.audio.delta"
        assert events[-1]["type"] == "error"
        assert events[-1]["error"]["code"] == "generation_failed"
        assert events[-1]["error"]["request_id"] == answer.headers["x-request-id"]

    async def test_draining_cuts_what_does_not_end_in_time(self, door: Door, speech: Speech) -> None:
        order = {"input": TEXT * 20, "response_format": "pcm"}
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            sound = answer.aiter_raw(1)
            await anext(sound)
            await speech.drain(0)
            with pytest.raises(httpx.RemoteProtocolError):
                await read_on(sound)


class TestStalled:
    """A reader that stops reading."""

    async def test_the_engine_waits_for_the_socket(self, door: Door, engine: ToneEngine) -> None:
        frames = 8_000 * MS_PER_CHAR // 80
        order = {"input": ("word " * 1_600)[:8_000], "response_format": "pcm"}
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            sound = answer.aiter_raw(1)  # kept: it closes the answer when it is collected
            await anext(sound)
            made = -1
            while made != engine.frames_made:
                made = engine.frames_made
                await asyncio.sleep(0.1)
            assert made < frames / 2
            assert engine.active == 1

    async def test_who_takes_nothing_is_cut_off(
        self, door: Door, engine: ToneEngine, speech: Speech, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audio_responses, "_SEND_TIMEOUT_S", 0.1)
        order = {"input": ("word " * 1_600)[:8_000], "response_format": "pcm"}
        async with door.client.stream("POST", SPEECH, json=order) as answer:
            sound = answer.aiter_raw(1)  # kept: it closes the answer when it is collected
            await anext(sound)
            await until(lambda: engine.active == speech.active == 0)
            with pytest.raises(httpx.RemoteProtocolError):
                await read_on(sound)


class TestFull:
    """More requests than rows."""

    @pytest.fixture
    def engine(self) -> ToneEngine:
        return ToneEngine(rows=1)

    async def test_a_full_engine_says_when_to_come_again(self, door: Door, engine: ToneEngine) -> None:
        waiting = asyncio.create_task(door.client.post(SPEECH, json={"input": "Please [hang]"}))
        await until(lambda: engine.active)
        answer = await door.client.post(SPEECH, json={"input": "Me too"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_full")
        assert answer.headers["retry-after"] == "2"
        waiting.cancel()
