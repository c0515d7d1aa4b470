"""docs/api.md: its examples run as they stand, on a daemon with three tiny checkpoints (random weights, on the CPU)."""

import io
import json
import os
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from websockets.sync.client import ClientConnection
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.protocols.voice_v1.client_messages import ClientMessage
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import DaemonMessage
from qwen_tts.api import Audio
from qwen_tts.audio.samples import to_pcm
from tests.golden.cases import reference_audio
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, embedded_daemon
from tests.wire.patient import connect_blocking

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
ROWS = re.findall(r"^\| `(\w+) (/\S+)` \|(?:.*\|)? `(.*)` \|$", API, re.MULTILINE)
BLOCKS = [block for block in re.findall(r"```bash\n(.*?)```", API, re.DOTALL) if "key=" not in block]
MESSAGES = re.findall(r"^\| (?:`(.+)`|connecting) \| (.*?) ?\|$", API.partition("## WebSocket")[2], re.MULTILINE)
CHECKPOINTS = ("tiny-1.7B-CustomVoice", "tiny-0.6B-Base", "tiny-1.7B-VoiceDesign")
OPTIONS = (
    "--engine", "qwen", "--qwen.device", "cpu", "--qwen.threads", "1", "--qwen.rows", "2",
    "--qwen.kv-positions", "2048", "--qwen.guards.length-factor", "1.6", "--qwen.guards.spare-s", "0.32",
)  # fmt: skip

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the document shows")


class Home:
    """A daemon, and a folder to work in with a recording."""

    def __init__(self, daemon: DaemonProcess, folder: Path) -> None:
        self.daemon, self.folder = daemon, folder
        self.wyoming, self.http = daemon.ready()
        recording = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
        (folder / "me.wav").write_bytes(to_wav(recording))
        self.key = f"Authorization: Bearer {(folder.parent / 'data' / 'token').read_text().strip()}"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.http}", timeout=PATIENCE_S)

    def run(self, script: str) -> str:
        script = script.replace("8766", str(self.http)).replace(r"\|", "|")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, timeout=PATIENCE_S, check=False, text=True,
            capture_output=True, env={**os.environ, "key": self.key},
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}\n{self.daemon.log}"
        return done.stdout

    def seconds_of(self, name: str) -> float:
        content = (self.folder / name).read_bytes()
        if name.endswith(".pcm"):
            return len(content) / 2 / 24_000
        with wave.open(io.BytesIO(content)) as file:
            return file.getnframes() / file.getframerate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    root = tmp_path_factory.mktemp("api")
    for name in CHECKPOINTS:
        write_checkpoint(name, root / "models" / name, endless=True)
    (root / "work").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")  # nothing is downloaded
        with embedded_daemon(root / "data", "--models.dir", str(root / "models"), *OPTIONS) as daemon:
            home = Home(daemon, root / "work")
            with home.client:
                yield home


def test_every_path_of_the_wrapper_is_in_the_document() -> None:
    assert {path for _, path, _ in ROWS} >= {
        "/api/gpu-status", "/api/gpu-offload", "/api/speakers", "/api/languages", "/api/models", "/api/sample-texts",
        "/api/tts/custom-voice", "/api/tts/voice-design", "/api/tts/voice-clone", "/api/tts/voice-clone-from-prompt",
        "/api/voice-prompt/save", "/api/tts/custom-voice/stream", "/api/tts/voice-design/stream",
        "/api/tts/voice-clone/stream", "/api/tokenizer/encode", "/api/tokenizer/decode",
    }  # fmt: skip


def test_the_examples_of_the_table_make_sound(home: Home) -> None:
    """In the order in which they stand: what one makes the next takes."""
    for _, path, example in ROWS:
        said = home.run(example)
        if output := re.search(r"-o (\S+\.(?:wav|pcm))", example):
            assert home.seconds_of(output[1]) > 0.3, path
        elif "-o" not in example:
            assert said.startswith("{"), path
    assert home.client.get("/api/models").json()["models"] == dict(
        zip(("custom_voice", "voice_clone", "voice_design"), CHECKPOINTS, strict=True)
    )


async def test_voices_are_made_kept_and_offered_everywhere(home: Home) -> None:
    for block in BLOCKS:
        home.run(block)
    offered = {voice["id"]: voice for voice in home.client.get("/v1/audio/voices").json()["voices"]}
    assert {"me", "captain", "sailor", "newsreader"} <= offered.keys()
    assert "me-2" not in offered
    assert offered["captain"]["name"] == "Skipper"
    assert offered["sailor"]["design"] == "An old sailor"
    assert home.seconds_of("tried.wav") > 0.3
    async with AsyncTcpClient("127.0.0.1", home.wyoming) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        (program,) = Info.from_event(event).tts
        assert {"me", "captain", "sailor", "newsreader"} <= {voice.name for voice in program.voices}
        for voice in ("me", "captain", "newsreader", "ryan-de"):
            await client.write_event(Synthesize("Guten Abend.", voice=SynthesizeVoice(name=voice)).event())
            heard = 0
            while (event := await client.read_event()) is not None and event.type != "audio-stop":
                assert event.type != "error", event.data
                heard += len(AudioChunk.from_event(event).audio) if AudioChunk.is_type(event.type) else 0
            assert heard > 0, voice


