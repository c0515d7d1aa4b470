"""What strangers can make happen as often as they like is told once a minute, so that they cannot fill the log."""

import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

from qwen3tts_daemon.bounded_dict import BoundedDict

_EVERY_S = 60.0
_MOST_KINDS = 256


class SparingLog:
    """A logger with one line a minute for each kind of thing; the next line says how many were left out."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._kinds = _Kinds(clock)

    def warning(self, message: str, *args: Any, kind: str = "") -> None:
        """`kind` is what counts as the same; without it the message is."""
        self._tell(logging.WARNING, message, args, kind)

    def info(self, message: str, *args: Any, kind: str = "") -> None:
        """As `warning`."""
        self._tell(logging.INFO, message, args, kind)

    def _tell(self, level: int, message: str, args: tuple[Any, ...], kind: str) -> None:
        left_out = self._kinds.count(kind or message)
        if left_out is not None:
            self._logger.log(level, f"{message}{_more(left_out)}", *args)  # noqa: G004  the arguments stay arguments


class SparingFilter(logging.Filter):
    """The same for a logger's warnings: those of one message are of one kind, and errors of one place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._kinds = _Kinds(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        error = record.exc_info[1] if record.exc_info else None
        left_out = self._kinds.count(f"{_first_line(str(record.msg))} {_origin(error)}")
        if left_out is None:
            return False
        message = record.getMessage()
        if isinstance(error, OSError | MemoryError):  # nobody's mistake: where it happened tells nothing
            message, record.exc_info = f"{_first_line(message)}: {error!r}", None
        record.msg, record.args = message + _more(left_out), ()
        return True


def _origin(error: BaseException | None) -> str:
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error)} {place}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip()


class _Kinds:
    """When each kind was last told, and how often it happened since; the kinds of a stranger's making are bounded."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kinds = BoundedDict[tuple[float, int]](_MOST_KINDS)

    def count(self, kind: str) -> int | None:
        """How many were left out since the last line if another one is due, else None."""
        now = self._clock()
        told_at, left_out = self._kinds.get(kind, (-_EVERY_S, 0))
        if now - told_at < _EVERY_S:
            self._kinds[kind] = told_at, left_out + 1
            return None
        self._kinds[kind] = now, 0
        return left_out


def _more(left_out: int) -> str:
    return f" (and {left_out} more like it)" if left_out else ""
