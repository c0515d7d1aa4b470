"""Settings that are changed while the daemon runs: what may be, what is kept, and that it is heard at every door."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from qwen3tts_daemon.audio import silence
from qwen3tts_daemon.live_settings import LiveSettings
from qwen3tts_daemon.options import every_option
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.fakes import SAMPLE_RATE, tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.patient import connect
from tests.wire.test_daemon import events, pcm, stop

PATH = "/v1/settings"
KEY = {"Authorization": f"Bearer {TOKEN}"}
FILE = """\
# At home.
[speech]
lead_silence_ms = 50  # the kitchen wakes slowly
# tail_silence_ms = 0
"""
CHANGES = {"speech.lead_silence_ms": 100, "speech.text_normalization": False, "voice": "gong"}
NEVER = (
    "config",
    "data_dir",
    "log_text",
    "auth",
    "engine",
    "models",
    "wyoming",
    "http",
    "http_engine",
    "zeroconf",
    "websocket",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "token").write_text(TOKEN)
    (data / "token").chmod(0o600)
    return data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
async def door(speech: Speech, metrics: Metrics, path: Path) -> AsyncIterator[Door]:
    settings = LiveSettings(load_settings(["--config", str(path)]), ["--config", str(path)])
    async with open_door(speech, metrics, settings=settings) as door:
        door.client.headers.update(KEY)
        yield door


def written(path: Path) -> str:
    return path.read_text()


def write(path: Path, text: str | None) -> None:
    """None: there is no such file any more."""
    path.unlink() if text is None else path.write_text(text)


def by_name(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["settings"]}


def error_of(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


# -- what may be changed ---------------------------------------------------------------------------------------


def test_who_may_do_what_and_where_it_runs_is_never_marked() -> None:
    marked = [option.name for option in every_option() if option.on_page]
    assert len(marked) > 5
    assert [name for name in marked if name.partition(".")[0] in NEVER] == []
    unsafe = ("path", "list")
    assert [option.name for option in every_option() if option.on_page and option.kind in unsafe] == []


@pytest.mark.parametrize("option", [one for one in every_option() if not one.on_page], ids=lambda one: str(one.name))
async def test_what_is_not_marked_cannot_be_changed(door: Door, path: Path, option: Any) -> None:
    answer = await door.client.patch(PATH, json={"voice": "tone", option.name: option.default})
    assert error_of(answer) == (422, "bad_field", option.name)
    assert written(path) == FILE


async def test_both_need_the_token(door: Door) -> None:
    del door.client.headers["Authorization"]
    assert error_of(await door.client.get(PATH))[:2] == (401, "unauthorized")
    assert error_of(await door.client.patch(PATH, json={"voice": "tone"}))[:2] == (401, "unauthorized")


async def test_each_is_told_with_all_that_a_form_needs(door: Door, path: Path) -> None:
    answer = await door.client.get(PATH)
    assert answer.json()["file"] == {"path": str(path), "state": "writable"}
    told = by_name(answer)
    lead = told["speech.lead_silence_ms"]
    assert (lead["value"], lead["default"], lead["origin"], lead["is_locked"]) == (50, 0, "file", False)
    assert (lead["kind"], lead["minimum"], lead["maximum"], lead["is_whole"]) == ("number", 0, 2000, True)
    assert {one["kind"] for one in told.values()} == {
        "number",
        "switch",
        "choice",
        "language",
        "voice",
        "text",
        "table",
        "texts",
    }
    assert told["qwen.while_loading"]["choices"] == ["wait", "embedded"]
    assert [name for name, one in told.items() if not one["at_once"]] == ["qwen.while_loading"]
    for one in told.values():
        assert one["about"]
        write(path, one["toml"])
        load_settings(["--config", str(path)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speech.lead_silence_ms", 2001), ("speech.lead_silence_ms", -1), ("speech.lead_silence_ms", "5"),
        ("speech.lead_silence_ms", True), ("speech.lead_silence_ms", 0.5), ("speech.text_normalization", "off"),
        ("language", "klingon"), ("voice", 5), ("voices.aliases", {"a": 1}), ("voices.aliases", ["a"]),
        ("voices.aliases", {str(i): "tone" for i in range(300)}), ("qwen.while_loading", "later"),
        ("qwen.sleep_s", -1), ("clips.expires_s", 1e9), ("no.such", 1), ("", 1),
    ],
)  # fmt: skip
async def test_a_value_that_cannot_be_is_told_with_its_name(door: Door, path: Path, name: str, value: Any) -> None:
    answer = await door.client.patch(
        PATH, json={"language": "de", name: value} if name != "language" else {name: value}
    )
    assert error_of(answer) == (422, "bad_field", name)
    assert written(path) == FILE


@pytest.mark.parametrize("body", [[], "voice"])
async def test_a_body_that_is_no_object_is_refused(door: Door, body: Any) -> None:
    assert (await door.client.patch(PATH, json=body)).status_code == 422


# -- the file --------------------------------------------------------------------------------------------------


async def test_two_at_once_are_both_kept(door: Door, path: Path) -> None:
    changes = [{"language": "de"}, {"speech.lead_silence_ms": 7}, {"speech.tail_silence_ms": 9}, {"voice": "tone"}]
    answers = await asyncio.gather(*(door.client.patch(PATH, json=change) for change in changes))
    assert {answer.status_code for answer in answers} == {200}
    settings = load_settings(["--config", str(path)])
    assert (settings.language, settings.voice) == ("de", "tone")
    assert (settings.speech.lead_silence_ms, settings.speech.tail_silence_ms) == (7, 9)


async def test_null_is_the_default_again(door: Door, path: Path) -> None:
    lead = by_name(await door.client.patch(PATH, json={"speech.lead_silence_ms": None}))["speech.lead_silence_ms"]
    assert (lead["value"], lead["origin"]) == (0, "default")
    assert written(path) == FILE.replace("lead_silence_ms = 50  # the kitchen wakes slowly\n", "")


async def test_a_file_that_somebody_broke_is_told_and_stays(door: Door, path: Path) -> None:
    write(path, "[speech\n")
    answer = await door.client.patch(PATH, json={"speech.lead_silence_ms": 5})
    assert error_of(answer)[:2] == (409, "config_unusable")
    assert str(path) in answer.json()["error"]["message"]
    assert written(path) == "[speech\n"
    assert by_name(await door.client.get(PATH))["speech.lead_silence_ms"]["value"] == 50


async def test_without_its_file_a_change_holds_and_says_until_when(door: Door, path: Path) -> None:
    write(path, None)
    answer = await door.client.patch(PATH, json={"speech.lead_silence_ms": 5})
    lead = by_name(answer)["speech.lead_silence_ms"]
    assert (lead["value"], lead["origin"], lead["toml"]) == (5, "page", "[speech]\nlead_silence_ms = 5\n")
    assert answer.json()["file"]["state"] == "absent"
    with pytest.raises(FileNotFoundError):
        written(path)
    late = await door.client.patch(PATH, json={"speech.lead_silence_ms": 6, "qwen.while_loading": "embedded"})
    assert error_of(late) == (409, "config_unusable", "qwen.while_loading")
    assert by_name(await door.client.get(PATH))["speech.lead_silence_ms"]["value"] == 5


# -- a whole daemon --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A daemon, and a client that has its token."""

    daemon: DaemonProcess
    wyoming: int
    http: int
    client: httpx.AsyncClient


