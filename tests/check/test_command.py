"""`qwen3tts-daemon check` as people type it, in a process of its own: found, told, written, interrupted."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from qwen3tts_daemon.commands import check, local
from qwen3tts_daemon.settings import Settings
from qwen_tts.check import run as check_run
from qwen_tts.check.options import COULD_NOT_RUN, WRONG, CheckOptions
from qwen_tts.check.privacy import voice_label, without_private
from qwen_tts.errors import SynthesisFailed
from tests.check.reports import read
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
USER = "annamaria"


@pytest.fixture
def home(models: Path, tmp_path: Path) -> Path:
    """Of somebody whose checkpoint lies in a folder of their name."""
    home = tmp_path / "home" / USER
    (home / "models").mkdir(parents=True)
    (home / "models" / f"{USER}-0.6B").symlink_to(models / "0.6B-CustomVoice")
    broken = home / "models" / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    (home / "config.toml").write_text(
        f'[models]\ndir = "{home}/models"\n[qwen]\ndevice = "cpu"\nthreads = 1\nrow_positions = 64\n', encoding="utf-8"
    )
    return home


def command(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """In a group of its own."""
    name = ("--config", str(home / "config.toml"), "--data-dir", str(home / "data"))
    return subprocess.Popen(
        [sys.executable, "-m", "qwen3tts_daemon", "check", *arguments, *name], cwd=home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(home), "USER": USER,
             "LOGNAME": USER},
    )  # fmt: skip


def test_a_quick_look_from_the_settings(home: Path) -> None:
    arguments = (
        "--quick",
        "--languages",
        "de",
        "--sentences",
        "yes",
        "--report",
        "check.json",
        "--expectations",
        "m.toml",
    )
    with command(home, *arguments) as process:
        told, log = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == WRONG, log
    report = read(home / "check.json")
    assert report.is_whole
    assert [one.where or one.code for one in report.refused] == ["model_unavailable"]
    (found,) = report.checkpoints
    assert [one.name for one in found.utterances] == ["de/yes/whole", "de/yes/live"]
    assert "2 utterances" in told
    assert "WRONG (model_unavailable)" in told
    sent = told + (home / "check.json").read_text() + (home / "m.toml").read_text()
    for private in (USER, str(home), socket.gethostname(), "/home/", "/tmp/"):  # noqa: S108
        assert private not in sent


def test_interrupted_it_tells_what_there_is(home: Path) -> None:
    with command(home, "--report", "check.json", f"{USER}-0.6B") as process:
        assert process.stderr is not None
        while "speaking" not in process.stderr.readline():
            pass
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (WRONG, COULD_NOT_RUN)
    assert "interrupted: this is what there is" in told
    report = read(home / "check.json")
    assert not report.is_whole
    assert len(report.checkpoints[0].utterances) < 400


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_ends_the_command_ends_the_check_too_and_has_what_there_is(number: signal.Signals, home: Path) -> None:
    with command(home, "--report", "check.json", f"{USER}-0.6B") as process:
        assert process.stderr is not None
        while "speaking" not in process.stderr.readline():
            pass
        process.send_signal(number)
        told, log = process.communicate(timeout=PATIENCE_S)  # to the end of the child's output: it has ended
    assert process.returncode in (WRONG, COULD_NOT_RUN)
    assert "interrupted: this is what there is" in told, log


def test_an_interruption_that_asyncio_takes_for_a_cancel_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cancelled(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(check_run, "_check_all", cancelled)
    options = CheckOptions(checkpoints=(), report=str(tmp_path / "check.json"), engine={"device": "cpu"})
    assert check_run.run(options) == COULD_NOT_RUN
    assert "interrupted: this is what there is" in capsys.readouterr().out
    assert not read(tmp_path / "check.json").is_whole


def test_a_check_that_a_signal_ends_could_not_run(home: Path) -> None:
    with command(home, f"{USER}-0.6B") as process:
        assert process.stderr is not None
        while "speaking" not in process.stderr.readline():
            pass
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        _, log = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == COULD_NOT_RUN
    assert "the check was ended by SIGKILL" in log


def test_without_a_preview_voice_that_speaks_there_is_no_reference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def fails(*_: object) -> None:
        raise ExceptionGroup("tasks", [SynthesisFailed("the preview voice ended")])

    monkeypatch.setattr(local, "local_speech", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(local, "speak", fails)
    options = CheckOptions(checkpoints=())
    assert asyncio.run(check._with_preview_voices(options, Settings(), tmp_path)) == options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--languages", "xx"], "no language 'xx'"),
        (["--sentences", "nonsense"], "no text 'nonsense'"),
        (["--transcript", "Hello."], "--transcript needs --reference"),
        (["nobody"], "no nobody in"),
    ],
)
def test_what_cannot_be_met_is_told_at_once(arguments: list[str], said: str, home: Path) -> None:
    with command(home, *arguments) as process:
        told, log = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, told) == (COULD_NOT_RUN, "")
    assert said in log


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("{home}/models/x/config.json: size", "config.json: size"),
        ("cannot read '/srv/data of anna/y.json'", "y.json"),
        ("/opt/models/a/model.safetensors is broken; 1/2 read at 3.5 GB/s", "model.safetensors is broken; 1/2 read"),
        ("no '/srv/Contract, Smith/y.json', no /srv/Contract Smith/data/z.json: gone", "no 'y.json', no z.json: gone"),
        ("HTTPError: 401 for url: https://asr.acme.lan:8443/v1?key=sk-SECRET", "HTTPError: 401 for url: …"),
        ("ssh smith@acme.lan refused", "ssh … refused"),
        ("no C:\\Users\\Mr Smith\\x.json: gone", "no …: gone"),
        ("annamaria's Base_AnnaMaria does not fit", "…'s Base_… does not fit"),
    ],
)
def test_messages_keep_what_is_not_private(message: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", USER)
    told = without_private(message.format(home=Path.home()))
    assert kept in told
    for private in (str(Path.home()) + "/", "/opt", "/srv", "smith", "acme", "secret", USER):
        assert private not in told.lower()


def test_a_speaker_of_a_fine_tune_has_no_name() -> None:
    assert (voice_label("ryan"), voice_label("grandma_lisa")) == ("ryan", "a speaker of its own")
