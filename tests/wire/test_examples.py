"""The examples are run as they stand, against a daemon of tones; loudspeakers are files."""

import json
import os
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from qwen3tts_daemon.embedded.voices import VOICES
from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TEXT = "Dinner is ready."


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tone_daemon(tmp_path_factory.mktemp("daemon")) as daemon:
        yield f"127.0.0.1:{daemon.ready()[1]}"


def run(host: str, *command: str, here: Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        command, cwd=here, input=text.encode(), env={**os.environ, "VOICE_HOST": host, **environment},
        capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done


def samples(path: Path) -> bytes:
    with wave.open(str(path)) as sound:
        assert sound.getparams()[:3] == (1, 2, 24_000)
        return sound.readframes(sound.getnframes())


def test_words_of_a_model_are_spoken_while_they_come(host: str, tmp_path: Path) -> None:
    told = run(host, sys.executable, str(EXAMPLES / "stream_llm.py"), "a.wav", here=tmp_path, text=f"{TEXT} Come!")
    assert told.stdout.decode().splitlines() == [TEXT, "Come!"]
    assert samples(tmp_path / "a.wav") == tone(TEXT) + tone("Come!")


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs it")
def test_node_writes_a_wav(host: str, tmp_path: Path) -> None:
    script = str(EXAMPLES / "say.mjs")
    run(host, "node", "--experimental-websocket", "--no-warnings", script, TEXT, "a.wav", here=tmp_path)
    assert samples(tmp_path / "a.wav") == tone(TEXT)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl fetches it")
def test_the_shell_plays_it(host: str, tmp_path: Path) -> None:
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\ncat > "{tmp_path}/heard"\n')
    player.chmod(0o755)
    run(host, "sh", str(EXAMPLES / "say.sh"), TEXT, here=tmp_path, PLAYER=str(player))
    assert (tmp_path / "heard").read_bytes() == tone(TEXT)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("ffmpeg"), reason="curl and ffmpeg make it")
def test_snapcast_gets_its_format(host: str, tmp_path: Path) -> None:
    run(host, "sh", str(EXAMPLES / "snapcast.sh"), TEXT, here=tmp_path, PIPE=str(tmp_path / "pipe"))
    assert len((tmp_path / "pipe").read_bytes()) == pytest.approx(len(tone(TEXT)) * 4, rel=0.01)


def test_the_speaker_plays_a_line_at_its_pace_and_a_new_one_cuts_it_off(host: str, tmp_path: Path) -> None:
    """Both lines are there at once: nothing of the first is heard to its end, and all of the second is."""
    with (
        (tmp_path / "heard").open("wb") as heard,
        subprocess.Popen(
            [sys.executable, str(EXAMPLES / "speaker.py")], env={**os.environ, "VOICE_HOST": host},
            stdin=subprocess.PIPE, stdout=heard, stderr=subprocess.PIPE, text=True,
        ) as speaker,
    ):  # fmt: skip
        assert speaker.stdin is not None
        assert speaker.stderr is not None
        speaker.stdin.write(f"{'A long story. ' * 40}\n{TEXT}\n")
        speaker.stdin.flush()
        said = []
        while "complete" not in said:
            said.append(speaker.stderr.readline().strip())
            assert said[-1], said
        speaker.kill()
    assert said.count("preempted") == 1
    assert said[-2:] == [TEXT, "complete"]


def test_the_page_plays_what_is_said(host: str) -> None:
    html = (EXAMPLES / "page.html").read_text()
    assert len(html.splitlines()) <= 42
    script = re.search(r'<script type="module">\n(.*)</script>', html, re.DOTALL)
    assert script is not None
    stubs = f"""
    let samples = 0; const parts = {{}};
    const element = (id) => parts[id] ??= {{ value: id === "text" ? {json.dumps(TEXT)} : "" }};
    globalThis.document = {{ getElementById: element }};
    globalThis.location = {{ search: "?host={host}" }};
    globalThis.AudioContext = class {{ currentTime = 0; createBuffer(_, length, rate) {{
        return {{ duration: length / rate, copyToChannel: (pcm) => {{ samples += pcm.length; }} }}; }}
      createBufferSource() {{ return {{ connect() {{}}, start() {{}}, stop() {{}} }}; }} }};
    const Real = WebSocket;
    globalThis.WebSocket = class extends Real {{ constructor(...all) {{ super(...all);
      this.addEventListener("open", () => element("speak").onclick());
      this.addEventListener("message", ({{ data }}) => {{
        if (typeof data !== "string" || JSON.parse(data).type !== "done") return;
        console.log(JSON.stringify([samples, element("told").value])); process.exit(0); }}); }} }};
    """
    done = subprocess.run(
        ["node", "--experimental-websocket", "--no-warnings", "--input-type=module", "-e", stubs + script[1]],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [len(tone(TEXT)) // 2, TEXT]


def test_the_automations_are_automations() -> None:
    automations = yaml.safe_load((EXAMPLES / "home_assistant.yaml").read_text())
    for one in automations:
        assert one.keys() >= {"alias", "triggers", "actions"}
    spoken = [action for one in automations for action in one["actions"] if action["action"] == "tts.speak"]
    assert len(spoken) == 2
    voices = {voice.name for voice in VOICES}
    assert {action["data"]["options"]["voice"] for action in spoken if "options" in action["data"]} <= voices
    assert all({"media_player_entity_id", "message"} <= action["data"].keys() for action in spoken)


def test_what_an_esp32_fetches_is_sound(host: str, tmp_path: Path) -> None:
    device = yaml.safe_load((EXAMPLES / "esphome.yaml").read_text())
    action = device["binary_sensor"][0]["on_press"][0]["media_player.play_media"]
    url = action["media_url"].replace("${voice}", f"http://{host}")
    run(host, "curl", "-fsS", "-o", "a.flac", url, here=tmp_path)
    assert (tmp_path / "a.flac").read_bytes().startswith(b"fLaC")


def test_the_list_of_examples_is_whole() -> None:
    told = set(re.findall(r"^\| \[([^\]]+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert told == {path.name for path in EXAMPLES.iterdir()} - {"README.md"}
