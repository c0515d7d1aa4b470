"""Small configurations and random weights for tests of single modules."""

from typing import Any, TypeVar

import torch
from torch import nn

from benchmarks.random_checkpoint import checkpoint_config
from qwen_tts.api import Sampling
from qwen_tts.checkpoint.weights import derive
from qwen_tts.config.checkpoint import CheckpointConfig, TalkerConfig
from qwen_tts.config.generation import GenerationConfig, SamplingRules
from qwen_tts.modules.linear import FusedLinear, QuantisedLinear
from qwen_tts.modules.weight_formats import Bits, quantise

M = TypeVar("M", bound=nn.Module)


def config_of(name: str = "tiny-1.7B-CustomVoice") -> CheckpointConfig:
    return CheckpointConfig.model_validate(checkpoint_config(name))


def talker_config() -> TalkerConfig:
    return config_of().talker


def rules(**asked: Any) -> SamplingRules:
    """Those of a checkpoint with the release's own, where a request names fields of Sampling."""
    return GenerationConfig().rules(Sampling(**asked))


@torch.no_grad()
def quantised(module: M, bits: Bits) -> M:
    """Its layers without bias, in so many bits."""
    for path, layer in list(module.named_modules()):
        if isinstance(layer, (FusedLinear, nn.Linear)) and getattr(layer, "bias", None) is None:
            module.set_submodule(path, QuantisedLinear(quantise(layer.weight, bits)))
    return module


def randomise(module: M, seed: int = 0) -> M:
    """Weights of about unit gain, without gradients."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        scale = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 1.0
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    derive(module)
    return module.requires_grad_(False).eval()
