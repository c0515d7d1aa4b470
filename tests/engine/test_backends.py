"""What an engine is asked to run on and cannot stops its start, with the way out."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.config.engine import EngineConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.runtime import backends
from qwen_tts.runtime.backends import uses_kernels

TALKER = TalkerConfig.model_validate(checkpoint_config("1.7B-CustomVoice")["talker_config"])


def asked(device: str, dtype: torch.dtype, **options: Any) -> bool:
    config = EngineConfig.model_validate({"checkpoint": Path()} | options)
    return uses_kernels(config, TALKER, torch.device(device), dtype)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "is_recent_card", lambda device: device.type == "cuda")


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("weights", ["int8", "int4"])
def test_few_bits_are_the_kernels_on_a_card(weights: str) -> None:
    pytest.importorskip("triton")
    assert asked("cuda", torch.bfloat16, weights=weights)
    assert asked("cuda", torch.float32, weights=weights, attention="triton")


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("device", "dtype", "options", "named"),
    [
        ("cuda", torch.float16, {}, "needs bfloat16 or float32.* set device to cpu, or weights to auto"),
        ("mps", torch.float32, {}, "needs an NVIDIA card.* set device to cpu, or weights to auto"),
        ("cuda", torch.bfloat16, {"attention": "sdpa"}, "set attention to auto"),
        ("cuda", torch.bfloat16, {"attention": "flash"}, "set attention to auto"),
        ("cpu", torch.float32, {"attention": "triton"}, "set attention to auto"),
    ],
)
def test_few_bits_that_cannot_be_had_stop_the_start(
    device: str, dtype: torch.dtype, options: dict[str, str], named: str
) -> None:
    pytest.importorskip("triton")
    with pytest.raises(ModelUnavailable, match=named):
        asked(device, dtype, weights="int8", **options)
