"""safetensors -> modules: one name map; a missing, misshaped or quantised tensor is an error that lists them.

Tensors that no network here has are left aside, as transformers does, and the log says so. Nothing else is ever read:
no pickle, no code. Tensors go straight into their place on the target device.
"""

import logging
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from qwen_tts.checkpoint.mapped_table import MappedTable
from qwen_tts.checkpoint.one_block import empty_like_all
from qwen_tts.checkpoint.tensor_file import DTYPES, read_tensors
from qwen_tts.errors import BadCheckpoint, OutOfMemory
from qwen_tts.modules.module_list import M

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""(bytes read, bytes in all)"""

ReadTensors = Callable[[Mapping[str, Tensor]], None]
"""Fills places on one device, by the release's names of what belongs there."""

_LAYER = (
    (r"\.attention_norm\.", ".input_layernorm."),
    (r"\.mlp_norm\.", ".post_attention_layernorm."),
    (r"\.attention\.", ".self_attn."),
)
_SCALED_LAYER = (
    *_LAYER,
    (r"\.attention_scale$", ".self_attn_layer_scale.scale"),
    (r"\.mlp_scale$", ".mlp_layer_scale.scale"),
)
NAMES: Mapping[str, Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]] = {
    "talker": (
        *_LAYER,
        (r"^transformer\.|^(?=codec_embedding)", "model."),
        (r"^", "talker."),
    ),
    "code_predictor": (
        *_LAYER,
        (r"^transformer\.|^(?=codec_embedding)", "model."),
        (r"^projection\.", "small_to_mtp_projection."),
        (r"^", "talker.code_predictor."),
    ),
    "speaker_encoder": (
        (r"\.res2net\.", ".res2net_block."),
        (r"\.excitation\.", ".se_block."),
        (r"^aggregation\.", "mfa."),
        (r"^pooling\.", "asp."),
        (r"^projection\.", "fc."),
        (r"^", "speaker_encoder."),
    ),
    "codec_decoder": (
        *_SCALED_LAYER,
        (r"^upsample\.(\d+)\.transposed\.", r"upsample.\1.0.conv."),
        (r"^upsample\.(\d+)\.convnext\.", r"upsample.\1.1."),
        (r"^entry\.", "decoder.0."),
        (r"^blocks\.(\d+)\.", lambda match: f"decoder.{int(match[1]) + 1}."),
        (r"^snake\.", "decoder.5."),
        (r"^exit\.", "decoder.6."),
        (r"\.snake\.", ".block.0."),
        (r"\.upsample\.", ".block.1."),
        (r"\.units\.(\d+)\.", lambda match: f".block.{int(match[1]) + 2}."),
        (r"\.conv2\.", ".conv2.conv."),
        (r"^", "decoder."),
    ),
    "codec_encoder": ((r"/", "."), (r"^", "encoder.")),
}
"""Per part of a checkpoint: substitutions from our names to the release's, applied one after the other."""

TEXT_EMBEDDING = "talker.model.text_embedding.weight"
"""[text vocab, text hidden]: up to a third of a checkpoint, of which a text reads a few rows. It stays in its file."""

UNUSED: Sequence[str] = (
    r"^decoder\.quantizer\.rvq_(first|rest)\.input_proj\.",
    r"^encoder\.quantizer\.\w+\.layers\.\d+\.codebook\.",
)
"""Tensors of the release's files that no computation reads: the decoder's quantizers keep the projection of the other
direction, and the encoder has more codebooks than the codes have."""

_LISTED = 8


@runtime_checkable
class Fused(Protocol):
    parts: dict[str, int]


@runtime_checkable
class _Derived(Protocol):
    def derive(self) -> None:
        """Compute buffers from weights, once after they are loaded."""


def official_tensors(part: str, module: nn.Module) -> dict[str, Tensor]:
    """The place of every tensor of `module`, by the release's name of it: a parameter, or a slice of a fused one."""
    places: dict[str, Tensor] = {}
    for path, layer in module.named_modules():
        places |= layer_tensors(part, path, layer)
    return places


