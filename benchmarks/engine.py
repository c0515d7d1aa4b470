"""How fast the engine speaks: one JSON line for each number of streams.

    python -m benchmarks.engine DIRECTORY [--streams 1 8 16] [--frames 125] [--runs 3] [--rows 16] [--weights int8]

DIRECTORY is a checkpoint that never ends by itself (benchmarks.random_checkpoint --endless): all streams have the same
number of frames. All streams are opened at once; time is taken where the event loop receives the chunks.
"""

import argparse
import asyncio
import datetime
import json
import statistics
import time
from pathlib import Path

import torch

from benchmarks.machine import summary
from benchmarks.synthesizer import TEXT
from qwen_tts import Engine, EngineConfig, PresetVoice, Sampling, SynthesisRequest
from qwen_tts.api import Limits
from qwen_tts.config.engine import GuardConfig

FRAME_S = 0.08


def request(seed: int, frames: int, voice: str) -> SynthesisRequest:
    limits = Limits(max_audio_s=frames * FRAME_S + FRAME_S / 2)
    return SynthesisRequest(
        text=TEXT, voice=PresetVoice(voice), language="en", sampling=Sampling(seed=seed), limits=limits
    )


async def listen(engine: Engine, one: SynthesisRequest) -> list[float]:
    """When each chunk arrived, in seconds after the request."""
    started = time.perf_counter()
    async with engine.stream(one) as audio:
        return [time.perf_counter() - started async for _ in audio]


def starvation_s(arrivals: list[float]) -> float:
    """The longest that a player which begins with the first chunk waits for a later one."""
    return max(at - arrivals[0] - index * FRAME_S for index, at in enumerate(arrivals))


async def measure(engine: Engine, streams: int, frames: int, runs: int) -> dict[str, object]:
    voice = engine.capabilities.voices[0].name
    everything: list[list[float]] = []
    totals = []
    for run in range(-1, runs):
        started = time.perf_counter()
        arrivals = await asyncio.gather(
            *(listen(engine, request(1000 * (run + 1) + row, frames, voice)) for row in range(streams))
        )
        if run >= 0:  # the first warms up
            totals.append(time.perf_counter() - started)
            everything += arrivals
    assert all(len(arrivals) == frames for arrivals in everything), [len(arrivals) for arrivals in everything]
    first = summary([arrivals[0] for arrivals in everything])
    steady = [(arrivals[-1] - arrivals[0]) / (frames - 1) for arrivals in everything]
    return {
        "streams": streams,
        "frames": frames,
        "ms_per_frame": round(statistics.median(steady) * 1000, 3),
        "ttfa_ms_p50": first["p50_ms"],
        "ttfa_ms_p95": first["p95_ms"],
        "x_realtime_total": round(streams * frames * FRAME_S / statistics.median(totals), 1),
        "worst_starvation_ms": round(max(map(starvation_s, everything)) * 1000, 1),
    }


def device_memory_gb() -> float | None:
    """Of the whole device, as nvidia-smi counts it."""
    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return round((total - free) / 2**30, 2)


async def run(options: argparse.Namespace) -> None:
    config = EngineConfig(
        checkpoint=options.directory,
        device=options.device,
        rows=options.rows,
        kv_positions=options.kv_positions,
        weights=options.weights,
        guards=GuardConfig(length_factor=None, retry=False),
    )
    if options.memory_gb is not None:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(options.memory_gb * 2**30 / total)
    started = time.perf_counter()
    engine = Engine(config)
    await engine.load()
    start_s = round(time.perf_counter() - started, 2)
    while engine.ready_rows < options.rows:
        await asyncio.sleep(0.02)
    all_rows_s = round(time.perf_counter() - started, 2)
    name = options.directory.name
    for streams in options.streams:
        line = {
            "peer": "qwen_tts.Engine",
            "size": "1.7B" if "1.7B" in name else "0.6B",
            "checkpoint": f"{name}, random weights",
            "weights": options.weights,
            **await measure(engine, streams, options.frames, options.runs),
            "start_s": start_s,
            "all_rows_s": all_rows_s,
            "vram_gb": device_memory_gb(),
            "rows": options.rows,
            "kv_positions": options.kv_positions,
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "torch": torch.__version__,
            "date": datetime.date.today().isoformat(),
        }
        print(json.dumps(line), flush=True)
    await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--device")
    parser.add_argument("--weights", choices=["auto", "int8", "int4"], default="auto")
    parser.add_argument("--kv-positions", type=int, default=16_384)
    parser.add_argument("--memory-gb", type=float, help="use no more of the card's memory")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
