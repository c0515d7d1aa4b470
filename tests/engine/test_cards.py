"""Which card runs the kernels, and what is said where one does not."""

from pathlib import Path

import pytest
import torch

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.config.engine import EngineConfig
from qwen_tts.errors import ModelUnavailable
from qwen_tts.runtime.backends import tell_why_no_kernels, uses_kernels
from qwen_tts.runtime.cards import is_recent_card, take_little_memory
from qwen_tts.runtime.cuda_graphs import has_room

CUDA = torch.device("cuda")
TALKER = TalkerConfig.model_validate(checkpoint_config("0.6B-CustomVoice")["talker_config"])


@pytest.fixture(params=[(7, 0), (7, 5)], ids=["Volta", "Turing"])
def old_card(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: request.param)


def config(**options: str) -> EngineConfig:
    return EngineConfig.model_validate({"checkpoint": Path(), **options})


@pytest.mark.usefixtures("old_card")
def test_an_old_card_speaks_without_the_kernels_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    assert not is_recent_card(CUDA)
    assert not uses_kernels(config(), TALKER, CUDA, torch.float32)
    tell_why_no_kernels(config(), TALKER, CUDA, torch.float32)
    (line,) = (record.getMessage() for record in caplog.records)
    assert "in float32" in line
    assert "compute capability 8.0" in line


@pytest.mark.usefixtures("old_card")
def test_who_asks_an_old_card_for_the_kernels_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ModelUnavailable, match=r"compute capability 8\.0.*use 'sdpa'"):
        uses_kernels(config(attention="triton"), TALKER, CUDA, torch.float32)
    tell_why_no_kernels(config(attention="sdpa"), TALKER, CUDA, torch.float32)
    assert not caplog.records, "nobody asked for them"


def test_an_amd_card_is_none_of_these_whatever_number_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "hip", "7.0")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (11, 0))
    assert not is_recent_card(CUDA)
    take_little_memory(CUDA)  # it is not asked


def test_on_a_cpu_there_is_room_and_nothing_to_tell() -> None:
    take_little_memory(torch.device("cpu"))
    assert has_room(torch.device("cpu"), 2**60)