def layer_tensors(part: str, path: str, layer: nn.Module) -> dict[str, Tensor]:
    """Of `official_tensors`, those that the layer at `path` itself holds."""
    prefix, places = f"{path}." if path else "", dict[str, Tensor]()
    for name, tensor in layer.named_parameters(recurse=False):
        if isinstance(layer, Fused):
            base = prefix[: -len(path.rpartition(".")[2]) - 1]
            split = zip(layer.parts, tensor.split(list(layer.parts.values())), strict=True)
            places.update({f"{base}{key}.{name}": piece for key, piece in split})
        else:
            places[prefix + name] = tensor
    return {_official_name(part, name): tensor for name, tensor in places.items()}


def _official_name(part: str, name: str) -> str:
    for pattern, replacement in NAMES[part]:
        name = re.sub(pattern, replacement, name)
    return name


def load_weights(
    files: Sequence[Path], parts: Mapping[str, nn.Module], device: torch.device, progress: Progress | None = None, *,
    tables: Mapping[str, tuple[int, int]] | None = None, looked_up: Collection[nn.Module] = (),
    replace: Callable[[ReadTensors], None] | None = None,
) -> dict[str, MappedTable]:  # fmt: skip
    """Fill `parts`, planned in their dtype, from the safetensors files of a directory (`weight_files` knows them);
    memory is taken once the files fit them. `tables` are tensors that stay in the files, by the release's names, with
    their shapes. `looked_up` are layers of `parts` that need no float32 where the files have less. `replace` may
    then put other layers into the place of some, and read tensors for them: what is still without memory is filled.

    Raises BadCheckpoint if a file cannot be read or a tensor is missing or has another shape, OutOfMemory.
    """
    tables = tables or {}
    shapes = {name: list(place.shape) for name, place in _places(parts).items()}
    found = _check(files, shapes | {name: list(shape) for name, shape in tables.items()})
    stored = [tensor for tensor in found if tensor.name not in tables]
    for part, module in parts.items():
        for path, layer in module.named_modules():
            if layer in looked_up:
                _shorten_dtype(layer, layer_tensors(part, path, layer), found)
    done, total = 0, sum(tensor.bytes for tensor in stored)

    def read(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    def fill(places: Mapping[str, Tensor]) -> None:
        for path in files:
            own = {tensor.stored_as: places[tensor.name] for tensor in stored if _is_in(tensor, path, places)}
            try:
                if own:
                    read_tensors(path, own, read)
            except OSError as error:
                raise BadCheckpoint(f"{path} cannot be read: {error}") from error

    try:
        if replace is not None:
            replace(fill)
        missing = {name for name, place in _places(parts).items() if place.is_meta}
        for module in parts.values():
            reserve(module, device)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"the weights of {_title(files)} do not fit into the device's memory") from error
    total = done + sum(tensor.bytes for tensor in stored if tensor.name in missing)
    fill({name: place for name, place in _places(parts).items() if name in missing})
    for module in parts.values():
        derive(module)
    return {tensor.name: MappedTable(tensor.path, tensor.stored_as) for tensor in found if tensor.name in tables}


def _shorten_dtype(layer: nn.Module, own: Mapping[str, Tensor], found: Sequence["_StoredTensor"]) -> None:
    """From float32 to that of the files, if all of it has one of two bytes: the same numbers."""
    stored, planned = {DTYPES[one.dtype] for one in found if one.name in own}, {place.dtype for place in own.values()}
    if planned == {torch.float32} and stored in ({torch.bfloat16}, {torch.float16}):
        layer.to(stored.pop())


def _is_in(tensor: "_StoredTensor", path: Path, places: Mapping[str, Tensor]) -> bool:
    return tensor.path == path and tensor.name in places


def _title(files: Sequence[Path]) -> str:
    return str(files[0] if len(files) == 1 else files[0].parent)


