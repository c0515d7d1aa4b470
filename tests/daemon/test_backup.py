"""A backup while a daemon may be writing, and its way back: all of it or nothing, and nothing of a stranger's."""

import fcntl
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwen3tts_daemon import __version__
from qwen3tts_daemon.commands.backup import told_of_backup
from qwen3tts_daemon.data_dir import archive, backup, contents, format, snapshot
from qwen3tts_daemon.data_dir.archive import BadBackup
from qwen3tts_daemon.data_dir.lock import DirectoryLock
from qwen3tts_daemon.data_dir.restore import restore
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.voice_folders import VoiceFolders

FILES = {
    "token": b"t" * 43, "sessions": b"salt\n", "lexicon.toml": b'[en]\na = "b"\n', "checked.json": b"[]",
    "voices/anna/voice.toml": b"format = 1\n", "voices/anna/reference.wav": random.Random(1).randbytes(9_000),
    f"voices/{'ж' * 64}/voice.toml": b"format = 1\n",
}  # fmt: skip
NOT_KEPT = {
    "format": b"1 0.1.0\n", "samples/x.wav": b"x", "phrases/y": b"y", "phrases.key": b"k", "loudness.json": b"{}",
    "cache/model": b"m", "models/big/weights": b"w", "my-gong.wav": b"g",
    "tls/certificate.pem": b"c", "tls/key.pem": b"k",
    "voices/.new-1/voice.toml": b"half", "voices/anna/.part-1": b"half",
}  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return filled(tmp_path / "data", FILES | NOT_KEPT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.tar.gz"


def filled(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    for name in contents.SECRETS:
        if (directory / name).exists():
            (directory / name).chmod(0o600)
    return directory


def held(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def backed_up(directory: Path, file: Path, **options: Any) -> archive.Manifest:
    return backup.write_file(file, directory, data_format=1, **options)


# -- there and back ------------------------------------------------------------------------------------------------


def test_what_nobody_can_make_again_comes_back_to_the_byte(directory: Path, file: Path, tmp_path: Path) -> None:
    manifest = backed_up(directory, file)
    assert {one.name for one in manifest.files} == FILES.keys()
    assert file.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"data", "backup.tar.gz"}, "nothing is left beside it"
    restored = restore(file, tmp_path / "new")
    assert restored == manifest
    assert held(tmp_path / "new") == FILES | {"format": f"1 {__version__}\n".encode()}
    assert [(tmp_path / "new" / name).stat().st_mode & 0o777 for name in contents.SECRETS] == [0o600, 0o600]
    format.prepare(tmp_path / "new").close()


def test_a_certificate_of_its_own_is_left_out_and_that_is_told(directory: Path, file: Path) -> None:
    settings = Settings(data_dir=directory)
    manifest = backed_up(directory, file)
    assert f"Not in it: the certificate that was made here, and its key ({directory / 'tls'})" in "".join(
        told_of_backup(manifest, settings)
    )
    shutil.rmtree(directory / "tls")
    assert "certificate" not in "".join(told_of_backup(manifest, settings))


def test_any_tar_opens_it(directory: Path, file: Path) -> None:
    backed_up(directory, file)
    with tarfile.open(file) as tar:
        assert {member.name for member in tar} == {archive.MANIFEST, *FILES}


def test_without_secrets_those_that_are_there_stay(directory: Path, file: Path, tmp_path: Path) -> None:
    assert backed_up(directory, file, with_secrets=False).has_secrets is False
    assert b"t" * 43 not in gzip.decompress(file.read_bytes())
    new = filled(tmp_path / "new", {"format": b"1\n", "token": b"n" * 43, "voices/other/voice.toml": b"x"})
    restore(file, new, replace=True)
    assert held(new).keys() == FILES.keys() - {"sessions"} | {"format"}
    assert (new / "token").read_bytes() == b"n" * 43


def test_files_that_lie_elsewhere_are_in_it(directory: Path, file: Path, tmp_path: Path) -> None:
    (tmp_path / "etc.toml").write_bytes(b"language = 'de'\n")
    elsewhere = {contents.CONFIG: tmp_path / "etc.toml", contents.LEXICON: tmp_path / "none.toml"}
    manifest = backed_up(directory, file, elsewhere=elsewhere)
    assert manifest.came_from == {"config.toml": str(tmp_path / "etc.toml")}
    restore(file, tmp_path / "new")
    assert held(tmp_path / "new") == FILES | {
        "config.toml": b"language = 'de'\n", "format": f"1 {__version__}\n".encode()
    }  # fmt: skip


def test_what_is_there_is_replaced_and_nothing_else(directory: Path, file: Path) -> None:
    backed_up(directory, file)
    filled(directory, {"token": b"another", "voices/bea/voice.toml": b"x", "config.toml": b"a person's"})
    restore(file, directory, replace=True)
    left_alone = ("cache/model", "models/big/weights", "my-gong.wav", "tls/certificate.pem", "tls/key.pem")
    assert held(directory) == (
        FILES | {name: NOT_KEPT[name] for name in left_alone}
        | {"config.toml": b"a person's", "format": f"1 {__version__}\n".encode()}
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who alone may give files away")
def test_root_restores_for_whoever_has_the_directory(directory: Path, file: Path, tmp_path: Path) -> None:
    backed_up(directory, file)
    (tmp_path / "new").mkdir()
    os.chown(tmp_path / "new", 12_345, 54_321)
    restore(file, tmp_path / "new")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "new").rglob("*")} == {(12_345, 54_321)}


# -- while it is written to --------------------------------------------------------------------------------------


def test_copies_are_of_one_moment(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens while the first copies are made, and never while the last are."""
    changes: list[Callable[[], object]] = [
        lambda: (directory / "voices" / "anna" / "voice.toml").write_bytes(b"family = ''"),
        lambda: filled(directory, {"voices/new/voice.toml": b"n"}),
        lambda: (directory / "lexicon.toml").unlink(),
        lambda: os.replace(filled(tmp_path, {"next": bytes(9_000)}) / "next", directory / "voices/anna/reference.wav"),
    ]
    copy = snapshot._Copies._copy

    def meanwhile(self: snapshot._Copies, name: str, path: Path) -> None:
        copy(self, name, path)
        if changes:
            changes.pop()()

    monkeypatch.setattr(snapshot._Copies, "_copy", meanwhile)
    (tmp_path / "copies").mkdir()
    names = snapshot.take(directory, {}, tmp_path / "copies", with_secrets=True)
    now = {
        name: (directory / name).read_bytes() for name in [*FILES, "voices/new/voice.toml"] if name != "lexicon.toml"
    }
    assert changes == []
    assert held(tmp_path / "copies") == now
    assert names == sorted(now)


def is_held(voices: Path) -> bool:
    """Somebody is alone in the folder."""
    number = os.open(voices, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(number)
    return False


def test_the_last_copies_are_made_while_nobody_changes_a_voice(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, was_held = snapshot._found, []

    def seen(*arguments: Any, **options: Any) -> dict[str, Path]:
        was_held.append(is_held(directory / "voices"))
        return found(*arguments, **options)

    monkeypatch.setattr(snapshot, "_found", seen)
    snapshot.take(directory, {}, tmp_path, with_secrets=True)
    assert was_held == [False, True]


def test_whoever_changes_a_voice_is_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = VoiceLibrary(tmp_path)
    was_held = []
    for name in ("add", "replace", "removing"):
        change = getattr(VoiceFolders, name)

        def seen(*arguments: Any, change: Callable[..., Any] = change) -> Any:
            was_held.append(is_held(tmp_path))
            return change(*arguments)

        monkeypatch.setattr(VoiceFolders, name, seen)
    library.add(StoredVoice(id="anna", name="Anna", kind="cloned"), prompt=b"old")
    library.change("anna", name="Another")
    library.set_prompt("anna", b"new", "family")
    library.remove("anna")
    assert was_held == [True] * 6
    assert not is_held(tmp_path)


def test_a_file_that_never_rests_is_no_backup(directory: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(10**6))
    monkeypatch.setattr(snapshot, "_state_of", lambda _: next(sizes))
    file.write_bytes(b"the last one")
    with pytest.raises(snapshot.StillChanging, match="changes all the time"):
        backed_up(directory, file)
    assert file.read_bytes() == b"the last one"
    assert {path.name for path in file.parent.iterdir()} == {"data", "backup.tar.gz"}


# -- what is refused ---------------------------------------------------------------------------------------------


def refused(file: Path, into: Path, **options: Any) -> str:
    """The reason; and that nothing was changed."""
    before = held(into) if into.exists() else None
    with pytest.raises(BadBackup) as caught:
        restore(file, into, **options)
    assert (held(into) if into.exists() else None) == before
    return str(caught.value)


def test_a_directory_that_a_daemon_uses(directory: Path, file: Path) -> None:
    backed_up(directory, file)
    lock = format.prepare(directory)
    assert "a daemon uses" in refused(file, directory, replace=True)
    backed_up(directory, file)
    lock.close()
    restore(file, directory, replace=True)


def test_a_directory_that_is_being_restored_is_not_used(directory: Path) -> None:
    with DirectoryLock(directory) as lock:
        assert lock.take_alone()
        with pytest.raises(format.SettingsError, match="being restored at this moment"):
            format.prepare(directory)
    format.prepare(directory).close()


def test_a_directory_with_something_in_it(directory: Path, file: Path, tmp_path: Path) -> None:
    backed_up(directory, file)
    assert "is not empty (checked.json, format, lexicon.toml, loudness.json, my-gong.wav)" in refused(file, directory)
    assert "is not empty (notes.txt)" in refused(file, filled(tmp_path / "mine", {"notes.txt": b"", "cache/x": b""}))
    mount = filled(tmp_path / "mount", {"lost+found/x": b"", "models/x": b""})
    restore(file, mount)
    assert held(mount).keys() > FILES.keys()


def made(file: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for header, content in members:
            header.size = header.size or len(content)
            tar.addfile(header, io.BytesIO(content))
    return file


def member(name: str, **fields: Any) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(header, field, value)
    return header


def manifest(*files: tuple[str, bytes], **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    listed = [archive.PackedFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files]
    said = archive.Manifest(1, 1, "0.1.0", "2026-11-30", True, {}, listed)
    return member(archive.MANIFEST), json.dumps(msgspec.to_builtins(said) | fields).encode()


TOKEN = ("token", b"t" * 43)
BOMB = 2_000_000


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([manifest(format=2, version="0.7.0", files="of another kind")], "written by version 0.7.0; install that one"),
        ([manifest(data_format=9, version="0.9.1")], "format 9, and this version knows 1: install version 0.9.1"),
        ([manifest(version="0.9\n; rm -rf /")], "manifest.json is none"),
        ([manifest(format="1")], "manifest.json is none"),
        ([(member(archive.MANIFEST), b"[]")], "manifest.json is none"),
        ([(member(archive.MANIFEST), b"[" * 100_000)], "manifest.json is none"),
        ([(member(archive.MANIFEST), bytes(9_000_000))], "manifest.json has more than"),
        ([manifest(TOKEN)], "token is missing: it was cut off"),
        ([manifest(TOKEN), (member("token"), b"x" * 43)], "token is damaged"),
        ([manifest(TOKEN), (member("token"), b"x" * 44)], "token has more than 43 bytes"),
        ([manifest(TOKEN), (member("token"), b"x")], "token is damaged"),
        ([manifest(TOKEN), (member("sessions"), TOKEN[1])], "it holds 'sessions' where token should be"),
        ([manifest(TOKEN), (member("token"), TOKEN[1]), (member("more"), b"")], "'more', which it does not list"),
        ([manifest(TOKEN, TOKEN)], "it lists a file twice"),
        ([(member("token"), TOKEN[1])], "it holds 'token' where manifest.json should be"),
        *(
            ([manifest(TOKEN), (member("token", type=kind, linkname="/etc/passwd"), b"")], "token is no plain file")
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
        ),
        *(
            ([manifest((name, b"x"))], "which is no file of a data directory")
            for name in (
                "/etc/passwd", "../token", "voices/../token", "voices/anna/../../x", "voices/anna", "token/x", "format",
                "voices/a/b/c", "voices//x", "voices/./x", "voices/.new-1/x", "voices/a/.part-x", "cache/x", "", ".",
                "voices/a\\b/x", "voices/a\0/x", "voices/a\n/x", f"voices/{'a' * 256}/x", "phrases.key", "Token",
            )
        ),
        (
            [manifest(files=[{"name": "checked.json", "size": 10**9, "sha256": "0" * 64}])],
            "manifest.json is none",
        ),
    ],
)  # fmt: skip
def test_an_archive_that_lies(
    tmp_path: Path, file: Path, members: list[tuple[tarfile.TarInfo, bytes]], reason: str
) -> None:
    assert reason in refused(made(file, members), tmp_path / "new")
    assert not (tmp_path / "new").exists()


ZEROS_BEHIND = {
    "a long name": member("x", type=tarfile.XHDTYPE, size=BOMB),
    "a GNU name": member("x", type=tarfile.GNUTYPE_LONGNAME, size=BOMB),
    "a file": member("token", size=BOMB),
    "nothing that anybody knows": None,
}


@pytest.mark.parametrize("name", [*ZEROS_BEHIND, "headers"])
def test_a_bomb_does_not_go_off(tmp_path: Path, file: Path, name: str) -> None:
    """Thousandfold what it is: in a header, in a file, as nothing that anybody knows, as headers without end."""
    header = ZEROS_BEHIND.get(name)
    content = (header.tobuf() if header else b"") + bytes(BOMB)
    if name == "headers":
        content = member("x", type=tarfile.XGLTYPE, size=512).tobuf() * 4_000
    with tarfile.open(made(file, [manifest(TOKEN)])) as tar:
        behind = tar.getmembers()[0]
        end = behind.offset_data + -(-behind.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    begun = b"" if name.startswith("nothing") else gzip.decompress(file.read_bytes())[:end]
    file.write_bytes(gzip.compress(begun + content, 1))
    read = 0
    gzip_read = gzip.GzipFile.read

    def counted(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal read
        data = gzip_read(self, size)
        read += len(data)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gzip.GzipFile, "read", counted)
        assert refused(file, tmp_path / "new")
    assert read < 200_000


@pytest.mark.parametrize("damage", [0, 1, 10, 100, 1_000, 5_000])
def test_a_damaged_one(directory: Path, file: Path, tmp_path: Path, damage: int) -> None:
    backed_up(directory, file)
    whole = file.read_bytes()
    file.write_bytes(whole[:damage])
    assert refused(file, tmp_path / "new")
    if damage > 10:
        file.write_bytes(whole[:damage] + bytes([whole[damage] ^ 255]) + whole[damage + 1 :])
        assert refused(file, tmp_path / "new")


def test_one_that_has_no_room(directory: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backed_up(directory, file)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000}))
    assert "has room for 0 MB" in refused(file, tmp_path / "new")
