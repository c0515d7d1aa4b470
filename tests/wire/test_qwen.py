"""The daemon with Qwen3-TTS in its worker: a tiny checkpoint with random weights, on the CPU."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.sync.client import ClientConnection as Connection
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.audio import to_wav
from qwen_tts.api import Audio
from qwen_tts.audio.samples import to_pcm
from qwen_tts.config.languages import LANGUAGES
from tests.bent import bend, murmurs_after_speech
from tests.golden.cases import reference_audio
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, carded_daemon, embedded_daemon
from tests.wire.patient import connect, connect_blocking

RECORDING = to_wav(Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000))
SPEAKERS = {"vivian", "serena", "uncle_fu", "dylan", "eric", "ryan", "aiden", "ono_anna", "sohee"}
FEW = (
    "--engine", "qwen", "--qwen.device", "cpu", "--qwen.threads", "1", "--qwen.rows", "2",
    "--qwen.kv-positions", "2048", "--qwen.guards.length-factor", "0.6", "--qwen.guards.spare-s", "0.32",
)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    write_checkpoint("tiny-0.6B-CustomVoice", models / "tiny", endless=True)
    return models


@pytest.fixture(scope="module")
def doors(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, DaemonProcess]]:
    with embedded_daemon(tmp_path_factory.mktemp("data"), "--models.dir", str(models), *FEW) as daemon:
        yield *daemon.ready(), daemon


async def heard(client: AsyncTcpClient, last: str = "audio-stop") -> tuple[int, bytes]:
    """Sample rate and PCM up to the event `last`."""
    rate, pcm = 0, b""
    while (event := await client.read_event()) is not None and event.type != last:
        assert event.type != "error", event.data
        if AudioStart.is_type(event.type):
            rate = AudioStart.from_event(event).rate
        if AudioChunk.is_type(event.type):
            pcm += AudioChunk.from_event(event).audio
    return rate, pcm


async def test_home_assistant_finds_nine_voices_in_ten_languages(doors: tuple[int, int, DaemonProcess]) -> None:
    async with AsyncTcpClient("127.0.0.1", doors[0]) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
    assert event is not None
    (program,) = Info.from_event(event).tts
    assert program.name == "qwen3-tts"
    # One that is the default of some languages only is there twice: its description makes it their first.
    speakers = {language: [voice for voice in program.voices if language in voice.languages] for language in LANGUAGES}
    assert len(speakers) == 10
    assert all(sorted(voice.name for voice in voices) == sorted(SPEAKERS) for voices in speakers.values())
    first = {language: min(voices, key=lambda voice: voice.description or "") for language, voices in speakers.items()}
    assert (first["en"].name, first["zh"].name, first["ja"].name) == ("ryan", "vivian", "ono_anna")


@pytest.mark.parametrize("voice", ["ryan", "sohee"])
async def test_it_speaks_through_wyoming(doors: tuple[int, int, DaemonProcess], voice: str) -> None:
    async with AsyncTcpClient("127.0.0.1", doors[0]) as client:
        await client.write_event(Synthesize("Good evening.", voice=SynthesizeVoice(name=voice)).event())
        rate, pcm = await heard(client)
    assert rate == 24_000
    assert len(pcm) >= 4 * 1_920 * 2


async def test_live_text_reaches_it_bit_by_bit(doors: tuple[int, int, DaemonProcess]) -> None:
    async with AsyncTcpClient("127.0.0.1", doors[0]) as client:
        await client.write_event(SynthesizeStart(voice=SynthesizeVoice(name="ryan")).event())
        await client.write_event(SynthesizeChunk("She said she would be here by noon. ").event())
        while (event := await client.read_event()) is not None and event.type != "audio-chunk":
            assert event.type != "error", event.data
        await client.write_event(SynthesizeChunk("And it is noon.").event())
        await client.write_event(SynthesizeStop().event())
        _, rest = await heard(client, "synthesize-stopped")
    assert rest


def test_it_speaks_through_rest_and_says_that_it_is_no_preview(doors: tuple[int, int, DaemonProcess]) -> None:
    base = f"http://127.0.0.1:{doors[1]}"
    health = httpx.get(f"{base}/health", timeout=PATIENCE_S).json()
    assert (health["engine"], health["state"], health["preview"]) == ("qwen3-tts", "ready", False)
    order = {"model": "tts-1", "voice": "vivian", "input": "Good evening.", "response_format": "pcm"}
    answer = httpx.post(f"{base}/v1/audio/speech", json=order, timeout=PATIENCE_S)
    assert answer.status_code == 200
    assert len(answer.content) >= 4 * 1_920 * 2
    assert httpx.post(f"{base}/v1/audio/speech", json=order | {"voice": "heart"}, timeout=PATIENCE_S).status_code == 422


async def test_what_came_to_no_end_is_told_at_every_door(doors: tuple[int, int, DaemonProcess]) -> None:
    """What is streamed is stopped; what is wanted as a whole is spoken once more, and then stopped."""
    text, base = "Good evening.", f"http://127.0.0.1:{doors[1]}"
    async with httpx.AsyncClient(base_url=base, timeout=PATIENCE_S) as client:
        body = {"voice": "vivian", "input": text, "response_format": "pcm"}
        streamed = await client.post("/v1/audio/speech", json=body)
        doors[2].wait_for("protocol=openai .* end=limit guards=length:1$")
        whole = await client.post("/api/tts/custom-voice", json={"speaker": "vivian", "text": text})
        assert whole.headers["x-end"] == "limit"
        doors[2].wait_for("protocol=rest .* end=limit guards=length:2,retry:1$")
        lines = (await client.post("/v1/audio/speech/batch", json={"items": [body]})).text
        assert json.loads(lines.splitlines()[0])["end"] == "limit"
        doors[2].wait_for("protocol=batch .* end=limit guards=length:2,retry:1$")
        metrics = (await client.get("/metrics")).text
    assert len(streamed.content) + 44 == len(whole.content)
    assert 'qwen3tts_guards_total{guard="retry"}' in metrics
    async with AsyncTcpClient("127.0.0.1", doors[0]) as wyoming:
        await wyoming.write_event(Synthesize(text, voice=SynthesizeVoice(name="vivian")).event())
        while (event := await wyoming.read_event()) is not None and event.type != "audio-stop":
            pass
    assert event is not None
    assert event.data["end"] == "limit"


def test_a_murmur_after_speech_is_its_end(models: Path, tmp_path: Path) -> None:
    bend(models / "tiny", tmp_path / "bent", murmurs_after_speech(models / "tiny"))
    listens = ("--qwen.guards.length-factor", "0", "--qwen.guards.silence-s", "0.8")
    with embedded_daemon(tmp_path / "data", "--models.dir", str(tmp_path), *FEW, *listens) as daemon:
        order = {"voice": "vivian", "input": "She is here.", "response_format": "pcm", "text_layout": "streaming"}
        answer = httpx.post(f"http://127.0.0.1:{daemon.ready()[1]}/v1/audio/speech", json=order, timeout=PATIENCE_S)
        daemon.wait_for("protocol=openai .* end=done guards=silence:1$")
    assert len(answer.content) < 40 * 1_920 * 2


def test_a_whole_text_is_read_whole_through_every_door_and_live_text_as_it_comes(models: Path, tmp_path: Path) -> None:
    """A preset, and a clone with and without its words: the same seed is the same sound wherever the layout is."""
    clones = tmp_path / "models"
    clones.mkdir()
    (clones / "tiny").symlink_to(models / "tiny")
    write_checkpoint("tiny-0.6B-Base", clones / "base", endless=True)
    text = "Good evening, everybody. And you, sir?"
    with embedded_daemon(tmp_path / "data", "--models.dir", str(clones), *FEW) as daemon:
        port = daemon.ready()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            recording = {"ref_audio": ("me.wav", RECORDING)}
            voices = ["ryan"]
            for words in ({"ref_text": "Some words."}, {}):
                voices.append(client.post("/v1/audio/references", data=words, files=recording).json()["voice"])
            for voice in voices:
                order = {"input": text, "voice": voice, "seed": 7, "language": "en", "response_format": "pcm"}
                spoken = {
                    layout: client.post("/v1/audio/speech", json=order | {"text_layout": layout}).content
                    for layout in ("auto", "whole", "streaming")
                }
                assert spoken["auto"] == spoken["whole"] != spoken["streaming"]
                query = {"text": text, "voice": voice, "seed": 7, "language": "en", "format": "pcm"}
                assert client.get("/v1/audio/say", params=query).content == spoken["whole"]
                speak = {"type": "speak", "voice": voice, "language": "en", "sampling": {"seed": 7}}
                assert heard_on_a_socket(port, {**speak, "text": text, "final": True}) == spoken["whole"]
                live = heard_on_a_socket(port, {**speak, "text": text}, {"type": "end"})
                assert live != spoken["whole"]


def test_it_is_given_words_where_numbers_were_written(doors: tuple[int, int, DaemonProcess]) -> None:
    """The same seed and the same text tokens are the same sound."""

    def sound(text: str, **fields: object) -> bytes:
        order = {"input": text, "voice": "ryan", "seed": 7, "language": "en", "response_format": "pcm", **fields}
        return httpx.post(f"http://127.0.0.1:{doors[1]}/v1/audio/speech", json=order, timeout=PATIENCE_S).content

    written, words = "It is 21.5 °C.", "It is twenty-one point five degrees Celsius."
    assert sound(written) == sound(words) != sound(written, text_normalization=False)
    speak = {"type": "speak", "voice": "ryan", "language": "en", "sampling": {"seed": 7}, "final": True}
    assert heard_on_a_socket(doors[1], {**speak, "text": written}) == sound(words)


def heard_on_a_socket(port: int, *messages: dict[str, Any]) -> bytes:
    """The sound of a context that comes to its end."""
    with connect_blocking(f"ws://127.0.0.1:{port}/v1/tts") as socket:
        for message in messages:
            socket.send(json.dumps(message))
        sound = b""
        while isinstance(data := socket.recv(PATIENCE_S), bytes) or json.loads(data)["type"] != "done":
            sound += data[8:] if isinstance(data, bytes) else b""
        assert json.loads(data)["reason"] == "limit", data
        return sound


def test_who_waits_for_its_turn_is_told_its_place(doors: tuple[int, int, DaemonProcess]) -> None:
    url = f"ws://127.0.0.1:{doors[1]}/v1/tts"

    def say(socket: Connection, **fields: object) -> None:
        socket.send(json.dumps({"type": "speak", "final": True, **fields}))

    def wait_for(socket: Connection, kind: str) -> dict[str, Any]:
        while isinstance(data := socket.recv(PATIENCE_S), bytes) or json.loads(data)["type"] != kind:
            pass
        message: dict[str, Any] = json.loads(data)
        return message

    with connect_blocking(url) as first, connect_blocking(url) as second, connect_blocking(url) as third:
        for ctx in ("a", "b"):
            say(first, ctx=ctx, policy="parallel", text="And so it went on and on. " * 40)
            wait_for(first, "segment")
        say(second, text="Good evening.")
        queued = wait_for(second, "queued")
        assert queued.pop("wait_s") >= 0
        place = queued.pop("place")
        assert queued == {"type": "queued", "ctx": "auto-1", "position": 0}
        assert place in (1, 2), "where others are at work, the machine may keep up with one"
        say(third, text="Good evening.")
        assert wait_for(third, "queued")["place"] == place + 1
        first.send('{"type": "cancel", "all": true}')
        for one, before in ((second, place), (third, place + 1)):
            while before:
                now = wait_for(one, "queued")["place"]
                assert now < before
                before = now
        assert [wait_for(one, "done")["reason"] for one in (second, third)] == ["limit"] * 2


def test_a_choice_that_cannot_be_met_stops_the_start(tmp_path: Path) -> None:
    with embedded_daemon(tmp_path, "--engine", "qwen", "--models.dir", str(tmp_path)) as daemon:
        daemon.wait_for("cannot start: .*engine is qwen, and .* holds no checkpoint: qwen3tts-daemon models download")
        assert daemon.process.wait(PATIENCE_S) == 1


@pytest.mark.parametrize("attention", ["triton", "flash"])
def test_attention_that_cannot_run_here_stops_the_start(models: Path, tmp_path: Path, attention: str) -> None:
    with embedded_daemon(tmp_path, "--models.dir", str(models), *FEW, "--qwen.attention", attention) as daemon:
        daemon.wait_for(f"cannot start: .*attention is '{attention}', which needs an NVIDIA card")
        assert daemon.process.wait(PATIENCE_S) == 1


async def test_a_checkpoint_that_comes_takes_over_from_the_preview_and_cuts_nobody(
    models: Path, tmp_path: Path
) -> None:
    """Real engines, in real processes: who is speaking goes on with the preview's voice to the end of the text."""
    here = tmp_path / "models"
    here.mkdir()
    options = (*FEW[2:], "--models.dir", str(here), "--no-embedded.kokoro")
    with carded_daemon(tmp_path / "data", *options) as daemon:
        wyoming, http = daemon.ready()
        async with connect(f"ws://127.0.0.1:{http}/v1/tts") as socket:
            await socket.send(json.dumps({"type": "watch"}))
            await socket.send(json.dumps({"type": "speak", "ctx": "long", "text": "This was begun before. "}))
            first = await _message(socket, "segment", ctx="long")
            shutil.copytree(models / "tiny", here / "tiny")
            await _message(socket, "voices", preview=False, checkpoints=["tiny"])
            await socket.send(
                json.dumps({"type": "speak", "ctx": "long", "text": "And this comes after.", "final": True})
            )
            second = await _message(socket, "segment", ctx="long")
            assert second["voice"] == first["voice"] not in SPEAKERS
            assert (await _message(socket, "done", ctx="long"))["reason"] == "complete"
            await socket.send(json.dumps({"type": "speak", "ctx": "new", "text": "Good evening.", "final": True}))
            assert (await _message(socket, "segment", ctx="new"))["voice"] in SPEAKERS
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
            assert event is not None
            assert {voice.name for voice in Info.from_event(event).tts[0].voices} >= SPEAKERS


async def _message(socket: AsyncConnection, type: str, **fields: Any) -> dict[str, Any]:
    """The next of this kind that has these fields."""
    async for data in socket:
        message: dict[str, Any] = {} if isinstance(data, bytes) else json.loads(data)
        if message.get("type") == type and fields.items() <= message.items():
            return message
    raise AssertionError("the socket has closed")
