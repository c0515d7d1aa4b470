"""Voices over HTTP: who may make, change, take and delete them, and what each becomes."""

import asyncio
import io
import json
import re
import struct
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from qwen3tts_daemon.audio import from_wav, to_wav
from qwen3tts_daemon.protocols.http.routes import new_voices, status, voices, wrapper_models, wrapper_speech
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import SpareTime
from qwen3tts_daemon.speech.voice_making import VoiceMaker
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.uploads.voice_files import CARD, PROMPT
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.sample_files import SampleFiles
from qwen_tts.api import Audio, ClonedVoice, DesignedVoice, SynthesisRequest, VoicePrompt
from qwen_tts.audio.bounds import LONGEST_S
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import BadReferenceAudio
from qwen_tts.stream import AudioStream
from tests.fakes import MS_PER_CHAR, ToneEngine, tone
from tests.prompts import prompt_bytes
from tests.wire.http_door import TOKEN, Door, open_door, until
from tests.wire.patient import connect

BEARER = {"Authorization": f"Bearer {TOKEN}"}
VOICES = "/v1/audio/voices"
SPEECH = "/v1/audio/speech"
CLIP = "/v1/audio/clips/{name}"
WAV = to_wav(Audio(pcm=tone("x" * 60), sample_rate=24_000))
DESIGN = {"text": "Good evening, everybody.", "instruct": "An old sailor"}


class Studio(ToneEngine):
    """Speaks every kind of voice, remembers what it was asked for, and wants recordings of 3 s."""

    def __init__(self, frame_s: float = 0.0) -> None:
        super().__init__(kinds=("preset", "cloned", "designed"), preview=False, frame_s=frame_s)
        self.requests: list[SynthesisRequest] = []

    def stream(self, request: SynthesisRequest) -> AudioStream:
        self.requests.append(request)
        return super().stream(request)

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        if audio.duration_s < 1:
            raise BadReferenceAudio("the recording is too short", param="audio")
        return await super().encode_reference(audio, transcript)


@pytest.fixture
def engine() -> Studio:
    return Studio()


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


@pytest.fixture
def library(speech: Speech) -> VoiceLibrary:
    assert speech.voices.library is not None
    return speech.voices.library


class Keeper:
    """A client with the daemon's token."""

    def __init__(self, door: Door) -> None:
        self._client = door.client

    async def make(self, **body: Any) -> httpx.Response:
        return await self._client.post(VOICES, json=body, headers=BEARER)

    async def clone(self, wav: bytes = WAV, **fields: str) -> httpx.Response:
        return await self._client.post(VOICES, data=fields, files={"ref_audio": ("me.wav", wav)}, headers=BEARER)

    async def bring(self, packed: bytes) -> httpx.Response:
        return await self._client.post(f"{VOICES}/import", files={"file": ("x.zip", packed)}, headers=BEARER)

    async def change(self, id: str, **changes: Any) -> httpx.Response:
        return await self._client.patch(f"{VOICES}/{id}", json=changes, headers=BEARER)

    async def take(self, **body: str) -> str:
        answer = await self._client.post("/api/tts/voice-design", json=DESIGN | body)
        return answer.headers["x-request-id"]


@pytest.fixture
def keeper(door: Door) -> Keeper:
    return Keeper(door)


async def listed(door: Door) -> dict[str, Any]:
    return {voice["id"]: voice for voice in (await door.client.get(VOICES)).json()["voices"]}


def cut_off(folder: Path, name: str) -> bytes:
    """The only file of this name loses all but its beginning; returns what was in it."""
    (file,) = folder.rglob(name)
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    return whole


