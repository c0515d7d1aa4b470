"""A line a minute for what strangers can make happen."""

import logging

import pytest

from qwen3tts_daemon.sparing_log import SparingFilter, SparingLog
from tests.fakes import Clock

logger = logging.getLogger("tests.sparing")


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_one_line_a_minute_and_what_was_left_out(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = SparingLog(logger, clock)
    for number in range(100):
        log.warning("%s is refused: %d", "192.168.1.2", number)
    assert lines(caplog) == ["192.168.1.2 is refused: 0"]
    clock.now += 59.9
    log.warning("%s is refused: %d", "192.168.1.2", 100)
    assert len(caplog.records) == 1
    clock.now += 0.2
    log.warning("%s is refused: %d", "192.168.1.3", 101)
    assert lines(caplog)[1:] == ["192.168.1.3 is refused: 101 (and 100 more like it)"]


def test_kinds_are_told_apart_and_do_not_fill_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    log = SparingLog(logger, Clock())
    for number in range(10_000):
        log.warning("%s", number, kind=f"kind {number}")
    assert len(caplog.records) == 10_000
    log.warning("%s", "again", kind="kind 9999")
    assert len(caplog.records) == 10_000


def test_a_library_that_repeats_itself_is_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    noisy = logging.getLogger("tests.noisy")
    sparing = SparingFilter(Clock())
    noisy.addFilter(sparing)
    try:
        for number in range(50):
            for error in (ValueError(number), OSError(24, "Too many open files"), MemoryError()):
                try:
                    raise error
                except Exception:  # noqa: BLE001  what a library does
                    noisy.error("it broke\nprotocol: <at %x>", number, exc_info=True)
            noisy.info("said at ease")
    finally:
        noisy.removeFilter(sparing)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [bool(record.exc_info) for record in errors] == [True, False, False]
    assert "Too many open files" in errors[1].getMessage()


def test_an_error_from_another_place_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    noisy = logging.getLogger("tests.noisy")
    sparing = SparingFilter(Clock())
    noisy.addFilter(sparing)

    def here() -> None:
        raise ValueError("here")

    def there() -> None:
        raise ValueError("there")

    try:
        for fault in [here, there] * 20:
            try:
                fault()
            except ValueError:
                noisy.exception("unexpected")
    finally:
        noisy.removeFilter(sparing)
    assert len(caplog.records) == 2
