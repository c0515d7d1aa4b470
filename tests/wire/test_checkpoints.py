"""The checkpoints over the wires: which are here, their download with the token, and what those who watch are told."""

import asyncio
import json
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, scan
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory, Obstacle
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import SpareTime
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen3tts_daemon.voices.sample_files import SampleFiles
from qwen_tts.config.checkpoint_files import WEIGHTS
from tests.daemon.stand_in_hub import StandInHub, running
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door, until
from tests.wire.patient import connect

SPEAKING = Path(__file__).parents[1] / "speaking"
BASE = CHECKPOINTS[2]
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PATH = "/v1/checkpoints/download"


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hub")
    shutil.copytree(SPEAKING / "Qwen3-TTS-12Hz-tiny-Base", root / BASE)
    return root / BASE


@pytest.fixture
def hub(offered: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    with running(StandInHub({f"Qwen/{BASE}": offered})) as hub:
        for name, value in {"HF_ENDPOINT": hub.endpoint, "NO_PROXY": "*", "HF_HOME": str(tmp_path / "hf")}.items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def models(tmp_path: Path) -> ModelsDirectory:
    return ModelsDirectory(tmp_path / "models", obstacle=lambda: Obstacle("pytorch", "./start.sh"))


@pytest.fixture
async def door(speech: Speech, metrics: Metrics, models: ModelsDirectory) -> AsyncIterator[Door]:
    async with open_door(speech, metrics, models=models, downloads=Downloads(models.path)) as door:
        yield door


async def heard(socket: Any, type: str, **fields: Any) -> dict[str, Any]:
    """The next message of this kind that has these fields."""
    async for text in socket:
        message: dict[str, Any] = json.loads(text)
        if message["type"] == type and fields.items() <= message.items():
            return message
    raise AssertionError("the socket has closed")


async def test_what_is_missing_is_told_with_its_command_and_size(door: Door) -> None:
    told = (await door.client.get("/v1/checkpoints")).json()
    assert [(one["name"], one["kind"], one["state"]) for one in told["checkpoints"]] == [
        ("1.7B-CustomVoice", "preset", "missing"), ("1.7B-VoiceDesign", "designed", "missing"),
        ("1.7B-Base", "cloned", "missing"), ("0.6B-CustomVoice", "preset", "missing"),
        ("0.6B-Base", "cloned", "missing"), ("Tokenizer-12Hz", "codec", "missing"),
    ]  # fmt: skip
    first = told["checkpoints"][0]
    assert first["command"] == "qwen3tts-daemon models download 1.7B-CustomVoice"
    assert 4e9 < first["bytes"] < 5e9
    assert (told["obstacle"], told["way_out"], told["download"]) == ("pytorch", "./start.sh", None)
    assert told["free_bytes"] > 0


async def test_a_download_is_for_the_token_and_seen_by_all_who_watch(hub: StandInHub, door: Door) -> None:
    order = {"checkpoint": "1.7B-Base"}
    for answer in (await door.client.post(PATH, json=order), await door.client.delete(PATH)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    hub.hold_after[WEIGHTS] = 4096
    async with connect(f"{door.url.replace('http', 'ws')}/v1/tts") as socket:
        await socket.send('{"type": "watch"}')
        begun = await door.client.post(PATH, json=order, headers=BEARER)
        assert (begun.status_code, begun.json()["state"]) == (202, "reading")
        told = await heard(socket, "download", state="downloading")
        assert 0 < told["arrived_bytes"] < told["total_bytes"]
        seen = (await door.client.get("/v1/checkpoints")).json()["download"]
        assert (seen["checkpoint"], seen["state"]) == ("1.7B-Base", "downloading"), "a page that is loaded anew sees it"
        again = await door.client.post(PATH, json=order, headers=BEARER)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "download_refused")
        cancelled = await door.client.delete(PATH, headers=BEARER)
        assert cancelled.json()["state"] == "cancelled"
        await heard(socket, "download", state="cancelled")
        del hub.hold_after[WEIGHTS]
        hub.released.set()
        await door.client.post(PATH, json=order, headers=BEARER)
        await heard(socket, "download", state="done")
        assert hub.sent[WEIGHTS] > 4096


async def test_a_download_that_a_stop_cuts_goes_on_after_the_next_start(hub: StandInHub, tmp_path: Path) -> None:
    models = tmp_path / "models"
    hub.hold_after[WEIGHTS] = 10 * 4096
    with tone_daemon(tmp_path / "data", "--no-wyoming.enabled", "--models.dir", str(models)) as daemon:
        port = daemon.wait_for(r"http listens on port (\d+)")[1]
        token = {"Authorization": f"Bearer {(tmp_path / 'data' / 'token').read_text().strip()}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, headers=token) as client:
            assert (await client.post(PATH, json={"checkpoint": "1.7B-Base"})).status_code == 202
        await until(lambda: part_bytes(models))
        daemon.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(daemon.process.wait, PATIENCE_S) == 0
    kept, sent = part_bytes(models), hub.sent[WEIGHTS]
    assert 0 < kept <= sent
    del hub.hold_after[WEIGHTS]
    hub.released.set()
    Downloads(models).start("1.7B-Base", SourceName.HUGGINGFACE)
    await until((models / BASE / WEIGHTS).exists)
    whole = (models / BASE / WEIGHTS).stat().st_size
    assert hub.sent[WEIGHTS] - sent == whole - kept, "what had come was not sent again"


def part_bytes(models: Path) -> int:
    """Of the weights that have come so far."""
    return sum(part.stat().st_size for part in models.glob(f"{BASE}/{WEIGHTS}.*.part"))


@pytest.mark.parametrize(("order", "param"), [
    ({"checkpoint": "7B"}, "checkpoint"), ({}, "checkpoint"), ({"checkpoint": "1.7B-Base", "source": "x"}, "source"),
])  # fmt: skip
async def test_an_order_that_is_wrong_names_its_field(door: Door, order: dict[str, str], param: str) -> None:
    answer = await door.client.post(PATH, json=order, headers=BEARER)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "bad_field", param)


async def test_offline_is_told_by_its_name(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics) as door:
        answer = await door.client.post(PATH, json={"checkpoint": "1.7B-Base"}, headers=BEARER)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "download_refused")
        assert "models.offline" in answer.json()["error"]["message"]


