"""The wrapper's paths on a ToneEngine: what reaches the engine, what comes back, and what becomes of who leaves."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import LONGEST_DECODED_S, Speech
from qwen3tts_daemon.speech.utterance import SpeechConfig
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen_tts.api import (
    Audio,
    ClonedVoice,
    CodePredictorSampling,
    DesignedVoice,
    EngineStatus,
    ModelStatus,
    PresetVoice,
    Sampling,
    SynthesisRequest,
    VoicePrompt,
)
from qwen_tts.stream import AudioStream
from tests.fakes import SAMPLE_RATE, SAMPLES_PER_FRAME, ToneEngine, tone
from tests.patience import PATIENCE_S
from tests.prompts import prompt_bytes
from tests.wire.http_door import TOKEN, Door, open_door, until

BEARER = {"Authorization": f"Bearer {TOKEN}"}
TEXT = "The kettle is on and the lamp is lit."
RECORDING = Audio(pcm=tone("x" * 60), sample_rate=24_000)
WAV = to_wav(RECORDING)
ROUTES = ("custom-voice", "voice-design", "voice-clone", "voice-clone-from-prompt")


class Studio(ToneEngine):
    """Speaks every kind of voice and remembers what it was asked for."""

    def __init__(self, frame_s: float = 0.0) -> None:
        super().__init__(kinds=("preset", "cloned", "designed"), preview=False, frame_s=frame_s)
        self.requests: list[SynthesisRequest] = []
        self.encoded: list[tuple[Audio, str | None]] = []
        self.status = EngineStatus(
            models=(
                ModelStatus(name="Custom", kind="preset", size="1b7", state="ready", active=1, memory_bytes=5 * 2**20),
                ModelStatus(name="Base", kind="cloned", size="0b6", state="sleeping", memory_bytes=3 * 2**20),
            ),
            device="a card", total_bytes=80 * 2**20, free_bytes=20 * 2**20,
        )  # fmt: skip

    def stream(self, request: SynthesisRequest) -> AudioStream:
        self.requests.append(request)
        return super().stream(request)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        self.encoded.append((audio, transcript))
        return await super().encode_reference(audio, transcript)


class Home:
    """A daemon whose engine can be started again and again."""

    def __init__(self, manager: ModelManager, speech: Speech, started: list[Studio]) -> None:
        self.manager, self.speech, self.started = manager, speech, started


@pytest.fixture
def frame_s() -> float:
    return 0.0


@pytest.fixture
async def home(tmp_path: Any, metrics: Metrics, frame_s: float) -> AsyncIterator[Home]:
    started: list[Studio] = []

    async def start() -> Studio:
        started.append(Studio(frame_s))
        return started[-1]

    manager = ModelManager(start, ManagerConfig(load_timeout_s=PATIENCE_S))
    await manager.start(preload=True)
    await manager.ready()
    voices = VoiceCatalogue(lambda: manager.capabilities, library=VoiceLibrary(tmp_path / "v"))
    yield Home(manager, Speech(manager, voices, metrics, SpeechConfig()), started)
    await manager.close()


@pytest.fixture
def engine(home: Home) -> Studio:
    return home.started[0]


@pytest.fixture
async def door(home: Home, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(home.speech, metrics) as door:
        yield door


async def ask(door: Door, route: str, *, tail: str = "", **fields: Any) -> httpx.Response:
    """A synthesis of this kind, as its clients send it."""
    path = f"/api/tts/{route}{tail}"
    fields = {"text": TEXT} | fields
    if route == "custom-voice":
        return await door.client.post(path, json={"speaker": "tone"} | fields)
    if route == "voice-design":
        return await door.client.post(path, json={"instruct": "An old sailor"} | fields)
    file = ("ref_audio", WAV) if route == "voice-clone" else ("voice_prompt", b"a prompt")
    if route == "voice-clone":
        fields = {"ref_text": "Some words."} | fields
    form = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}
    return await door.client.post(path, data=form, files={file[0]: ("a file", file[1])})


def told(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


# -- synthesis -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_streamed_is_what_comes_whole(door: Door, route: str) -> None:
    whole, streamed = await ask(door, route), await ask(door, route, tail="/stream")
    assert (whole.status_code, streamed.status_code) == (200, 200)
    with wave.open(io.BytesIO(whole.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        assert file.readframes(file.getnframes()) == streamed.content == tone(TEXT)
    assert len(whole.content) == 44 + len(tone(TEXT))
    assert whole.headers["content-disposition"] == f'attachment; filename="{route}.wav"'
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert float(whole.headers["x-audio-duration"]) == round(len(tone(TEXT)) / 2 / SAMPLE_RATE, 3)
    for header in ("x-time-load", "x-time-gen", "x-time-total", "x-ttfa", "x-rtf"):
        assert float(whole.headers[header]) >= 0
    assert (streamed.headers["x-sample-rate"], streamed.headers["x-audio-channels"]) == (str(SAMPLE_RATE), "1")
    assert streamed.headers["x-audio-format"] == "pcm_s16le"
    assert streamed.headers["content-type"] == f"audio/pcm;rate={SAMPLE_RATE};encoding=signed-int;bits=16"
    for answer in (whole, streamed):
        report = (await door.client.get(f"/v1/audio/requests/{answer.headers['x-request-id']}")).json()
        assert report["request_id"] == answer.headers["x-request-id"]
        assert (report["end"], report["chars"], report["samples"] * 2) == ("done", len(TEXT), len(tone(TEXT)))
    assert report["audio_duration"] == float(whole.headers["x-audio-duration"])


async def test_what_an_answer_cost_is_told(door: Door, engine: Studio) -> None:
    engine.queue_s = 1.25
    whole = await ask(door, "custom-voice")
    assert float(whole.headers["x-time-gen"]) == 0.001
    total, loaded = float(whole.headers["x-time-total"]), float(whole.headers["x-time-load"])
    assert round(total - loaded, 2) == 1.25, "with the time in the engine's line"
    report = (await door.client.get(f"/v1/audio/requests/{whole.headers['x-request-id']}")).json()
    assert (report["time_total"], report["time_load"], report["time_gen"]) == (total, loaded, 0.001)


async def test_each_path_asks_for_its_kind_of_voice(door: Door, engine: Studio) -> None:
    for route in ROUTES:
        await ask(door, route)
    voices = [request.voice for request in engine.requests]
    prompt = VoicePrompt(prompt_bytes("Some words.", 3.6))
    assert voices == [
        PresetVoice("tone"), DesignedVoice("An old sailor"), ClonedVoice(prompt), ClonedVoice(VoicePrompt(b"a prompt")),
    ]  # fmt: skip
    assert engine.encoded == [(RECORDING, "Some words.")]
    await ask(door, "voice-clone", x_vector_only_mode=True, ref_text="Ignored")
    await ask(door, "voice-clone", x_vector_only_mode="1", ref_text="")
    assert [words for _, words in engine.encoded[1:]] == [None, None]
    await ask(door, "custom-voice", instruct="Calmly.", speaker="TONE", language="German")
    assert (engine.requests[-1].instruct, engine.requests[-1].language) == ("Calmly.", "de")


@pytest.mark.parametrize("tail", ["", "/stream"])
@pytest.mark.parametrize("route", ROUTES)
async def test_every_field_of_sampling_reaches_the_engine(door: Door, engine: Studio, route: str, tail: str) -> None:
    await ask(
        door, route, tail=tail, temperature=0.5, top_k=7, top_p=0.25, repetition_penalty=1.5, seed=2**62,
        subtalker_temperature=0.75, subtalker_top_k=8, subtalker_top_p=0.125, max_new_tokens=25, language="fr",
    )  # fmt: skip
    request = engine.requests[-1]
    assert request.sampling == Sampling(
        temperature=0.5, top_k=7, top_p=0.25, repetition_penalty=1.5, seed=2**62,
        code_predictor=CodePredictorSampling(temperature=0.75, top_k=8, top_p=0.125),
    )  # fmt: skip
    assert request.limits.max_audio_s is not None
    assert round(request.limits.max_audio_s * SAMPLE_RATE) == 25 * SAMPLES_PER_FRAME
    assert request.language == "fr"


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_not_sent_is_the_models_own(door: Door, engine: Studio, route: str) -> None:
    await ask(door, route)
    request = engine.requests[-1]
    assert (request.sampling, request.limits.max_audio_s) == (Sampling(), None)


@pytest.mark.parametrize("route", ROUTES)
async def test_without_sampling_the_likeliest_token_is_taken(door: Door, engine: Studio, route: str) -> None:
    await ask(door, route, do_sample=False, temperature=0.7)
    assert engine.requests[-1].sampling == Sampling(temperature=0)
    await ask(door, route, subtalker_dosample=False, subtalker_top_k=3)
    assert engine.requests[-1].sampling == Sampling(code_predictor=CodePredictorSampling(temperature=0, top_k=3))


@pytest.mark.parametrize("frames", [1, 2, 3, 29, 57, 113, 999, 4_095])
async def test_a_limit_is_so_many_frames(door: Door, engine: Studio, frames: int) -> None:
    await ask(door, "custom-voice", text="Hi.", max_new_tokens=frames)
    limit_s = engine.requests[-1].limits.max_audio_s
    assert limit_s is not None
    assert round(limit_s * SAMPLE_RATE) // SAMPLES_PER_FRAME == frames


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (route, fields, code, param)
    for route in ROUTES
    for fields, code, param in (
        ({"text": ""}, "bad_field" if "clone" in route else "text_empty", "text"),
        ({"text": " \n"}, "text_empty", "text"),
        ({"text": "x" * 8_001}, "text_too_long", "text"),
        ({"language": "Klingon"}, "unknown_language", "language"),
        ({"language": "Korean"}, "unsupported_language", "language"),
        ({"temperature": -1}, "bad_field", "temperature"),
        ({"temperature": "hot"}, "bad_field", "temperature"),
        ({"top_k": 0}, "bad_field", "top_k"),
        ({"top_p": 1.5}, "bad_field", "top_p"),
        ({"repetition_penalty": 9}, "bad_field", "repetition_penalty"),
        ({"subtalker_temperature": 9}, "bad_field", "subtalker_temperature"),
        ({"subtalker_top_k": 0}, "bad_field", "subtalker_top_k"),
        ({"subtalker_top_p": 0}, "bad_field", "subtalker_top_p"),
        ({"max_new_tokens": 0}, "bad_field", "max_new_tokens"),
        ({"seed": -1}, "bad_field", "seed"),
        ({"do_sample": "maybe"}, "bad_field", "do_sample"),
    )
] + [
    ("custom-voice", {"speaker": "nobody"}, "unknown_voice", "speaker"),
    ("custom-voice", {"speaker": "gong", "language": "English"}, "unsupported_language", "language"),
    ("custom-voice", {"instruct": "x" * 2_001}, "bad_field", "instruct"),
    ("voice-design", {"instruct": "x" * 2_001}, "bad_field", "instruct"),
    ("voice-clone", {"ref_text": " "}, "bad_field", "ref_text"),
    ("voice-clone", {"x_vector_only_mode": "perhaps"}, "bad_field", "x_vector_only_mode"),
]


@pytest.mark.parametrize(("route", "fields", "code", "param"), WRONG)
async def test_what_is_wrong_is_named_as_it_was_written(
    door: Door, engine: Studio, route: str, fields: dict[str, Any], code: str, param: str
) -> None:
    status = 413 if code == "text_too_long" else 422
    for tail in ("", "/stream") if route == "custom-voice" else ("/stream",):
        assert told(await ask(door, route, tail=tail, **fields)) == (status, code, param)
    assert engine.active == 0


@pytest.mark.parametrize("path", ["tts/voice-clone", "tts/voice-clone/stream", "voice-prompt/save", "tokenizer/encode"])
async def test_a_preview_voice_clones_nothing_and_names_the_field(metrics: Metrics, home: Home, path: str) -> None:
    engine = home.started[-1]
    engine._capabilities = msgspec.structs.replace(engine.capabilities, voice_kinds=("preset",), is_preview=True)
    async with open_door(home.speech, metrics) as door:
        fields = {"text": TEXT, "ref_text": "Some words."}
        answer = await door.client.post(f"/api/{path}", data=fields, files={"ref_audio": ("a", WAV)})
        assert told(answer) == (422, "bad_field", "ref_audio")
        assert "models download" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("name", "status"), [("text", 422), ("ref_audio", 422), ("unknown", 200)])
async def test_only_a_field_that_is_asked_for_may_not_be_there_twice(door: Door, name: str, status: int) -> None:
    fields: dict[str, Any] = {"text": TEXT, "ref_text": "Some words."} | {name: [TEXT, TEXT]}
    answer = await door.client.post("/api/tts/voice-clone", data=fields, files={"ref_audio": ("me.wav", WAV)})
    assert answer.status_code == status
    assert status == 200 or told(answer) == (422, "bad_field", name)


async def test_a_pickle_is_not_read(door: Door, engine: Studio) -> None:
    for data in (b"PK\x03\x04", b"\x80\x04\x95"):
        answer = await door.client.post(
            "/api/tts/voice-clone-from-prompt", data={"text": TEXT}, files={"voice_prompt": ("x.pt", data)}
        )
        assert told(answer) == (422, "bad_field", "voice_prompt")
        assert "convert_prompt" in answer.json()["error"]["message"]
    assert engine.requests == []


async def test_a_failure_in_the_middle_is_an_error_or_no_clean_end(door: Door) -> None:
    text = "This goes well. This one will [fail] here."
    assert told(await ask(door, "custom-voice", text=text)) == (500, "generation_failed", None)
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(door, "custom-voice", text=text, tail="/stream")


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
async def test_a_profile_has_its_speed_on_every_path(door: Door, engine: Studio, speed: float) -> None:
    """Whole or streamed, the length is what the speed makes of it, to the sample."""
    made = await door.client.post(
        "/v1/audio/voices", json={"name": "p", "voice": "tone", "speed": speed}, headers=BEARER
    )
    assert made.status_code == 201
    whole = await ask(door, "custom-voice", speaker="p")
    streamed = await ask(door, "custom-voice", speaker="p", tail="/stream")
    assert whole.content[44:] == streamed.content
    samples = round(len(tone(TEXT)) / 2 / speed)
    assert len(streamed.content) == 2 * samples
    assert float(whole.headers["x-audio-duration"]) == round(samples / SAMPLE_RATE, 3)


# -- codes and prompts -----------------------------------------------------------------------------------------


async def test_a_prompt_that_was_saved_can_be_used(door: Door, engine: Studio) -> None:
    saved = await door.client.post(
        "/api/voice-prompt/save", files={"ref_audio": ("me.wav", WAV)}, data={"ref_text": "Some words."}
    )
    assert saved.headers["content-disposition"] == 'attachment; filename="prompt.safetensors"'
    await door.client.post(
        "/api/tts/voice-clone-from-prompt", data={"text": TEXT}, files={"voice_prompt": ("p", saved.content)}
    )
    assert engine.requests[-1].voice == ClonedVoice(VoicePrompt(saved.content))


async def test_codes_go_there_and_back(door: Door, engine: Studio) -> None:
    answer = (await door.client.post("/api/tokenizer/encode", files={"ref_audio": ("me.wav", WAV)})).json()
    assert answer["codes"] == await engine.encode(RECORDING)
    assert answer["num_frames"] == len(answer["codes"])
    sound = await door.client.post("/api/tokenizer/decode", json=answer["codes"])
    assert sound.content[44:] == (await engine.decode(answer["codes"])).pcm
    assert float(sound.headers["x-audio-duration"]) == round((len(sound.content) - 44) / 2 / SAMPLE_RATE, 3)


async def test_no_codes_are_larger_than_a_worker_can_answer(door: Door) -> None:
    most = LONGEST_DECODED_S * SAMPLE_RATE // SAMPLES_PER_FRAME
    for codes, told_as in (
        ([[0]] * (most + 1), (413, "too_large", "codes")),
        ([[0], [2**31]], (422, "bad_field", "[1][0]")),
        ([[2**70]], (422, "bad_field", "[0][0]")),
        ([[-1]], (422, "bad_field", "[0][0]")),
    ):
        assert told(await door.client.post("/api/tokenizer/decode", json=codes)) == told_as


# -- who leaves ------------------------------------------------------------------------------------------------


class TestSlow:
    @pytest.fixture
    def frame_s(self) -> float:
        return 0.01

    @pytest.mark.parametrize("route", ROUTES)
    @pytest.mark.parametrize("tail", ["", "/stream"])
    async def test_a_client_that_leaves_frees_the_row(
        self, door: Door, home: Home, engine: Studio, route: str, tail: str
    ) -> None:
        waiting = asyncio.create_task(ask(door, route, text=TEXT * 20, tail=tail))
        await until(lambda: engine.frames_made)
        assert engine.active == 1
        waiting.cancel()
        await until(lambda: engine.active == home.speech.active == home.manager.leases == 0)
        assert engine.frames_made < len(tone(TEXT)) * 20 / 2 / SAMPLES_PER_FRAME / 2
        (report,) = home.speech.reports.values()
        assert report.end == "cancelled"
        assert not home.speech.takes._takes

    @pytest.mark.parametrize("route", ROUTES)
    async def test_a_whole_sound_that_a_stopping_daemon_cannot_end_is_an_error(
        self, door: Door, home: Home, engine: Studio, route: str
    ) -> None:
        speaking = asyncio.create_task(ask(door, route, text=TEXT * 20))
        await until(lambda: engine.frames_made)
        await home.speech.drain(0)
        assert told(await speaking)[:2] == (503, "draining")

    async def test_offloading_cuts_nobody_and_the_next_request_loads_again(self, door: Door, home: Home) -> None:
        speaking = asyncio.create_task(ask(door, "custom-voice", tail="/stream"))
        await until(lambda: home.started[0].frames_made)
        answer = await door.client.post("/api/gpu-offload", headers=BEARER)
        assert "when nobody speaks" in answer.json()["message"]
        assert home.manager.state == "ready"
        assert (await speaking).content == tone(TEXT)
        await until(lambda: home.manager.state == "unloaded")
        await until(home.started[0].died.is_set)
        status = (await door.client.get("/api/gpu-status")).json()
        assert (status["loaded"], status["state"], status["model_type"]) == (False, "unloaded", None)
        assert {model["state"] for model in status["models"]} == {"unloaded"}
        assert len(home.started) == 1, "asking wakes nothing"
        assert (await ask(door, "custom-voice")).content[44:] == tone(TEXT)
        assert len(home.started) == 2
        assert home.manager.state == "ready"

    async def test_offloading_twice_or_nothing_is_told(self, door: Door, home: Home) -> None:
        await door.client.post("/api/gpu-offload", headers=BEARER)
        await until(lambda: home.manager.state == "unloaded")
        answer = await door.client.post("/api/gpu-offload", headers=BEARER)
        assert answer.json() == {"message": "no model is loaded"}
        assert (await ask(door, "custom-voice", text="Hi.")).status_code == 200

    async def test_offloading_needs_the_token(self, door: Door, home: Home) -> None:
        assert told(await door.client.post("/api/gpu-offload"))[:2] == (401, "unauthorized")
        assert not home.manager._is_evicted


# -- what there is ---------------------------------------------------------------------------------------------


async def test_what_the_card_holds(door: Door) -> None:
    status = (await door.client.get("/api/gpu-status")).json()
    expected = {
        "loaded": True, "state": "ready", "model_type": "custom_voice", "model_name": "Custom", "gpu_name": "a card",
        "memory_total_mb": 80, "memory_free_mb": 20, "memory_reserved_mb": 60, "memory_allocated_mb": 5, "active": 0,
    }  # fmt: skip
    assert {name: status[name] for name in expected} == expected
    assert status["models"][1] == {
        "name": "Base", "type": "voice_clone", "size": "0b6", "state": "sleeping", "active": 0, "memory_mb": 3,
    }  # fmt: skip
    models = (await door.client.get("/api/models")).json()
    assert models == {
        "models": {"custom_voice": "Custom", "voice_design": None, "voice_clone": "Base"},
        "current": "custom_voice", "ready": ["custom_voice"],
    }  # fmt: skip


async def test_offloading_what_still_loads_lets_it_become_warm_first(metrics: Metrics) -> None:
    """Doors wait for the first warm voice: they would wait for ever."""
    may_load = asyncio.Event()

    class Loading(Studio):
        async def load(self) -> None:
            await may_load.wait()

    async def start() -> Studio:
        return Loading()

    manager = ModelManager(start, ManagerConfig())
    await manager.start(preload=True)
    warm = asyncio.create_task(manager.warm())
    voices = VoiceCatalogue(lambda: manager.capabilities)
    async with open_door(Speech(manager, voices, metrics, SpeechConfig()), metrics) as door:
        assert (await door.client.post("/api/gpu-offload", headers=BEARER)).status_code == 200
        may_load.set()
        await asyncio.wait_for(warm, PATIENCE_S)
        await until(lambda: manager.state == "unloaded")
    await manager.close()


async def test_what_is_there_is_known_before_anything_is_loaded(metrics: Metrics) -> None:
    async def start() -> Studio:
        return Studio()

    manager = ModelManager(start, ManagerConfig())
    await manager.start(preload=False)
    voices = VoiceCatalogue(lambda: manager.capabilities)
    async with open_door(Speech(manager, voices, metrics, SpeechConfig()), metrics) as door:
        models = (await door.client.get("/api/models")).json()
        assert models["models"] == {"custom_voice": "Custom", "voice_design": None, "voice_clone": "Base"}
        assert (models["current"], models["ready"]) == (None, [])
        status = (await door.client.get("/api/gpu-status")).json()
        assert (status["loaded"], status["state"]) == (False, "unloaded")
        assert status["idle_seconds"] < 60, "since it was started"
    await manager.close()


async def test_lists_agree_with_what_is_spoken(door: Door) -> None:
    speakers = (await door.client.get("/api/speakers")).json()
    assert speakers["speakers"] == list(speakers["details"]) == ["tone", "gong"]
    assert speakers["details"]["gong"]["native"] == "Chinese"
    languages = (await door.client.get("/api/languages")).json()["languages"]
    assert languages == ["Auto", "German", "English", "French", "Chinese"]
    samples = (await door.client.get("/api/sample-texts")).json()
    assert list(samples) == languages
    for language, text in samples.items():
        speaker = "gong" if language == "Chinese" else "tone"
        answer = await ask(door, "custom-voice", speaker=speaker, language=language, text=text)
        assert answer.status_code == 200


async def test_samples_are_in_the_readers_characters(door: Door) -> None:
    async def samples(locale: str) -> dict[str, str]:
        return (await door.client.get("/api/sample-texts", params={"locale": locale})).json()  # type: ignore[no-any-return]

    for locale in ("zh-TW", "zh_Hant_HK", "zh-hk"):
        texts = await samples(locale)
        assert texts["Auto"] == texts["Chinese"]
        assert "廚房" in texts["Chinese"]
    for locale in ("zh-CN", "zh", "Chinese"):
        texts = await samples(locale)
        assert texts["Auto"] == texts["Chinese"]
        assert "厨房" in texts["Chinese"]
    assert (await samples("de-AT"))["Auto"] == (await samples(""))["German"]
    assert (await samples("ko"))["Auto"] == (await samples(""))["Auto"], "nobody speaks it here"
    refused = await door.client.get("/api/sample-texts", params={"locale": "klingon"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (422, "locale")


async def test_a_report_that_is_not_there_is_not_found(door: Door, home: Home) -> None:
    assert told(await door.client.get("/v1/audio/requests/0123456789ab"))[:2] == (404, "not_found")
    first = (await ask(door, "custom-voice", text="Hi.")).headers["x-request-id"]
    for _ in range(256):
        async with home.speech.utterance(Order("test")):
            pass
    assert len(home.speech.reports) == 256
    assert (await door.client.get(f"/v1/audio/requests/{first}")).status_code == 404


async def test_the_page_is_where_the_wrapper_had_it(door: Door) -> None:
    assert (await door.client.get("/ui")).content == (await door.client.get("/")).content
