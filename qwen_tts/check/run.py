"""The checkpoints one after the other; then the words, the files and the exit code."""

import asyncio
import datetime
import logging
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import typer

from qwen_tts.check.checkpoint import CheckpointCheck
from qwen_tts.check.machine import machine
from qwen_tts.check.measured_table import measured_table
from qwen_tts.check.options import ALL_WELL, COULD_NOT_RUN, WRONG, CheckOptions
from qwen_tts.check.privacy import told
from qwen_tts.check.progress import Work, working
from qwen_tts.check.report import Problem, Report, to_json
from qwen_tts.check.stages.voices import Recording, read_recording
from qwen_tts.check.summary import summary
from qwen_tts.check.verdicts import problems
from qwen_tts.config.engine import EngineOptions
from qwen_tts.config.expectations import Expectations
from qwen_tts.errors import BadCheckpoint, InvalidRequest, ModelUnavailable
from qwen_tts.runtime.backends import device_and_dtype


def run(options: CheckOptions) -> int:
    """Check, tell, and write what was asked for; the exit code.

    Interrupted, it tells and writes what there is. Raises SynthesisError before it begins, for what cannot be met.
    """
    logging.basicConfig(level=logging.ERROR)  # what an engine warns of stands in the report
    table = _table(options)
    report = Report(date=datetime.date.today().isoformat(), is_quick=options.quick, machine=machine(_device(options)))
    if not all(_written(path, _try_to_write) for path in (options.report, options.expectations)):
        return COULD_NOT_RUN
    try:
        _check_all(options, table, report)
    except (KeyboardInterrupt, asyncio.CancelledError):  # of the second, asyncio has not found out that it was that
        typer.echo("interrupted", err=True)
    else:
        report.is_whole = True
    typer.echo(summary(report))
    return exit_code(report) if _write(options, report, table) else COULD_NOT_RUN


def _table(options: CheckOptions) -> Expectations:
    """What the guards go by: corrected by the measured table that the settings name."""
    path = options.engine.get("guards", {}).get("expectations")
    try:
        return Expectations.read(Path(path) if path else None)
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"guards.expectations: {error}", param="guards.expectations") from None


def _device(options: CheckOptions) -> torch.device:
    device, _ = device_and_dtype(EngineOptions.model_validate(options.engine))
    cards = torch.cuda.device_count() if device.type == "cuda" else 1
    if (device.index or 0) >= cards:
        raise ModelUnavailable(
            f"device is {str(device)!r}, and PyTorch finds {cards} cards here: choose another device"
        )
    return device


def exit_code(report: Report) -> int:
    """What is wrong counts more than that it was interrupted."""
    if not report.has_spoken:
        return COULD_NOT_RUN
    if report.problems:
        return WRONG
    return ALL_WELL if report.is_whole else COULD_NOT_RUN


def _check_all(options: CheckOptions, table: Expectations, report: Report) -> None:
    given = _given(options)
    other = None if options.other is None else read_recording(Path(options.other))
    checks = _checks(options, table, report)
    with working(sum(check.work for check in checks)) as work:
        for check in checks:
            check.recording, check.other = given, other
            _check(check, table, report, work)
            given = given or check.spoken_recording()
            _write(options, report, table)


def _given(options: CheckOptions) -> Recording | None:
    if (reference := options.reference) is None:
        return None
    return Recording(read_recording(Path(reference.path)), reference.transcript, reference.source)


def _checks(options: CheckOptions, table: Expectations, report: Report) -> Sequence[CheckpointCheck]:
    """Those that clone come last: what others said is a recording for them."""
    checks = []
    for directory in map(Path, options.checkpoints):
        try:
            check = CheckpointCheck(directory, options, table)
        except BadCheckpoint as error:
            report.refused.append(Problem(code=error.code, message=told(error, directory)))
        else:
            checks.append(check)
    return sorted(checks, key=lambda check: check.clones)


def _check(check: CheckpointCheck, table: Expectations, report: Report, work: Work) -> None:
    name = check.report.identity.name
    if not check.planned:
        report.refused.append(Problem(code="unsupported_language", message=f"{name} speaks none of these languages"))
    elif check.clones and check.recording is None:
        message = f"{name} clones voices and has none: give --reference FILE, a recording of 3 to 30 s"
        report.refused.append(Problem(code="no_reference", message=message))
    else:
        report.checkpoints.append(check.report)
        try:
            check.run(work)
        finally:
            check.report.problems = problems(check.report, table)


def _write(options: CheckOptions, report: Report, table: Expectations) -> bool:
    """False if something could not be written: that is told."""
    is_report_written = _written(options.report, lambda path: _replace(path, to_json(report)))
    return is_report_written and _written(
        options.expectations, lambda path: _replace(path, measured_table(report, table).encode())
    )


def _written(path: str | None, write: Callable[[Path], None]) -> bool:
    """False if it cannot be: that is told."""
    try:
        if path is not None:
            write(Path(path))
    except OSError as error:
        typer.echo(f"cannot write {path}: {error.strerror}", err=True)
        return False
    return True


def _replace(path: Path, content: bytes) -> None:
    """Whole, or as it was."""
    partial = _partial(path)
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _try_to_write(path: Path) -> None:
    partial = _partial(path)
    partial.touch(exist_ok=False)
    partial.unlink()


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")
