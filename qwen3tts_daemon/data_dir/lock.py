"""Who uses a data directory: daemons share it, and whoever changes it as a whole has it alone.

The lock is on the folder itself; it ends with the process, however that ends.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class DirectoryLock:
    """On a folder that is there. Raises OSError where none can be had."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def share(self) -> bool:
        """With others who share it; False while somebody has it alone."""
        return self._take(fcntl.LOCK_SH)

    def take_alone(self) -> bool:
        """False while anybody uses it."""
        return self._take(fcntl.LOCK_EX)

    def _take(self, kind: int) -> bool:
        try:
            fcntl.flock(self._folder, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """May be called again."""
        if self._folder >= 0:
            os.close(self._folder)
        self._folder = -1

    def __enter__(self) -> "DirectoryLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
