"""Which checkpoints have passed a check here: of files and a processor as they were then, and of nothing else."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from qwen3tts_daemon.commands.check import remember_passed
from qwen3tts_daemon.hosting import checked
from qwen_tts.check.identity import identity
from qwen_tts.check.options import CheckOptions
from qwen_tts.check.report import CheckpointReport, Machine, Problem, Report, to_json

TINY = Path(__file__).parents[1] / "speaking" / "Qwen3-TTS-12Hz-tiny-CustomVoice"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return shutil.copytree(TINY, tmp_path / TINY.name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "checked.json"


def test_what_has_passed_is_remembered_with_its_weights(checkpoint: Path, file: Path) -> None:
    assert not checked.has_passed(file, checkpoint, "int4")
    checked.remember(file, {checkpoint: True}, "int8")
    assert not checked.has_passed(file, checkpoint, "int4")
    checked.remember(file, {checkpoint: True}, "int4")
    assert checked.has_passed(file, checkpoint, "int4")
    assert checked.has_passed(file, checkpoint, "int8")


def test_another_checkpoint_of_the_same_name_has_not(checkpoint: Path, file: Path) -> None:
    checked.remember(file, {checkpoint: True}, "int4")
    with (checkpoint / "model.safetensors").open("ab") as weights:
        weights.write(b"another")
    assert not checked.has_passed(file, checkpoint, "int4")


def test_another_processor_has_not(checkpoint: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked.remember(file, {checkpoint: True}, "int4")
    monkeypatch.setattr(checked, "cpu_name", lambda: "another")
    assert not checked.has_passed(file, checkpoint, "int4")


@pytest.mark.parametrize("content", [b"", b"[3]", b"{}"])
def test_what_cannot_be_read_says_nothing_of_anybody(
    checkpoint: Path, file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert not checked.has_passed(file, checkpoint, "int4")
    assert "none has" in caplog.text
    checked.remember(file, {checkpoint: True}, "int4")
    assert checked.has_passed(file, checkpoint, "int4")


def report(checkpoint: Path, *, problems: Sequence[Problem] = (), quick: bool = False, whole: bool = True) -> bytes:
    machine = Machine(system="", cpu="", cores=2, card=None, card_memory_mib=None, versions={})
    one = CheckpointReport(identity=identity(checkpoint), device="cpu", dtype="float32")
    one.problems = list(problems)
    return to_json(
        Report(date="2026-11-30", is_quick=quick, is_whole=whole, machine=machine, checkpoints=[one])
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentences", "counts"),
    [
        ({}, (), True),
        ({"quick": True}, (), False),
        ({"whole": False}, (), False),
        ({}, ("market",), False),
        ({"problems": [Problem(code="pace", message="too fast")]}, (), False),
    ],
)
def test_only_a_whole_check_without_a_problem_counts(
    checkpoint: Path, file: Path, tmp_path: Path, given: dict[str, object], sentences: tuple[str, ...], counts: bool
) -> None:
    (tmp_path / "report.json").write_bytes(report(checkpoint, **given))  # type: ignore[arg-type]
    options = CheckOptions(checkpoints=(str(checkpoint),), engine={"weights": "int4"}, sentences=sentences)
    remember_passed(options, tmp_path / "report.json", file)
    assert checked.has_passed(file, checkpoint, "int4") == counts


def test_the_last_check_counts(checkpoint: Path, file: Path) -> None:
    checked.remember(file, {checkpoint: True}, "int4")
    checked.remember(file, {checkpoint: False}, "int8")
    assert checked.has_passed(file, checkpoint, "int4")
    checked.remember(file, {checkpoint: False}, "int4")
    assert not checked.has_passed(file, checkpoint, "int4")
