"""Checkpoints that are bent: a few tensors changed, so that they do what real weights do now and then.

```python
directory = bend(tiny_checkpoint, tmp_path / "bent", CODE_PREDICTOR_OVERFLOW)
```
"""

import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.random_checkpoint import SPEAKERS
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
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


def times_at(place: tuple[int, ...], factor: float) -> Callable[[Tensor], Tensor]:
    """Of what lies at `place` in the tensor only."""

    def change(tensor: Tensor) -> Tensor:
        changed = tensor.clone()
        changed[place] *= factor
        return changed

    return change


# -- what they do wrong -----------------------------------------------------------------------------------------------


def _spike(transformer: str) -> Changes:
    """Values between two layers that float16 cannot hold. What comes after them is as before, to the bit in float32."""
    mlp = f"{transformer}.layers.0.mlp"
    return {f"{mlp}.up_proj.weight": times(2.0**17), f"{mlp}.down_proj.weight": times(2.0**-17)}


TALKER_OVERFLOW = _spike("talker.model")
CODE_PREDICTOR_OVERFLOW = _spike("talker.code_predictor.model")

OVERFLOWING_SPEAKER = "serena"
SPEAKER_OVERFLOW: Changes = {"talker.model.codec_embedding.weight": times_at((SPEAKERS[OVERFLOWING_SPEAKER],), 1e7)}
"""One voice has a number that float16 cannot hold, as a voice's own fine-tuning may leave it."""


def damaged(name: str) -> Changes:
    """Where a file is broken: the first numbers of a tensor are none."""
    return {name: times_at((0,), math.nan)}
