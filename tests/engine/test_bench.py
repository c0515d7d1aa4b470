"""What a measurement makes of its frames, and of what others did meanwhile."""

import subprocess
import sys

import pytest

from qwen_tts.bench.contention import Contention
from qwen_tts.bench.measure import sustained_ms
from tests.patience import PATIENCE_S


@pytest.mark.parametrize(
    ("steps", "ms"),
    [
        ([50.0] * 20, 50.0),
        ([50.0] * 8 + [500.0] * 12, 50.0),  # somebody else was at work, later
        ([5.0] + [50.0] * 19, 44.375),  # one quick frame is an eighth
        ([50.0, 500.0] * 10, 275.0),  # always so: that is what it takes
        ([40.0, 60.0], 50.0),
    ],
)
def test_what_is_sustained_is_neither_a_hiccup_nor_a_quick_frame(steps: list[float], ms: float) -> None:
    assert sustained_ms(steps) == pytest.approx(ms)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no other system tells")
def test_what_another_program_takes_is_noticed() -> None:
    """The other one works on one of our processors for as long as it likes: for what is known to be a second."""
    contention = Contention()
    spent = "import time\nwhile time.process_time() < 1: pass"
    subprocess.run([sys.executable, "-c", spent], check=True, timeout=PATIENCE_S)
    assert contention.share() > 0
    assert 0 <= Contention().share() <= 1
