"""What docs/http.md and docs/websocket.md promise: nothing is left out, and their examples run as they stand."""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from websockets.frames import CloseCode as LibraryCode
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.audio import silence, to_wav
from qwen3tts_daemon.audio.chimes import chime
from qwen3tts_daemon.failures import CLOSE_CODES, HTTP_STATUS
from qwen3tts_daemon.protocols.elevenlabs.client_messages import Address, Message
from qwen3tts_daemon.protocols.http.routes.elevenlabs import TextToSpeechBody
from qwen3tts_daemon.protocols.http.routes.openai import SpeechBody
from qwen3tts_daemon.protocols.voice_v1.client_messages import ClientMessage
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import DaemonMessage
from qwen3tts_daemon.protocols.voice_v1.formats import SoundFormat
from qwen3tts_daemon.protocols.voice_v1.options import ContextOptions
from qwen3tts_daemon.settings import HttpEngineSettings, ProfileSettings, load_settings
from qwen3tts_daemon.text.styles import BUILT_IN
from qwen3tts_daemon.voices.aliases import Aliases
from qwen_tts.api import Audio
from tests.fakes import SAMPLE_RATE, tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon
from tests.wire.http_door import TOKEN
from tests.wire.test_cli import run
from tests.wire.test_names import first_of

DOCS = Path(__file__).parents[2] / "docs"
HTTP = (DOCS / "http.md").read_text()
TROUBLESHOOTING = (DOCS / "troubleshooting.md").read_text()
WEBSOCKET = (DOCS / "websocket.md").read_text()
ELEVENLABS = (DOCS / "elevenlabs.md").read_text()
TEXT = (DOCS / "text.md").read_text()
VOICES = (DOCS / "voices.md").read_text()
PHRASES = (DOCS / "phrases.md").read_text()
SPEECH_SERVER = (DOCS / "speech_server.md").read_text()
PAGE_SOCKET = (DOCS.parent / "qwen3tts_daemon" / "web" / "js" / "socket.js").read_text()
MESSAGES = (*get_args(ClientMessage), *get_args(DaemonMessage))


def example(document: str, language: str, containing: str) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", document, re.DOTALL)
    return next(block for block in blocks if containing in block)


def missing(names: Iterable[str], document: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in document]


def test_every_error_code_is_in_the_table_with_its_status() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \| (.*?) \|", HTTP.partition("\n## Errors\n")[2], re.MULTILINE)
    told = {
        code: [int(status) for status in statuses.split(", ")]
        for statuses, codes in rows
        for code in re.findall(r"`(\w+)`", codes)
    }
    assert told.keys() == HTTP_STATUS.keys()
    assert not {code for code, status in HTTP_STATUS.items() if status not in told[code]}


def test_every_close_code_is_in_the_table_and_known_to_the_page() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \|", WEBSOCKET.partition("\n| close | why |\n")[2], re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(", ")}
    assert told == {*CLOSE_CODES.values(), LibraryCode.INVALID_DATA, LibraryCode.MESSAGE_TOO_BIG}
    page = dict(re.findall(r'(4\d\d\d): "(\w+)"', PAGE_SOCKET.partition("const FATAL =")[2].partition(";")[0]))
    assert page == {str(code): name for name, code in CLOSE_CODES.items() if code >= 4000 and name != "timeout"}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: str(message.__name__))
def test_every_message_and_its_fields_are_described(message: type) -> None:
    assert missing([message.__struct_config__.tag, *message.__struct_fields__], WEBSOCKET) == []  # type: ignore[attr-defined]


def test_every_option_is_described() -> None:
    assert missing(ContextOptions.__struct_fields__ + SoundFormat.__struct_fields__, WEBSOCKET) == []
    assert missing(SpeechBody.__struct_fields__, HTTP) == []
    assert missing(HttpEngineSettings.model_fields, SPEECH_SERVER) == []


def test_the_python_of_the_websocket_writes_the_sound(tmp_path: Path) -> None:
    code = example(WEBSOCKET, "python", "websockets")
    assert len(list(filter(None, code.splitlines()))) == 5
    with tone_daemon(tmp_path / "data") as daemon:
        code = code.replace("8766", str(daemon.ready()[1]))
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=PATIENCE_S, check=True)
    assert (tmp_path / "hello.pcm").read_bytes() == tone("Hello from your own home.")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
