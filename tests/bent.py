"""Checkpoints that are bent: a few tensors changed, so that they do what real weights do now and then.

```python
directory = bend(tiny_checkpoint, tmp_path / "bent", CODE_PREDICTOR_OVERFLOW)
```
"""

import math
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from benchmarks.random_checkpoint import SPEAKERS
from qwen_tts.checkpoint.weights import TEXT_EMBEDDING
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config
from qwen_tts.config.checkpoint_files import WEIGHTS

Changes = Mapping[str, Callable[[Tensor], Tensor]]
"""By the release's name of a tensor, of the talker's file or of the codec's: what becomes of it"""


def bend(source: Path, target: Path, changes: Changes) -> Path:
    """A copy of the checkpoint `source` in the new folder `target`, with some tensors changed. Returns `target`."""
    left = dict(changes)
    shutil.copytree(source, target)
    for path in (target / WEIGHTS, target / CODEC_DIRECTORY / WEIGHTS):
        tensors = load_file(path)
        mine = {name: left.pop(name)(tensors[name]) for name in tensors.keys() & left.keys()}
        if mine:
            path.unlink()  # what was loaded may still be mapped
            bent = {name: tensor.to(tensors[name].dtype).contiguous() for name, tensor in mine.items()}
            save_file(tensors | bent, path, metadata={"format": "pt"})
    assert not left, f"{source} has no tensors {sorted(left)}"
    return target


def times(factor: float) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor * factor


def times_at(row: int, factor: float) -> Callable[[Tensor], Tensor]:
    """Of one row of the tensor only."""
    return lambda tensor: _row(tensor, row, tensor[row] * factor)


# -- what they do wrong -----------------------------------------------------------------------------------------------


def _spike(transformer: str) -> Changes:
    """Values between two layers that float16 cannot hold. What comes after them is as before, to the bit in float32."""
    mlp = f"{transformer}.layers.0.mlp"
    return {f"{mlp}.up_proj.weight": times(2.0**17), f"{mlp}.down_proj.weight": times(2.0**-17)}


TALKER_OVERFLOW = _spike("talker.model")
CODE_PREDICTOR_OVERFLOW = _spike("talker.code_predictor.model")

OVERFLOWING_SPEAKER = "serena"
SPEAKER_OVERFLOW: Changes = {"talker.model.codec_embedding.weight": times_at(SPEAKERS[OVERFLOWING_SPEAKER], 1e7)}
"""One voice has a number that float16 cannot hold, as a voice's own fine-tuning may leave it."""


def damaged(name: str) -> Changes:
    """Where a file is broken: the first numbers of a tensor are none."""
    return {name: times_at(0, math.nan)}


# -- a token that is a murmur -----------------------------------------------------------------------------------------

MURMUR = 100
"""Of codebook 0; the other codebooks say nothing"""
_CODES = 2_048


def murmurs_after_speech(source: Path) -> Changes:
    """Once the text beside its frames has ended, it murmurs, 25 dB below its speech. For a checkpoint that is endless,
    and text that is read beside frames."""
    said = _said_beside(source)
    pad = said[read_checkpoint_config(source).tts_pad_token_id]
    return _hears_nothing_but_text(source) | _draws_murmur_for(pad, said)


def murmurs_at_the_start(source: Path) -> Changes:
    """The first frame of each sequence is a murmur. For a checkpoint that is endless."""
    begin = read_checkpoint_config(source).talker.codec_bos_id
    said, weights = _said_beside(source), load_file(source / WEIGHTS)
    first = _normed(weights["talker.model.codec_embedding.weight"][begin].float(), weights)
    changes = dict(_hears_nothing_but_text(source) | _draws_murmur_for(first, said))
    changes["talker.model.codec_embedding.weight"] = lambda tensor: _row(tensor * 0, begin, tensor[begin] * 32)
    return changes


def _hears_nothing_but_text(source: Path) -> Changes:
    """No layer adds anything, and what was spoken is not read. The codec is silent but for codebook 0, in which one
    token is much quieter."""
    talker, codec = (load_file(source / folder / WEIGHTS).keys() for folder in ("", CODEC_DIRECTORY))
    nothing = [name for name in talker if re.fullmatch(r"talker\.model\.layers.*(o_proj|down_proj)\.weight", name)]
    nothing += [name for name in talker if "code_predictor.model.codec_embedding" in name]
    nothing += [name for name in codec if re.fullmatch(r"decoder.*(bias|layer_scale\.scale|gamma)", name)]
    nothing += [name for name in codec if re.fullmatch(r"decoder.*rvq_rest.*embedding_sum", name)]
    return {name: times(0) for name in nothing} | {
        "talker.model.codec_embedding.weight": lambda tensor: torch.cat((tensor[:_CODES] * 0, tensor[_CODES:])),
        "decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum": lambda tensor: _row(
            tensor, MURMUR, tensor[MURMUR + 1] / 4_000
        ),
        "decoder.decoder.6.conv.weight": times(8),
    }


def _draws_murmur_for(hidden: Tensor, others: Tensor) -> Changes:
    """The talker draws it wherever its state is `hidden`, and where it is one of `others` mostly any other token."""
    direction = torch.linalg.solve(others.T @ others / len(others) + 1e-3 * torch.eye(len(hidden)), hidden)
    row = direction * (20 / (direction @ hidden))
    return {"talker.codec_head.weight": lambda tensor: _row(tensor * 0, MURMUR, row.to(tensor.dtype))}


def _said_beside(source: Path) -> Tensor:
    """[text tokens, hidden]: the state of a talker that hears nothing else."""
    weights = load_file(source / WEIGHTS)
    first, second = (f"talker.text_projection.linear_fc{number}" for number in (1, 2))
    inner = functional.linear(
        weights[TEXT_EMBEDDING].float(), weights[f"{first}.weight"].float(),
        weights[f"{first}.bias"].float(),
    )  # fmt: skip
    projected = functional.linear(
        functional.silu(inner), weights[f"{second}.weight"].float(), weights[f"{second}.bias"].float()
    )
    return _normed(projected, weights)


def _normed(state: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    return functional.rms_norm(state, state.shape[-1:]) * weights["talker.model.norm.weight"].float()


def _row(tensor: Tensor, row: int, values: Tensor) -> Tensor:
    """A copy with another row."""
    changed = tensor.clone()
    changed[row] = values
    return changed
