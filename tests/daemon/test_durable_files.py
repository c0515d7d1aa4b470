"""Small files after a power cut, and several who make one at once."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qwen3tts_daemon import __version__, durable_files
from qwen3tts_daemon.access.token_file import load_token
from qwen3tts_daemon.data_dir import format
from qwen3tts_daemon.settings import SettingsError
from tests.patience import PATIENCE_S

BLANKS = {"empty": b"", "newline": b"\n", "blanks": b" \t\r\n ", "zeros": b"\0" * 44, "both": b"\0\0\n"}
CLAIM = (
    "import sys, pathlib; from qwen3tts_daemon.access.token_file import load_token; "
    "print(load_token(pathlib.Path(sys.argv[1])))"
)


@pytest.mark.parametrize("lost", BLANKS.values(), ids=BLANKS)
def test_a_blank_file_is_as_good_as_none(tmp_path: Path, lost: bytes) -> None:
    for name in ("token", "format"):
        (tmp_path / name).write_bytes(lost)
    format.prepare(tmp_path).close()
    token = load_token(tmp_path / "token")
    assert len(token) >= 40
    assert load_token(tmp_path / "token") == token
    assert (tmp_path / "format").read_text() == f"{format.FORMAT} {__version__}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"token", "format"}, "nothing else is left behind"


def test_a_format_of_later_or_of_rubbish_stops_the_start(tmp_path: Path) -> None:
    for content in (b"2\n", b"1 2", b"\xff\xfe"):
        (tmp_path / "format").write_bytes(content)
        with pytest.raises(SettingsError, match=r"data_dir: .*format"):
            format.prepare(tmp_path)
        assert (tmp_path / "format").read_bytes() == content


def test_a_token_of_rubbish_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe" * 20)
    with pytest.raises(ValueError, match=r"token is damaged; delete it"):
        load_token(tmp_path / "token")


@pytest.mark.parametrize("lost", [None, b"", b"\0" * 44], ids=["none", "empty", "zeros"])
def test_daemons_that_start_at_once_agree_on_one_token(tmp_path: Path, lost: bytes | None) -> None:
    path = tmp_path / "token"
    if lost is not None:
        path.write_bytes(lost)
        path.chmod(0o600)
    command = [sys.executable, "-c", CLAIM, str(path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    tokens = {child.communicate(timeout=PATIENCE_S)[0].strip() for child in children}
    assert tokens == {path.read_text().strip()}
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    durable_files.write_line(path, "old")
    with pytest.raises(UnicodeEncodeError):
        durable_files.write_line(path, "\ud800")
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]
    assert durable_files.read_line(path) == "old"


def test_half_a_file_left_by_a_crash_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / ".token.0123456789abcdef").write_text("ha")
    token = load_token(tmp_path / "token")
    assert load_token(tmp_path / "token") == token


def test_what_crashes_have_left_goes_and_what_others_write_now_stays(tmp_path: Path) -> None:
    left, written_now, of_others = (tmp_path / f".part-{end}" for end in ("0f" * 16, "1f" * 16, "of-a-film.mkv"))
    for path in (left, written_now, of_others):
        path.write_bytes(b"half")
    for path in (left, of_others):
        os.utime(path, (time.time() - 4000,) * 2)
    format.prepare(tmp_path).close()
    assert not left.exists()
    assert written_now.exists()
    assert of_others.exists()
