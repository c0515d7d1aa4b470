"""A checkpoint in 8 or 4 bits: which layers are, and that they are what the release's tensors say."""

import shutil
from pathlib import Path
from typing import cast

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from qwen_tts.checkpoint.model import load_model
from qwen_tts.checkpoint.quantised import LARGEST_ERRORS
from qwen_tts.config.checkpoint_files import WEIGHTS as FILE
from qwen_tts.config.engine import Weights
from qwen_tts.errors import BadCheckpoint
from qwen_tts.modules.linear import QuantisedLinear
from qwen_tts.modules.weight_formats import BITS, quantise
from tests.engine.conftest import Load
from tests.golden.cases import CUSTOM

CPU = torch.device("cpu")
OUTLYING = "talker.model.layers.1.mlp.down_proj.weight"


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
            bits = 8 if path == "codec_head" else BITS[weights]
            together = quantise(weight, bits)
            assert torch.equal(layer.kept.values, together.values)
            assert torch.equal(layer.kept.dequantised(), together.dequantised())
            alone = torch.cat([quantise(row[None], bits).dequantised() for row in weight[:8]])
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


def test_an_error_is_of_each_input(weights: Weights) -> None:
    """An input that is great hides nothing of those beside it."""
    bits = BITS[weights]
    weight = torch.randn(64, 256, generator=torch.Generator().manual_seed(1))
    plain = quantise(weight, bits).error(weight)
    assert 0 < plain < LARGEST_ERRORS[bits] / 2
    weight[:, 3] *= 1000
    assert quantise(weight, bits).error(weight) > LARGEST_ERRORS[bits]
    assert quantise(weight * 0, bits).error(weight * 0) == 0


def bent(checkpoints: Path, path: Path, factor: float) -> Path:
    """One of its inputs has other weights than those beside it."""
    tensors = load_file(checkpoints / CUSTOM / FILE)
    tensors[OUTLYING][:, 1] *= factor
    shutil.copytree(checkpoints / CUSTOM, path)
    save_file(tensors, path / FILE, {"format": "pt"})
    return path


def test_an_input_that_outlies_the_others_is_kept(checkpoints: Path, tmp_path: Path, weights: Weights) -> None:
    load_model(bent(checkpoints, tmp_path / "bent", 4), CPU, torch.float32, weights=weights)


@pytest.mark.parametrize("factor", [1000, torch.nan])
def test_what_few_bits_cannot_say_is_refused(
    checkpoints: Path, tmp_path: Path, weights: Weights, factor: float
) -> None:
    checkpoint, cache = bent(checkpoints, tmp_path / "bent", factor), tmp_path / "cache"
    way_out = "set weights to int8 or auto" if weights == "int4" else "set weights to auto"
    with pytest.raises(BadCheckpoint, match=rf"{OUTLYING}.*{way_out}$"):
        load_model(checkpoint, CPU, torch.float32, weights=weights, cache_dir=cache)
    assert not list(cache.iterdir())