def reserve(module: nn.Module, device: torch.device) -> None:
    """Memory for what is only planned. (Module.to_empty would import torch's compiler, which takes seconds.)"""
    planned = [
        (owner, name, tensor)
        for owner in module.modules()
        for name, tensor in (*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False))
        if tensor.is_meta
    ]
    memory = empty_like_all([tensor for _, _, tensor in planned], device)
    for (owner, name, tensor), place in zip(planned, memory, strict=True):
        is_parameter = isinstance(tensor, nn.Parameter)
        setattr(owner, name, nn.Parameter(place, requires_grad=False) if is_parameter else place)


def _places(parts: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    return {name: place for part, module in parts.items() for name, place in official_tensors(part, module).items()}


def derive(module: nn.Module) -> None:
    """Compute what modules keep beside their weights."""
    with torch.no_grad():
        for child in module.modules():
            if isinstance(child, _Derived):
                child.derive()


class _WithoutFirstWeights(TorchFunctionMode):
    """Random weights would be overwritten; on the meta device, torch also imports its compiler for them: seconds."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(function, "__module__", None) == nn.init.__name__ or function in (Tensor.uniform_, Tensor.normal_):
            return None
        return function(*args, **kwargs or {})


def plan(build: Callable[[], M], dtype: torch.dtype) -> M:
    """A module without memory: `load_weights` reserves and fills it."""
    with _WithoutFirstWeights(), torch.device("meta"):
        module = build()
    return module.to(dtype).requires_grad_(False).eval()


@dataclass(frozen=True)
class _StoredTensor:
    """A tensor of a file, as its header describes it."""

    path: Path
    stored_as: str
    dtype: str
    shape: list[int]

    @property
    def name(self) -> str:
        """As the release has it: a wrapper's `model.` before all names is passed over, as transformers does."""
        return self.stored_as.removeprefix("model.")

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


def _stored(path: Path) -> Iterator[_StoredTensor]:
    """Every tensor, in the file's order."""
    try:
        with safe_open(path, framework="pt") as file:
            for name in file.offset_keys():
                tensor = file.get_slice(name)
                yield _StoredTensor(path, name, tensor.get_dtype(), tensor.get_shape())
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(f"{path} is not a readable safetensors file: {error}") from error


def _check(files: Sequence[Path], shapes: Mapping[str, list[int]]) -> list[_StoredTensor]:
    """The tensors that are wanted, by the release's names."""
    found: dict[str, _StoredTensor] = {}
    for tensor in (tensor for path in files for tensor in _stored(path)):
        if (first := found.setdefault(tensor.name, tensor)) is not tensor:
            raise BadCheckpoint(f"{tensor.name} is in {tensor.path} and in {first.path.name}; one of them is too much")
    wanted = [tensor for tensor in found.values() if tensor.name in shapes]
    others = [name for name in found if name not in shapes and not _is_unused(name)]
    quantised = [name for name in others if _belongs_to_a_weight(name, shapes)]
    problems = {
        "missing": [name for name in shapes if name not in found],
        "quantised, which is not computed here": quantised,
        "wrong shape": [
            f"{tensor.name} {tensor.shape} instead of {shapes[tensor.name]}"
            for tensor in wanted
            if tensor.shape != shapes[tensor.name]
        ],
        "not floating point": [f"{tensor.name} {tensor.dtype}" for tensor in wanted if tensor.dtype not in DTYPES],
    }
    if any(problems.values()):
        listed = (f"{kind}: {_shorten(names)}" for kind, names in problems.items() if names)
        raise BadCheckpoint(f"{_title(files)} does not fit its config.json; {'; '.join(listed)}")
    if others:
        logger.info("%s: no network here has %s; left aside", _title(files), _shorten(others))
    return wanted


def _belongs_to_a_weight(name: str, shapes: Mapping[str, list[int]]) -> bool:
    """Whether it is a scale or the like of a quantised weight, such as `q_proj.weight_scale_inv`."""
    weight, mark, _ = name.rpartition(".weight")
    return bool(mark) and f"{weight}.weight" in shapes


def _is_unused(name: str) -> bool:
    return any(re.search(pattern, name) for pattern in UNUSED)


def _shorten(names: Sequence[str]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