def told(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


# -- making ----------------------------------------------------------------------------------------------------


async def test_a_clone_is_offered_at_once(door: Door, keeper: Keeper, engine: Studio, library: VoiceLibrary) -> None:
    answer = await keeper.clone(name="Me", consent="true", ref_text="Some words.", language="German", gender="male")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["id"], made["kind"], made["language"], made["source"]) == ("me", "cloned", "de", "me.wav")
    assert made["transcript"] == "Some words."
    assert not {"prompt_family", "format"} & made.keys()
    assert (await listed(door))["me"]["available"] is True
    spoken = await door.client.post(SPEECH, json={"input": "Hello", "voice": "me", "response_format": "pcm"})
    assert spoken.content == tone("Hello")
    assert engine.requests[-1].voice.prompt.data == prompt_bytes("Some words.", 3.6)  # type: ignore[union-attr]
    assert library.reference("me") == Audio(pcm=tone("x" * 60), sample_rate=24_000)


async def test_a_clone_whose_prompt_was_damaged_on_disk_speaks_and_is_whole_again(
    door: Door, keeper: Keeper, engine: Studio, library: VoiceLibrary, tmp_path: Path
) -> None:
    assert (await keeper.clone(name="Me", consent="true", ref_text="Some words.")).status_code == 201
    whole = cut_off(tmp_path, PROMPT)
    spoken = await door.client.post(SPEECH, json={"input": "Hello", "voice": "me", "response_format": "pcm"})
    assert (spoken.status_code, spoken.content) == (200, tone("Hello"))
    assert engine.requests[-1].voice.prompt.data == whole  # type: ignore[union-attr]
    assert library.prompt("me") == whole


@pytest.mark.parametrize("consent", [{}, {"consent": "false"}, {"consent": ""}, {"consent": "0"}])
async def test_nothing_is_cloned_without_consent(
    keeper: Keeper, library: VoiceLibrary, consent: dict[str, str]
) -> None:
    for wav in (WAV, b"no sound, which nobody looks at"):
        assert told(await keeper.clone(wav, name="Me", **consent)) == (422, "bad_field", "consent")
    assert library.voices == []


async def test_a_designed_voice_and_a_profile_have_what_was_said(door: Door, keeper: Keeper, engine: Studio) -> None:
    made = await keeper.make(
        name="Captain", design="An old sailor", instruct="Softly.", seed=7, speed=0.5, language="fr"
    )
    assert made.status_code == 201
    profile = await keeper.make(name="News", voice="captain", instruct="Loudly.")
    assert profile.status_code == 201
    for id, instruct in (("captain", "Softly."), ("news", "Loudly.")):
        answer = await door.client.post(
            SPEECH, json={"input": "Bonjour tout le monde", "voice": id, "response_format": "pcm"}
        )
        assert len(answer.content) == 2 * len(tone("Bonjour tout le monde"))
        request = engine.requests[-1]
        assert request.voice == DesignedVoice("An old sailor")
        assert (request.instruct, request.sampling.seed) == (instruct, 7)


async def test_many_of_one_name_at_once_are_all_kept(keeper: Keeper, library: VoiceLibrary) -> None:
    answers = await asyncio.gather(*(keeper.make(name="Captain", design="An old sailor") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["id"] for answer in answers}) == 8
    assert {voice.id for voice in library.voices} == {answer.json()["id"] for answer in answers}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": "x"}, None),
        ({"name": "x", "design": "a", "take": "b"}, None),
        ({"name": "x", "design": "a", "voice": "tone"}, None),
        ({"name": "x", "take": "a", "voice": "tone"}, None),
        ({"design": "a"}, "name"),
        ({"name": "", "design": "a"}, "name"),
        ({"name": "   ", "design": "a"}, "name"),
        ({"name": "x" * 81, "design": "a"}, "name"),
        ({"name": 5, "design": "a"}, "name"),
        ({"name": "x", "design": " "}, "design"),
        ({"name": "x", "design": "a" * 2_001}, "design"),
        ({"name": "x", "design": "a", "gender": "other"}, "gender"),
        ({"name": "x", "design": "a", "language": "klingon"}, "language"),
        ({"name": "x", "voice": "nobody"}, "voice"),
        ({"name": "x", "voice": ""}, "voice"),
        ({"name": "x", "voice": "tone", "speed": 0.1}, "speed"),
        ({"name": "x", "voice": "tone", "seed": -1}, "seed"),
        ({"name": "x", "voice": "tone", "seed": 2**63}, "seed"),
        ({"name": "x", "voice": "gong", "language": "de"}, "language"),
        ({"name": "x", "take": "000000000000"}, "take"),
        ({"name": "x", "take": "a", "instruct": "Loudly."}, "instruct"),
        ([], None),
    ],
)
async def test_what_is_wrong_is_named(door: Door, library: VoiceLibrary, body: Any, param: str | None) -> None:
    answer = await door.client.post(VOICES, json=body, headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param), answer.text
    assert library.voices == []


