"""ElevenLabs' shape: driven by its own client package, at both of its places, and over its WebSockets."""

import base64
import contextlib
import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

import av
import httpx
import pytest
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from qwen3tts_daemon.audio import encode_g711
from qwen3tts_daemon.audio.pcm import Resampler
from qwen3tts_daemon.protocols.elevenlabs_shape import OUTPUT_FORMATS, PREFIXES
from qwen3tts_daemon.settings import HttpSettings, WebSocketSettings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import SAMPLE_RATE, ToneEngine, tone
from tests.wire.http_door import TOKEN, Door, GatedEngine, open_door, until
from tests.wire.patient import connect

TEXT = "The kettle is on and the lamp is lit."
SENTENCES = "The kettle is on.", "And the lamp is lit!"
SPEECH = "/v1/text-to-speech/tone"
KEY = {"xi-api-key": TOKEN}
ONCE: dict[str, Any] = {"request_options": {"max_retries": 0}}


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


@pytest.fixture
def client(door: Door) -> AsyncElevenLabs:
    return client_of(door, "/elevenlabs", "not-needed")


def client_of(door: Door, prefix: str = "", key: str = TOKEN) -> AsyncElevenLabs:
    return AsyncElevenLabs(base_url=door.url + prefix, api_key=key, httpx_client=door.client)


async def spoken(client: AsyncElevenLabs, voice: str = "tone", **options: Any) -> bytes:
    stream = client.text_to_speech.stream(voice, **{"text": TEXT, "output_format": "pcm_24000", **ONCE, **options})
    return b"".join([sound async for sound in stream])


def resampled(pcm: bytes, rate: int) -> bytes:
    resampler = Resampler(SAMPLE_RATE, rate)
    return resampler.process(pcm) + resampler.flush()


async def test_the_sound_is_that_of_the_text(door: Door) -> None:
    for prefix in PREFIXES:
        client = client_of(door, prefix)
        assert await spoken(client) == tone(TEXT)
        whole = client.text_to_speech.convert("tone", text=TEXT, output_format="pcm_24000")
        assert b"".join([sound async for sound in whole]) == tone(TEXT)


async def test_timed_answers_hold_the_same_sound_and_when_each_character_is_heard(client: AsyncElevenLabs) -> None:
    text, sound = " ".join(SENTENCES), b"".join(map(tone, SENTENCES))
    stream = client.text_to_speech.stream_with_timestamps("tone", text=text, output_format="pcm_24000")
    pieces = [piece async for piece in stream]
    assert len(pieces) > 1
    assert b"".join(base64.b64decode(piece.audio_base_64) for piece in pieces) == sound
    whole = await client.text_to_speech.convert_with_timestamps("tone", text=text, output_format="pcm_24000")
    assert base64.b64decode(whole.audio_base_64) == sound
    told = whole.alignment
    assert told is not None
    assert "".join(told.characters) == text
    bounds = [*zip(told.character_start_times_seconds, told.character_end_times_seconds, strict=True)]
    assert [second for pair in bounds for second in pair] == sorted(second for pair in bounds for second in pair)
    assert bounds[-1][1] <= len(sound) / 48_000
    lines = [piece.alignment for piece in pieces if piece.alignment]
    assert [char for line in lines for char in line.characters] == told.characters
    assert [end for line in lines for end in line.character_end_times_seconds] == told.character_end_times_seconds


async def test_voices_and_models_are_listed(client: AsyncElevenLabs) -> None:
    assert [voice.voice_id for voice in (await client.voices.get_all()).voices] == ["tone", "gong"]
    found = await client.voices.search(search="gon")
    assert ([voice.voice_id for voice in found.voices], found.has_more) == (["gong"], False)
    assert (await client.voices.get("tone")).labels == {"gender": "female", "language": "en"}
    with pytest.raises(ApiError) as caught:
        await client.voices.get("nobody")
    assert caught.value.status_code == 404
    model = (await client.models.list())[0]
    assert (model.model_id, model.can_do_text_to_speech) == ("qwen3-tts", True)
    assert "de" in [language.language_id for language in model.languages or []]


async def test_models_at_the_root_are_openais_for_everybody_else(door: Door) -> None:
    assert (await door.client.get("/v1/models")).json()["object"] == "list"
    assert isinstance((await door.client.get("/v1/models", headers=KEY)).json(), list)
    assert isinstance((await door.client.get("/elevenlabs/v1/models")).json(), list)


