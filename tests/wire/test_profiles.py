"""A profile of the settings at every door of a daemon, as any voice is."""

import json
from pathlib import Path

import httpx
import pytest
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN
from tests.wire.patient import connect
from tests.wire.test_daemon import events, pcm
from tests.wire.test_names import first_of, told_of_one

BEARER = {"Authorization": f"Bearer {TOKEN}"}
VOICES = "/v1/audio/voices"
TEXT = "Das Wetter ist heute sehr schön."
CONFIG = """
[voices.night]
base = "vivian"
name = "Good night"
instruct = "whisper softly"
speed = 0.5
language = "de"
seed = 7
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "token").write_text(TOKEN)
    (data / "token").chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


async def heard(client: AsyncTcpClient, voice: str) -> bytes:
    await client.write_event(Synthesize(TEXT, SynthesizeVoice(name=voice)).event())
    return pcm(await events(client))


async def test_a_profile_of_the_settings_is_a_voice_everywhere(config: Path, tmp_path: Path) -> None:
    with tone_daemon(tmp_path / "data", "--config", str(config), table="qwen", preview=False) as daemon:
        wyoming, http = daemon.ready()
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            info = Info.from_event(await first_of(client, "info", Describe().event()))
            (night,) = (voice for voice in info.tts[0].voices if voice.name == "night")
            assert night.description == "Good night"
            assert "de" in night.languages
            plain, slow = [await heard(client, voice) for voice in ("vivian", "night")]
        assert len(slow) == pytest.approx(2 * len(plain), rel=0.03)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S) as web:
            listed = {voice["id"]: voice for voice in (await web.get(VOICES)).json()["voices"]}
            night = listed["night"]
            assert (night["kind"], night["name"], night["base"], night["speed"]) == (
                "profile", "Good night", "vivian", 0.5,
            )  # fmt: skip
            assert (night["in_settings"], night["available"], night["takes_instruct"]) == (True, True, True)
            assert (await web.get(f"{VOICES}/night")).json() == night
            body = {"input": TEXT, "voice": "Good night", "response_format": "pcm"}
            answer = await web.post("/v1/audio/speech", json=body)
            assert answer.headers["x-voice"] == "night"
            assert answer.content == slow
            query = {"text": TEXT, "voice": "night", "format": "pcm"}
            assert (await web.get("/v1/audio/say", params=query)).content == slow
            kept = await web.post(VOICES, json={"name": "Night", "voice": "vivian"}, headers=BEARER)
            assert (kept.json()["id"], "in_settings" in kept.json()) == ("night-2", False)
            for method, path in (("PATCH", "night"), ("DELETE", "night"), ("GET", "night/export")):
                refused = await web.request(method, f"{VOICES}/{path}", headers=BEARER, json={"speed": 1.0})
                assert (refused.status_code, refused.json()["error"]["code"]) == (409, "setting_locked")
                assert f"[voices.night] of {config}" in refused.json()["error"]["message"]
            styles = {"pirate": "Speak like a pirate.", "sad": ""}
            for change, code in (({"1": "x"}, 422), (styles, 200)):
                answer = await web.patch("/v1/settings", json={"speech.styles": change}, headers=BEARER)
                assert answer.status_code == code, answer.text
            assert {"pirate", "sad"} & {*(await web.get(VOICES)).json()["styles"]} == {"pirate"}
            assert (await web.get(f"{VOICES}/night")).json()["in_settings"]
        async with connect(f"ws://127.0.0.1:{http}/v1/tts") as socket:
            await socket.send(json.dumps({"type": "speak", "voice": "night", "text": TEXT, "final": True}))
            assert {message["voice"] for _, message in await told_of_one(socket)} == {"night"}


def test_a_base_that_nobody_has_stops_the_start(config: Path, tmp_path: Path) -> None:
    config.write_text(CONFIG.replace("vivian", "viviane"))
    with tone_daemon(tmp_path / "data", "--config", str(config), table="qwen", preview=False) as daemon:
        daemon.wait_for("cannot start: .*:\\d+: voices.night.base: no voice 'viviane'; there are vivian")
        assert daemon.process.wait(PATIENCE_S) == 1
