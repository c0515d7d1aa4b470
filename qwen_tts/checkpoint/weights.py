"""safetensors -> modules: one name map; a missing, unexpected or misshaped tensor is an error that lists them.

Nothing else is ever read: no pickle, no code. Tensors go straight into their place on the target device.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from qwen_tts.checkpoint.tensor_file import read_tensors
from qwen_tts.errors import BadCheckpoint, OutOfMemory
from qwen_tts.modules.module_list import M

Progress = Callable[[int, int], None]
"""(bytes read, bytes in all)"""

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
        (r"^transformer\.|^(?=(text|codec)_embedding)", "model."),
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

UNUSED: Sequence[str] = (
    r"^decoder\.quantizer\.rvq_(first|rest)\.input_proj\.",
    r"^encoder\.quantizer\.\w+\.layers\.\d+\.codebook\.",
)
"""Tensors of the release's files that no computation reads: the decoder's quantizers keep the projection of the other
direction, and the encoder has more codebooks than the codes have."""

_FLOAT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_LISTED = 8


@runtime_checkable
class _Fused(Protocol):
    parts: dict[str, int]


@runtime_checkable
class _Derived(Protocol):
    def derive(self) -> None:
        """Compute buffers from weights, once after they are loaded."""


def official_tensors(part: str, module: nn.Module) -> dict[str, Tensor]:
    """The place of every tensor of `module`, by the release's name of it: a parameter, or a slice of a fused one."""
    places: dict[str, Tensor] = {}
    for path, owner in module.named_modules():
        prefix = f"{path}." if path else ""
        for name, tensor in owner.named_parameters(recurse=False):
            if isinstance(owner, _Fused):
                base = prefix[: -len(path.rpartition(".")[2]) - 1]
                split = zip(owner.parts, tensor.split(list(owner.parts.values())), strict=True)
                places.update({f"{base}{key}.{name}": piece for key, piece in split})
            else:
                places[prefix + name] = tensor
    return {_official_name(part, name): tensor for name, tensor in places.items()}


def _official_name(part: str, name: str) -> str:
    for pattern, replacement in NAMES[part]:
        name = re.sub(pattern, replacement, name)
    return name


def load_weights(
    path: Path, parts: Mapping[str, nn.Module], device: torch.device, progress: Progress | None = None
) -> None:
    """Fill `parts`, planned in their dtype, from one safetensors file; memory is taken once the file fits them.

    Raises BadCheckpoint if the file cannot be read or does not hold exactly the tensors of `parts`, OutOfMemory.
    """
    sizes = _check(path, _places(parts))
    try:
        for module in parts.values():
            _reserve(module, device)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"the weights of {path} do not fit into the device's memory") from error
    done, total = 0, sum(sizes.values())

    def read(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    try:
        read_tensors(path, _places(parts), read)
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error}") from error
    for module in parts.values():
        derive(module)


def _reserve(module: nn.Module, device: torch.device) -> None:
    """Memory for a planned module. (Module.to_empty would import torch's compiler, which takes seconds.)"""
    for owner in module.modules():
        for name, tensor in list(owner.named_parameters(recurse=False)):
            empty = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
            setattr(owner, name, nn.Parameter(empty, requires_grad=False))
        for name, buffer in list(owner.named_buffers(recurse=False)):
            setattr(owner, name, torch.empty(buffer.shape, dtype=buffer.dtype, device=device))


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


def _open(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(f"{path} is not a readable safetensors file: {error}") from error


def _check(path: Path, places: Mapping[str, Tensor]) -> dict[str, int]:
    """The size in bytes of every wanted tensor of the file, in the file's order."""
    with _open(path) as file:
        found = {name: file.get_slice(name) for name in file.offset_keys()}
        shapes = {name: list(tensor.get_shape()) for name, tensor in found.items()}
        dtypes = {name: tensor.get_dtype() for name, tensor in found.items()}
    wanted = [name for name in shapes if name in places]
    problems = {
        "missing": [name for name in places if name not in shapes],
        "unexpected": [name for name in shapes if name not in places and not _is_unused(name)],
        "wrong shape": [
            f"{name} {shapes[name]} instead of {list(places[name].shape)}"
            for name in wanted
            if shapes[name] != list(places[name].shape)
        ],
        "not floating point": [f"{name} {dtypes[name]}" for name in wanted if dtypes[name] not in _FLOAT_BYTES],
    }
    if any(problems.values()):
        listed = (f"{kind}: {_shorten(names)}" for kind, names in problems.items() if names)
        raise BadCheckpoint(f"{path} does not fit its config.json; {'; '.join(listed)}")
    return {name: math.prod(shapes[name]) * _FLOAT_BYTES[dtypes[name]] for name in wanted}


def _is_unused(name: str) -> bool:
    return any(re.search(pattern, name) for pattern in UNUSED)


def _shorten(names: Sequence[str]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
