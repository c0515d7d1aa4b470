"""Small files that are whole after a power cut: the old content or the new, never half of it.

What a file system has lost nevertheless is empty, or as long as it was and full of zeros; both are as good as absent.
"""

import contextlib
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_PRIVATE = 0o600
PARTIAL = ".part-"
"""How files begin that are to take another's place."""
_RANDOM_BYTES = 16
"""In hexadecimal digits behind that"""
_LEFT_AFTER_S = 3600.0
"""Nobody writes a small file for so long: what is older was left by a crash."""


class ChangedMeanwhile(Exception):
    """Somebody else has written the file."""


State = tuple[int, int, int] | None
"""Which file it is, how long, changed when; None: it is not there"""


def state_of(path: Path) -> State:
    """Another one after each change."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def read_line(path: Path) -> str:
    """What is written there; "" if the file is not there or blank. Raises OSError, ValueError if it is no text."""
    try:
        return path.read_text(encoding="utf-8").strip("\0 \t\r\n")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged; delete it") from error


def write_line(path: Path, line: str, *, mode: int = 0o666) -> None:
    """In place of what is there. `mode`: less what the umask takes."""
    replace(path, f"{line}\n".encode(), mode=mode)


def replace(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """In place of what is there; a crash leaves the old or the new, and at most a file that begins with PARTIAL."""
    with in_place_of(path) as partial:
        write_new(partial, content, mode=mode)


def replace_cached(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """The same for what its reader checks and can make again: after a power cut it may be damaged, or the old one."""
    with in_place_of(path, is_synced=False) as partial, opened_new(partial, mode=mode, is_synced=False) as file:
        file.write(content)


def rewrite(path: Path, change: Callable[[bytes], bytes], *, is_made: bool = False) -> None:
    """In place of a file of somebody else's: alone with it, and with its mode and owner; a link leads where it led.

    `is_made`: an empty one if it is not there. Raises OSError if it is not there or may not be written,
    ChangedMeanwhile, and what `change` raises.
    """
    path = path.resolve(strict=not is_made)
    with _locked(path, 0o666 if is_made else _PRIVATE):
        content, old = path.read_bytes(), path.stat()
        new = change(content)
        with in_place_of(path) as partial:
            write_new(partial, new, mode=stat.S_IMODE(old.st_mode))
            _become(partial, old)
            if path.read_bytes() != content:
                raise ChangedMeanwhile
    tidy(path.parent)


@contextlib.contextmanager
def in_place_of(path: Path, *, is_synced: bool = True) -> Iterator[Path]:
    """What the block writes there takes the place of `path`, unless it fails."""
    partial = path.with_name(f"{PARTIAL}{secrets.token_hex(_RANDOM_BYTES)}")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    if is_synced:
        sync_folder(path.parent)


def _become(path: Path, old: os.stat_result) -> None:
    """As the old one was, as far as we may."""
    with contextlib.suppress(PermissionError):
        os.chown(path, -1, old.st_gid)
        os.chown(path, old.st_uid, -1)
    path.chmod(stat.S_IMODE(old.st_mode))


def write_new(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """On the disk when this returns; its name once the folder is synced. Raises FileExistsError."""
    with opened_new(path, mode=mode) as file:
        file.write(content)


@contextlib.contextmanager
def opened_new(path: Path, *, mode: int = 0o666, is_synced: bool = True) -> Iterator[BinaryIO]:
    """To be written in the block, and on the disk behind it; gone if that fails. Raises FileExistsError."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def claim(path: Path, line: str) -> str:
    """Write a private `line` unless somebody else has been faster; what is there then, for everybody the same."""
    with _locked(path):
        if not (found := read_line(path)):
            write_line(path, line, mode=_PRIVATE)
        return found or line


def tidy(folder: Path) -> None:
    """Delete what crashes have left of files that were to be replaced there."""
    with contextlib.suppress(OSError):  # another start has the next try
        for partial in folder.glob(f"{PARTIAL}{'[0-9a-f]' * 2 * _RANDOM_BYTES}"):
            if time.time() - partial.stat().st_mtime > _LEFT_AFTER_S:
                partial.unlink()


def make_folder(path: Path) -> None:
    """With those above it, if it is not there; their names outlast a power cut."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """A name that was given or taken away there outlasts a power cut; of a file, what it holds."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_tree(folder: Path) -> None:
    """All that lies below it, and itself, outlasts a power cut."""
    for path, _, files in os.walk(folder, topdown=False):
        for name in (*files, "."):
            sync_folder(Path(path) / name)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Of all who ask for it so; whoever comes waits."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


@contextlib.contextmanager
def _locked(path: Path, mode: int = _PRIVATE) -> Iterator[None]:
    """Alone with the file at `path`, which is made if it is not there; whoever waited sees the one that replaced it."""
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT, mode)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            if _is_at(path, number):
                yield
                return
        finally:
            os.close(number)


def _is_at(path: Path, number: int) -> bool:
    """The open file is still the one that has this name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(number))
    except FileNotFoundError:
        return False
