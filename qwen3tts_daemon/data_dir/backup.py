"""A backup of a data directory, which daemons may go on using."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from qwen3tts_daemon import __version__, durable_files
from qwen3tts_daemon.data_dir import archive, snapshot
from qwen3tts_daemon.data_dir.archive import Manifest, packed

_PRIVATE = 0o600


def write_file(
    file: Path, directory: Path, *, data_format: int, elsewhere: Mapping[str, Path] | None = None,
    with_secrets: bool = True,
) -> Manifest:  # fmt: skip
    """In place of what is there; whole on the disk when this returns, and readable for its owner alone.

    `elsewhere`: files that do not lie in the directory, by their names in the backup. Raises OSError, StillChanging,
    BadBackup.
    """
    with durable_files.in_place_of(file) as partial, durable_files.opened_new(partial, mode=_PRIVATE) as out:
        return write(out, directory, data_format=data_format, elsewhere=elsewhere, with_secrets=with_secrets,
                     beside=file.parent)  # fmt: skip


def write(
    out: IO[bytes], directory: Path, *, data_format: int, elsewhere: Mapping[str, Path] | None = None,
    with_secrets: bool = True, beside: Path | None = None,
) -> Manifest:  # fmt: skip
    """`beside`: where copies lie meanwhile; else where temporary files do. Raises as `write_file`."""
    elsewhere = {name: path.absolute() for name, path in (elsewhere or {}).items() if path.is_file()}
    came_from = {name: str(path) for name, path in elsewhere.items() if path.parent != directory.absolute()}
    with tempfile.TemporaryDirectory(prefix=durable_files.PARTIAL, dir=beside) as copies:
        names = snapshot.take(directory, elsewhere, Path(copies), with_secrets=with_secrets)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        files = [packed(Path(copies), name) for name in names]
        manifest = Manifest(archive.FORMAT, data_format, __version__, now, with_secrets, came_from, files)
        archive.write(out, manifest, Path(copies))
    return manifest