@pytest.mark.parametrize(
    ("wav", "fields", "param"),
    [
        (b"", {}, "ref_audio"),
        (b"no sound", {}, "ref_audio"),
        (to_wav(Audio(pcm=bytes(1_000), sample_rate=24_000)), {}, "ref_audio"),  # the engine's own rule
        (WAV, {"language": "klingon"}, "language"),
        (WAV, {"gender": "x"}, "gender"),
        (WAV, {"name": ""}, "name"),
        (WAV, {"ref_text": "x" * 2_001}, "ref_text"),
        (WAV, {"consent": "perhaps"}, "consent"),
    ],
)
async def test_what_is_wrong_with_a_form_is_named(
    keeper: Keeper, library: VoiceLibrary, wav: bytes, fields: dict[str, str], param: str
) -> None:
    answer = await keeper.clone(wav, **({"name": "Me", "consent": "true"} | fields))
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param), answer.text
    assert library.voices == []


async def test_an_instruction_for_a_cloned_voice_is_refused_before_it_is_kept(keeper: Keeper) -> None:
    await keeper.clone(WAV, name="Me", consent="true", ref_text="Some words.")
    await keeper.make(name="Quiet", voice="me", speed=0.9)
    for answer in (
        await keeper.make(name="Calm", voice="me", instruct="Calmly."),
        await keeper.change("quiet", instruct="Calmly."),
    ):
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, "instruct"), answer.text
    assert (await keeper.change("quiet", instruct="")).status_code == 200


