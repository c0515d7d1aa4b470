"""Every step that this process takes on the disk below a folder: told in order, and at one of them it is killed, or the
disk refuses.

A step is told before it is taken. Python's own audit sees what is opened, made, renamed and deleted; fsync is told by a
function in its place. What was written shows in the content of the files that are open for it, at the next step.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Step = tuple[str, str, str]
"""`make`, `make folder`, `write`, `sync`, `rename`, `delete`, `delete folder`; a path; of `write` what is in the file
then in hexadecimal digits, of `rename` the new path"""

_WRITES = os.O_WRONLY | os.O_RDWR
_ALSO = {"os.truncate", "os.chmod", "os.chown", "os.utime", "os.link", "os.symlink"}
"""Steps too, which change nothing that a power cut could mix up."""


class Failpoints:
    """Cannot be taken away again: for a process of its own."""

    def __init__(self, folder: Path, at_step: int = -1, then: OSError | None = None) -> None:
        """`at_step`: from 0 on, where it is killed, or `then` is raised."""
        self.steps: list[Step] = []
        self.count = 0
        self._folder = f"{folder}/"
        self._at_step = at_step
        self._then = then
        self._written: dict[str, bytes] = {}
        self._is_looking = False
        self._sync = os.fsync
        os.fsync = self._synced
        sys.addaudithook(self._on_event)

    def finish(self) -> list[Step]:
        """All that was done."""
        self._settle()
        self._is_looking = True  # nothing more is told
        return self.steps

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_looking:
            return
        if event == "open":
            path, flags = arguments[0], arguments[2]
            if isinstance(path, str | os.PathLike) and flags & _WRITES:
                self._reach(os.fspath(path), lambda path: self._opened(path, flags))
        elif event == "os.rename":
            target = _full(arguments[1], arguments[3])
            self._reach(_full(arguments[0], arguments[2]), lambda path: self._renamed(path, target))
        elif event == "os.mkdir":
            self._reach(_full(arguments[0], arguments[2]), lambda path: self._tell_unless("make folder", path))
        elif event in ("os.remove", "os.rmdir"):
            name = "delete" if event == "os.remove" else "delete folder"
            self._reach(_full(arguments[0], arguments[1]), lambda path: self._deleted(name, path))
        elif event in _ALSO:
            path = arguments[0]
            self._reach(_path_of(path) if isinstance(path, int) else os.fspath(path), lambda _: None)

    def _synced(self, number: int) -> None:
        self._reach(_path_of(number), lambda path: self.steps.append(("sync", path, "")))
        self._sync(number)

    def _reach(self, path: str, take: Callable[[str], None]) -> None:
        """A step, if it is in the folder."""
        if not f"{path}/".startswith(self._folder):
            return
        self._is_looking = True
        try:
            self._settle()
            if self.count == self._at_step:
                if self._then is not None:
                    self.count += 1
                    raise self._then
                os.kill(os.getpid(), signal.SIGKILL)
            self.count += 1
            take(path)
        finally:
            self._is_looking = False

    def _settle(self) -> None:
        """What was written since the last step."""
        was_looking, self._is_looking = self._is_looking, True
        for path, before in list(self._written.items()):
            if os.path.isfile(path) and (now := Path(path).read_bytes()) != before:
                self._written[path] = now
                self.steps.append(("write", path, now.hex()))
        self._is_looking = was_looking

    def _opened(self, path: str, flags: int) -> None:
        if not os.path.exists(path):
            if not flags & os.O_CREAT:
                return
            self.steps.append(("make", path, ""))
            self._written[path] = b""
        elif not flags & os.O_EXCL:
            self._written.setdefault(path, Path(path).read_bytes())

    def _renamed(self, path: str, target: str) -> None:
        if os.path.lexists(path):
            self.steps.append(("rename", path, target))
            self._written.pop(target, None)
            if path in self._written:
                self._written[target] = self._written.pop(path)

    def _deleted(self, name: str, path: str) -> None:
        if os.path.lexists(path):
            self.steps.append((name, path, ""))
            self._written.pop(path, None)

    def _tell_unless(self, name: str, path: str) -> None:
        if not os.path.lexists(path):
            self.steps.append((name, path, ""))


def _path_of(number: int) -> str:
    return os.readlink(f"/proc/self/fd/{number}")


def _full(path: Any, folder: int) -> str:
    """Functions that are given a folder's descriptor say the name in it."""
    name = os.fspath(path)
    return os.path.join(_path_of(folder), name) if folder >= 0 else name
