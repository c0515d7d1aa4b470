"""Disks that fail a daemon: small ones in memory, which only the daemon sees, in a mount namespace of its own."""

import contextlib
import ctypes
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

_CLONE_NEWNS = 0x20000
_MS_RDONLY, _MS_REMOUNT, _MS_REC, _MS_PRIVATE = 0x1, 0x20, 0x4000, 0x40000
_COMMANDS = ("unshare", "nsenter", "mount")


def needs_mounts() -> None:
    """Skips where nothing can be mounted."""
    if missing := [command for command in _COMMANDS if shutil.which(command) is None]:
        pytest.skip(f"{', '.join(missing)} not found: apt install util-linux mount")
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("a mount namespace cannot be made: run the tests as root")


# -- in the daemon, before it starts ---------------------------------------------------------------------------


def mount(path: Path, options: str) -> None:
    """A new disk, which this process and its children see."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    _mount(libc, None, "/", None, _MS_REC | _MS_PRIVATE, None)
    _mount(libc, "none", str(path), "tmpfs", 0, options)


def make_read_only(path: Path) -> None:
    """From now on."""
    _mount(ctypes.CDLL(None, use_errno=True), None, str(path), None, _MS_REMOUNT | _MS_RDONLY, None)


def _mount(libc: ctypes.CDLL, source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), None if data is None else data.encode()):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def fill(folder: Path) -> None:
    """Not a byte is free."""
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def use_up_inodes(folder: Path) -> None:
    """No file can be made."""
    (folder / "many").mkdir()
    with contextlib.suppress(OSError):
        for number in range(100_000):
            (folder / "many" / str(number)).touch()


# -- from outside ----------------------------------------------------------------------------------------------


class Disk:
    """Of a daemon that runs: `path` as that sees it, with `data` in it."""

    def __init__(self, path: Path, pid: int, control: Path) -> None:
        self.path = path
        self.seen = Path(f"/proc/{pid}/root{path}")
        self._pid, self._control = pid, control

    @property
    def data(self) -> Path:
        return self.seen / "data"

    def contents(self) -> dict[str, bytes]:
        """Of all files that are kept; what is a cache comes and goes."""
        paths = (path for path in self.data.rglob("*") if path.is_file() and "phrases" not in path.parts)
        return {str(path.relative_to(self.data)): path.read_bytes() for path in paths if path.name != "loudness.json"}

    def sync_says(self, what: str) -> None:
        """ "": it is done; "hang": it is not done for now; a number: that error."""
        partial = self._control.with_suffix(".part")
        partial.write_text(what)
        partial.replace(self._control)

    @property
    def hanging(self) -> int:
        """How many syncs have hung so far."""
        hung = self._control.with_suffix(".hung")
        return hung.stat().st_size if hung.exists() else 0

    def _command(self, *words: str | Path) -> None:
        subprocess.run(["nsenter", "--mount", "--target", str(self._pid), *words], check=True)

    # -- what happens to it ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        fill(self.seen)
        yield
        (self.seen / "filler").unlink()

    @contextlib.contextmanager
    def without_inodes(self) -> Iterator[None]:
        use_up_inodes(self.seen)
        yield
        shutil.rmtree(self.seen / "many")

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        self._command("mount", "-o", "remount,ro", self.path)
        yield
        self._command("mount", "-o", "remount,rw", self.path)

    @contextlib.contextmanager
    def unmounted(self) -> Iterator[None]:
        elsewhere = self.path.with_name("elsewhere")
        elsewhere.mkdir(exist_ok=True)
        self._command("mount", "--move", self.path, elsewhere)
        yield
        self._command("mount", "--move", elsewhere, self.path)

    @contextlib.contextmanager
    def moved_away(self) -> Iterator[None]:
        self.data.rename(self.seen / "away")
        yield
        (self.seen / "away").rename(self.data)

    @contextlib.contextmanager
    def over_quota(self) -> Iterator[None]:
        self.sync_says("EDQUOT")
        yield
        self.sync_says("")

    @contextlib.contextmanager
    def broken(self) -> Iterator[None]:
        self.sync_says("EIO")
        yield
        self.sync_says("")


Fault = Callable[[Disk], contextlib.AbstractContextManager[None]]

FAULTS: Mapping[str, tuple[Fault, str]] = {
    "full": (Disk.full, "No space left on device; make room"),
    "without inodes": (Disk.without_inodes, "it has no inodes left"),
    "read-only": (Disk.read_only, "Read-only file system; mount it"),
    "unmounted": (Disk.unmounted, "No such file or directory; mount it"),
    "moved away": (Disk.moved_away, "No such file or directory; mount it"),
    "over quota": (Disk.over_quota, "raise its quota"),
    "broken": (Disk.broken, "Input/output error; mend that"),
}
"""What is done to it, and what clients are told of it."""
