"""The child of background.py: one checkpoint, fetched as `models download` does, and a line of JSON for what happens.

It holds the network client, which blocks, and reads gigabytes to check them. Ending it loses nothing: what has come
lies in parts. If the daemon goes, the next line finds nobody, and that ends it too.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import msgspec

from qwen3tts_daemon.downloads.background import Arrived, ChildMessage, Failed
from qwen3tts_daemon.downloads.download import download, source_called
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.downloads.progress import Show
from qwen3tts_daemon.downloads.source import DownloadFailed
from qwen3tts_daemon.environment import modelscope_endpoint
from qwen_tts import safeguards

_PERIOD_S = 0.25
"""Between two lines of one file."""


class _Lines:
    """A listener who writes down how much of all files has arrived."""

    def __init__(self) -> None:
        self._total_bytes = 0
        self._arrived_bytes = 0
        """Without the file that is coming"""

    def reading(self) -> AbstractContextManager[object]:
        return nullcontext()

    def planned(self, total_bytes: int, arrived_bytes: int) -> None:
        self._total_bytes, self._arrived_bytes = total_bytes, arrived_bytes
        self._tell(arrived_bytes)

    @contextmanager
    def file(self, name: str, size: int, arrived: int) -> Iterator[Show]:
        self._arrived_bytes -= arrived
        told_at = 0.0

        def show(now: int) -> None:
            nonlocal told_at
            if (moment := time.monotonic()) >= told_at + _PERIOD_S or now == size:
                told_at = moment
                self._tell(self._arrived_bytes + now)

        yield show
        self._arrived_bytes += size

    def _tell(self, arrived_bytes: int) -> None:
        _write(Arrived(arrived_bytes, self._total_bytes))


def _write(message: ChildMessage) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    name, directory, source = sys.argv[1:]
    safeguards.refuse_pickles()
    safeguards.take_no_privileges()
    try:
        fetched_from = source_called(SourceName(source), modelscope_endpoint())
        download([name], Path(directory), fetched_from, listener=_Lines())
    except DownloadFailed as error:
        _write(Failed(error.code, str(error)))
        sys.exit(1)


if __name__ == "__main__":
    main()