@contextlib.asynccontextmanager
async def running(data: Path, path: Path, *options: str) -> AsyncIterator[Running]:
    with tone_daemon(data, "--config", str(path), *options) as daemon:
        wyoming, http = daemon.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE_S, headers=KEY) as client:
            yield Running(daemon, wyoming, http, client)


async def heard(one: Running, text: str) -> dict[str, bytes]:
    async with AsyncTcpClient("127.0.0.1", one.wyoming) as client:
        await client.write_event(Synthesize(text).event())
        by_wyoming = pcm(await events(client))
    async with connect(f"ws://127.0.0.1:{one.http}/v1/tts") as ws:
        await ws.send(json.dumps({"type": "speak", "text": text, "final": True}))
        by_websocket = b""
        async for message in ws:
            if isinstance(message, bytes):
                by_websocket += message[8:]
            elif json.loads(message)["type"] == "done":
                break
    by_http = await one.client.post("/v1/audio/speech", json={"input": text, "response_format": "pcm"})
    return {"wyoming": by_wyoming, "websocket": by_websocket, "http": by_http.content}


async def test_a_change_is_heard_at_every_door_and_kept(data: Path, path: Path) -> None:
    doors = ("wyoming", "websocket", "http")
    text, said = "It is 5.", "It is five."
    async with running(data, path) as one:
        before = silence(50, SAMPLE_RATE) + tone(said)
        assert await heard(one, text) == dict.fromkeys(doors, before)
        told = by_name(await one.client.patch(PATH, json={**CHANGES, "voices.aliases": {"butler": "tone"}}))
        assert {name: told[name]["value"] for name in CHANGES} == CHANGES
        assert {told[name]["origin"] for name in CHANGES} == {"file"}
        after = silence(100, SAMPLE_RATE) + tone(text)
        assert await heard(one, text) == dict.fromkeys(doors, after)
        assert len({one.daemon.wait_for(r"protocol=(\S+) voice=gong")[1] for _ in doors}) == len(doors)
        by_alias = await one.client.get("/v1/audio/say", params={"text": "Hello.", "voice": "Butler"})
        assert by_alias.headers["x-voice"] == "tone"
        unknown = await one.client.patch(PATH, json={"voice": "nobody"})
        assert error_of(unknown) == (422, "bad_field", "voice")
        dangling = await one.client.patch(PATH, json={"voices.aliases": {"butler": "nobody"}})
        assert error_of(dangling) == (422, "bad_field", "voices.aliases")
        assert stop(one.daemon) == 0
    assert written(path).startswith("# At home.\n")
    assert "lead_silence_ms = 100  # the kitchen wakes slowly\n" in written(path)
    async with running(data, path) as one:
        assert await heard(one, text) == dict.fromkeys(doors, after)


async def test_what_goes_before_the_file_is_locked(data: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3TTS_LANGUAGE", "de")
    monkeypatch.setenv("GPU_IDLE_TIMEOUT", "60")
    async with running(data, path, "--speech.tail-silence-ms", "20") as one:
        answer = await one.client.get(PATH)
        locked = {name: (one["origin"], one["variable"]) for name, one in by_name(answer).items() if one["is_locked"]}
        assert locked == {
            "language": ("environment", "QWEN3TTS_LANGUAGE"),
            "qwen.sleep_s": ("environment", "GPU_IDLE_TIMEOUT"),
            "speech.tail_silence_ms": ("command line", None),
        }
        for name in locked:
            refused = await one.client.patch(PATH, json={"voice": "gong", name: None})
            assert error_of(refused) == (409, "setting_locked", name)
        assert written(path) == FILE
