"""What the README shows is run as it stands; only the port is another."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def example(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(block for block in blocks if containing in block)


@pytest.mark.skipif(shutil.which("node") is None, reason="node runs the README's JavaScript")
def test_the_javascript_plays_what_is_said(tmp_path: Path) -> None:
    code = example("js", "WebSocket")
    assert len(code.splitlines()) <= 10
    heard = """
    let samples = 0;
    globalThis.AudioContext = class { currentTime = 0;
      createBuffer(_, length, rate) {
        if (!length) { console.error("NotSupportedError"); process.exit(1); } // as browsers do
        return { duration: length / rate, copyToChannel: (pcm) => { samples += pcm.length; } }; }
      createBufferSource() { return { connect() {}, start() {} }; } };
    const log = console.log; console.log = (line) => {
      if (JSON.parse(line).type === "done") { log(samples); process.exit(0); } };
    """
    with tone_daemon(tmp_path) as daemon:
        port = daemon.ready()[1]
        script = heard + code.replace("8766", str(port))
        result = subprocess.run(
            ["node", "--experimental-websocket", "--no-warnings", "-e", script],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) == len(tone("Hello from your own home.")) // 2


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what it shows")
def test_the_curl_line_writes_a_wav(tmp_path: Path) -> None:
    line = example("bash", "curl").replace('"voice": "heart"', '"voice": "tone"')
    with tone_daemon(tmp_path) as daemon:
        line = line.replace("8766", str(daemon.ready()[1]))
        subprocess.run(["bash", "-ec", line], cwd=tmp_path, timeout=PATIENCE_S, check=True, capture_output=True)
    sound = (tmp_path / "speech.wav").read_bytes()
    assert sound.startswith(b"RIFF")
    assert sound.endswith(tone("The washing machine is done."))


@pytest.mark.parametrize(
    "page", sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]), ids=lambda page: page.name
)
def test_an_error_is_never_kept_as_sound(page: Path) -> None:
    """curl writes what it is answered into the file, unless it is told to fail."""
    for options in re.findall(r"\bcurl ((?:-\S+ )*)\S*8766", page.read_text()):
        assert re.search(r"-\w*f", options), options


def test_its_json_is_json() -> None:
    body = re.search(r"-d '(.*?)' -o", example("bash", "curl"), re.DOTALL)
    assert body is not None
    json.loads(body[1])
