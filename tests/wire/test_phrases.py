"""Phrases that are kept, through the doors of a daemon as users have it."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets

from benchmarks.doors import Doors
from qwen3tts_daemon.audio.chimes import chime
from qwen3tts_daemon.settings import SettingsError, load_settings
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.phrase_cache import Phrase, PhraseCache, PhraseConfig
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech_setup import phrase_config
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from tests.fakes import SAMPLE_RATE, tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN, Door, open_door
from tests.wire.test_cli import run

DINNER, NOTHING_LISTED = "Dinner is ready.", "The parcel is here."
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_home_assistants_text_finds_it_while_the_voice_is_unloaded(tmp_path: Path) -> None:
    """Text alone, in pieces, as its client sends it: with and without a chime."""
    options = ("--phrases.list", json.dumps([DINNER]), "--embedded.idle-unload-s", "0.2", "--log-text")
    with tone_daemon(tmp_path, *options) as daemon:
        wyoming_port, http_port = daemon.ready()
        doors = Doors(http_port, wyoming_port, "tone", timeout_s=PATIENCE_S)
        assert await doors.wyoming_live([DINNER], seed=1) == tone(DINNER)
        daemon.wait_for(r"end=done$")
        daemon.wait_for("the voice is unloaded")
        loads = daemon.log.count("the voice is loading")
        for pieces, heard in (
            ([DINNER], b""), (["Dinner ", "is ", "ready."], b""), (["[chime] ", DINNER], chime("ding", SAMPLE_RATE)),
        ):  # fmt: skip
            assert await doors.wyoming_live(pieces, seed=1) == heard + tone(DINNER)
            daemon.wait_for(r"protocol=wyoming voice=tone language=en .* end=done cached=yes$")
        assert await doors.http(DINNER, seed=1) == tone(DINNER)
        daemon.wait_for(r"protocol=openai voice=tone language=en .* end=done cached=yes$")
        assert await doors.wyoming_live([NOTHING_LISTED], seed=1) == tone(NOTHING_LISTED)
        daemon.wait_for(r"end=done$")
        assert daemon.log.count("the voice is loading") == loads + 1, "for the last text alone"

        options = ("--http.port", str(http_port))
        told = run("phrases", *options, data=tmp_path)
        assert told.stdout == "sounds kept: 1, 0.0 MB; cache = phrases, phrases listed: 1\n", told.stderr
        assert run("phrases", "--clear", *options, data=tmp_path).stdout.startswith("sounds kept: 0,")
        assert not list((tmp_path / "phrases").iterdir())
        assert oct((tmp_path / "phrases.key").stat().st_mode & 0o777) == "0o600"


async def test_what_is_private_leaves_nothing_at_any_door(tmp_path: Path) -> None:
    text, public = "The gift is in the cellar.", "It rains."
    with tone_daemon(tmp_path, "--phrases.cache", "all", "--log-text", "--log-level", "debug") as daemon:
        _, port = daemon.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            body = {"input": text, "voice": "tone", "private": True}
            for answer in (
                await client.post("/v1/audio/speech", json=body),
                await client.post("/v1/audio/speech", json=body),
                await client.get("/v1/audio/say", params={"text": text, "voice": "tone", "private": "true"}),
                await client.post("/v1/audio/clips", json=body),
                await client.post("/v1/audio/speech/batch", json={"items": [body]}),
            ):
                assert answer.is_success, answer.text
                assert "x-cached" not in answer.headers
            await client.post("/v1/audio/speech", json={"input": public, "voice": "tone"})
        async with websockets.connect(f"ws://127.0.0.1:{port}/v1/tts", subprotocols=["voice.v1"]) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"type": "configure", "voice": "tone", "private": True}))
            await socket.send(json.dumps({"type": "speak", "text": text}))
            await socket.send('{"type": "end"}')
            async for message in socket:
                if isinstance(message, str) and json.loads(message)["type"] == "done":
                    break
        daemon.process.terminate()
        log = daemon.read_rest()
    assert public in log
    assert "gift" not in log
    assert log.count("end=done") >= 5
    assert len(list((tmp_path / "phrases").iterdir())) == 1, "the public one"


def test_a_chime_that_cannot_be_read_and_a_phrase_that_nobody_can_say_stop_the_start(tmp_path: Path) -> None:
    for options, message in (
        (("--speech.chime", "/nonexistent.wav"), r"speech\.chime: cannot read /nonexistent\.wav"),
        (("--phrases.list", '[{"text": "Hello.", "voice": "nobody"}]'), r"phrases\.list: .*'nobody'"),
    ):
        with tone_daemon(tmp_path, *options) as daemon:
            daemon.wait_for(f"cannot start: .*{message}")
            assert daemon.process.wait(PATIENCE_S) == 1


# -- the settings ---------------------------------------------------------------------------------------------------


def test_phrases_are_written_as_people_write_them(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[phrases]\nlist = ["Dinner is ready.", {text = "Das Essen, jetzt!", voice = "anna", language = "de"}]\n'
    )
    config = phrase_config(load_settings(["--config", str(path)]))
    assert config.phrases == (Phrase(DINNER), Phrase("Das Essen, jetzt!", "anna", "de"))
    assert (config.mode, config.most_bytes, config.max_age_s) == ("phrases", 64_000_000, 30 * 86_400)


@pytest.mark.parametrize(
    "line", ['list = [""]', 'list = ["  "]', 'list = [{text = "a", voise = "b"}]', 'cache = "some"']
)
def test_what_is_no_phrase_stops_the_start(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[phrases]\n{line}\n")
    with pytest.raises(SettingsError, match=rf"^{re.escape(str(path))}:2: phrases\.{line.split()[0]}"):
        load_settings(["--config", str(path)])


# -- the doors ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def door(speech: Speech, metrics: Metrics, tmp_path: Path) -> AsyncIterator[Door]:
    config = PhraseConfig("phrases", (Phrase(DINNER), Phrase(NOTHING_LISTED)), most_bytes=1_000_000, max_age_s=60)
    speech.phrases = PhraseCache(PhraseFiles(tmp_path / "phrases", b"a secret"), config)
    async with open_door(speech, metrics) as door:
        yield door


async def test_how_much_is_kept_is_told_and_emptied_with_the_token(door: Door, speech: Speech) -> None:
    for answer in (await door.client.get("/v1/phrases"), await door.client.delete("/v1/phrases")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    await door.client.post("/v1/audio/speech", json={"input": DINNER, "voice": "tone"})
    await speech.phrases.settled()
    told = (await door.client.get("/v1/phrases", headers=BEARER)).json()
    assert told == {"cache": "phrases", "listed": 2, "count": 1, "bytes": told["bytes"]}
    assert told["bytes"] > len(tone(DINNER))
    told = (await door.client.delete("/v1/phrases", headers=BEARER)).json()
    assert (told["count"], told["bytes"]) == (0, 0)


async def test_a_voice_that_is_deleted_leaves_nothing_behind(door: Door, speech: Speech) -> None:
    library = speech.voices.library
    assert library is not None
    library.add(StoredVoice(id="anna", name="Anna", kind="profile", base="tone"))
    await door.client.post("/v1/audio/speech", json={"input": DINNER, "voice": "anna"})
    await speech.phrases.settled()
    assert speech.phrases.count == 1
    await door.client.delete("/v1/audio/voices/anna", headers=BEARER)
    assert speech.phrases.count == 0


async def test_it_is_told_that_it_was_kept(door: Door, speech: Speech) -> None:
    body = {"input": DINNER, "voice": "tone", "response_format": "pcm"}
    spoken, kept = [], []
    for answers in (spoken, kept):
        answers.append(await door.client.post("/v1/audio/speech", json=body))
        await speech.phrases.settled()
    assert spoken[0].content == kept[0].content
    reports = [
        (await door.client.get(f"/v1/audio/requests/{one.headers['x-request-id']}")).json() for one in (*spoken, *kept)
    ]
    assert [report["cached"] for report in reports] == [False, True]
    assert "rtf" not in reports[1]
    whole = await door.client.post("/tts", json={"text": DINNER, "speaker": "tone"})
    assert whole.status_code == 404 or whole.headers.get("x-cached") == "1"


async def test_a_websocket_is_told_too(door: Door, speech: Speech) -> None:
    async with speech.whole_utterance(Order("test", "tone"), DINNER) as utterance:
        async for _ in utterance:
            pass
    await speech.phrases.settled()
    async with websockets.connect(f"ws://127.0.0.1:{door.port}/v1/tts", subprotocols=["voice.v1"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "configure", "voice": "tone"}))
        await socket.send(json.dumps({"type": "speak", "text": DINNER}))
        await socket.send('{"type": "end"}')
        pcm, told = b"", []
        async for message in socket:
            if isinstance(message, bytes):
                pcm += message[8:]
                continue
            told.append(json.loads(message))
            if told[-1]["type"] == "done":
                break
    assert pcm == tone(DINNER)
    assert told[-1]["metrics"]["cached"] is True
    assert (told[-1]["reason"], told[-1]["samples"]) == ("complete", len(pcm) // 2)
