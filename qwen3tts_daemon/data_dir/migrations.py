"""The steps from each format of the data directory to the next."""

from collections.abc import Callable, Sequence
from pathlib import Path

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.data_dir import backup, contents, snapshot
from qwen3tts_daemon.data_dir.exchange import exchanging

Step = Callable[[Path], None]
"""Brings what is kept, copied into a folder, from one format to the next. A file system may fail, nothing else."""

STEPS: Sequence[Step] = ()
"""The first leads from format 1 to 2, and so on. One that is released is never changed."""


def migrate(directory: Path, found: int, steps: Sequence[Step], line: str) -> Path:
    """From the format `found` on, all or nothing. `line`: what the format's file says then.

    A backup of what was there stays beside it, and is returned. Raises OSError, StillChanging, BadBackup.
    """
    kept = directory / contents.BACKUP_OF_FORMAT.format(found)
    backup.write_file(kept, directory, data_format=found)
    with exchanging(directory, (contents.FORMAT_FILE, *contents.KEPT)) as incoming:
        snapshot.take(directory, {}, incoming, with_secrets=True)
        for step in steps[found - 1 :]:
            step(incoming)
        durable_files.write_line(incoming / contents.FORMAT_FILE, line)
    return kept