def test_words_of_ones_own_are_said_as_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.toml"
    path.write_text(example(TEXT, "toml", "Siobhan"))
    command, said = example(TEXT, "console", "Siobhan").removeprefix("$ qwen3tts-daemon ").split("\n", 1)
    with tone_daemon(tmp_path) as daemon:
        wyoming, http = daemon.ready()
        ports = {"QWEN3TTS_HTTP__PORT": str(http), "QWEN3TTS_WYOMING__PORT": str(wyoming)}
        assert run(*shlex.split(command), data=tmp_path, **ports).stdout == said
        key = f"Authorization: Bearer {(tmp_path / 'token').read_text().strip()}"
        script = example(TEXT, "bash", "/v1/lexicon").replace("8766", str(http))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env={**os.environ, "key": key}, timeout=PATIENCE_S, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        assert json.loads(done.stdout.partition("}]}")[0] + "}]}")["entries"][0]["written"] == "Siobhan"
        assert '"spoken":"A jif."' in done.stdout
    assert path.read_text() == example(TEXT, "toml", "Siobhan")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
def test_the_curl_line_writes_a_wav(tmp_path: Path) -> None:
    line = example(HTTP, "bash", "curl")
    with tone_daemon(tmp_path / "data") as daemon:
        line = line.replace("8766", str(daemon.ready()[1]))
        subprocess.run(["bash", "-ec", line], cwd=tmp_path, timeout=PATIENCE_S, check=True)
    sound = (tmp_path / "speech.wav").read_bytes()
    assert sound.startswith(b"RIFF")
    assert sound.endswith(tone("The washing machine is done."))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
def test_the_ssml_of_the_page_pauses_as_it_says(tmp_path: Path) -> None:
    line = example(TEXT, "bash", "ssml.wav")
    with tone_daemon(tmp_path / "data") as daemon:
        line = line.replace("8766", str(daemon.ready()[1]))
        subprocess.run(["bash", "-ec", line], cwd=tmp_path, timeout=PATIENCE_S, check=True)
    sound = (tmp_path / "ssml.wav").read_bytes()[44:]
    assert sound.count(silence(500, SAMPLE_RATE)) == 1
    assert sound.endswith(tone("Come, please.")[-1_000:])


@pytest.mark.parametrize("element", re.findall(r"<([a-z-]+)", example(TEXT, "xml", "<speak>")))
def test_the_elements_of_the_example_are_in_the_table(element: str) -> None:
    assert element == "speak" or re.search(rf"^\| {element} \|", TEXT, re.MULTILINE)


def test_openais_client_writes_a_wav(tmp_path: Path) -> None:
    code = example(HTTP, "python", "openai")
    with tone_daemon(tmp_path / "data") as daemon:
        code = code.replace("8766", str(daemon.ready()[1]))
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=PATIENCE_S, check=True)
    assert (tmp_path / "dinner.wav").read_bytes().endswith(tone("Dinner is ready."))


def test_elevenlabs_client_writes_a_file(tmp_path: Path) -> None:
    code = example(ELEVENLABS, "python", "dinner.mp3")
    with tone_daemon(tmp_path / "data") as daemon:
        code = code.replace("8766", str(daemon.ready()[1]))
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=PATIENCE_S, check=True)
    assert len((tmp_path / "dinner.mp3").read_bytes()) > 10_000


def test_live_text_in_elevenlabs_shape_writes_the_sound(tmp_path: Path) -> None:
    code = example(ELEVENLABS, "python", "hello.pcm")
    with tone_daemon(tmp_path / "data") as daemon:
        code = code.replace("8766", str(daemon.ready()[1]))
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=PATIENCE_S, check=True)
        daemon.wait_for("protocol=elevenlabs .*end=done")
    assert (tmp_path / "hello.pcm").read_bytes() == tone("Hello from your own home.")


def test_every_field_of_elevenlabs_is_described() -> None:
    fields = {*TextToSpeechBody.__struct_fields__, *Message.__struct_fields__, *Address.__struct_fields__}
    assert missing(fields - {"context_id_in_camel_case"}, ELEVENLABS) == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