async def test_every_format_holds_the_whole_sound(door: Door) -> None:
    for name in OUTPUT_FORMATS:
        answer = await door.client.post(f"{SPEECH}/stream?output_format={name}", json={"text": TEXT})
        assert answer.headers["content-type"].startswith("audio/"), name
        check_sound(name, answer)


def check_sound(name: str, answer: httpx.Response) -> None:
    format, pcm = OUTPUT_FORMATS[name], resampled(tone(TEXT), OUTPUT_FORMATS[name].sample_rate)
    plain: dict[str, Callable[[bytes], bytes]] = {
        "pcm": bytes, "ulaw": lambda pcm: encode_g711(pcm, "mulaw"), "alaw": lambda pcm: encode_g711(pcm, "alaw"),
    }  # fmt: skip
    if format.codec in plain:
        assert answer.content == plain[format.codec](pcm), name
        return
    with av.open(io.BytesIO(answer.content)) as file:
        stream = file.streams.audio[0]
        samples = sum(frame.samples for frame in file.decode(audio=0))
        assert stream.rate == format.sample_rate, name
    assert 0 <= samples / format.sample_rate - len(tone(TEXT)) / 2 / SAMPLE_RATE < 0.1


async def test_a_bit_rate_is_kept_to(door: Door) -> None:
    small, large = [
        len((await door.client.post(f"{SPEECH}?output_format=mp3_44100_{bits}", json={"text": TEXT})).content)
        for bits in (32, 128)
    ]
    assert 3.5 < large / small < 4.5


async def test_what_is_asked_for_reaches_the_engine(client: AsyncElevenLabs, engine: ToneEngine) -> None:
    await spoken(client, language_code="de", seed=7, model_id="eleven_flash_v2_5", previous_text="Before.")
    assert (engine.asked[0].language, engine.asked[0].sampling.seed) == ("de", 7)


async def test_speed_is_the_voices_setting(client: AsyncElevenLabs) -> None:
    fast = await spoken(client, voice_settings=VoiceSettings(stability=0.5, similarity_boost=0.75, speed=2.0))
    assert len(fast) == pytest.approx(len(tone(TEXT)) / 2, rel=0.05)


async def test_a_voice_of_theirs_is_the_voice_of_the_language(client: AsyncElevenLabs, engine: ToneEngine) -> None:
    await spoken(client, "21m00Tcm4TlvDq8ikWAM", language_code="zh")
    assert engine.asked[0].language == "zh"


WRONG: list[tuple[dict[str, Any], int, str, str]] = [
    ({"text": ""}, 422, "text_empty", "text"),
    ({"text": "x" * 8_001}, 413, "text_too_long", "text"),
    ({"output_format": "midi"}, 422, "unsupported_format", "output_format"),
    ({"language_code": "klingon"}, 422, "unknown_language", "language_code"),
    ({"voice_settings": VoiceSettings(speed=9)}, 422, "bad_field", "voice_settings.speed"),
    ({"seed": -1}, 422, "bad_field", "seed"),
    ({"apply_text_normalization": "perhaps"}, 422, "bad_field", "apply_text_normalization"),
    ({"model_id": "Qwen/Qwen3-TTS-12Hz-1.7B-Base"}, 503, "model_unavailable", "model_id"),
    ({"voice": "nobody"}, 422, "unknown_voice", "voice_id"),
]


async def test_an_error_names_the_field_as_its_client_wrote_it(client: AsyncElevenLabs) -> None:
    for change, status, code, param in WRONG:
        with pytest.raises(ApiError) as caught:
            await spoken(client, **change)
        detail = caught.value.body["detail"]
        assert (caught.value.status_code, detail["status"], detail["param"]) == (status, code, param)
        assert detail["message"]


