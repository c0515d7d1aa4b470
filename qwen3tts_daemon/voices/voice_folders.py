"""The folders of stored voices: each appears, changes and goes by one rename.

After a crash there is the old or the new, never half of one. Everything here raises OSError.
"""

import contextlib
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from qwen3tts_daemon import durable_files

_MAKING, _GOING = ".new-", ".gone-"
"""How folders that are being made or taken away begin."""


class VoiceFolders:
    """`<directory>/<id>/`, with files in it."""

    def __init__(self, directory: Path) -> None:
        durable_files.make_folder(directory)
        self._directory = directory

    def __iter__(self) -> Iterator[Path]:
        """Every folder of a voice, sorted. What an interrupted change has left is deleted."""
        for folder in sorted(self._directory.iterdir()):
            if folder.name.startswith((_MAKING, _GOING)):
                shutil.rmtree(folder, ignore_errors=True)
            elif folder.is_dir() and not folder.name.startswith("."):
                yield folder

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Whoever copies all folders as they are at one moment does it before or after the block."""
        with durable_files.alone_in(self._directory):
            yield

    def tidy(self, folder: Path) -> None:
        """Delete what an interrupted `replace` has left in it."""
        for partial in folder.glob(f"{durable_files.PARTIAL}*"):
            with contextlib.suppress(OSError):
                partial.unlink()

    def has(self, id: str) -> bool:
        """Whether something has this name, be it a voice or not."""
        return (self._directory / id).exists()

    def path(self, id: str, name: str) -> Path:
        """Of a file of a voice, which may not be there."""
        return self._directory / id / name

    def add(self, id: str, files: Mapping[str, bytes]) -> None:
        """A folder that was not there."""
        making = self._directory / f"{_MAKING}{uuid.uuid4().hex}"
        making.mkdir()
        try:
            for name, content in files.items():
                durable_files.write_new(making / name, content)
            durable_files.sync_folder(making)
            made = making.rename(self._directory / id)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        try:
            durable_files.sync_folder(self._directory)
        except BaseException:  # whoever hears that it failed does not find it there
            shutil.rmtree(made, ignore_errors=True)
            raise

    def replace(self, id: str, name: str, content: bytes) -> None:
        """One file. If this fails there is the old one or the new one."""
        durable_files.replace(self.path(id, name), content)

    @contextlib.contextmanager
    def removing(self, id: str) -> Iterator[None]:
        """The folder is gone in the block, for good after it."""
        folder, going = self._directory / id, self._directory / f"{_GOING}{uuid.uuid4().hex}"
        self._directory.stat()  # a disk that is not there has not lost the voice
        with contextlib.suppress(FileNotFoundError):  # somebody was faster
            folder.rename(going)
        try:
            durable_files.sync_folder(self._directory)
        except BaseException:
            with contextlib.suppress(OSError):
                going.rename(folder)
            raise
        yield
        shutil.rmtree(going, ignore_errors=True)
