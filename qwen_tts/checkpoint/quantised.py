"""Layers in 8 or 4 bits in the place of a network's own, made of the release's tensors one after the other.

Quantised is what a frame multiplies with: the layers without bias. Norms, embeddings and projections stay as they are.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from qwen_tts.checkpoint.mapped_file import MappedFile
from qwen_tts.checkpoint.packed_file import PackedFile
from qwen_tts.checkpoint.weights import ReadTensors, layer_tensors
from qwen_tts.errors import BadCheckpoint
from qwen_tts.modules.linear import FusedLinear, QuantisedLinear
from qwen_tts.modules.weight_formats import Bits, QuantisedWeight, quantise

logger = logging.getLogger(__name__)

FORMAT = 1
"""Counted up when other numbers are made of the same tensors."""

LARGEST_ERRORS: Mapping[Bits, float] = {8: 0.05, 4: 0.25}
"""Of one weight (QuantisedWeight.error), by its bits: twice to four times what the heaviest spread has that was tried
(docs/hardware.md). Beyond it, inputs are lost rather than rounded."""

_SAMPLES, _SAMPLE_BYTES = 64, 4_096


@dataclass(frozen=True)
class _Layer:
    """A planned layer, and where it stands."""

    part: str
    network: nn.Module
    path: str
    shape: tuple[int, int]
    sources: Mapping[str, int]
    """The release's names of its tensors, and how many outputs each has"""

    def read(self, read: ReadTensors) -> Tensor:
        """[outputs, inputs] float32"""
        weight = torch.empty(self.shape)
        read(dict(zip(self.sources, weight.split(list(self.sources.values())), strict=True)))
        return weight


class Quantiser:
    """Puts quantised layers into planned networks. In full, no weight is in memory but the one that is quantised."""

    def __init__(
        self, parts: Mapping[str, nn.Module], bits: Bits, device: torch.device, origin: str, kept_in: Path | None
    ) -> None:
        """`kept_in`: a file to keep them in for the next time; `origin` says which tensors are read."""
        self._layers = {f"{layer.part}.{layer.path}": layer for layer in _layers(parts)}
        self._bits, self._device, self._origin, self._kept_in = bits, device, f"{origin} {FORMAT} {bits}", kept_in
        self.mapped: MappedFile | None = None
        """Where the layers lie from now on, if that is a file"""

    def __call__(self, read: ReadTensors) -> None:
        """Of the tensors that `read` finds. Raises what it raises."""
        file = None if self._kept_in is None else self._file(self._kept_in)
        mapped = None if file is None else self._mapped(file, read)
        for name, layer in self._layers.items():
            weight = self._quantise(name, read) if file is None or mapped is None else file.weight(name, mapped)
            layer.network.set_submodule(layer.path, QuantisedLinear(weight).to(self._device))
        if self._device.type == "cpu":
            self.mapped = mapped

    def _quantise(self, name: str, read: ReadTensors) -> QuantisedWeight:
        layer = self._layers[name]
        weight, bits = layer.read(read), _bits_of(layer.path, self._bits)
        kept = quantise(weight, bits)
        if not (error := kept.error(weight)) <= LARGEST_ERRORS[bits]:
            less_bold = "int8 or auto" if self._bits == 4 else "auto"
            raise BadCheckpoint(
                f"{', '.join(layer.sources)}: in {bits} bits it is off by {error:.2g} of its size, and at most "
                f"{LARGEST_ERRORS[bits]} is taken; set weights to {less_bold}"
            )
        return kept

    def _file(self, path: Path) -> PackedFile:
        planned = {
            name: QuantisedWeight.planned(*layer.shape, _bits_of(layer.path, self._bits))
            for name, layer in self._layers.items()
        }
        return PackedFile(path, planned, self._origin)

    def _mapped(self, file: PackedFile, read: ReadTensors) -> MappedFile | None:
        """The file is made if it is not as it should be; None if it cannot be."""
        path = file.path
        try:
            if (found := file.read()) is not None:
                return found
            logger.info("%s is made%s", path, " anew: it is damaged, or of other weights" if path.exists() else "")
            return file.write(lambda name: self._quantise(name, read))
        except OSError as error:
            logger.warning("%s: weights of fewer bits cannot be kept and are made at every start: %s", path, error)
            return None


def plan_quantised(networks: Iterable[nn.Module], bits: Bits) -> None:
    """Quantised layers without memory into planned networks, as `Quantiser` makes them."""
    for network in networks:
        for path, layer in list(_layers_without_bias(network)):
            outputs, inputs = layer.weight.shape
            network.set_submodule(path, QuantisedLinear(QuantisedWeight.planned(outputs, inputs, _bits_of(path, bits))))


def _bits_of(path: str, bits: Bits) -> Bits:
    """The talker's head keeps 8: a hundredth of the weights, and a third of what 4 bits change of its logits."""
    return 8 if path == "codec_head" else bits


def packed_name(checkpoint: Path, weights: str) -> str:
    """Of the file for one of its formats: one for each directory, so that what has become old is written over."""
    directory = checkpoint.resolve()
    return f"{directory.name}-{hashlib.sha256(bytes(directory)).hexdigest()[:8]}-{weights}.safetensors"


def origin_of(files: Sequence[Path]) -> str:
    """What tells these safetensors files from others: names, sizes, times, headers, and pieces of the content.

    To read all of it would take longer than to load it. The pieces tell files of another training apart that have the
    same size and time, as in images whose times are all set to one.
    """
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns} ".encode())
        with path.open("rb") as file:
            digest.update(file.read(8 + int.from_bytes(file.read(8), "little")))
            for piece in range(_SAMPLES):
                file.seek(piece * status.st_size // _SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _layers(parts: Mapping[str, nn.Module]) -> Iterator[_Layer]:
    for part, network in parts.items():
        for path, layer in _layers_without_bias(network):
            sources = {name: len(tensor) for name, tensor in layer_tensors(part, path, layer).items()}
            outputs, inputs = layer.weight.shape
            yield _Layer(part, network, path, (outputs, inputs), sources)


def _layers_without_bias(network: nn.Module) -> Iterator[tuple[str, nn.Linear | FusedLinear]]:
    for path, layer in network.named_modules():
        if isinstance(layer, FusedLinear) or (isinstance(layer, nn.Linear) and layer.bias is None):
            yield path, layer
