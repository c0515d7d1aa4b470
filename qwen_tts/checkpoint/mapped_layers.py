"""Layers whose weights stay in the checkpoint's file, where it has them as they are needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from qwen_tts.checkpoint.mapped_file import MappedFile
from qwen_tts.checkpoint.tensor_file import StoredTensor, stored_tensors
from qwen_tts.checkpoint.weights import Fused, ReadTensors, layer_tensors
from qwen_tts.errors import BadCheckpoint
from qwen_tts.modules.linear import ApartLinear, FusedLinear


class LayerMapper:
    """A `replace` of load_weights: what lies in a file as it is needed is not read, but is that place of the file."""

    def __init__(self, files: Sequence[Path], parts: Mapping[str, nn.Module]) -> None:
        self._files, self._parts = files, parts
        self.mapped: tuple[MappedFile, ...] = ()

    def __call__(self, _read: ReadTensors) -> None:
        """Raises BadCheckpoint."""
        for path in self._files:
            try:
                file, stored = MappedFile(path), stored_tensors(path)
            except OSError as error:
                raise BadCheckpoint(f"{path} cannot be read: {error}") from error
            self.mapped += (file,)
            by_name = {name.removeprefix("model."): tensor for name, tensor in stored.items()}
            for part, network in self._parts.items():
                for place, layer in list(network.named_modules()):
                    own = layer_tensors(part, place, layer)
                    if isinstance(layer, FusedLinear):
                        _map_apart(network, place, own, by_name, file)
                    elif not isinstance(layer, Fused):
                        _map(layer, own, by_name, file)


def _map(layer: nn.Module, own: Mapping[str, Tensor], stored: Mapping[str, StoredTensor], file: MappedFile) -> None:
    """`own`: the layer's parameters in their order, by their names in `stored`."""
    for (attribute, place), name in zip(list(layer.named_parameters(recurse=False)), own, strict=True):
        if (mapped := _mapped(place, stored.get(name), file)) is not None:
            setattr(layer, attribute, nn.Parameter(mapped, requires_grad=False))


def _map_apart(
    network: nn.Module, place: str, own: Mapping[str, Tensor], stored: Mapping[str, StoredTensor], file: MappedFile
) -> None:
    """The layer at `place`, if all of its parts can stay."""
    parts = [_mapped(part, stored.get(name), file) for name, part in own.items()]
    there = [part for part in parts if part is not None]
    if len(there) == len(parts):
        network.set_submodule(place, ApartLinear(there))


def _mapped(place: Tensor, stored: StoredTensor | None, file: MappedFile) -> Tensor | None:
    """None if the file has no such tensor, or another dtype."""
    if stored is None or stored.dtype != place.dtype or stored.start % stored.dtype.itemsize:
        return None
    return file.tensor(stored.start, stored.dtype, stored.shape)
