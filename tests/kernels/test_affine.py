"""Projections of embeddings, against PyTorch; and a text's words through both of the talker's."""

import pytest
import torch
from torch.nn import functional

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.kernels.affine import affine
from qwen_tts.models.talker import Talker
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.text_triton import TritonText
from tests.engine.tiny import randomise
from tests.kernels import references


@pytest.mark.parametrize("silu", [False, True])
@pytest.mark.parametrize(("tokens", "width", "outputs"), [(1, 32, 48), (65, 100, 1), (3, 64, 33), (130, 16, 64)])
def test_a_projection(
    tokens: int, width: int, outputs: int, silu: bool, device: torch.device, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(tokens, width), torch.randn(outputs, width) / width**0.5
    x, weight, bias = (one.to(device, dtype) for one in (x, weight, torch.randn(outputs)))
    out = torch.full((tokens, outputs), torch.nan, device=device, dtype=dtype)
    affine(x, weight, bias, out, silu=silu)
    exact = functional.linear(x.double(), weight.double(), bias.double())
    exact = functional.silu(exact) if silu else exact
    assert references.error(out, exact) < references.bound(dtype)


def test_words_are_projected_as_pytorch_does_it_however_many_come_together(device: torch.device) -> None:
    config = TalkerConfig.model_validate(checkpoint_config("tiny-0.6B-CustomVoice")["talker_config"])
    talker = randomise(Talker(config), 0).to(device)
    words = torch.randn(130, config.text_hidden_size).to(torch.bfloat16)
    with torch.inference_mode():
        expected = talker.project_text(words)
        talker.text = TritonText(talker.text_projection, Graphs())
        together = talker.project_text(words)
        torch.testing.assert_close(together, expected, atol=1e-5, rtol=1e-5)
        for some in (slice(0, 1), slice(63, 65), slice(7, 120), slice(5, 5)):
            assert torch.equal(talker.project_text(words[some]), together[some])