async def test_the_token_is_the_key(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        assert await spoken(client_of(door)) == tone(TEXT)
        for prefix in PREFIXES:
            with pytest.raises(ApiError) as caught:
                await spoken(client_of(door, prefix, "wrong"))
            assert (caught.value.status_code, caught.value.body["detail"]["code"]) == (401, "unauthorized")
        refused = await door.client.get("/v1/models", headers={"xi-api-key": "wrong"})
        assert refused.json()["detail"]["status"] == "unauthorized"
        in_address = await door.client.get(f"/v1/voices?xi-api-key={TOKEN}")
        assert in_address.status_code == 401


async def test_guessed_keys_are_slowed_down(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        for number in range(21):
            answer = await door.client.get("/v1/voices", headers={"xi-api-key": f"a guess of mine {number}"})
        assert (answer.status_code, answer.json()["detail"]["code"]) == (429, "rate_limited")


async def test_a_foreign_page_makes_nothing_speak(door: Door, engine: ToneEngine) -> None:
    for prefix in PREFIXES:
        answer = await door.client.post(
            prefix + SPEECH, json={"text": TEXT}, headers={"Origin": "http://evil.example", **KEY}
        )
        assert (answer.status_code, answer.json()["detail"]["code"]) == (403, "forbidden_origin")
    assert engine.asked == []


async def test_behind_a_proxy_with_a_path_errors_keep_their_shape(speech: Speech, metrics: Metrics) -> None:
    config = HttpSettings(trusted_proxies=("127.0.0.0/8",))
    async with open_door(speech, metrics, config=config) as door:
        headers = {"X-Forwarded-For": "192.168.1.7", "X-Forwarded-Prefix": "/voice"}
        answer = await door.client.post(SPEECH, json={}, headers=headers)
        assert answer.json()["detail"]["param"] == "text"


async def test_what_is_no_request_is_told(door: Door) -> None:
    for body in (b"", b"{", b"[]", b'{"text":"\\ud800"}', b'{"text":"a","text":"b"}', b"\xff", b"1"):
        answer = await door.client.post(SPEECH, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["detail"]["code"] in ("bad_json", "bad_field")


# -- live text ---------------------------------------------------------------------------------------------------------


class Talk:
    """A client of multi-stream-input."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.sound: dict[str, bytes] = defaultdict(bytes)
        self.text: dict[str, str] = defaultdict(str)
        """As its characters were told"""

    async def say(self, **fields: Any) -> None:
        await self.connection.send(json.dumps(fields))

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        id = message.get("contextId", "")
        self.sound[id] += base64.b64decode(message.get("audio") or "")
        self.text[id] += "".join((message.get("alignment") or {"chars": []})["chars"])
        return message

    async def until(self, **fields: Any) -> dict[str, Any]:
        while True:
            message = await self.hear()
            if fields.items() <= message.items():
                return message


@contextlib.asynccontextmanager
async def talk(door: Door, path: str, prefix: str = "/elevenlabs", **options: Any) -> AsyncIterator[Talk]:
    uri = f"ws://127.0.0.1:{door.port}{prefix}/v1/text-to-speech/{path}"
    async with connect(uri, close_timeout=1, **options) as connection:
        yield Talk(connection)


MULTI = "tone/multi-stream-input?output_format=pcm_24000"


async def test_contexts_speak_beside_each_other_and_tell_their_characters(door: Door) -> None:
    for prefix in PREFIXES:
        async with talk(door, MULTI, prefix) as client:
            for id in ("a", "b"):
                await client.say(text=" ", context_id=id, voice_settings={"stability": 0.5})
            for piece in ("Hello ", "there. ", "How are ", "you?"):
                await client.say(text=piece, context_id="a")
            await client.say(text="Good night. ", context_id="b", flush=True)
            await client.say(context_id="a", flush=True)
            for id in ("a", "b"):
                await client.say(context_id=id, close_context=True)
            for _ in range(2):
                await client.until(isFinal=True)
            assert client.sound["a"] == tone("Hello there.") + tone("How are you?")
            assert client.sound["b"] == tone("Good night.")
            assert (client.text["a"], client.text["b"]) == ("Hello there. How are you? ", "Good night. ")
            await client.say(close_socket=True)
            with pytest.raises(ConnectionClosedOK):
                await client.hear()


class TestGated:
    """Where the engine waits to be allowed."""

    @pytest.fixture
    def engine(self) -> GatedEngine:
        return GatedEngine()

    async def test_an_interruption_ends_the_work(self, door: Door, engine: GatedEngine, speech: Speech) -> None:
        async with talk(door, MULTI) as client:
            await client.say(text="A long story. " * 20, context_id="a")
            engine.allow(3)
            await client.until(isFinal=None)
            await client.say(context_id="a", close_context=True)
            assert (await client.until(isFinal=True))["contextId"] == "a"
            await until(lambda: not speech.active)
            engine.allow()
            await client.say(text="Yes? ", context_id="b", flush=True)
            await client.say(context_id="b", close_context=True)
            await client.until(isFinal=True, contextId="b")
            assert client.sound["b"] == tone("Yes?")


async def test_one_text_is_spoken_as_it_comes_in_every_kind_of_format(door: Door) -> None:
    for name in ("pcm_24000", "mp3_44100_128", "ulaw_8000"):
        async with talk(door, f"tone/stream-input?output_format={name}&model_id=eleven_turbo_v2_5") as client:
            await client.say(text=" ", voice_settings={"speed": 1.0}, generation_config={"chunk_length_schedule": [50]})
            for piece in ("Hello ", "there. ", ""):
                await client.say(text=piece, try_trigger_generation=True)
            await client.until(isFinal=True)
            with pytest.raises(ConnectionClosedOK):
                await client.hear()
            if name == "pcm_24000":
                assert client.sound[""] == tone("Hello there.")
            assert len(client.sound[""]) > 3_000


@pytest.mark.parametrize(
    ("path", "status", "param"),
    [
        ("nobody/stream-input", 422, "voice_id"),
        ("tone/multi-stream-input?output_format=midi", 422, "output_format"),
        ("tone/multi-stream-input?language_code=xx", 422, "language_code"),
        ("tone/stream-input?inactivity_timeout=0", 422, "inactivity_timeout"),
        (f"tone/stream-input?xi-api-key={TOKEN}", 401, None),
    ],
)
async def test_what_an_address_asks_for_wrongly_is_refused_before_the_upgrade(
    door: Door, path: str, status: int, param: str | None
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with talk(door, path):
            pass
    body = json.loads(caught.value.response.body or b"")
    assert (caught.value.response.status_code, body["detail"]["param"]) == (status, param)


async def test_a_foreign_page_opens_no_socket(door: Door) -> None:
    for path in ("tone/stream-input", "tone/multi-stream-input"):
        with pytest.raises(InvalidStatus) as caught:
            async with talk(door, path, additional_headers={"Origin": "http://evil.example"}):
                pass
        assert caught.value.response.status_code == 403


async def test_a_socket_needs_the_key_and_ends_with_it(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="token") as door:
        async with talk(door, MULTI, additional_headers={"xi-api-key": "wrong"}) as stranger:
            assert (await stranger.hear())["error"] == "unauthorized"
            with pytest.raises(ConnectionClosed):
                await stranger.hear()
            assert stranger.connection.close_code == 4401
        async with talk(door, MULTI, additional_headers=KEY) as client:
            await client.say(text="Hello ", context_id="a")
            await until(lambda: speech.active)
            door.sockets.revoke(("token",))
            assert (await client.until(error="unauthorized"))["message"]


async def test_sockets_of_all_kinds_count_as_one_number(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics) as door, contextlib.AsyncExitStack() as held:
        for _ in range(WebSocketSettings().max_sockets_per_address):
            await held.enter_async_context(connect(f"ws://127.0.0.1:{door.port}/v1/tts"))
        await until(lambda: door.sockets.live == WebSocketSettings().max_sockets_per_address)
        async with talk(door, MULTI) as client:
            assert (await client.hear())["error"] == "rate_limited"


async def test_garbage_floods_and_huge_messages_harm_nobody_else(door: Door) -> None:
    async with talk(door, MULTI) as client, talk(door, MULTI) as other:
        for junk in ("{", "[]", '{"text":1}', '{"text":"x","text":"y"}', '{"close_context":true}', '{"flush":true}'):
            await client.connection.send(junk)
        await client.connection.send(json.dumps({"text": "A" * 70_000}))
        with contextlib.suppress(ConnectionClosedError):
            while True:
                assert (await client.hear())["error"] in ("bad_json", "bad_field")
        assert client.connection.close_code == 1009
        await other.say(text="Hello. ", context_id="a", flush=True)
        await other.say(context_id="a", close_context=True)
        await other.until(isFinal=True)
        assert other.sound["a"] == tone("Hello.")
    async with talk(door, MULTI) as binary:
        await binary.connection.send(base64.b64encode(bytes(1_000)))
        assert (await binary.hear())["error"] == "bad_json"
