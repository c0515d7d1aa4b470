"""Samples of voices on disk: how each one sounds, without an engine. A cache: whatever is lost is made again."""

import contextlib
import hashlib
import logging
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.failures import storage_failed

logger = logging.getLogger(__name__)

MOST_BYTES = 32 * 1024 * 1024
"""Some 130 voices, with a sentence of five seconds each."""


@dataclass(frozen=True, slots=True)
class SampleKey:
    """What a sample is of: a voice as it is now. A voice that has changed has no sample any more."""

    voice: str
    revision: str
    """Whatever decides on its sound: who speaks what with which checkpoint"""

    @property
    def file_name(self) -> str:
        return f"{self.prefix}{_digest(self.revision)}.wav"

    @property
    def prefix(self) -> str:
        return f"{_digest(self.voice)}-"


class SampleFiles:
    """WAV files in one folder, at most one of a voice and so many bytes together. Blocks, but for `has`."""

    def __init__(self, directory: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Raises OSError if the folder cannot be made."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._most_bytes = most_bytes
        self._changing = threading.Lock()
        for partial in directory.glob(f"{durable_files.PARTIAL}*"):
            with contextlib.suppress(OSError):
                partial.unlink()
        self._sizes = {file.name: file.stat().st_size for file in sorted(directory.glob("*.wav"))}

    def has(self, key: SampleKey) -> bool:
        return key.file_name in self._sizes

    def read(self, key: SampleKey) -> bytes | None:
        """The WAV; None if there is none."""
        if not self.has(key):
            return None
        try:
            return (self._directory / key.file_name).read_bytes()
        except OSError as error:
            logger.warning("the sample of voice %s cannot be read: %s", key.voice, error)
            self._sizes.pop(key.file_name, None)
            return None

    def keep(self, key: SampleKey, wav: bytes, wanted: Collection[SampleKey]) -> bool:
        """In place of what the voice had; those that are not `wanted` make room. False if it could not be kept."""
        with self._changing:
            try:
                self._delete([name for name in self._sizes if name.startswith(key.prefix)])
                if self._bytes + len(wav) > self._most_bytes:
                    names = {one.file_name for one in wanted}
                    self._delete([name for name in self._sizes if name not in names])
                if self._bytes + len(wav) > self._most_bytes:
                    return False
                durable_files.replace(self._directory / key.file_name, wav)
            except OSError as error:
                logger.warning(
                    "the sample of voice %s cannot be kept: %s: %s", key.voice, self._directory, error.strerror
                )
                return False
            self._sizes[key.file_name] = len(wav)
            return True

    def forget(self, voice: str) -> None:
        """Whatever there is of it. Raises Refusal if it cannot be deleted."""
        with self._changing:
            prefix = SampleKey(voice, "").prefix
            try:
                self._delete([name for name in self._sizes if name.startswith(prefix)])
            except OSError as error:
                raise storage_failed(self._directory, error) from error

    @property
    def _bytes(self) -> int:
        return sum(self._sizes.values())

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            (self._directory / name).unlink(missing_ok=True)
            del self._sizes[name]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
