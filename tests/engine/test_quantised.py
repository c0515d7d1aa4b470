"""A checkpoint in 8 or 4 bits: which layers are, and that they are what the release's tensors say."""

from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from qwen_tts.checkpoint.model import load_model
from qwen_tts.config.engine import Weights
from qwen_tts.modules.linear import QuantisedLinear
from qwen_tts.modules.weight_formats import BITS, quantise
from tests.engine.conftest import Load
from tests.golden.cases import CUSTOM

CPU = torch.device("cpu")


@pytest.fixture(params=["int8", "int4"])
def weights(request: pytest.FixtureRequest) -> Weights:
    return cast(Weights, request.param)


def layers_of(network: nn.Module) -> dict[str, QuantisedLinear]:
    return {path: layer for path, layer in network.named_modules() if isinstance(layer, QuantisedLinear)}


def test_every_layer_without_bias_is_the_quantised_one(load: Load, checkpoints: Path, weights: Weights) -> None:
    """Of several tensors together as of each alone: an output's groups are its own."""
    plain, ours = load(CUSTOM), load_model(checkpoints / CUSTOM, CPU, torch.float32, weights=weights)
    for network, whole in ((ours.talker, plain.talker), (ours.code_predictor, plain.code_predictor)):
        layers = layers_of(network)
        own = 4 * len(network.transformer.layers)
        assert len(layers) == own + (1 if network is ours.talker else len(ours.code_predictor.lm_head))
        assert not any(isinstance(layer, nn.Linear) and layer.bias is None for layer in network.modules())
        for path, layer in layers.items():
            weight = whole.get_parameter(f"{path}.weight")
            together = quantise(weight, BITS[weights])
            assert torch.equal(layer.kept.values, together.values)
            assert torch.equal(layer.kept.dequantised(), together.dequantised())
            alone = torch.cat([quantise(row[None], BITS[weights]).dequantised() for row in weight[:8]])
            assert torch.equal(layer.kept.dequantised()[:8], alone)
            assert layer.kept.shape == weight.shape
        others = dict(whole.named_parameters())
        for path, parameter in network.named_parameters():
            assert torch.equal(parameter, others[path])


def test_it_multiplies_with_the_dequantised_weight(weights: Weights) -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(24, 128), torch.randn(3, 5, 128)
    kept = quantise(weight, BITS[weights])
    assert torch.equal(QuantisedLinear(kept)(x), x @ kept.dequantised().T)
