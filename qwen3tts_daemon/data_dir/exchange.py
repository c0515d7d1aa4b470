"""Other contents in place of those that are in a folder: after a crash there are the old or the new, not some of each.

The folder itself stays, as it may be a mount point, and so does what is not named: models have many gigabytes. What is
to come is laid beside, whole; one rename decides; what is left to do then is done by `finish`, also after a crash.

    .incoming/   being filled: nobody's yet
    .decided/    whole, and decided: old entries go to .old/
    .coming/     no old ones are left: new entries come to their places
    .old/        kept aside until all is done
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from qwen3tts_daemon import durable_files

_INCOMING: Final = ".incoming"
_DECIDED: Final = ".decided"
_COMING: Final = ".coming"
_OLD: Final = ".old"
_NEW, _NAMES = "new", "names"
"""In each of the first three: the entries that come, and the names of those that go"""


def is_unfinished(directory: Path) -> bool:
    """A crash has left something of an exchange."""
    return any((directory / name).exists() for name in (_INCOMING, _DECIDED, _COMING, _OLD))


@contextlib.contextmanager
def exchanging(directory: Path, names: Iterable[str]) -> Iterator[Path]:
    """What the block puts there comes in the place of all entries of these names, unless it fails. Raises OSError."""
    finish(directory)
    incoming = directory / _INCOMING
    try:
        (incoming / _NEW).mkdir(mode=0o700, parents=True)
        durable_files.write_new(incoming / _NAMES, "\n".join(names).encode())
        yield incoming / _NEW
        durable_files.sync_tree(incoming)
        incoming.rename(directory / _DECIDED)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    durable_files.sync_folder(directory)
    finish(directory)


def finish(directory: Path) -> None:
    """What was decided is done, what was not is gone. Raises OSError."""
    decided, coming, old = (directory / name for name in (_DECIDED, _COMING, _OLD))
    if decided.exists():
        old.mkdir(exist_ok=True)
        for name in (decided / _NAMES).read_text().splitlines():
            _move(directory / name, old / name)
        durable_files.sync_folder(directory)
        decided.rename(coming)
        durable_files.sync_folder(directory)
    if coming.exists():
        for entry in sorted((coming / _NEW).iterdir()) if (coming / _NEW).exists() else ():
            _move(entry, directory / entry.name)
        durable_files.sync_folder(directory)
    for left in (directory / _INCOMING, coming, old):
        if left.exists():
            shutil.rmtree(left)


def _move(entry: Path, place: Path) -> None:
    """Whatever has come there since the crash goes: it was made by somebody who did not know."""
    if not os.path.lexists(entry):
        return
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    entry.rename(place)
