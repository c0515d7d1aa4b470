"""The checkpoints that speak, and who taught them. README.md says which, and where they are looked for."""

import os
from functools import cache
from pathlib import Path

import pytest
import torch

from qwen3tts_daemon.hosting.checkpoints import scan
from qwen_tts.config.checkpoint import read_checkpoint_config
from tests.speaking.recorded_teacher import RECORDED, RecordedTeacher

torch.set_num_threads(1)  # more would only wait for each other: the models are tiny


@cache
def _checkpoints() -> dict[str, Path]:
    """By type."""
    elsewhere = os.environ.get("SPEAKING_CHECKPOINTS")
    found = {one.kind: one.path for one in scan(Path(elsewhere or Path(__file__).parent)).best_of_each_kind}
    assert found or not elsewhere, f"SPEAKING_CHECKPOINTS names {elsewhere}, and no checkpoint is there"
    return found


def _checkpoint(kind: str) -> Path:
    if kind not in _checkpoints():
        pytest.skip(f"no {kind} checkpoint that speaks: neither in tests/speaking nor where SPEAKING_CHECKPOINTS says")
    return _checkpoints()[kind]


@pytest.fixture(scope="session")
def custom_voice() -> Path:
    """A checkpoint with speakers."""
    return _checkpoint("custom_voice")


@pytest.fixture(scope="session")
def base() -> Path:
    """A checkpoint that clones voices."""
    return _checkpoint("base")


@pytest.fixture(scope="session")
def teachers(custom_voice: Path) -> dict[str, RecordedTeacher]:
    """By the name of the speaker that each has taught."""
    speakers = read_checkpoint_config(custom_voice).talker.speakers
    return {name: RecordedTeacher.of(name) for name in speakers if (RECORDED / f"{name}.npz").is_file()}


@pytest.fixture(scope="session")
def speaker_name(teachers: dict[str, RecordedTeacher]) -> str:
    """The first of them."""
    return next(iter(teachers))


@pytest.fixture(scope="session")
def teacher(teachers: dict[str, RecordedTeacher], speaker_name: str) -> RecordedTeacher:
    return teachers[speaker_name]
