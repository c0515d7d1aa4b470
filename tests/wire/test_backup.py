"""Backup and restore as a person types them, of a daemon that runs and is written to."""

import gzip
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from qwen3tts_daemon.cli import app
from qwen3tts_daemon.data_dir import contents
from tests.hostile.conftest import RECORDING
from tests.patience import PATIENCE_S
from tests.wire.daemons import tone_daemon

AT_MOST = 3
"""Voices at once"""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """What the program says."""
    monkeypatch.setenv("QWEN3TTS_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(app, list(map(str, words)))


class Household:
    """Keeps making voices v0, v1, v2, ..., and deletes the oldest where there are too many."""

    def __init__(self, port: int, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE_S)
        self._is_over = threading.Event()
        self._made = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live)
        self._failed: httpx.HTTPError | None = None

    def __enter__(self) -> "Household":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(PATIENCE_S)
        self._client.close()

    def wait_for_one_more(self) -> None:
        assert self._made.acquire(timeout=PATIENCE_S)
        assert self._failed is None, self._failed

    def _live(self) -> None:
        try:
            self._go_on()
        except httpx.HTTPError as failed:
            self._failed = failed
            self._made.release()

    def _go_on(self) -> None:
        for number in count():
            if self._is_over.is_set():
                return
            form = {"name": f"v{number}", "consent": "true", "ref_text": "Some words."}
            self._client.post(
                "/v1/audio/voices", data=form, files={"ref_audio": ("a.wav", RECORDING)}
            ).raise_for_status()
            self._client.patch(f"/v1/audio/voices/v{number}", json={"name": f"Voice {number}"}).raise_for_status()
            if number >= AT_MOST:
                self._client.delete(f"/v1/audio/voices/v{number - AT_MOST}").raise_for_status()
            self._made.release()


def voices_of(data: Path) -> list[str]:
    return sorted((folder.name for folder in (data / "voices").iterdir()), key=lambda name: int(name[1:]))


def test_there_and_back(tmp_path: Path, typed: Callable[..., Result]) -> None:
    data, backups = tmp_path / "data", [tmp_path / f"{number}.tar.gz" for number in range(3)]
    with tone_daemon(data, kinds=["preset", "cloned"], preview=False) as daemon:
        _, http = daemon.ready()
        token = (data / "token").read_text().strip()
        entries = {path.name for path in data.iterdir()}
        assert entries <= {contents.FORMAT_FILE, *contents.KEPT, *contents.DERIVED, "cache", "models"}, (
            "whatever is new is either kept or derived: name it in data_dir/contents.py"
        )
        with Household(http, token) as household:
            for file in backups:
                household.wait_for_one_more()
                household.wait_for_one_more()
                written = typed("backup", file)
                assert written.exit_code == 0, written.output
                assert "has the daemon's token" in written.stderr
        to_pipe = typed("backup", "-", "--without-secrets")
        assert token.encode() not in gzip.decompress(to_pipe.stdout_bytes)
        refused = typed("restore", backups[-1], "--replace")
        assert refused.exit_code == 1
        assert f"a daemon uses {data}: stop it first" in refused.stderr
        assert daemon.process.poll() is None
    for number, file in enumerate(backups):
        restored = typed("restore", file, "--data-dir", tmp_path / str(number))
        assert restored.exit_code == 0, restored.output
        voices = voices_of(tmp_path / str(number))
        first = int(voices[0][1:])
        assert voices == [f"v{one}" for one in range(first, first + len(voices))], "as at one moment"
        assert len(voices) in (AT_MOST, AT_MOST + 1, *range(2, AT_MOST)), voices
    assert f"voices: {len(voices)}, " in restored.stdout
    with tone_daemon(tmp_path / "2", kinds=["preset", "cloned"], preview=False) as daemon:
        _, http = daemon.ready()
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"http://127.0.0.1:{http}/v1/audio/voices", headers=headers, timeout=PATIENCE_S)
        assert set(voices) <= {voice["id"] for voice in answer.json()["voices"]}
        assert httpx.get(f"http://127.0.0.1:{http}/v1/settings", headers=headers).status_code == 200
        assert "is skipped" not in daemon.read_so_far()


def test_what_cannot_be_is_told_in_a_line(tmp_path: Path, typed: Callable[..., Result]) -> None:
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "data").mkdir()
    for words, told in (
        (("backup", tmp_path / "b.tar.gz"), "there is no data directory at"),
        (("restore", tmp_path / "nowhere"), "No such file or directory"),
        (("restore", tmp_path), "Is a directory"),
        (("restore", tmp_path / "text"), "is not restored, and nothing was changed: it is no gzipped tar"),
    ):
        answer = typed(*words)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert told in answer.stderr.replace("\n", "")
        assert answer.stderr.count("\n") == 1
    assert list((tmp_path / "data").iterdir()) == []
