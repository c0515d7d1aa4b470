"""The data directory's format: made, renewed by steps that are all taken or none, refused where it is of later."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen3tts_daemon import __version__
from qwen3tts_daemon.data_dir import contents, exchange, format
from qwen3tts_daemon.data_dir.lock import DirectoryLock
from qwen3tts_daemon.data_dir.restore import restore
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.voices.library import VoiceLibrary
from tests.daemon.test_backup import held
from tests.data_dirs import V1, copied, recipe

Step = Callable[[Path], None]


def words_in_capitals(folder: Path) -> None:
    """Format 1 -> 2."""
    path = folder / contents.LEXICON
    path.write_text(path.read_text().upper())


def voices_are_speakers(folder: Path) -> None:
    """Format 2 -> 3."""
    for card in folder.glob("voices/*/voice.toml"):
        card.rename(card.with_name("speaker.toml"))


def no_room(folder: Path) -> None:
    (folder / contents.LEXICON).write_text("half")
    raise OSError(28, "No space left on device")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copied(V1, tmp_path / "data")


def kept_of(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without what can be made again, as a backup of this version brings it back."""
    kept = {name: content for name, content in files.items() if name.partition("/")[0] in contents.KEPT}
    return kept | {"format": f"1 {__version__}\n".encode()}


# -- a directory of each released version -----------------------------------------------------------------------


def test_format_1_is_read_to_the_byte(directory: Path) -> None:
    """A file that nobody touches stays as version 0.1.0 wrote it, and says what it said."""
    format.prepare(directory).close()
    voices = {voice.id: voice for voice in VoiceLibrary(directory / "voices").voices}
    assert {id: (voice.kind, voice.name, voice.language) for id, voice in voices.items()} == {
        "anna": ("cloned", "Anna", "de"), "old-sailor": ("designed", "Old sailor", "en"),
        "night": ("profile", "Night", ""), "вера": ("cloned", "Вера", "ru"),
    }  # fmt: skip
    assert held(directory) == held(V1)


def test_the_recipe_still_makes_this_tree(tmp_path: Path) -> None:
    """Byte for byte: who changes what is written changes FORMAT too, with a step and another tree."""
    recipe.write(tmp_path)
    assert held(tmp_path) == held(V1)


# -- steps ------------------------------------------------------------------------------------------------------


def test_old_ones_are_renewed_step_by_step_and_what_was_there_is_kept(directory: Path, tmp_path: Path) -> None:
    before = held(directory)
    format.prepare(directory, [words_in_capitals, voices_are_speakers]).close()
    after = held(directory)
    assert after["format"] == f"3 {__version__}\n".encode()
    assert after["lexicon.toml"] == before["lexicon.toml"].upper()
    assert after["voices/anna/speaker.toml"] == before["voices/anna/voice.toml"]
    assert after["voices/anna/reference.wav"] == before["voices/anna/reference.wav"]
    assert (directory / "token").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in directory.iterdir()} == {
        *(Path(name).parts[0] for name in before), "backup-of-format-1.tar.gz"
    }  # fmt: skip
    restore(directory / "backup-of-format-1.tar.gz", tmp_path / "old")
    assert held(tmp_path / "old") == kept_of(before)


def test_only_steps_that_are_left_are_taken(directory: Path) -> None:
    (directory / "format").write_text("2 0.2.0\n")
    before = held(directory)
    format.prepare(directory, [words_in_capitals, voices_are_speakers]).close()
    assert held(directory)["lexicon.toml"] == before["lexicon.toml"]
    assert (directory / "voices" / "anna" / "speaker.toml").exists()
    assert (directory / "backup-of-format-2.tar.gz").exists()


def test_a_step_that_fails_leaves_what_was_there(directory: Path) -> None:
    before = held(directory)
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"cannot use .*: No space left on device"):
            format.prepare(directory, [words_in_capitals, no_room])
        assert {name: one for name, one in held(directory).items() if not name.startswith("backup")} == before
    format.prepare(directory).close()


def test_only_a_directory_that_nobody_uses_is_renewed(directory: Path) -> None:
    with format.prepare(directory), pytest.raises(SettingsError, match=r"another daemon uses .*: stop it first"):
        format.prepare(directory, [words_in_capitals])
    format.prepare(directory, [words_in_capitals]).close()


def test_daemons_share_a_directory(directory: Path) -> None:
    with format.prepare(directory), format.prepare(directory), DirectoryLock(directory) as lock:
        assert not lock.take_alone()


# -- there and back ----------------------------------------------------------------------------------------------


