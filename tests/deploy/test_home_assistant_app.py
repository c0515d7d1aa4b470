"""The Home Assistant app: its files agree with each other, its options become settings, Home Assistant is told."""

import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from qwen3tts_daemon import __version__
from qwen3tts_daemon.data_dir import contents
from qwen3tts_daemon.settings import load_settings
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
APP = ROOT / "deploy" / "home-assistant" / "qwen3tts"
CONFIG = yaml.safe_load((APP / "config.yaml").read_text())
HTTP_PORT, WYOMING_PORT = 8766, 10200


def test_it_has_what_the_supervisor_requires() -> None:
    assert CONFIG.keys() >= {"name", "version", "slug", "description", "arch"}
    assert CONFIG["version"] == __version__
    assert set(CONFIG["arch"]) == {"aarch64", "amd64"}
    assert CONFIG["discovery"] == ["wyoming"]
    assert CONFIG["ingress_port"] == HTTP_PORT
    assert CONFIG["ports"].keys() == CONFIG["ports_description"].keys() == {f"{WYOMING_PORT}/tcp", f"{HTTP_PORT}/tcp"}


def test_its_backups_hold_all_that_nobody_can_make_again() -> None:
    """The Supervisor leaves out what matches from the right."""

    def is_left_out(name: str) -> bool:
        return any(PurePath("data", "daemon", name).match(pattern) for pattern in CONFIG["backup_exclude"])

    assert CONFIG["backup"] == "hot"
    voice = f"{contents.VOICES}/anna/reference.wav"
    assert [name for name in (contents.FORMAT_FILE, *contents.KEPT, voice) if is_left_out(name)] == []
    assert all(map(is_left_out, ("cache", "cache/model", "samples/x.wav", "phrases/y.said")))


def test_the_repository_can_be_added_by_its_address() -> None:
    """The Supervisor looks for this file at the root, and for apps below it."""
    repository = yaml.safe_load((ROOT / "repository.yaml").read_text())
    assert repository.keys() >= {"name", "url", "maintainer"}


@pytest.mark.parametrize("path", sorted((APP / "translations").iterdir()), ids=lambda path: path.stem)
def test_every_option_has_a_check_and_words_in_every_language(path: Path) -> None:
    told = yaml.safe_load(path.read_text())
    assert CONFIG["options"].keys() == CONFIG["schema"].keys() == told["configuration"].keys()
    assert all(one.keys() == {"name", "description"} for one in told["configuration"].values())
    assert told["network"].keys() == CONFIG["ports"].keys()


class Supervisor(HTTPServer):
    """Stands in for Home Assistant's; keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, Any]] = []
        self.was_told = threading.Event()
        super().__init__(("127.0.0.1", 0), self._handler())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        supervisor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                supervisor.told.append((self.path, self.headers["Authorization"], body))
                self.send_response(200)
                self.end_headers()
                supervisor.was_told.set()

            def log_message(self, *_: object) -> None: ...

        return Handler


DAEMON = """
import json, os
print(json.dumps({name: value for name, value in os.environ.items() if name.startswith("QWEN3TTS_")}), flush=True)
"""


def run(options: dict[str, object], data: Path, *, port: int = 9, supervisor: str = "http://127.0.0.1:9") -> Any:
    """What the daemon's environment is, of ours."""
    (data / "options.json").write_text(json.dumps({**CONFIG["options"], **options}))
    environment = {
        "PATH": os.environ["PATH"], "APP_DATA": str(data), "SUPERVISOR_URL": supervisor, "SUPERVISOR_TOKEN": "secret",
        "QWEN3TTS_WYOMING__PORT": str(port),
    }  # fmt: skip
    started = subprocess.run(
        [sys.executable, str(APP / "run.py"), sys.executable, "-c", DAEMON],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    return json.loads(started.stdout)


@pytest.fixture
def open_port() -> Any:
    """Stands for Wyoming that is ready."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_by_itself_it_speaks_on_the_processor_behind_ingress(tmp_path: Path, open_port: int) -> None:
    settings = run({"language": "de", "hosts": ["home.example.org", "ha.lan"]}, tmp_path, port=open_port)
    assert settings["QWEN3TTS_ENGINE"] == "embedded"
    assert settings["QWEN3TTS_LANGUAGE"] == "de"
    assert settings["QWEN3TTS_HTTP__ALLOWED_HOSTS"] == "home.example.org,ha.lan"
    assert settings["QWEN3TTS_HTTP__TRUSTED_PROXIES"] == "172.30.32.0/23"
    assert settings["QWEN3TTS_ZEROCONF__ENABLED"] == "false"
    assert "QWEN3TTS_VOICE" not in settings


def test_with_an_address_it_is_the_door_to_another_daemon(tmp_path: Path, open_port: int) -> None:
    settings = run({"remote_url": "http://gpu:8766", "remote_token": "hush"}, tmp_path, port=open_port)
    assert settings["QWEN3TTS_ENGINE"] == "http"
    assert settings["QWEN3TTS_HTTP_ENGINE__URL"] == "http://gpu:8766"
    token = Path(settings["QWEN3TTS_HTTP_ENGINE__TOKEN_FILE"])
    assert token.read_text() == "hush"
    assert token.stat().st_mode & 0o777 == 0o600


def test_what_it_sets_are_options_of_the_daemon(
    tmp_path: Path, open_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"remote_url": "http://127.0.0.1:8766", "remote_token": "hush", "voice": "heart", "hosts": ["a", "b"]}
    for name, value in run(options, tmp_path, port=open_port).items():
        monkeypatch.setenv(name, value)
    settings = load_settings([])
    assert (settings.engine, settings.voice, settings.http.allowed_hosts) == ("http", "heart", ("a", "b"))


def test_home_assistant_is_told_once_wyoming_answers(tmp_path: Path, open_port: int) -> None:
    with Supervisor() as supervisor:
        threading.Thread(target=supervisor.handle_request, daemon=True).start()
        run({}, tmp_path, port=open_port, supervisor=f"http://127.0.0.1:{supervisor.server_port}")
        assert supervisor.was_told.wait(PATIENCE_S)
    [(path, token, body)] = supervisor.told
    assert (path, token, body["service"]) == ("/discovery", "Bearer secret", "wyoming")
    assert body["config"]["uri"].startswith("tcp://")
    assert body["config"]["uri"].endswith(f":{open_port}")


def test_the_log_has_the_letters_by_which_a_browser_is_let_in(tmp_path: Path, open_port: int) -> None:
    daemon = tmp_path / "daemon"
    daemon.write_text('#!/bin/sh\n[ "$1 $2" != "pair --json" ] || echo \'{"letters": "CDFGHJ"}\'\n')
    daemon.chmod(0o755)
    (tmp_path / "options.json").write_text(json.dumps(CONFIG["options"]))
    environment = {
        "PATH": os.environ["PATH"], "APP_DATA": str(tmp_path), "SUPERVISOR_URL": "http://127.0.0.1:9",
        "QWEN3TTS_WYOMING__PORT": str(open_port),
    }  # fmt: skip
    started = subprocess.run(
        [sys.executable, str(APP / "run.py"), str(daemon), "serve"], env=environment, stderr=subprocess.PIPE, text=True,
        timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert "type CDFGHJ where the page asks" in started.stderr