async def test_who_watches_hears_of_a_sample_that_was_made(speech: Speech, metrics: Metrics, tmp_path: Path) -> None:
    samples = VoiceSamples(speech, SampleFiles(tmp_path), SpareTime(speech, quiet_s=0.01))
    async with (
        open_door(speech, metrics, samples=samples) as door,
        connect(f"{door.url.replace('http', 'ws')}/v1/tts") as socket,
    ):
        await socket.send('{"type": "watch"}')
        first = await heard(socket, "voices", samples=0)
        making = asyncio.create_task(SpareTime(speech, quiet_s=0.01).share(samples.make_one))
        last = await heard(socket, "voices", samples=2)
        assert last["revision"] == first["revision"], "no other voices"
        listed = (await door.client.get("/v1/audio/voices")).json()["voices"]
        assert all(voice["has_sample"] for voice in listed)
        making.cancel()


async def test_who_watches_hears_of_every_change_of_the_voices(door: Door, models: ModelsDirectory) -> None:
    async with connect(f"{door.url.replace('http', 'ws')}/v1/tts") as socket:
        await socket.send('{"type": "watch"}')
        first = await heard(socket, "voices")
        assert (first["voices"], first["kinds"], first["preview"], first["checkpoints"]) == (2, ["preset"], True, [])
        made = await door.client.post(
            "/v1/audio/voices", json={"name": "Reader", "voice": "tone", "speed": 1.5}, headers=BEARER
        )
        assert made.status_code == 201, made.text
        second = await heard(socket, "voices")
        assert second["voices"] == 3
        await door.client.patch("/v1/audio/voices/reader", json={"name": "Anna"}, headers=BEARER)
        third = await heard(socket, "voices")
        await door.client.delete("/v1/audio/voices/reader", headers=BEARER)
        fourth = await heard(socket, "voices")
        models.found, models.problem = scan(SPEAKING), "no room for it"
        fifth = await heard(socket, "voices")
        assert (fourth["voices"], fifth["problem"]) == (2, "no room for it")
        assert fifth["checkpoints"] == ["Qwen3-TTS-12Hz-tiny-CustomVoice", "Qwen3-TTS-12Hz-tiny-Base"]
        assert len({one["revision"] for one in (first, second, third, fourth)}) == 4
