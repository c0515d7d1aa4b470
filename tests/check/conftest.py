"""Tiny checkpoints, and how they are checked here: on one core, few frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.check.options import CheckOptions
from qwen_tts.check.report import Report
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.check.reports import read
from tests.engine.conftest import text_tokenizer, text_tokenizer_files

__all__ = ["text_tokenizer", "text_tokenizer_files"]

Checked = Callable[..., tuple[int, Report]]

ON_ONE_CORE: dict[str, Any] = {"device": "cpu", "threads": 1, "row_positions": 64}
"""A sequence has some 40 frames at most."""


@pytest.fixture(scope="session")
def models(text_tokenizer_files: Path, text_tokenizer: TextTokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """While `text_tokenizer` is held, none of them reads its own."""
    root = tmp_path_factory.mktemp("models")
    for name in ("0.6B-CustomVoice", "1.7B-VoiceDesign", "0.6B-Base"):
        write_checkpoint(f"tiny-{name}", root / name, text_tokenizer=text_tokenizer_files)
    return root


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Exit code and report of a quick check in this process."""
    from qwen_tts.check.run import run  # torch

    def check(*checkpoints: Path, engine: dict[str, Any] = ON_ONE_CORE, **options: Any) -> tuple[int, Report]:
        path = tmp_path / "report.json"
        asked = {"sentences": ("yes",), "languages": ("en",), "quick": True, "report": str(path)} | options
        status = run(CheckOptions(checkpoints=tuple(map(str, checkpoints)), engine=engine, **asked))
        return status, read(path)

    return check
