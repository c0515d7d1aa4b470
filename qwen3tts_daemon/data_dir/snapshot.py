"""Copies of what is kept, as all of it was at one moment, while a daemon goes on writing.

Files are replaced whole, so each copy is one that was. A voice has several, and settings name voices: so the copies are
looked through once more while nobody may change a voice, and what has changed meanwhile is copied again. That takes
milliseconds; the first copies take as long as they may.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.data_dir import contents

_COARSE_S: Final = 2.0
"""Of a file system's times: what was changed so shortly before it was copied may have been changed again since."""
_ATTEMPTS: Final = 10
"""At a file that somebody edits in place"""


class StillChanging(Exception):
    """A file was changed whenever it was read."""


def take(directory: Path, elsewhere: Mapping[str, Path], into: Path, *, with_secrets: bool) -> list[str]:
    """Copy what is kept there, and files that lie elsewhere, by their names in the copy. The names, sorted.

    Raises OSError, StillChanging.
    """
    copies = _Copies(into)
    copies.renew(_found(directory, elsewhere, with_secrets=with_secrets))
    with _nobody_changes_voices(directory):
        copies.renew(_found(directory, elsewhere, with_secrets=with_secrets))
    return sorted(copies.names)


@contextlib.contextmanager
def _nobody_changes_voices(directory: Path) -> Iterator[None]:
    if not (directory / contents.VOICES).is_dir():
        yield
        return
    with durable_files.alone_in(directory / contents.VOICES):
        yield


def _found(directory: Path, elsewhere: Mapping[str, Path], *, with_secrets: bool) -> dict[str, Path]:
    files = {name: directory / name for name in contents.KEPT} | dict(elsewhere)
    if not with_secrets:
        files = {name: path for name, path in files.items() if name not in contents.SECRETS}
    for folder in _folders(directory / contents.VOICES):
        with contextlib.suppress(FileNotFoundError):  # it has just gone
            files |= {f"{contents.VOICES}/{folder.name}/{path.name}": path for path in folder.iterdir()}
    return {name: path for name, path in files.items() if path.is_file() and not path.name.startswith(".")}


def _folders(voices: Path) -> list[Path]:
    """Not those that come or go at this moment."""
    found = voices.iterdir() if voices.is_dir() else ()
    return sorted(folder for folder in found if folder.is_dir() and not folder.name.startswith("."))


@dataclass(frozen=True, slots=True)
class _State:
    """Of a file: another one, or changed in place, has another state."""

    device: int
    number: int
    size: int
    changed_ns: int


class _Copies:
    def __init__(self, into: Path) -> None:
        self._into = into
        self._states: dict[str, _State | None] = {}
        """As they were copied; None: too soon after a change to be sure of it"""

    @property
    def names(self) -> set[str]:
        return set(self._states)

    def renew(self, files: Mapping[str, Path]) -> None:
        """Exactly these, as they are now."""
        for gone in self.names - files.keys():
            self._forget(gone)
        for name, path in files.items():
            with contextlib.suppress(FileNotFoundError):
                if self._states.get(name) == _state_of(path.stat()):
                    continue
            self._copy(name, path)

    def _forget(self, name: str) -> None:
        (self._into / name).unlink(missing_ok=True)
        self._states.pop(name, None)

    def _copy(self, name: str, path: Path) -> None:
        self._forget(name)
        (self._into / name).parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            try:
                with path.open("rb") as file, (self._into / name).open("wb") as copy:
                    before = os.fstat(file.fileno())
                    shutil.copyfileobj(file, copy)
                    after = os.fstat(file.fileno())
                    os.fchmod(copy.fileno(), stat.S_IMODE(after.st_mode))
            except FileNotFoundError:  # it has just gone
                self._forget(name)
                return
            if _state_of(before) == _state_of(after):
                is_sure = time.time() - after.st_mtime > _COARSE_S
                self._states[name] = _state_of(after) if is_sure else None
                return
        raise StillChanging(f"{path} changes all the time")


def _state_of(file: os.stat_result) -> _State:
    return _State(file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns)
