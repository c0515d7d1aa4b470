"""Names that clients have built in or read in a list, through every door: who speaks, and how that is told."""

import json
import unicodedata
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import openai
import pytest
from websockets.asyncio.client import connect
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import ToneEngine, tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door

BEARER = {"Authorization": f"Bearer {TOKEN}"}
SPEECH = "/v1/audio/speech"
VOICES = "/v1/audio/voices"
TEXT = "Hello there, how are you today?"


@pytest.fixture
def engine() -> ToneEngine:
    return ToneEngine(table="preview", kinds=("preset", "designed"))


@pytest.fixture
async def door(speech: Speech, metrics: Metrics) -> AsyncIterator[Door]:
    async with open_door(speech, metrics) as door:
        yield door


# -- who spoke -------------------------------------------------------------------------------------------------


async def ask(door: Door, way: str, voice: str) -> httpx.Response:
    client, body = door.client, {"input": TEXT, "voice": voice}
    match way:
        case "speech":
            return await client.post(SPEECH, json=body)
        case "sse":
            return await client.post(SPEECH, json=body | {"stream_format": "sse"})
        case "say":
            return await client.get("/v1/audio/say", params={"text": TEXT, "voice": voice})
        case "clip":
            return await client.post("/v1/audio/clips", json=body)
        case "fetched clip":
            return await client.get((await client.post("/v1/audio/clips", json=body)).json()["path"])
    return await client.post(f"/api/tts/{way}", json={"text": TEXT, "speaker": voice})


WAYS = ["speech", "sse", "say", "clip", "fetched clip", "custom-voice", "custom-voice/stream"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("voice", "speaks"),
    [("Vivian", "heart"), ("default", "heart"), ("onyx", "am_michael"), ("Heart (Kokoro)", "af_heart")],
)
async def test_every_answer_tells_who_spoke(door: Door, way: str, voice: str, speaks: str) -> None:
    answer = await ask(door, way, voice)
    assert answer.is_success
    assert answer.headers["x-voice"] == speaks
    if "clip" not in way:
        assert answer.headers["x-model"] == "tone"
    if way == "clip":
        assert answer.json()["voice"] == speaks


async def test_a_line_of_a_batch_tells_it_too(door: Door) -> None:
    items = [{"voice": "Vivian"}, {"voice": "nova", "language": "de"}, {"voice": "Uncle Fu-ja"}]
    answer = await door.client.post(f"{SPEECH}/batch", json={"items": items, "input": TEXT})
    lines = {line["index"]: line for line in map(json.loads, answer.text.splitlines()) if "index" in line}
    assert [lines[index]["voice"] for index in range(3)] == ["heart", "if_sara-de", "jf_alpha"]
    assert {line["model"] for line in lines.values()} == {"tone"}


@pytest.mark.parametrize("name", ["Küche 1", "小明", "Дедушка", "हिन्दी"])
async def test_a_name_in_any_script_is_a_voice_at_every_door(door: Door, name: str) -> None:
    made = await door.client.post(VOICES, json={"name": name, "design": "An old sailor"}, headers=BEARER)
    id = made.json()["id"]
    for written in (id, name, name.upper(), unicodedata.normalize("NFD", name)):
        answer = await door.client.post(SPEECH, json={"input": TEXT, "voice": written, "response_format": "pcm"})
        assert (answer.content, unquote(answer.headers["x-voice"])) == (tone(TEXT), id)
    for path in (f"{VOICES}/{id}", f"{VOICES}/{quote(id)}", f"{VOICES}/{unicodedata.normalize('NFD', id)}"):
        assert (await door.client.get(path)).json()["id"] == id
        assert (await door.client.get(f"{path}/preview")).headers["x-voice"] == quote(id)
        packed = await door.client.get(f"{path}/export", headers=BEARER)
        header = EmailMessage()
        header["Content-Disposition"] = packed.headers["content-disposition"]
        assert header.get_filename() == f"{id}.voice.zip"
    again = await door.client.post(f"{VOICES}/import", files={"file": ("x.zip", packed.content)}, headers=BEARER)
    assert again.json()["id"] == f"{id}-2"
    path = f"{VOICES}/{unicodedata.normalize('NFD', id)}"
    assert (await door.client.patch(path, json={"gender": "male"}, headers=BEARER)).json()["gender"] == "male"
    assert (await door.client.delete(path, headers=BEARER)).status_code == 204


# -- models ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["tts-1-1106", "kokoro", "", None, "eleven_multilingual_v2", "tone"])
async def test_any_vendors_model_is_answered_and_what_spoke_is_told(door: Door, model: str | None) -> None:
    answer = await door.client.post(SPEECH, json={"input": TEXT, "model": model})
    assert (answer.status_code, answer.headers["x-model"]) == (200, "tone")


