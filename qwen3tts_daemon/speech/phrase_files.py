"""The phrase cache on disk: sound under keys that tell nothing, so many bytes and so old at most.

A file's name is a keyed hash, and its content begins with one of the name and the rest: whatever is damaged, or was
put there by somebody else, is not there. When it was made is its time of modification, when it was wanted last that of
its access.
"""

import contextlib
import hmac
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.failures import storage_failed
from qwen3tts_daemon.sparing_log import SparingLog

logger = logging.getLogger(__name__)
sparingly = SparingLog(logger)

Why = Literal["listed", "said"]
"""It is one of the phrases of the settings; somebody has said it."""

_HASH = "sha256"
_HASH_BYTES = 32
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(slots=True)
class _File:
    size: int
    made_at: float


class PhraseFiles:
    """Blocks, but for `holds`, `count` and `total_bytes`; may be called from any thread."""

    def __init__(self, directory: Path, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        """`secret`: of this installation. Raises OSError if the folder cannot be made or read, or is open to others."""
        directory.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        if stat.S_IMODE(directory.stat().st_mode) != _PRIVATE_FOLDER:
            directory.chmod(_PRIVATE_FOLDER)
        self._directory = directory
        self._secret = secret
        self._clock = clock
        self._changing = threading.Lock()
        self.most_bytes = 0
        self.max_age_s = 0.0
        self.generation = 0
        """Another number after each `clear`"""
        for partial in directory.glob(f"{durable_files.PARTIAL}*"):
            with contextlib.suppress(OSError):
                partial.unlink()
        names = (file for file in directory.iterdir() if not file.name.startswith(durable_files.PARTIAL))
        found = sorted(((file.stat(), file) for file in names), key=lambda one: one[0].st_atime)
        self._files = {file.name: _File(state.st_size, state.st_mtime) for state, file in found}
        """The one that was wanted last comes last"""

    @property
    def count(self) -> int:
        return len(self._files)

    @property
    def total_bytes(self) -> int:
        return sum(file.size for file in list(self._files.values()))

    def name(self, content: bytes, why: Why) -> str:
        """Under which the sound of something is kept; nobody can tell what it was without the secret."""
        return f"{hmac.new(self._secret, content, _HASH).hexdigest()}.{why}"

    def holds(self, name: str) -> bool:
        file = self._files.get(name)
        return file is not None and not self._is_old(file)

    def read(self, name: str) -> bytes | None:
        """None if there is none, or it is damaged or too old."""
        with self._changing:
            if not self.holds(name):
                return None
            path = self._directory / name
            try:
                content = path.read_bytes()
                if not hmac.compare_digest(self._seal(name, content[_HASH_BYTES:]), content[:_HASH_BYTES]):
                    raise ValueError("it is damaged")
                os.utime(path, (self._clock(), self._files[name].made_at))
            except (OSError, ValueError) as error:
                sparingly.warning("a kept phrase cannot be used and is made again: %s", error)
                self._delete(name)
                return None
            self._files[name] = self._files.pop(name)
            return content[_HASH_BYTES:]

    def keep(self, name: str, content: bytes, generation: int) -> None:
        """What was wanted longest ago makes room. Not if there was a `clear` since `generation`."""
        with self._changing:
            size = _HASH_BYTES + len(content)
            if generation != self.generation or size > self.most_bytes:
                return
            try:
                if name in self._files:
                    self._delete(name)
                self._make_room(self.most_bytes - size)
                durable_files.replace_cached(self._directory / name, self._seal(name, content) + content, mode=_PRIVATE)
                now = self._clock()
                os.utime(self._directory / name, (now, now))
            except OSError as error:
                sparingly.warning("a phrase cannot be kept in %s: %s", self._directory, error.strerror)
                return
            self._files[name] = _File(size, now)

    def tidy(self) -> None:
        """What is too old, or too much by now, goes."""
        with self._changing:
            for name in [name for name, file in self._files.items() if self._is_old(file)]:
                self._delete(name)
            self._make_room(self.most_bytes)

    def forget(self, why: Why) -> None:
        """All that is kept for this reason."""
        with self._changing:
            for name in [name for name in self._files if name.endswith(f".{why}")]:
                self._delete(name)

    def clear(self) -> int:
        """Everything; what is being spoken is not kept either. How many went. Raises Refusal if some could not."""
        with self._changing:
            self.generation += 1
            names = list(self._files)
            for name in names:
                try:
                    (self._directory / name).unlink(missing_ok=True)
                except OSError as error:
                    raise storage_failed(self._directory, error) from error
                del self._files[name]
            return len(names)

    def _is_old(self, file: _File) -> bool:
        return self._clock() - file.made_at > self.max_age_s

    def _seal(self, name: str, content: bytes) -> bytes:
        return hmac.digest(self._secret, name.encode() + content, _HASH)

    def _make_room(self, most_bytes: int) -> None:
        while self._files and self.total_bytes > most_bytes:
            self._delete(next(iter(self._files)))

    def _delete(self, name: str) -> None:
        del self._files[name]
        try:
            (self._directory / name).unlink(missing_ok=True)
        except OSError as error:
            sparingly.warning("a kept phrase cannot be deleted in %s: %s", self._directory, error.strerror)
