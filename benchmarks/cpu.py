"""What a frame of 80 ms costs on a CPU, by the bits of the weights: the variants in turn, in one run.

python -m benchmarks.cpu models/Qwen3-TTS-12Hz-0.6B-CustomVoice --threads 2
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from qwen_tts.bench.endless_rows import PROMPT_POSITIONS, EndlessRows, positions
from qwen_tts.bench.figures import FRAME_MS
from qwen_tts.checkpoint.model import load_model
from qwen_tts.config.engine import EngineConfig
from qwen_tts.runtime.runner import ModelRunner


class Speaker:
    """Rows that speak without end, with weights of one kind."""

    def __init__(self, checkpoint: Path, weights: str, threads: int, rows: int) -> None:
        before = time.perf_counter()
        model = load_model(checkpoint, torch.device("cpu"), torch.float32, weights=weights)
        config = EngineConfig.model_validate({
            "checkpoint": checkpoint, "device": "cpu", "weights": weights, "threads": threads, "rows": rows,
            "buckets": (rows,), **positions(rows),
        })  # fmt: skip
        runner = ModelRunner(model, config)
        runner.prepare()
        self.load_s = time.perf_counter() - before
        self._rows = EndlessRows(model, runner, rows)
        self.first_audio_ms = self._rows.begin()
        self.steps_ms: list[float] = []

    def step(self) -> None:
        self.steps_ms.append(self._rows.step())


def report(speakers: dict[str, Speaker], rows: int) -> None:
    for name, speaker in speakers.items():
        steps = speaker.steps_ms
        median = statistics.median(steps)
        print(
            f"{name:5} step of {rows}: min {min(steps):6.1f} median {median:6.1f} ms, RTF {median / FRAME_MS:.2f}; "
            f"first audio after a prompt of {PROMPT_POSITIONS} {speaker.first_audio_ms:.0f} ms; "
            f"ready after {speaker.load_s:.1f} s"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--weights", nargs="+", default=["auto", "int8", "int4"])
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    speakers = {
        weights: Speaker(options.checkpoint, weights, options.threads, options.rows) for weights in options.weights
    }
    for _ in range(options.steps):
        for speaker in speakers.values():
            speaker.step()
    print(f"{platform.processor() or platform.machine()}, {options.threads} threads, load {os.getloadavg()[0]:.1f}")
    report(speakers, options.rows)


if __name__ == "__main__":
    main()
