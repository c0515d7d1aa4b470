"""A log line is one line, whatever is in it, and no traceback tells what was to be spoken."""

import io
import logging
from collections.abc import Callable

import pytest

from qwen3tts_daemon.log_lines import LogLines

SECRET = "the cake is in the cellar"


def logged(write: Callable[[logging.Logger], None], **options: bool) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogLines("worker ", **options))
    logger = logging.getLogger("somebody")
    logger.addHandler(handler)
    try:
        write(logger)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2J", "\0"])
def test_a_message_is_a_line(end: str) -> None:
    told = logged(lambda logger: logger.warning("refused: %s", f"a{end}2026-11-30 INFO forged"))
    assert told.count("\n") == 1
    assert len(told.splitlines()) == 1
    assert told.isprintable() is False
    assert told[:-1].isprintable()
    assert " WARNING worker somebody refused: a" in told


def _raise(error: Exception) -> None:
    try:
        {}[SECRET]
    except KeyError as cause:
        raise error from cause


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"cannot read {SECRET!r}"), AssertionError(SECRET), IndexError(SECRET),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
        ExceptionGroup("several", [ValueError(SECRET), ExceptionGroup("more", [KeyError(SECRET)])]),
    ],
)  # fmt: skip
def test_a_traceback_tells_where_and_not_what(error: Exception) -> None:
    def write(logger: logging.Logger) -> None:
        try:
            _raise(error)
        except Exception:
            logger.exception("unexpected")

    told = logged(write)
    assert SECRET not in told
    for part in ("in _raise", "raise error from cause", "KeyError: (", type(error).__name__):
        assert part in told
    assert SECRET in logged(write, quotes=True)


def test_what_quotes_nobody_is_told_whole() -> None:
    def write(logger: logging.Logger) -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            logger.exception("unexpected")

    assert "OSError: [Errno 28] No space left on device\n" in logged(write)