async def test_a_form_has_one_meaning_or_none(door: Door, library: VoiceLibrary) -> None:
    def part(name: str, content: bytes, more: str = "") -> bytes:
        return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"

    file = part("ref_audio", WAV, '; filename="a.wav"')
    good = part("name", b"Me") + part("consent", b"true") + file
    for body, code in (
        (good + part("name", b"You") + b"--b--\r\n", 422),
        (good + file + b"--b--\r\n", 400),
        (part("name", b"Me") + part("consent", b"true") + b"--b--\r\n", 422),
        (b"--b\r\nnonsense\r\n", 400),
        (b"nonsense", 400),
        (good.replace(b"\r\n\r\nMe", b"\r\n\r\n" + b"x" * 70_000), 400),
        (b"".join(part(f"f{number}", b"x") for number in range(60)) + good + b"--b--\r\n", 400),
    ):
        headers = BEARER | {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await door.client.post(VOICES, content=body, headers=headers)
        assert answer.status_code == code, (body[:60], answer.text)
    for kind in (
        "multipart/form-data",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=b; charset=undefined",
    ):
        answer = await door.client.post(VOICES, content=good, headers=BEARER | {"Content-Type": kind})
        assert answer.status_code in (400, 422), kind
    assert library.voices == []


async def test_a_client_that_leaves_in_its_form_is_nobodys_fault(
    door: Door, library: VoiceLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    head = (
        f"POST {VOICES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
    )
    writer.write(head.encode() + b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nMe')
    await writer.drain()
    await until(lambda: door.server.connections)
    writer.close()
    await until(lambda: not door.server.connections)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


# -- takes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoken_as", ["description", "stored voice", "profile", "preview"])
async def test_a_take_becomes_a_voice_that_stays_the_same(
    door: Door, keeper: Keeper, engine: Studio, library: VoiceLibrary, spoken_as: str
) -> None:
    text = DESIGN["text"]
    if spoken_as == "description":
        take = await keeper.take()
    else:
        await keeper.make(name="Captain", design="An old sailor", language="en")
        await keeper.make(name="News", voice="captain", language="en")
        if spoken_as == "preview":
            text = LANGUAGES["en"].sample
            answer = await door.client.get(f"{VOICES}/captain/preview?language=en")
        else:
            voice = "captain" if spoken_as == "stored voice" else "news"
            answer = await door.client.post(SPEECH, json={"input": text, "voice": voice})
        take = answer.headers["x-request-id"]
    answer = await keeper.make(name="Sailor", take=take, speed=0.5, description="Of the sea")
    assert answer.status_code == 201, answer.text
    made = library.get("sailor")
    assert (made.kind, made.design, made.language, made.speed) == ("cloned", "An old sailor", "en", 0.5)
    assert take in made.source
    assert len(library.reference("sailor").pcm) == len(tone(text)) or spoken_as == "preview"
    await door.client.post(SPEECH, json={"input": "Hello", "voice": "sailor"})
    prompt = read_prompt(engine.requests[-1].voice.prompt.data)  # type: ignore[union-attr]
    assert prompt.card.transcript == made.transcript


async def test_what_was_not_a_whole_described_utterance_cannot_be_kept(
    door: Door, keeper: Keeper, speech: Speech, engine: Studio, library: VoiceLibrary
) -> None:
    preset = await door.client.post(SPEECH, json={"input": "Hello", "voice": "tone"})
    cancelled = speech.utterance(Order("test", DesignedVoice("An old sailor")))
    async with cancelled:
        cancelled.feed("Hello there. [hang]")
        cancelled.end_text()
        async for _ in cancelled:
            break
    with pytest.raises(httpx.RemoteProtocolError):
        await door.client.post(
            "/api/tts/voice-design/stream", json=DESIGN | {"text": "This goes well. This will [fail]."}
        )
    (failed,) = [id for id, report in speech.reports.items() if report.end == "generation_failed"]
    for take in (preset.headers["x-request-id"], cancelled.caller.request_id, failed, "", "x" * 1_000):
        assert told(await keeper.make(name="x", take=take)) == (422, "bad_field", "take"), take
    assert library.voices == []


async def test_a_take_that_is_too_short_for_a_voice_is_named(keeper: Keeper) -> None:
    assert told(await keeper.make(name="x", take=await keeper.take(text="Hi."))) == (422, "bad_audio", "take")


@pytest.mark.parametrize("words", [101, 150, 210])
async def test_who_keeps_a_take_that_is_too_long_for_a_voice_is_told_to_let_it_say_less(
    keeper: Keeper, library: VoiceLibrary, words: int
) -> None:
    answer = await keeper.make(name="x", take=await keeper.take(text="word " * words))
    assert told(answer) == (422, "bad_audio", "take")
    message = answer.json()["error"]["message"]
    assert re.fullmatch(
        r"this take is \d\d\.\d s long, .* at most 30 s; let the voice say less, and keep that", message
    )
    assert library.voices == []


async def test_the_longest_take_that_is_held_can_be_kept(keeper: Keeper, library: VoiceLibrary) -> None:
    text = "x" * round(LONGEST_S * 1000 / MS_PER_CHAR)
    assert (await keeper.make(name="x", take=await keeper.take(text=text))).status_code == 201
    assert library.reference("x").duration_s == LONGEST_S


@pytest.mark.parametrize("engine", [ToneEngine(kinds=("preset", "designed"), preview=False)])
async def test_a_take_is_kept_for_a_checkpoint_that_clones_only_if_one_could(
    keeper: Keeper, library: VoiceLibrary, engine: ToneEngine
) -> None:
    for text in ("A second and a half or so.", "word " * 110):
        assert told(await keeper.make(name="x", take=await keeper.take(text=text))) == (422, "bad_audio", "take")
    assert library.voices == []
    take = await keeper.take(text="Good evening, everybody, and welcome to the harbour of the old town.")
    assert (await keeper.make(name="x", take=take)).status_code == 201
    assert library.prompt("x") is None


async def test_the_last_takes_are_held(keeper: Keeper, speech: Speech) -> None:
    takes = [await keeper.take(text="A take.") for _ in range(26)]
    assert len(speech.takes._takes) == 24
    assert told(await keeper.make(name="x", take=takes[0]))[2] == "take"


# -- trying ----------------------------------------------------------------------------------------------------


async def test_a_preview_says_a_sentence_of_the_voices_language(door: Door, keeper: Keeper) -> None:
    await keeper.make(name="News", voice="tone-de")
    for id, query, language in (
        ("tone", "", "en"),
        ("gong", "", "zh"),
        ("news", "", "de"),
        ("tone-fr", "", "fr"),
        ("tone", "&language=de", "de"),
    ):
        answer = await door.client.get(f"{VOICES}/{id}/preview?format=pcm{query}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("audio/pcm")
        spoken = len(answer.content)
        assert abs(spoken - len(tone(LANGUAGES[language].sample))) < 2 * 24_000, (id, language)
    assert (await door.client.get(f"{VOICES}/tone/preview")).headers["content-type"] == "audio/mpeg"
    assert told(await door.client.get(f"{VOICES}/nobody/preview")) == (404, "not_found", "voice")
    assert told(await door.client.get(f"{VOICES}/tone/preview?format=tape")) == (422, "unsupported_format", "format")
    assert told(await door.client.get(f"{VOICES}/tone/preview?language=zh")) == (
        422,
        "unsupported_language",
        "language",
    )
    assert told(await door.client.get(f"{VOICES}/tone/preview?language=x")) == (422, "unknown_language", "language")


async def test_no_foreign_page_makes_a_preview_speak(door: Door, engine: Studio) -> None:
    answer = await door.client.get(f"{VOICES}/tone/preview", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, engine.requests) == (403, [])


async def test_a_reference_is_a_voice_everywhere_and_kept_nowhere(
    door: Door, engine: Studio, library: VoiceLibrary
) -> None:
    answer = await door.client.post(
        "/v1/audio/references", files={"ref_audio": ("me.wav", WAV)}, data={"ref_text": "Some words."}
    )
    assert answer.status_code == 201
    voice = answer.json()["voice"]
    assert (answer.json()["expires_in_s"], answer.json()["duration_s"]) == (3600, 3.6)
    for path, body in (
        (SPEECH, {"input": "Hello", "voice": voice}),
        ("/api/tts/custom-voice", {"text": "Hello", "speaker": voice}),
    ):
        assert (await door.client.post(path, json=body)).status_code == 200
        assert engine.requests[-1].voice.prompt.data == prompt_bytes("Some words.", 3.6)  # type: ignore[union-attr]
    async with connect(f"ws://127.0.0.1:{door.port}/v1/tts") as socket:
        await socket.send(
            json.dumps({"type": "speak", "text": "Hello", "voice": voice, "mode": "clone", "final": True})
        )
        async for message in socket:
            if isinstance(message, str) and (said := json.loads(message))["type"] == "done":
                assert said["reason"] == "complete"
                break
    assert engine.requests[-1].voice.prompt.data == prompt_bytes("Some words.", 3.6)  # type: ignore[union-attr]
    assert library.voices == []
    assert voice not in await listed(door)


@pytest.mark.parametrize("wav", [b"", b"no sound", to_wav(Audio(pcm=bytes(1_000), sample_rate=24_000))])
async def test_a_reference_that_is_none_is_named(door: Door, wav: bytes) -> None:
    answer = await door.client.post("/v1/audio/references", files={"ref_audio": ("me.wav", wav)})
    assert told(answer)[::2] == (422, "ref_audio")


# -- listing and changing --------------------------------------------------------------------------------------


async def test_one_voice_is_as_it_is_listed(door: Door, keeper: Keeper, library: VoiceLibrary) -> None:
    await keeper.make(name="Captain", design="An old sailor", language="fr")
    await keeper.make(name="News", voice="tone", language="de")
    await keeper.make(name="Orphan", voice="captain")
    library.remove("captain")
    await keeper.make(name="Captain 2", design="An old sailor")
    voices = await listed(door)
    assert {id for id, voice in voices.items() if not voice["available"]} == {"orphan"}
    for id, voice in voices.items():
        assert (await door.client.get(f"{VOICES}/{id}")).json() == voice
    for id in ("captain", "nobody", "..", "%2e%2e%2fvoices", "import"):
        assert (await door.client.get(f"{VOICES}/{id}")).status_code == 404


async def test_what_is_changed_is_seen_everywhere(door: Door, keeper: Keeper, library: VoiceLibrary) -> None:
    await keeper.make(name="News", voice="tone", language="de", seed=7)
    answer = await keeper.change("news", name=" Evening news ", speed=1.5, language="French", seed=None, gender="male")
    assert answer.status_code == 200
    voice = (await listed(door))["news"]
    assert {name: voice[name] for name in ("name", "speed", "language", "seed", "gender")} == {
        "name": "Evening news", "speed": 1.5, "language": "fr", "seed": None, "gender": "male",
    }  # fmt: skip
    for nothing in ("auto", ""):
        assert (await keeper.change("news", language=nothing)).json()["language"] == ""
        assert (await listed(door))["news"]["available"] is True
    for changes, param in (
        ({"name": "  "}, "name"),
        ({"description": "x", "speed": 9}, "speed"),
        ({"language": "klingon"}, "language"),
        ({"instruct": "x" * 2_001}, "instruct"),
        ({"seed": 2**63}, "seed"),
    ):
        before = library.get("news")
        assert told(await keeper.change("news", **changes)) == (
            422,
            told(await keeper.change("news", **changes))[1],
            param,
        )
        assert library.get("news") == before
    assert told(await keeper.change("tone", name="x")) == (404, "not_found", "voice")


async def test_what_is_deleted_is_gone_everywhere(door: Door, keeper: Keeper, tmp_path: Path) -> None:
    await keeper.clone(name="Me", consent="true")
    assert (await door.client.delete(f"{VOICES}/me", headers=BEARER)).status_code == 204
    assert "me" not in await listed(door)
    assert list((tmp_path / "voices").iterdir()) == []
    assert told(await door.client.post(SPEECH, json={"input": "Hello", "voice": "me"})) == (
        422,
        "unknown_voice",
        "voice",
    )
    for id in ("me", "tone", "..", "%2e%2e%2fvoices"):
        assert (await door.client.delete(f"{VOICES}/{id}", headers=BEARER)).status_code in (404, 405)
    assert (tmp_path / "voices").is_dir()


async def test_deleting_twice_at_once_deletes_once(door: Door, keeper: Keeper) -> None:
    await keeper.clone(name="Me", consent="true")
    answers = await asyncio.gather(*(door.client.delete(f"{VOICES}/me", headers=BEARER) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 5


# -- export and import -----------------------------------------------------------------------------------------


async def test_an_export_comes_back_under_a_free_id(door: Door, keeper: Keeper, library: VoiceLibrary) -> None:
    await keeper.clone(name="Me", consent="true", ref_text="Some words.", language="de")
    exported = await door.client.get(f"{VOICES}/me/export", headers=BEARER)
    assert exported.headers["content-type"] == "application/zip"
    assert exported.headers["content-disposition"] == 'attachment; filename="me.voice.zip"'
    answer = await keeper.bring(exported.content)
    assert (answer.status_code, answer.json()["id"]) == (201, "me-2")
    old, new = library.get("me"), library.get("me-2")
    assert {**vars_of(old), "id": "me-2"} == vars_of(new)
    assert (library.reference("me-2"), library.prompt("me-2")) == (library.reference("me"), library.prompt("me"))
    assert told(await door.client.get(f"{VOICES}/nobody/export", headers=BEARER)) == (404, "not_found", "voice")


def vars_of(voice: Any) -> dict[str, Any]:
    return {name: getattr(voice, name) for name in voice.__struct_fields__}


def homes_in(folder: Path) -> set[Path]:
    """Where the files lie, two floors up."""
    return {path.parent.parent for path in folder.rglob("*") if path.is_file()}


async def test_no_voice_is_called_as_a_path_beside_it(keeper: Keeper) -> None:
    made = await keeper.make(name="Import", design="An old sailor")
    assert made.json()["id"] == "import-2"
    assert (await keeper.change("import-2", name="Sailor")).status_code == 200


async def test_no_import_takes_a_presets_name_or_leaves_the_folder(keeper: Keeper, door: Door, tmp_path: Path) -> None:
    await keeper.make(name="Captain", design="An old sailor")
    exported = (await door.client.get(f"{VOICES}/captain/export", headers=BEARER)).content
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        card = archive.read(CARD)
    for name, id in (("Tone", "tone-2"), ("../../x", "x"), ("..", "voice")):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr(CARD, card.replace(b'"Captain"', json.dumps(name).encode()))
            archive.writestr("../../outside", b"x")
        assert (await keeper.bring(data.getvalue())).json()["id"] == id
    assert homes_in(tmp_path) == {tmp_path / "voices"}


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04 half", struct.pack("<I", 1) * 1_000])
async def test_an_import_that_is_none_is_named(keeper: Keeper, library: VoiceLibrary, data: bytes) -> None:
    assert told(await keeper.bring(data)) == (422, "bad_field", "file")
    assert library.voices == []


# -- who may ---------------------------------------------------------------------------------------------------


async def test_who_is_near_may_listen_and_not_change(door: Door, keeper: Keeper, library: VoiceLibrary) -> None:
    await keeper.make(name="Captain", design="An old sailor")
    before = library.voices
    form = {"files": {"ref_audio": ("me.wav", WAV)}}
    for method, path, body in (
        ("POST", VOICES, {"json": {"name": "x", "design": "y"}}),
        ("POST", VOICES, form | {"data": {"name": "x", "consent": "true"}}),
        ("POST", f"{VOICES}/import", {"files": {"file": ("x", b"x")}}),
        ("PATCH", f"{VOICES}/captain", {"json": {"name": "x"}}),
        ("DELETE", f"{VOICES}/captain", {}),
        ("GET", f"{VOICES}/captain/export", {}),
        ("POST", "/api/gpu-offload", {}),
    ):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = await door.client.request(method, path, headers=headers, **body)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized"), (method, path)
    assert library.voices == before
    for path in (VOICES, f"{VOICES}/captain", f"{VOICES}/captain/preview"):
        assert (await door.client.get(path)).status_code == 200
    assert (await door.client.post("/v1/audio/references", **form)).status_code == 201  # type: ignore[arg-type]


async def test_a_stranger_gets_at_no_route(speech: Speech, metrics: Metrics) -> None:
    """Whatever is in the document, and not open to all on purpose."""
    async with open_door(speech, metrics, policy="token") as door:
        document = (await door.client.get("/openapi.json", headers=BEARER)).json()
        for path, methods in document["paths"].items():
            for method in methods:
                answer = await door.client.request(method.upper(), path.replace("{id}", "tone"))
                is_open = path in ("/health", "/ready", "/v1/session") or (method, path) == ("get", CLIP)
                assert (answer.status_code == 401) != is_open, (method, path)


# -- voice prompts, takes, samples -----------------------------------------------------------------------------


async def test_a_voice_prompt_alone_is_a_voice_and_is_given_out_again(
    door: Door, engine: Studio, keeper: Keeper
) -> None:
    prompt = prompt_bytes("Some words.")
    files = {"voice_prompt": ("mum.safetensors", prompt)}
    answer = await door.client.post(VOICES, data={"name": "Mum", "consent": "true"}, files=files, headers=BEARER)
    assert answer.status_code == 201
    assert answer.json() | {"kind": "cloned", "transcript": "Some words.", "consent": True} == answer.json()
    assert (await door.client.post(SPEECH, json={"input": "Hello.", "voice": "mum"})).status_code == 200
    assert engine.requests[-1].voice == ClonedVoice(VoicePrompt(prompt))
    given = await door.client.get(f"{VOICES}/mum/prompt", headers=BEARER)
    assert given.content == prompt
    assert given.headers["content-disposition"] == 'attachment; filename="mum.safetensors"'
    packed = await door.client.get(f"{VOICES}/mum/export", headers=BEARER)
    assert (await keeper.bring(packed.content)).json()["id"] == "mum-2"


async def test_a_voice_prompt_needs_consent_and_must_be_one(door: Door) -> None:
    async def told_of(data: bytes, **fields: str) -> tuple[int, str, str | None]:
        files = {"voice_prompt": ("x", data)}
        return told(await door.client.post(VOICES, data={"name": "X"} | fields, files=files, headers=BEARER))

    assert await told_of(prompt_bytes("Some words.")) == (422, "bad_field", "consent")
    assert await told_of(b"\x80\x02pickle", consent="true") == (422, "bad_field", "voice_prompt")
    assert (await told_of(b"{}", consent="true"))[2] == "voice_prompt"
    assert "x" not in await listed(door)


async def test_a_voice_without_a_prompt_says_when_there_will_be_one(door: Door, keeper: Keeper) -> None:
    await keeper.make(name="Old", design="An old man")
    assert told(await door.client.get(f"{VOICES}/old/prompt", headers=BEARER)) == (404, "not_found", None)
    assert (await door.client.get(f"{VOICES}/old/prompt")).status_code == 401


async def test_it_is_told_which_takes_are_still_held(door: Door, keeper: Keeper) -> None:
    first = await keeper.take()
    asked = {"id": [first, "0123456789ab"]}
    assert (await door.client.get("/v1/audio/takes", params=asked)).json() == {"takes": [first]}
    for _ in range(24):
        await keeper.take(text="Hello.")
    assert (await door.client.get("/v1/audio/takes", params=asked)).json() == {"takes": []}
    for params in ({"id": ["x"] * 65}, {}):
        refused = await door.client.get("/v1/audio/takes", params=params)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["param"]) == (422, "bad_field", "id")


async def test_a_sample_is_served_once_it_is_made_and_goes_with_its_voice(
    speech: Speech, metrics: Metrics, tmp_path: Path
) -> None:
    samples = VoiceSamples(speech, SampleFiles(tmp_path / "samples"), SpareTime(speech, quiet_s=0.01))
    async with open_door(speech, metrics, samples=samples) as door:
        await Keeper(door).make(name="Calm", voice="tone")
        assert told(await door.client.get(f"{VOICES}/calm/sample")) == (404, "not_found", "voice")
        assert not (await listed(door))["calm"]["has_sample"]
        making = asyncio.create_task(SpareTime(speech, quiet_s=0.01).share(samples.make_one))
        await until(lambda: samples.has(speech.voices.find("calm")))
        making.cancel()
        answer = await door.client.get(f"{VOICES}/calm/sample")
        assert answer.headers["content-type"] == "audio/wav"
        spoken = await door.client.get(f"{VOICES}/calm/preview", params={"format": "wav"})
        assert from_wav(answer.content).pcm == spoken.content[44:]
        assert (await listed(door))["calm"]["has_sample"]
        await door.client.delete(f"{VOICES}/calm", headers=BEARER)
        assert (await door.client.get(f"{VOICES}/calm/sample")).status_code == 404
        assert len(list((tmp_path / "samples").iterdir())) <= 2, "of the presets"


# -- the document ----------------------------------------------------------------------------------------------


async def test_every_route_is_in_the_document_and_it_is_one(
    door: Door, speech: Speech, metrics: Metrics, library: VoiceLibrary
) -> None:
    document = (await door.client.get("/openapi.json")).json()
    routers = (
        wrapper_speech.router(speech), wrapper_models.router(speech), new_voices.router(VoiceMaker(speech, library)),
        voices.router(speech, library), status.router(speech, metrics, "9.8.7"),
    )  # fmt: skip
    ours = {
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert len(ours) == 33
    assert {(method.upper(), path) for path, methods in document["paths"].items() for method in methods} >= ours
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(ids)) == len(ids)
    for reference in references_in(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"], reference


def references_in(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references_in(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for item in value.values() for found in references_in(item)]