def is_within(expected: Any, given: Any) -> bool:
    """Whether `given` has everything that is expected, and perhaps more."""
    match expected:
        case dict():
            return isinstance(given, dict) and all(is_within(value, given.get(key)) for key, value in expected.items())
        case list():
            return isinstance(given, list) and all(map(is_within, expected, given))
    return bool(expected == given)


def told(socket: ClientConnection, expected: dict[str, Any]) -> None:
    """Read on until it comes."""
    while True:
        data = socket.recv(PATIENCE_S)
        if isinstance(data, bytes):
            continue
        message = json.loads(data)
        if message["type"] == "done" and message["reason"] == "limit":
            message["reason"] = "complete"  # random weights draw no end
        if is_within(expected, message):
            return


def test_every_message_of_the_websocket_has_an_example(home: Home) -> None:
    shown = {json.loads(message)["type"] for row in MESSAGES for message in re.findall(r"`({.*?})`", " ".join(row))}
    shown |= {json.loads(sent)["type"] for sent, _ in MESSAGES if sent.startswith("{")}
    kinds = (*get_args(ClientMessage), *get_args(DaemonMessage))
    assert shown == {kind.__struct_config__.tag for kind in kinds}


def test_the_messages_of_the_table_are_answered_as_it_says(home: Home) -> None:
    """On one socket, in the order in which they stand."""
    if "me" not in {voice["id"] for voice in home.client.get("/v1/audio/voices").json()["voices"]}:
        home.run(next(line for block in BLOCKS for line in block.splitlines() if "name=Me" in line))
    with connect_blocking(f"ws://127.0.0.1:{home.http}/v1/tts") as socket:
        for sent, answers in MESSAGES:
            if sent.startswith("curl"):
                home.run(sent)
            elif sent:
                socket.send(sent)
            for answer in re.findall(r"`({.*?})`", answers):
                told(socket, json.loads(answer))


def test_a_stream_says_afterwards_what_it_cost(home: Home) -> None:
    order = {"text": "Good evening.", "speaker": "vivian"}
    answer = home.client.post("/api/tts/custom-voice/stream", json=order)
    assert answer.headers["x-audio-format"] == "pcm_s16le"
    report = home.client.get(f"/v1/audio/requests/{answer.headers['x-request-id']}").json()
    assert report["samples"] * 2 == len(answer.content)
    assert (report["end"], report["voice"]) == ("limit", "vivian")  # random weights draw no end
    whole = home.client.post("/api/tts/custom-voice", json=order)
    for header in ("x-time-load", "x-time-gen", "x-time-total", "x-audio-duration", "x-rtf", "x-ttfa"):
        assert float(whole.headers[header]) >= 0


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("custom-voice", {"text": "Hi.", "speaker": "nobody"}, "speaker"),
        ("custom-voice", {"text": "Hi.", "language": "Klingon"}, "language"),
        ("custom-voice", {"text": " "}, "text"),
        ("custom-voice", {"text": "Hi.", "subtalker_temperature": 9}, "subtalker_temperature"),
        ("custom-voice", {"text": "Hi.", "max_new_tokens": 0}, "max_new_tokens"),
        ("voice-design", {"text": "Hi.", "instruct": " "}, "instruct"),
    ],
)
def test_what_is_wrong_is_named_as_the_caller_wrote_it(home: Home, path: str, body: object, param: str) -> None:
    answer = home.client.post(f"/api/tts/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param)


@pytest.mark.parametrize(
    ("path", "fields", "file", "param"),
    [
        ("tts/voice-clone", {"text": "Hi.", "ref_text": "x"}, ("ref_audio", b"no sound"), "ref_audio"),
        ("tts/voice-clone", {"text": "Hi."}, ("ref_audio", b"no sound"), "ref_text"),
        ("tts/voice-clone", {"text": "Hi.", "ref_text": "x"}, ("other", b"x"), "ref_audio"),
        ("tts/voice-clone-from-prompt", {"text": "Hi."}, ("voice_prompt", b"PK\x03\x04pickle"), "voice_prompt"),
        ("tts/voice-clone-from-prompt", {"text": "Hi."}, ("voice_prompt", b"nonsense"), "voice_prompt"),
        ("tokenizer/encode", {}, ("ref_audio", b""), "ref_audio"),
    ],
)
def test_a_bad_file_is_told_with_its_field(
    home: Home, path: str, fields: dict[str, str], file: tuple[str, bytes], param: str
) -> None:
    answer = home.client.post(f"/api/{path}", data=fields, files={file[0]: ("name", file[1])})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, param), answer.text


@pytest.mark.parametrize("codes", [[], [[1]], [[0] * 15 + [99_999]], [[-1] * 16], [[0] * 16, [0] * 3], "x", [["a"]]])
def test_codes_that_are_none_break_nothing(home: Home, codes: object) -> None:
    assert home.client.post("/api/tokenizer/decode", json=codes).status_code == 422
    good = home.client.post("/api/tokenizer/decode", json=[[0] * 16] * 3)
    assert (good.status_code, good.headers["x-audio-duration"]) == (200, "0.240")
