"""A data directory is made, or checked and brought to today's format, before anybody uses it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from qwen3tts_daemon import __version__, durable_files
from qwen3tts_daemon.data_dir import contents, exchange, migrations
from qwen3tts_daemon.data_dir.archive import BadBackup
from qwen3tts_daemon.data_dir.lock import DirectoryLock
from qwen3tts_daemon.data_dir.migrations import STEPS, Step
from qwen3tts_daemon.data_dir.snapshot import StillChanging
from qwen3tts_daemon.settings import SettingsError

logger = logging.getLogger(__name__)

FORMAT = 1 + len(STEPS)

_LINE = re.compile(r"(\d{1,9})(?: (\d+\.\d\S{0,30}))?")


class Found(NamedTuple):
    """What the format's file says."""

    format: int
    version: str
    """That wrote it first; "" if it does not say"""


def prepare(path: Path, steps: Sequence[Step] = STEPS) -> DirectoryLock:
    """Make it, or bring it to today's format. Others may use it too, but not as a whole, until the lock is closed.

    Raises SettingsError if it cannot be used, is in use where it would have to be changed, or is from a later version.
    """
    try:
        durable_files.make_folder(path)
        lock = DirectoryLock(path)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        _prepare(lock, steps)
    except OSError as error:
        lock.close()
        raise _unusable(path, error) from error
    except BaseException:
        lock.close()
        raise
    return lock


def check(path: Path) -> None:
    """For who reads or changes a file of it, and is no daemon. Raises SettingsError for one of another format."""
    if exchange.is_unfinished(path):
        raise SettingsError(f"data_dir: {path} is being changed, or was when something failed: start the daemon first")
    found = read(path)
    _refuse_later(path, found, FORMAT)
    if found is not None and found.format < FORMAT:
        raise SettingsError(f"data_dir: {path} has format {found.format} still: start the daemon once, to renew it")


def read(path: Path) -> Found | None:
    """None: there is no data directory yet. Raises SettingsError for a file that says nothing."""
    try:
        line = durable_files.read_line(path / contents.FORMAT_FILE)
    except ValueError as error:
        raise SettingsError(f"data_dir: {error}") from error
    except OSError as error:
        raise _unusable(path, error) from error
    if not line:
        return None
    if (found := _LINE.fullmatch(line)) is None:
        raise SettingsError(f"data_dir: {path / contents.FORMAT_FILE} says {line[:40]!r}, which is no format")
    return Found(int(found[1]), found[2] or "")


def _prepare(lock: DirectoryLock, steps: Sequence[Step]) -> None:
    path, known = lock.path, 1 + len(steps)
    _refuse_later(path, read(path), known)
    if exchange.is_unfinished(path):
        _take_alone(lock)
        exchange.finish(path)
    found = read(path)
    _refuse_later(path, found, known)
    if found is None:
        durable_files.write_line(path / contents.FORMAT_FILE, _line(known))
    elif found.format < known:
        _take_alone(lock)
        _migrate(path, found.format, steps)
    if not lock.share():
        raise SettingsError(f"data_dir: {path} is being restored at this moment; start again when that is done")
    durable_files.tidy(path)


def _migrate(path: Path, found: int, steps: Sequence[Step]) -> None:
    known = 1 + len(steps)
    if found < 1:
        raise SettingsError(f"data_dir: {path} has format {found}, which no version has written")
    logger.info("the data directory %s is brought from format %d to %d", path, found, known)
    try:
        kept = migrations.migrate(path, found, steps, _line(known))
    except (StillChanging, BadBackup) as error:
        raise SettingsError(f"data_dir: {path} stays as it was, of format {found}: {error}") from error
    logger.info("what was there before is kept in %s, for a version that knows format %d", kept, found)


def _take_alone(lock: DirectoryLock) -> None:
    if not lock.take_alone():
        raise SettingsError(f"data_dir: another daemon uses {lock.path}, which has to be renewed: stop it first")


def _refuse_later(path: Path, found: Found | None, known: int) -> None:
    """An earlier version would not understand it; what it did understand lies beside it."""
    if found is None or found.format <= known:
        return
    wanted = f"version {found.version}" if found.version else "the version that wrote it"
    message = (
        f"data_dir: {path} has format {found.format}, this version knows {known}: install {wanted}, or a later one"
    )
    if (before := path / contents.BACKUP_OF_FORMAT.format(known)).is_file():
        message += f"; or go back to what was there: qwen3tts-daemon restore --replace {before} --data-dir {path}"
    raise SettingsError(message)


def _line(format: int) -> str:
    """The version: what a version that is too old tells a person to install."""
    return f"{format} {__version__}"


def _unusable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"data_dir: cannot use {path}: {error.strerror}; give another with --data-dir")
