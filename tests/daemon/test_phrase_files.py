"""The phrase cache on disk: bounded, private, and never wrong."""

import errno
import os
from pathlib import Path

import pytest

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.speech.phrase_files import PhraseFiles
from tests.fakes import Clock

SECRET = b"a secret of this installation"
DAY_S = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path, clock: Clock) -> PhraseFiles:
    return opened(tmp_path, clock)


def opened(tmp_path: Path, clock: Clock, secret: bytes = SECRET) -> PhraseFiles:
    files = PhraseFiles(tmp_path / "phrases", secret, clock=clock)
    files.most_bytes, files.max_age_s = 1_000, DAY_S
    return files


def keep(files: PhraseFiles, what: str, content: bytes = b"sound", why: str = "listed") -> str:
    name = files.name(what.encode(), why)  # type: ignore[arg-type]
    files.keep(name, content, files.generation)
    return name


def test_what_is_kept_is_found_also_after_a_restart(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    name = keep(files, "Dinner")
    for opened_again in (files, opened(tmp_path, clock)):
        assert opened_again.read(name) == b"sound"
        assert opened_again.count == 1
    assert files.read(files.name(b"Supper", "listed")) is None


def test_nobody_else_can_read_it(files: PhraseFiles, tmp_path: Path) -> None:
    os.umask(0)
    keep(files, "Dinner")
    folder = tmp_path / "phrases"
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert [oct(file.stat().st_mode & 0o777) for file in folder.iterdir()] == ["0o600"]


def test_a_folder_that_was_open_is_closed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "phrases").mkdir(mode=0o755)
    opened(tmp_path, clock)
    assert oct((tmp_path / "phrases").stat().st_mode & 0o777) == "0o700"


def test_a_name_tells_nothing_without_the_secret(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    assert files.name(b"Dinner", "said") != opened(tmp_path, clock, b"another secret").name(b"Dinner", "said")


def test_what_was_wanted_longest_ago_makes_room(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    first, second, third = (keep(files, what, bytes(250)) for what in "abc")
    clock.now += 1
    assert files.read(first)
    fourth = keep(files, "d", bytes(250))
    assert [files.holds(name) for name in (first, second, third, fourth)] == [True, False, True, True]
    clock.now += 1
    assert files.read(third)
    again = opened(tmp_path, clock)
    fifth = keep(again, "e", bytes(250))
    assert [again.holds(name) for name in (first, third, fourth, fifth)] == [False, True, True, True], "also later"
    assert again.total_bytes == sum(file.stat().st_size for file in (tmp_path / "phrases").iterdir()) <= 1_000


def test_what_is_larger_than_all_may_be_is_not_kept(files: PhraseFiles) -> None:
    name = keep(files, "small")
    assert not files.holds(keep(files, "large", bytes(1_000)))
    assert files.holds(name)


def test_a_smaller_limit_holds_at_once(files: PhraseFiles) -> None:
    names = [keep(files, what, bytes(250)) for what in "abc"]
    files.most_bytes = 300
    files.tidy()
    assert [files.holds(name) for name in names] == [False, False, True]


def test_it_is_kept_for_so_long_however_often_it_is_wanted(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    name = keep(files, "Dinner")
    for _ in range(4):
        assert files.read(name)
        clock.now += DAY_S / 4
    assert files.read(name)
    clock.now += 1
    assert files.read(name) is None
    assert not opened(tmp_path, clock).holds(name)
    files.tidy()
    assert not list((tmp_path / "phrases").iterdir())


@pytest.mark.parametrize("damage", [b"", b"short", bytes(37), b"x" * 37])
def test_a_damaged_file_is_none(files: PhraseFiles, tmp_path: Path, damage: bytes) -> None:
    name = keep(files, "Dinner")
    (tmp_path / "phrases" / name).write_bytes(damage)
    assert files.read(name) is None
    assert not files.holds(name)
    assert not (tmp_path / "phrases" / name).exists()


def test_a_file_of_another_name_is_none(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    """Whoever can write there cannot let the house say something else."""
    folder = tmp_path / "phrases"
    dinner, fire = keep(files, "Dinner", b"dinner"), keep(files, "Fire", b"fire")
    (folder / fire).rename(folder / dinner)
    assert opened(tmp_path, clock).read(dinner) is None


def test_a_file_that_is_gone_is_none(files: PhraseFiles, tmp_path: Path) -> None:
    name = keep(files, "Dinner")
    (tmp_path / "phrases" / name).unlink()
    assert files.read(name) is None
    assert files.count == 0


def test_what_was_begun_before_it_was_emptied_is_not_kept(files: PhraseFiles, tmp_path: Path) -> None:
    keep(files, "Dinner")
    before = files.generation
    assert files.clear() == 1
    files.keep(files.name(b"Dinner", "listed"), b"sound", before)
    assert not list((tmp_path / "phrases").iterdir())
    assert files.holds(keep(files, "Dinner"))


def test_what_is_kept_for_one_reason_goes_alone(files: PhraseFiles) -> None:
    listed, said = keep(files, "Dinner"), keep(files, "Dinner", why="said")
    files.forget("said")
    assert [files.holds(listed), files.holds(said)] == [True, False]


def test_a_write_that_was_cut_off_leaves_nothing(tmp_path: Path, clock: Clock) -> None:
    opened(tmp_path, clock)
    (tmp_path / "phrases" / ".part-1").write_bytes(b"half")
    assert opened(tmp_path, clock).count == 0
    assert not list((tmp_path / "phrases").iterdir())


def test_a_full_disk_is_no_reason_to_say_nothing(files: PhraseFiles, tmp_path: Path) -> None:
    (tmp_path / "phrases").rmdir()
    assert not files.holds(keep(files, "Dinner"))


def test_what_cannot_be_deleted_is_told_and_counted(files: PhraseFiles, tmp_path: Path) -> None:
    """Who has emptied it believes that nobody can hear it any more."""
    name = keep(files, "Dinner")
    path = tmp_path / "phrases" / name
    path.unlink()
    path.mkdir()  # a folder is no file that could be deleted
    with pytest.raises(Refusal) as refused:
        files.clear()
    assert refused.value.code == "storage_failed"
    assert files.count == 1
    path.rmdir()
    assert (files.clear(), files.count) == (1, 0)


def test_a_disk_that_cannot_be_written_is_read(files: PhraseFiles, tmp_path: Path, clock: Clock) -> None:
    """Its own folder is private already, and is not made so again."""
    name = keep(files, "Dinner")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "chmod", _read_only)
        again = opened(tmp_path, clock)
    assert again.read(name) == b"sound"


def _read_only(*_: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")
