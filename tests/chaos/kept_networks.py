"""What is made of a checkpoint or of a package once and kept in the cache directory: with imports that take seconds."""

from collections.abc import Callable
from pathlib import Path

import torch

from qwen3tts_daemon.embedded import model_file
from qwen_tts.checkpoint.packed_file import PackedFile
from qwen_tts.modules.weight_formats import QuantisedWeight, quantise
from tests.chaos.kept_things import Found, Kept

torch.set_num_threads(1)  # threads do not survive a fork
WEIGHTS = {origin: quantise(torch.full((4, 64), value), 8) for origin, value in (("old", 1.0), ("new", 2.0))}
NETWORKS = {"old": b"old network" * 50, "new": b"new network" * 60}


def _packed(folder: Path, origin: str) -> PackedFile:
    return PackedFile(folder / "cache" / "x.safetensors", {"layer": QuantisedWeight.planned(4, 64, 8)}, origin)


def _pack(origin: str) -> Callable[[Path], Callable[[], object]]:
    return lambda folder: lambda: _packed(folder, origin).write(lambda _: WEIGHTS[origin])


def _found_weights(folder: Path) -> Found:
    """Whoever asks for the ones does not find the others."""
    found = {}
    for origin, weight in WEIGHTS.items():
        if (mapped := _packed(folder, origin).read()) is not None:
            kept = _packed(folder, origin).weight("layer", mapped)
            found["weights"] = origin
            assert torch.equal(kept.dequantised(), weight.dequantised())
    return found


def _network(folder: Path) -> Path:
    return folder / "cache" / "kokoro.onnx"


def _write_network(name: str) -> Callable[[Path], Callable[[], object]]:
    return lambda folder: lambda: model_file._write(_network(folder), NETWORKS[name])


def _found_network(folder: Path) -> Found:
    path = _network(folder)
    return {"network": path.read_bytes()} if model_file._is_whole(path) else {}


KEPT = {
    "weights of fewer bits": Kept(
        lambda folder: _pack("old")(folder)(), _pack("new"), _found_weights, can_be_made_again=True
    ),
    "the preview voice's network": Kept(
        lambda folder: _write_network("old")(folder)(), _write_network("new"), _found_network, can_be_made_again=True
    ),
}
