"""What was measured on this machine, kept in the cache directory: other hardware or software, and it is forgotten."""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from qwen3tts_daemon import durable_files
from qwen3tts_daemon.hosting.checkpoints import Checkpoint
from qwen_tts.bench.figures import Measured, Way
from qwen_tts.bench.machine import Machine, this_machine
from qwen_tts.json_decoding import decode_json

logger = logging.getLogger(__name__)


class _Kept(msgspec.Struct):
    machine: Machine
    measured: dict[str, Measured]


class Measurements:
    """Of all checkpoints of one size and shape alike: time does not depend on what weights say."""

    def __init__(
        self, path: Path, threads: int | None, machine: Machine | None = None, *,
        is_doubtful: Callable[[Measured], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        """`threads`: as they are set for the engine; figures are of so many. `is_doubtful`: what earlier runs have left
        and is to be measured again."""
        self._is_doubtful = is_doubtful
        self._path, self._threads = path, threads
        self._machine = machine or this_machine()
        self._measured = self._read()

    def of(self, checkpoint: Checkpoint, way: Way) -> Measured | None:
        """None: nobody has measured it."""
        return self._measured.get(self._key(checkpoint, way))

    def put(self, checkpoint: Checkpoint, way: Way, measured: Measured) -> None:
        """It holds from now on, and is kept if it can be."""
        self._measured = self._read() | self._measured | {self._key(checkpoint, way): measured}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            durable_files.replace(self._path, msgspec.json.encode(_Kept(self._machine, self._measured)))
            durable_files.tidy(self._path.parent)
        except OSError as error:
            logger.warning("what was measured is measured again at the next start: %s: %s", self._path, error.strerror)

    def _key(self, checkpoint: Checkpoint, way: Way) -> str:
        threads = "auto" if self._threads is None else self._threads
        return f"{checkpoint.size} {checkpoint.weights_per_frame} {way.device} {way.weights} threads={threads}"

    def _read(self) -> dict[str, Measured]:
        try:
            kept: _Kept = decode_json(self._path.read_bytes(), _Kept)
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            logger.info("what was measured cannot be read, and is measured again: %s", error)
            return {}
        if kept.machine != self._machine:
            return {}
        return {key: measured for key, measured in kept.measured.items() if not self._is_doubtful(measured)}
