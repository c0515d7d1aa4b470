"""Layers in 8 or 4 bits in the place of a network's own, made of the release's tensors one after the other.

Quantised is what a frame multiplies with: the layers without bias. Norms, embeddings and projections stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import nn

from qwen_tts.checkpoint.weights import ReadTensors, layer_tensors, reserve
from qwen_tts.modules.linear import FusedLinear, QuantisedLinear
from qwen_tts.modules.weight_formats import Bits, QuantisedWeight, quantise


def quantise_layers(parts: Mapping[str, nn.Module], bits: Bits, device: torch.device, read: ReadTensors) -> None:
    """Of planned networks. No weight lies in memory in full but the one that is being quantised."""
    for part, module in parts.items():
        for path, layer in list(_layers_without_bias(module)):
            kept = _quantised(part, path, layer, bits, read)
            module.set_submodule(path, QuantisedLinear(kept).to(device))


def plan_quantised(networks: Iterable[nn.Module], bits: Bits) -> None:
    """Quantised layers without memory into planned networks, as `quantise_layers` makes them."""
    for network in networks:
        for path, layer in list(_layers_without_bias(network)):
            assert isinstance(layer.weight, nn.Parameter)
            outputs, inputs = layer.weight.shape
            network.set_submodule(path, QuantisedLinear(QuantisedWeight.planned(outputs, inputs, bits)))


def _layers_without_bias(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, layer in module.named_modules():
        if isinstance(layer, FusedLinear) or (isinstance(layer, nn.Linear) and layer.bias is None):
            yield path, layer


def _quantised(part: str, path: str, layer: nn.Module, bits: Bits, read: ReadTensors) -> QuantisedWeight:
    """Of a planned layer, which has its weight in float32 until it is replaced."""
    reserve(layer.float(), torch.device("cpu"))
    read(layer_tensors(part, path, layer))
    assert isinstance(layer.weight, nn.Parameter)
    return quantise(layer.weight, bits)
