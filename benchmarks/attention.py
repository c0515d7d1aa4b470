"""What the ways to attend cost on a card: prompts read at once, a long reference, and a frame; one JSON line for each.

    python -m benchmarks.attention DIRECTORY [--attention triton flash sdpa] [--runs 30]

DIRECTORY is a checkpoint, also one of benchmarks.random_checkpoint. Microseconds are medians on the device's clock.
"""

import argparse
import datetime
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from qwen_tts.api import Sampling
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.generation import GenerationConfig
from qwen_tts.runtime.frame import PAD_SLOT, PAGE_POSITIONS, PromptPart
from qwen_tts.runtime.runner import ModelRunner, RowFrame

MIXED = (20, 30, 60, 400, 25, 35, 45, 80, 410, 22, 31, 57, 390, 28, 70, 33)
"""Positions of sixteen prompts that come at once: short sentences, and four with a reference of some 30 s"""
REFERENCE = (420,)
"""A reference of 30 s is 375 frames, and there are the words."""
ROW_POSITIONS = 512
FRAMES_AT = 200
"""Where rows stand when their frame is measured"""


def opened(model: Model, attention: str) -> ModelRunner:
    config = EngineConfig.model_validate({
        "checkpoint": Path(), "attention": attention, "rows": 16, "row_positions": ROW_POSITIONS,
        "kv_positions": 16 * ROW_POSITIONS,
    })  # fmt: skip
    runner = ModelRunner(model, config)
    while runner.next_bucket is not None:
        runner.prepare()
    pages = ROW_POSITIONS // PAGE_POSITIONS
    for row in range(16):
        runner.set_pages(row, range(1 + pages * row, 1 + pages * (row + 1)))
        first = torch.zeros(model.config.talker.hidden_size, device="cuda")
        runner.open_row(row, FRAMES_AT, GenerationConfig().rules(Sampling()), row, first, None)
    return runner


def prompts(model: Model, lengths: Sequence[int]) -> list[PromptPart]:
    width, dtype = model.config.talker.hidden_size, model.talker.dtype
    torch.manual_seed(0)
    return [
        PromptPart(row, 0, torch.randn(length, width, device="cuda", dtype=dtype)) for row, length in enumerate(lengths)
    ]


def median_us(run: Callable[[], object], runs: int) -> float:
    times = []
    for number in range(runs + 5):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        before.record()
        run()
        after.record()
        torch.cuda.synchronize()
        if number >= 5:
            times.append(before.elapsed_time(after) * 1000)
    return round(statistics.median(times), 1)


def frame_us(runner: ModelRunner, rows: int, runs: int) -> float:
    frames = [RowFrame(row, FRAMES_AT, 0, PAD_SLOT) for row in range(rows)]
    return median_us(lambda: runner.collect(runner.launch(frames)), runs)


def measure(directory: Path, attention: str, runs: int) -> dict[str, object]:
    model = load_model(directory, torch.device("cuda"), torch.bfloat16)
    runner = opened(model, attention)
    mixed, reference = prompts(model, MIXED), prompts(model, REFERENCE)
    return {
        "attention": attention,
        "checkpoint": f"{directory.name}, random weights",
        "sixteen_mixed_prompts_us": median_us(lambda: runner.prefill(mixed), runs),
        "reference_of_30_s_us": median_us(lambda: runner.prefill(reference), runs),
        **{f"frame_of_{rows}_us": frame_us(runner, rows, runs) for rows in (1, 4, 16)},
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--attention", nargs="+", default=["triton", "flash", "sdpa"])
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    for attention in options.attention:
        print(json.dumps(measure(options.directory, attention, options.runs)), flush=True)


if __name__ == "__main__":
    main()
