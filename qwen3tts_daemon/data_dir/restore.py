"""A backup comes into the place of what a data directory holds, while no daemon uses it."""

import contextlib
import os
import shutil
from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.data_dir import contents, exchange
from qwen3tts_daemon.data_dir.archive import Backup, BadBackup, Manifest
from qwen3tts_daemon.data_dir.exchange import exchanging
from qwen3tts_daemon.data_dir.lock import DirectoryLock
from qwen3tts_daemon.data_dir.migrations import STEPS

_PRIVATE = 0o600
_NOT_EMPTY_BY = frozenset(("cache", "models", "lost+found"))
"""Whatever has only these holds nothing that could be lost."""


def restore(file: Path, directory: Path, *, replace: bool = False) -> Manifest:
    """Checked whole before anything that is there goes. `replace`: something may be there.

    Raises BadBackup for one that cannot be, also for a directory that it cannot come into; OSError.
    """
    with file.open("rb") as content:
        backup = Backup(content)
        _check(backup.manifest)
        is_new = not directory.exists()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with DirectoryLock(directory) as lock:
                _take(lock, replace=replace)
                with exchanging(directory, _names_of(backup.manifest)) as incoming:
                    _check_room(backup.manifest, directory)
                    _unpack(backup, incoming)
                    _become(incoming, directory)
        except BaseException:
            if is_new:
                with contextlib.suppress(OSError):
                    directory.rmdir()
            raise
    return backup.manifest


def _check(manifest: Manifest) -> None:
    known = 1 + len(STEPS)
    if manifest.data_format > known:
        raise BadBackup(
            f"its data has format {manifest.data_format}, and this version knows {known}: "
            f"install version {manifest.version} or a later one, and restore it there"
        )


def _take(lock: DirectoryLock, *, replace: bool) -> None:
    if not lock.take_alone():
        raise BadBackup(f"a daemon uses {lock.path}: stop it first")
    exchange.finish(lock.path)
    if not replace and (there := {entry.name for entry in lock.path.iterdir()} - _NOT_EMPTY_BY):
        raise BadBackup(
            f"{lock.path} is not empty ({', '.join(sorted(there)[:5])}): --replace puts the backup in the place of "
            "what it holds"
        )


def _names_of(manifest: Manifest) -> list[str]:
    """What goes. Secrets that the backup has not stay as they are, and so does a config file: it may be a person's."""
    names = {contents.FORMAT_FILE, *contents.KEPT, *contents.DERIVED}
    if not manifest.has_secrets:
        names -= set(contents.SECRETS)
    if contents.CONFIG not in {file.name for file in manifest.files}:
        names.discard(contents.CONFIG)
    return sorted(names)


def _check_room(manifest: Manifest, directory: Path) -> None:
    wanted, free = sum(file.size for file in manifest.files), shutil.disk_usage(directory).free
    if wanted > free:
        raise BadBackup(f"{directory} has room for {free / 1e6:.0f} MB, and {wanted / 1e6:.0f} are wanted")


def _unpack(backup: Backup, incoming: Path) -> None:
    for name, content in backup.files():
        (incoming / name).parent.mkdir(parents=True, exist_ok=True)
        is_secret = name in contents.SECRETS
        durable_files.write_new(incoming / name, content, mode=_PRIVATE if is_secret else 0o666)
    (incoming / contents.VOICES).mkdir(exist_ok=True)
    manifest = backup.manifest
    durable_files.write_line(incoming / contents.FORMAT_FILE, f"{manifest.data_format} {manifest.version}")


def _become(incoming: Path, directory: Path) -> None:
    """Who restores it may be root; who uses it is the directory's owner."""
    owner = directory.stat()
    if os.geteuid() != 0 or (owner.st_uid, owner.st_gid) == (0, 0):
        return
    for folder, _, files in os.walk(incoming):
        for name in (".", *files):
            os.chown(Path(folder) / name, owner.st_uid, owner.st_gid)
