"""In what a checkpoint computes: a default that holds its numbers, and a word where the user's choice may not."""

import logging
from pathlib import Path

import pytest
import torch

from qwen_tts.checkpoint.model import default_dtype
from qwen_tts.checkpoint.precision import not_finite, warn_if_too_small
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.expectations import CheckpointExpectations, Expectations
from qwen_tts.errors import ModelUnavailable, SynthesisFailed
from qwen_tts.runtime.backends import check_backend, device_and_dtype
from tests.engine.tiny import config_of
from tests.golden.cases import CUSTOM

TABLE = Expectations.read()


@pytest.mark.parametrize(
    ("device", "has_bfloat16", "dtype"),
    [
        ("cuda", True, torch.bfloat16),
        ("cuda", False, torch.float32),  # T4, RTX 20xx, GTX 10 and 16
        ("mps", False, torch.float32),
        ("cpu", True, torch.float32),
    ],
)
def test_no_device_computes_in_float16_unasked(
    device: str, has_bfloat16: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bfloat16)
    assert default_dtype(torch.device(device)) == dtype


@pytest.mark.parametrize(
    ("name", "dtype", "warns"),
    [
        ("tiny-0.6B-CustomVoice", torch.float16, True),
        ("tiny-0.6B-Base", torch.float16, True),
        ("tiny-1.7B-CustomVoice", torch.float16, False),
        ("tiny-0.6B-Base", torch.float32, False),
        ("tiny-0.6B-Base", torch.bfloat16, False),
    ],
)
def test_float16_is_warned_about_where_it_is_known_not_to_fit(
    name: str, dtype: torch.dtype, warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_if_too_small(dtype, config_of(name), TABLE)
    assert len(caplog.records) == warns
    assert not warns or "choose float32, or bfloat16" in caplog.text


def test_what_was_measured_decides(caplog: pytest.LogCaptureFixture) -> None:
    measured = TABLE.model_copy(update={"checkpoints": {"1b7-custom_voice": CheckpointExpectations(float16=False)}})
    warn_if_too_small(torch.float16, config_of("tiny-0.6B-Base"), measured)
    assert not caplog.records
    warn_if_too_small(torch.float16, config_of("tiny-1.7B-CustomVoice"), measured)
    assert "1b7-custom_voice" in caplog.text


@pytest.mark.parametrize(
    ("dtype", "way_out"),
    [
        (torch.float16, "set dtype to float32, or to bfloat16 where the card has it"),
        (torch.bfloat16, "models verify), and try dtype float32"),
        (torch.float32, "models verify), and try the CPU"),
    ],
)
def test_who_fails_is_told_the_way_out(dtype: torch.dtype, way_out: str) -> None:
    error = not_finite(dtype)
    assert isinstance(error, SynthesisFailed)
    assert error.code == "generation_failed"
    assert str(dtype).removeprefix("torch.") in error.message
    assert error.message.endswith(way_out)


@pytest.mark.parametrize(
    ("device", "has_bfloat16", "dtype", "named"),
    [
        ("cpu", False, None, None),
        ("cuda", True, None, None),
        ("cuda", False, None, "this card has none; set weights to auto"),
        ("cpu", False, "float32", "leave dtype unset"),
        ("cuda", True, "float16", "leave dtype unset"),
    ],
)
def test_weights_of_the_release_are_computed_in_bfloat16(
    checkpoints: Path, device: str, has_bfloat16: bool, dtype: str | None, named: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bfloat16)
    config = EngineConfig.model_validate(
        {"checkpoint": checkpoints / CUSTOM, "device": device, "dtype": dtype, "weights": "bf16", "attention": "sdpa"}
    )
    if named is None:
        check_backend(config)
        assert device_and_dtype(config) == (torch.device(device), torch.bfloat16)
        return
    with pytest.raises(ModelUnavailable, match=named):
        check_backend(config)
