"""Checkpoints as other tools save them: in several files, by transformers 5, with another tokenizer file or dtype."""

import json
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.config.checkpoint_files import INDEX, WEIGHTS

Json = dict[str, Any]


def edit_json(path: Path, edit: Callable[[Json], object]) -> None:
    """`edit` changes the object in place."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


# -- config.json ------------------------------------------------------------------------------------------------------


def by_transformers_5(section: Json, kind: str = "PreTrainedConfig") -> Json:
    """A config, or a section of one, saved anew: rope_parameters, dtype, and much that nobody asked for.

    For the classes of the release, which transformers 5 has not, stands one that is as general.
    """
    transformers = pytest.importorskip("transformers", minversion="5")
    kinds = {"encoder_config": "MimiConfig", "speaker_encoder_config": "PreTrainedConfig"}
    inner = {
        key: by_transformers_5(value, kinds.get(key, "LlamaConfig"))
        for key, value in section.items()
        if key.endswith("_config")
    }
    plain = {key: value for key, value in section.items() if key not in inner and value is not None}
    config = getattr(transformers, kind)(**plain, dtype="bfloat16")
    saved = json.loads(json.dumps(config.to_dict())) | inner
    return saved | {key: section[key] for key in ("model_type",) if key in section}


# -- weights ----------------------------------------------------------------------------------------------------------


def shard(directory: Path, tensors: dict[str, Tensor], count: int = 3) -> dict[str, str]:
    """The tensors in `count` files under an index, as transformers saves them; returns what the index names."""
    files = [f"model-{number + 1:05}-of-{count:05}.safetensors" for number in range(count)]
    for number, file in enumerate(files):
        save_file(dict(list(tensors.items())[number::count]), directory / file, metadata={"format": "pt"})
    weight_map = {name: files[index % count] for index, name in enumerate(tensors)}
    write_index(directory, weight_map)
    return weight_map


def write_index(directory: Path, weight_map: object) -> None:
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (directory / INDEX).write_text(json.dumps(index))


def in_shards(checkpoint: Path) -> None:
    """Both halves of a checkpoint."""
    for directory in (checkpoint, checkpoint / CODEC_DIRECTORY):
        shard(directory, load_file(directory / WEIGHTS))
        (directory / WEIGHTS).unlink()


def with_tensors(checkpoint: Path, more: dict[str, Tensor]) -> None:
    _replace(checkpoint / WEIGHTS, load_file(checkpoint / WEIGHTS) | more)


def with_prefix(checkpoint: Path, prefix: str) -> None:
    """As a wrapper around the network names the tensors of both halves."""
    for path in (checkpoint / WEIGHTS, checkpoint / CODEC_DIRECTORY / WEIGHTS):
        _replace(path, {f"{prefix}{name}": tensor for name, tensor in load_file(path).items()})


def in_dtypes(checkpoint: Path, *dtypes: torch.dtype) -> None:
    """The talker's tensors in turn in these, each of which holds them exactly."""
    kinds, tensors = cycle(dtypes), load_file(checkpoint / WEIGHTS)
    _replace(checkpoint / WEIGHTS, {name: tensor.to(next(kinds)) for name, tensor in tensors.items()})


def _replace(path: Path, tensors: dict[str, Tensor]) -> None:
    copies = {name: tensor.clone() for name, tensor in tensors.items()}
    path.unlink()  # what was loaded may still be mapped
    save_file(copies, path, metadata={"format": "pt"})


# -- text tokenizer ---------------------------------------------------------------------------------------------------


def one_tokenizer_file(checkpoint: Path) -> None:
    """tokenizer.json instead of vocab.json and merges.txt, as transformers 5 saves it."""
    transformers = pytest.importorskip("transformers", minversion="5")
    tokenizer = transformers.Qwen2TokenizerFast.from_pretrained(checkpoint)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        (checkpoint / name).unlink()
    tokenizer.save_pretrained(checkpoint)