async def test_every_model_that_is_listed_is_found_and_no_other(speech: Speech, metrics: Metrics) -> None:
    speech.models.on_disk = CHECKPOINTS[:1]
    async with (
        open_door(speech, metrics) as door,
        openai.AsyncOpenAI(base_url=f"{door.url}/v1", api_key="x", max_retries=0) as client,
    ):
        listed = [model.id async for model in client.models.list()]
        assert {"tts-1", "tone", CHECKPOINTS[0], f"Qwen/{CHECKPOINTS[0]}"} <= {*listed}
        others = (await door.client.get("/v1/audio/models")).json()["models"]
        assert [model["id"] for model in others] == listed
        for name in listed:
            assert (await client.models.retrieve(name)).id == name
            for written in (name.upper(), quote(name, safe="")):
                assert (await door.client.get(f"/v1/models/{written}")).json()["id"] == name
            assert (await door.client.post(SPEECH, json={"input": "a", "model": name})).status_code == 200
        for name in ("whisper-1", f"Qwen/{CHECKPOINTS[1]}", "Qwen", "tts-1/x"):
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve(name)


# -- the whole daemon ------------------------------------------------------------------------------------------


async def first_of(client: AsyncTcpClient, kind: str, event: Event) -> Event:
    await client.write_event(event)
    while (answer := await client.read_event()) is not None:
        if answer.type == kind:
            return answer
    raise AssertionError(f"the connection ended without {kind}")


ALIASES = json.dumps({"butler": "am_michael", "fr": "ff_siwis", "English": "bf_emma"})


async def test_an_alias_is_a_name_at_every_door(tmp_path: Path) -> None:
    with tone_daemon(tmp_path, "--voices.aliases", ALIASES, table="preview") as daemon:
        wyoming, http = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            info = Info.from_event(await first_of(client, "info", Describe().event()))
            english = [voice for voice in info.tts[0].voices if "en" in voice.languages]
            labels = {voice.name: voice.description or "" for voice in english}
            assert min(english, key=lambda voice: voice.description or "").name == "bf_emma"
            for name, speaks in (("butler", "am_michael"), (labels["heart"], "heart"), ("Vivian", "bf_emma")):
                said = Synthesize(TEXT, SynthesizeVoice(name=name)).event()
                await first_of(client, "audio-stop", said)
                daemon.wait_for(f"protocol=wyoming voice={speaks} ")
            error = await first_of(client, "error", Synthesize(TEXT, SynthesizeVoice(name="nobody")).event())
            assert error.data["code"] == "unknown_voice"
            assert "/v1" not in error.data["text"]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}") as web:
            languages = (await web.get(VOICES)).json()["languages"]
            assert {one["code"]: one["default_voice"] for one in languages}["en"] == "bf_emma"
            answer = await web.get("/v1/audio/say", params={"text": TEXT, "voice": "Butler"})
            assert answer.headers["x-voice"] == "am_michael"
        async with connect(f"ws://127.0.0.1:{http}/v1/tts") as socket:
            for voice, speaks in (("butler", "am_michael"), ("Vivian", "bf_emma"), (None, "bf_emma")):
                await socket.send(json.dumps({"type": "speak", "voice": voice, "text": TEXT, "final": True}))
                told = await told_of_one(socket)
                assert [(kind, message["voice"], message["language"]) for kind, message in told] == [
                    ("started", speaks, "en"), ("segment", speaks, "en"),
                ]  # fmt: skip


async def told_of_one(socket: Any) -> list[tuple[str, dict[str, Any]]]:
    """What a context's messages said of its voice, until it is done."""
    told = []
    async for data in socket:
        if isinstance(data, str):
            message = json.loads(data)
            if message["type"] == "done":
                assert message["reason"] == "complete"
                break
            if message["type"] in ("started", "segment"):
                told.append((message["type"], message))
    return told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--voice", "Nobody"), "voice: no voice 'Nobody'; there are tone, gong"),
        (("--voices.aliases", '{"butler": "nobody"}'), "voices.aliases: 'butler' is an alias of 'nobody': no voice"),
        (("--voices.aliases", '{"fr": "gong"}'), "voices.aliases: fr: voice 'gong' speaks zh"),
        (("--voices.aliases", '{"a": "b", "b": "a"}'), "voices.aliases: 'a' leads to"),
        (("--voice", "Vivian", "--no-voices.substitute"), "voice: no voice 'Vivian'"),
    ],
)
def test_a_voice_of_the_settings_that_there_is_not_stops_the_start(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    with tone_daemon(tmp_path, *options) as daemon:
        daemon.wait_for("cannot start: .*" + told.replace("'", "['\"]"))
        assert daemon.process.wait(PATIENCE_S) == 1
        assert "listens on port" not in daemon.read_rest()
