"""Weights in 8 and 4 bits on the card, in the release's sizes: the kernels compute what the weights say."""

import pytest
import torch
from torch import nn

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.config.checkpoint import TalkerConfig
from qwen_tts.models.code_predictor import CodePredictor
from qwen_tts.models.talker import Talker
from qwen_tts.modules.weight_formats import Bits
from qwen_tts.runtime.cards import may_chain
from qwen_tts.runtime.cuda_graphs import Graphs
from qwen_tts.runtime.frame import RowTensors
from tests.engine.tiny import quantised, randomise

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(500)]

CUDA = torch.device("cuda")
LAYERS = 3


def in_bfloat16(module: nn.Module) -> None:
    """What is not in few bits; scales stay as they are."""
    for parameter in module.parameters():
        parameter.data = parameter.data.bfloat16()


@pytest.mark.parametrize("size", ["0.6B", "1.7B"])
@pytest.mark.parametrize("bits", [None, 8, 4])
@torch.inference_mode()
def test_logits_are_those_of_the_weights_in_float32(size: str, bits: Bits | None) -> None:
    """As near as bfloat16 lets them be, whichever product computes them."""
    # Kernels are defined when this is imported; where there is no card, tests/kernels has them interpreted.
    from qwen_tts.runtime.frame_triton import TritonFrame

    content = checkpoint_config(f"{size}-CustomVoice")["talker_config"] | {"num_hidden_layers": LAYERS}
    config = TalkerConfig.model_validate(content)
    modules = randomise(Talker(config)), randomise(CodePredictor(config.code_predictor, config.hidden_size))
    talker, predictor = (quantised(module, bits) if bits else module for module in modules)
    talker.to(CUDA), predictor.to(CUDA)
    inputs = torch.randn(32, config.hidden_size, device=CUDA)
    one = torch.ones(len(inputs), dtype=torch.long, device=CUDA)
    exact = talker.logits(talker(inputs[:, None], talker.init_cache(len(inputs), 1), one, span=1)[:, 0])
    for module in (talker, predictor):
        in_bfloat16(module)
    for rows in (1, 2, 4, 16, 32):
        state = RowTensors.allocate(config, rows, rows, 16, 8, CUDA, torch.bfloat16)
        state.pages[:rows, 0] = torch.arange(1, rows + 1)
        state.inputs.copy_(inputs[:rows])
        frame = TritonFrame(talker, predictor, state, Graphs(), chained=may_chain(CUDA))
        frame.frame(rows, 16)
        ours = frame._logits[:, : config.vocab_size]
        error = (ours - exact[:rows]).norm() / exact[:rows].norm()
        assert error < 0.02, (rows, error)