def test_a_later_format_is_refused_with_the_way_out(directory: Path) -> None:
    (directory / "format").write_text("3 0.4.0\n")
    for use in (format.prepare, format.check):
        with pytest.raises(SettingsError) as refused:
            use(directory)
        assert str(refused.value) == (
            f"data_dir: {directory} has format 3, this version knows 1: install version 0.4.0, or a later one"
        )
    assert held(directory) == held(V1) | {"format": b"3 0.4.0\n"}


def test_an_earlier_version_is_told_how_to_go_back_and_that_is_so(directory: Path) -> None:
    before = held(directory)
    format.prepare(directory, [words_in_capitals]).close()
    kept = directory / "backup-of-format-1.tar.gz"
    with pytest.raises(SettingsError) as refused:
        format.prepare(directory)
    way_back = f"or go back to what was there: qwen3tts-daemon restore --replace {kept} --data-dir {directory}"
    assert way_back in str(refused.value)
    restore(kept, directory, replace=True)
    format.prepare(directory).close()
    assert held(directory) == kept_of(before) | {kept.name: kept.read_bytes()}


def test_commands_leave_an_old_one_to_the_daemon(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format, "FORMAT", 2)
    with pytest.raises(SettingsError, match="has format 1 still: start the daemon once"):
        format.check(directory)


@pytest.mark.parametrize("line", ["1 2", "one", "-1", "1 0.1.0 0.2.0", "9" * 5_000])
def test_a_file_that_says_no_format_is_named(directory: Path, line: str) -> None:
    (directory / "format").write_text(line)
    for use in (format.prepare, format.check):
        with pytest.raises(SettingsError, match=r"format says .*, which is no format"):
            use(directory)


# -- crashes -----------------------------------------------------------------------------------------------------

CRASHES = """
import os, sys
from pathlib import Path
from qwen3tts_daemon.data_dir import exchange

left = int(sys.argv[2])
CHANGES = ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "open")

def hook(event, arguments):
    global left
    if event in CHANGES and str(arguments[0]).startswith(sys.argv[1]):
        left -= 1
        if left < 0:
            os._exit(9)

sys.addaudithook(hook)
with exchange.exchanging(Path(sys.argv[1]), ["a", "b", "c"]) as incoming:
    (incoming / "b").mkdir()
    (incoming / "b" / "x").write_text("new")
    (incoming / "c").write_text("new")
    (incoming / "d").write_text("new")
"""


def test_a_crash_leaves_the_old_or_the_new_wherever_it_is(tmp_path: Path) -> None:
    old = {"a": b"old", "b/x": b"old", "b/y": b"old", "other": b"stays"}
    new = {"b/x": b"new", "c": b"new", "d": b"new", "other": b"stays"}
    outcomes = []
    for crash in range(100):
        directory = tmp_path / str(crash)
        for name, content in old.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)
        code = subprocess.run([sys.executable, "-c", CRASHES, str(directory), str(crash)], check=False).returncode
        exchange.finish(directory)
        assert not exchange.is_unfinished(directory)
        outcomes.append(held(directory) == new)
        assert held(directory) in (old, new), crash
        if code == 0:
            break
    assert code == 0
    assert outcomes == sorted(outcomes), "the old up to one moment, the new from then on"
    assert outcomes.count(False) > 4
    assert outcomes.count(True) > 8


def test_all_is_on_the_disk_before_it_is_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each phase is, before the next begins: a power cut may lose whatever was not synced."""
    told: list[str] = []
    sync, rename = os.fsync, Path.rename

    def synced(number: int) -> None:
        sync(number)
        told.append(f"sync {Path(os.readlink(f'/proc/self/fd/{number}')).relative_to(tmp_path)}")

    def renamed(path: Path, to: Path) -> Path:
        told.append(f"{path.name} -> {to.name}")
        return rename(path, to)

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    with exchange.exchanging(tmp_path, ["a"]) as incoming:
        (incoming / "a").write_text("new")
        (incoming / "b").mkdir()
        (incoming / "b" / "x").write_text("new")
        told.clear()
    decided = told.index(".incoming -> .decided")
    assert {f"sync .incoming/{name}" for name in ("names", "new/a", "new/b/x", "new/b", "new", ".")} == {
        line if line != "sync .incoming" else "sync .incoming/." for line in told[:decided]
    }
    assert told[decided:] == [
        ".incoming -> .decided", "sync .", "a -> a", "sync .", ".decided -> .coming", "sync .", "a -> a", "b -> b",
        "sync .",
    ]  # fmt: skip


def test_a_start_finishes_what_a_crash_left(directory: Path) -> None:
    (directory / ".coming" / "new").mkdir(parents=True)
    (directory / "lexicon.toml").rename(directory / ".coming" / "new" / "lexicon.toml")
    with pytest.raises(SettingsError, match="start the daemon first"):
        format.check(directory)
    format.prepare(directory).close()
    assert held(directory) == held(V1)