def test_a_listed_phrase_is_announced_kept_and_deleted(tmp_path: Path) -> None:
    config, data = tmp_path / "config.toml", tmp_path / "data"
    config.write_text(example(PHRASES, "toml", "Dinner"))
    curl, *commands = example(PHRASES, "bash", "curl").replace("\\\n", "").splitlines()
    with tone_daemon(data, "--config", str(config), table="qwen") as daemon:
        port = str(daemon.ready()[1])
        for ending in ("end=done$", "end=done cached=yes$"):
            subprocess.run(["bash", "-ec", curl.replace("8766", port)], cwd=tmp_path, timeout=PATIENCE_S, check=True)
            announced = chime("ding", SAMPLE_RATE) + tone("Dinner is ready.")
            assert (tmp_path / "dinner.wav").read_bytes().endswith(announced)
            daemon.wait_for(ending)
        program = f"{sys.executable} -m qwen3tts_daemon phrases --data-dir {data} --http.port {port}"
        for command, kept in zip(commands, ("1", "0"), strict=True):
            line = command.replace("qwen3tts-daemon phrases", program)
            told = subprocess.run(["bash", "-ec", line], timeout=PATIENCE_S, check=True, capture_output=True, text=True)
            assert told.stdout.startswith(f"sounds kept: {kept},")


def test_every_style_is_in_the_table() -> None:
    rows = re.findall(r"^\| (?:moods|manners) \| (.*) \|$", VOICES, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(BUILT_IN)


def test_every_field_of_a_profile_is_described() -> None:
    assert missing(ProfileSettings.model_fields, VOICES) == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
async def test_the_page_of_voices_is_followed_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    data, config, here = tmp_path / "data", tmp_path / "config.toml", tmp_path / "here"
    data.mkdir()
    here.mkdir()
    (data / "token").write_text(TOKEN)
    (data / "token").chmod(0o600)
    (here / "me.wav").write_bytes(to_wav(Audio(pcm=tone("x" * 60), sample_rate=24_000)))
    config.write_text(example(VOICES, "toml", "[voices.night]"))
    kinds = ["preset", "cloned", "designed"]
    with tone_daemon(data, "--config", str(config), table="qwen", kinds=kinds, preview=False) as daemon:
        wyoming, http = daemon.ready()
        lines = "\n".join(re.findall(r"```bash\n(.*?)```", VOICES, re.DOTALL)).replace("8766", str(http))
        environment = {**os.environ, "DATA_DIR": str(data)}
        shell = await asyncio.create_subprocess_exec("bash", "-ec", lines, cwd=here, env=environment)
        assert await asyncio.wait_for(shell.wait(), PATIENCE_S) == 0
        options = dict(re.findall(r"^    (\w+): (\w+)$", example(VOICES, "yaml", "options:"), re.MULTILINE))
        said = Synthesize("Good night.", SynthesizeVoice(name=options["voice"], speaker=options["speaker"]))
        async with AsyncTcpClient("127.0.0.1", wyoming) as client:
            await first_of(client, "audio-stop", said.event())
        spoken = [
            *["ryan", "serena", "night", "ryan", "ryan", "ryan", "ryan", "cloned", r"reference:\S+", "late"],
            options["voice"],
        ]
        for voice in spoken:
            daemon.wait_for(rf"speech id=\S+ protocol=\S+ voice={voice} .*end=done")
    sounds = [path for path in here.iterdir() if path.suffix == ".mp3"]
    assert len(sounds) == len(spoken) - 1
    assert all(path.stat().st_size > 1_000 for path in sounds)


@pytest.mark.parametrize(
    "document",
    [HTTP, WEBSOCKET, ELEVENLABS, TROUBLESHOOTING, TEXT, VOICES, SPEECH_SERVER, PHRASES],
    ids=[
        "http.md",
        "websocket.md",
        "elevenlabs.md",
        "troubleshooting.md",
        "text.md",
        "voices.md",
        "speech_server.md",
        "phrases.md",
    ],
)
def test_lines_are_short(document: str) -> None:
    assert max(map(len, document.splitlines())) <= 120


@pytest.mark.parametrize(
    "document",
    [HTTP, TROUBLESHOOTING, SPEECH_SERVER, PHRASES],
    ids=["http.md", "troubleshooting.md", "speech_server.md", "phrases.md"],
)
def test_lines_for_the_file_can_be_set(document: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        (tmp_path / "config.toml").write_text(block)
        settings = load_settings(["--config", str(tmp_path / "config.toml")])
        http = settings.http
        Auth(
            "lan", "a token", allowed_hosts=http.allowed_hosts, allowed_origins=http.allowed_origins,
            trusted_proxies=http.trusted_proxies,
        )  # fmt: skip
        Aliases(settings.voices.aliases)
        assert settings.model_dump(exclude={"config"}) != load_settings([]).model_dump(exclude={"config"})
