"""What an engine takes of a card's memory, part by part: one JSON line.

    python -m benchmarks.memory DIRECTORY [--rows 2] [--kv-positions 2048] [--weights auto] [--limit-gb 4]

DIRECTORY is a checkpoint. "used_mb" is what the whole card has in use while it speaks, as nvidia-smi counts it, less
what was in use before; "parts_mb" are our tensors, what PyTorch holds besides (graphs, and blocks kept for the next
tensor), and CUDA's own. A process that may take no more than `--limit-gb` stands in for a smaller card.
"""

import argparse
import asyncio
import json
import os
import subprocess
import types
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.engine import listen, request
from benchmarks.machine import rss_mb
from qwen_tts import Engine, EngineConfig

MB = 10**6
_PLAIN = str | int | float | bytes | None | type | types.FunctionType | torch.dtype | torch.device


def tensors(holder: object, seen: set[int]) -> Iterator[Tensor]:
    """Whatever is reached from `holder`, but nothing twice."""
    if isinstance(holder, _PLAIN) or id(holder) in seen:
        return
    seen.add(id(holder))
    match holder:
        case Tensor():
            yield holder
        case dict():
            inner = list(holder.values())
        case list() | tuple() | set():
            inner = list(holder)
        case nn.Module():
            inner = [*holder.parameters(), *holder.buffers(), *vars(holder).values()]
        case _:
            inner = [*getattr(holder, "__dict__", {}).values(), *getattr(holder, "keywords", {}).values()]
    if not isinstance(holder, Tensor):
        for one in inner:
            yield from tensors(one, seen)


def device_bytes(holder: object, seen: set[int], storages: set[int]) -> int:
    """Of CUDA memory that no earlier part had."""
    total = 0
    for tensor in tensors(holder, seen):
        storage = tensor.untyped_storage()
        if tensor.is_cuda and storage.data_ptr() not in storages:
            storages.add(storage.data_ptr())
            total += storage.nbytes()
    return total


def parts(engine: Engine) -> dict[str, int]:
    """Bytes."""
    model, runner = engine._loaded.model, engine._loaded.runner
    assert model is not None
    assert runner is not None
    backends = runner._backends
    named: dict[str, object] = {
        "talker": model.talker,
        "code predictor": model.code_predictor,
        "cache": backends.state.cache,
        "rows and text": backends.state,
        "frame": backends.frame,
        "codec decoder": [model.codec.decoder, backends.decoder],
        "recordings": [model.codec.encoder, model.speaker_encoder],
        "prompts": [model.prompts, engine._loaded._loop],
    }
    seen: set[int] = {id(model), id(runner)}
    storages: set[int] = set()
    return {name: device_bytes(holder, seen, storages) for name, holder in named.items()}


def used_bytes() -> int:
    """Of the whole card."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    return int(subprocess.run(query, check=True, capture_output=True, text=True).stdout) * 2**20


async def measure(options: argparse.Namespace) -> dict[str, object]:
    before = used_bytes()
    if options.limit_gb is not None:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(options.limit_gb * 10**9 / total)
    asked = {"rows": options.rows, "kv_positions": options.kv_positions, "weights": options.weights}
    config = EngineConfig(checkpoint=options.directory, **{name: value for name, value in asked.items() if value})
    engine = Engine(config)
    await engine.load()
    loaded = used_bytes() - before
    voice = engine.capabilities.voices[0].name
    first = [min(await listen(engine, request(seed, 12, voice))) for seed in range(9)]
    while engine.ready_rows < engine._loaded.config.rows:
        await asyncio.sleep(0.05)
    used, reserved = used_bytes() - before, torch.cuda.memory_reserved()
    sizes = parts(engine)
    line = {
        "checkpoint": options.directory.name,
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "rows": engine._loaded.config.rows,
        "kv_positions": engine._loaded.config.kv_positions,
        "weights": options.weights or "auto",
        "used_mb": round(used / MB),
        "loaded_mb": round(loaded / MB),
        "most_reserved_mb": round(torch.cuda.max_memory_reserved() / MB),
        "parts_mb": {name: round(size / MB, 1) for name, size in sizes.items()}
        | {
            "PyTorch's tensors of others": round((torch.cuda.memory_allocated() - sum(sizes.values())) / MB, 1),
            "PyTorch's, free": round((reserved - torch.cuda.memory_allocated()) / MB, 1),
            "CUDA": round((used - reserved) / MB, 1),
        },
        "first_ms": round(sorted(first)[len(first) // 2] * 1000, 2),
        "host_mb": round(rss_mb(os.getpid())),
    }
    await engine.close()
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, help="by default as many as the engine takes by itself")
    parser.add_argument("--kv-positions", type=int)
    parser.add_argument("--weights", choices=["auto", "int8", "int4"])
    parser.add_argument("--limit-gb", type=float, metavar="GB", help="10^9 bytes")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
