"""Tests that need an NVIDIA card: `python -m pytest -m gpu tests/gpu`. Without one they are skipped."""

from collections.abc import Iterator

import pytest
import torch

from tests.engine.conftest import checkpoints, text_tokenizer_files
from tests.speaking.conftest import custom_voice, speaker_name, teacher, teachers

__all__ = ["checkpoints", "custom_voice", "speaker_name", "teacher", "teachers", "text_tokenizer_files"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="no CUDA device")
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(missing)


@pytest.fixture(autouse=True)
def exact_float32() -> Iterator[None]:
    """No TF32: what is compared in float32 is float32."""
    cudnn, before = torch.backends.cudnn, torch.backends.cudnn.allow_tf32
    cudnn.allow_tf32 = False
    yield
    cudnn.allow_tf32 = before
