"""The command line as users type it, against a daemon and without one."""

import os
import platform
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon import __version__
from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon


def run(*arguments: str, data: Path, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qwen3tts_daemon", *arguments],
        capture_output=True, text=True, input=given, timeout=PATIENCE_S, check=False,
        env={**os.environ, "QWEN3TTS_DATA_DIR": str(data), **environment},
    )  # fmt: skip


def pcm(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        return file.readframes(file.getnframes())


def test_say_through_a_daemon(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        uri = f"tcp://127.0.0.1:{daemon.ready()[0]}"
        out = tmp_path / "out.wav"
        said = run("say", "Hello there.", "-o", str(out), "--uri", uri, data=tmp_path)
        assert said.returncode == 0, said.stderr
        assert pcm(out) == tone("Hello there.")
        assert "audio_s=0.72 ttfa_s=" in said.stderr
        chosen = run(
            "say", "Hello.", "-o", str(out), "--uri", uri, "--voice", "tone", "--language", "de", data=tmp_path
        )
        assert chosen.returncode == 0, chosen.stderr
        daemon.wait_for(r"voice=tone language=de")


@pytest.mark.parametrize("live", [False, True])
def test_say_warns_of_what_came_to_no_end(tmp_path: Path, *, live: bool) -> None:
    with tone_daemon(tmp_path) as daemon:
        uri, out = f"tcp://127.0.0.1:{daemon.ready()[0]}", str(tmp_path / "out.wav")
        for text, warns in (("Hello [limit] there.", True), ("Hello there.", False)):
            given = {"given": text} if live else {}
            said = run("say", *(("--stdin",) if live else (text,)), "-o", out, "--uri", uri, data=tmp_path, **given)
            assert said.returncode == 0, said.stderr
            assert ("warning: the voice came to no end" in said.stderr) == warns


def test_say_reads_live_text_from_standard_input(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        uri = f"tcp://127.0.0.1:{daemon.ready()[0]}"
        out = tmp_path / "out.wav"
        options = ("--stdin", "--chars-per-second", "1000", "-o", str(out), "--uri", uri)
        said = run("say", *options, data=tmp_path, given="Hello there. How are you?\n")
        assert said.returncode == 0, said.stderr
        assert pcm(out) == tone("Hello there.") + tone("How are you?")


def test_say_by_itself_when_there_is_no_daemon(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    said = run("say", "Hello there.", "-o", str(out), data=tmp_path, QWEN3TTS_WYOMING__PORT="1")
    assert said.returncode == 0, said.stderr
    assert len(pcm(out)) > 24_000, "half a second at least"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("say", "Hello.", "-o", "x.wav", "--uri", "tcp://127.0.0.1:1"), "no daemon at tcp://127.0.0.1:1"),
        (("say", "Hello.", "--uri", "nonsense"), "--uri must look like tcp://HOST:PORT"),
        (("say",), "give a text, or --stdin"),
        (("serve", "--http.port", "many"), "http.port"),
        (("--http.port", "many"), "http.port"),
        (("models", "download", "no-such-model"), "no checkpoint 'no-such-model'"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments, data=tmp_path)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_voice_is_told(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        uri = f"tcp://127.0.0.1:{daemon.ready()[0]}"
        result = run("say", "Hello.", "-o", str(tmp_path / "x.wav"), "--uri", uri, "--voice", "nobody", data=tmp_path)
        assert result.returncode == 1
        assert "no voice 'nobody'" in result.stderr


def test_voices_are_listed(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        result = run("voices", "--uri", f"tcp://127.0.0.1:{daemon.ready()[0]}", data=tmp_path)
        assert "tone" in result.stdout
        assert "gong" in result.stdout
    alone = run("voices", data=tmp_path, QWEN3TTS_WYOMING__PORT="1")
    assert "heart" in alone.stdout


def test_health_is_an_exit_code(tmp_path: Path) -> None:
    with tone_daemon(tmp_path) as daemon:
        wyoming, http = daemon.ready()
        ports = ("--wyoming.port", str(wyoming), "--http.port", str(http))
        well = run("health", *ports, data=tmp_path)
        assert well.returncode == 0, well.stdout
        assert well.stdout.count("ok  ") == 3
        if sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64"):
            assert "ok   uploads: are read by a child that can do nothing else\n" in well.stdout
        half = run("health", "--wyoming.port", str(wyoming), "--http.port", "1", data=tmp_path)
        assert half.returncode == 1
        assert "FAIL http" in half.stdout
    with tone_daemon(tmp_path, load_s=3600) as loading:
        http = int(loading.wait_for(r"http listens on port (\d+)")[1])
        early = run("health", "--http.port", str(http), "--wyoming.port", "1", data=tmp_path)
        assert early.returncode == 1
        assert "answers 503" in early.stdout


def test_config_tells_values_and_sources(tmp_path: Path) -> None:
    shown = run("config", "--http.port", "9000", data=tmp_path, QWEN3TTS_LANGUAGE="fr", COLUMNS="200")
    lines = {line.split()[0]: line.split() for line in shown.stdout.splitlines() if line.strip()}
    assert lines["http.port"][1:] == ["9000", "command", "line"]
    assert lines["language"][1:] == ["fr", "environment", "(QWEN3TTS_LANGUAGE)"]
    assert lines["wyoming.port"][1:] == ["10200", "default"]


def test_version(tmp_path: Path) -> None:
    assert run("--version", data=tmp_path).stdout.strip() == __version__


def test_models_list_names_what_is_there_and_what_is_wrong_with_the_rest(tmp_path: Path) -> None:
    write_checkpoint("tiny-0.6B-Base", tmp_path / "models" / "tiny")
    (tmp_path / "models" / "odd").mkdir()
    (tmp_path / "models" / "odd" / "config.json").write_text("{")
    listed = run("models", "list", "--directory", str(tmp_path / "models"), data=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout == "tiny: base, 0b6\n"
    assert "odd: cannot be used: " in listed.stderr
