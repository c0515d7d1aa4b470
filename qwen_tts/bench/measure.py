"""One checkpoint, run in one way, as the engine loads and runs it."""

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import torch

from qwen_tts.bench.bandwidth import copy_gb_s
from qwen_tts.bench.contention import Contention
from qwen_tts.bench.endless_rows import EndlessRows, positions
from qwen_tts.bench.figures import Figures, MeasureOptions
from qwen_tts.config.checkpoint import read_checkpoint_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.cores import usable_cores
from qwen_tts.engine.loaded_checkpoint import Factories, LoadedCheckpoint
from qwen_tts.runtime.backends import check_backend

_WARMING_FRAMES = 3
_FEWEST_FRAMES, _MOST_FRAMES = 12, 400
_TOGETHER = 8
_MIB = 2**20


def measure(options: MeasureOptions) -> Figures:
    """Raises SynthesisError for what cannot be loaded, or cannot run here in this way."""
    config = EngineConfig.model_validate({
        "checkpoint": options.checkpoint, "device": options.way.device, "weights": options.way.weights,
        "threads": options.threads, "cache_dir": options.cache_dir, "rows": 1, **positions(1),
    })  # fmt: skip
    check_backend(config)
    threads = options.threads or usable_cores().threads
    torch.set_num_threads(threads)
    copied = copy_gb_s()
    before = time.perf_counter()
    rows = _loaded(config)
    load_s = time.perf_counter() - before
    first_audio_ms = min(rows.begin(), rows.begin())
    for _ in range(_WARMING_FRAMES):
        rows.step()
    others = Contention()
    frame_ms = sustained_ms(_steps_ms(rows, options.speaking_s))
    return Figures(
        frame_ms=round(frame_ms, 2), others=round(others.share(), 2),
        first_audio_ms=round(first_audio_ms, 1), memory_mib=_memory_mib(options), load_s=round(load_s, 1),
        threads=threads, copy_gb_s=round(copied, 1),
    )  # fmt: skip


def _loaded(config: EngineConfig) -> EndlessRows:
    talker = read_checkpoint_config(config.checkpoint).talker
    loaded = LoadedCheckpoint(config, talker, time.perf_counter, lambda _: None, Factories())
    loaded.load(lambda: None)
    assert loaded.model is not None
    assert loaded.runner is not None
    return EndlessRows(loaded.model, loaded.runner)


def _steps_ms(rows: EndlessRows, speaking_s: float) -> list[float]:
    steps: list[float] = []
    while len(steps) < _FEWEST_FRAMES or (len(steps) < _MOST_FRAMES and sum(steps) < speaking_s * 1e3):
        steps.append(rows.step())
    return steps


def sustained_ms(steps: Sequence[float]) -> float:
    """The mean of the quickest frames that follow each other: what else the machine did now and then is not in it, and
    one quick frame alone does not count."""
    return min(fmean(steps[at : at + _TOGETHER]) for at in range(max(1, len(steps) - _TOGETHER + 1)))


def _memory_mib(options: MeasureOptions) -> int:
    """What is held now, and on a Mac what was held at most: there is nothing else that it tells."""
    if options.way.device == "cuda":
        free, total = torch.cuda.mem_get_info()
        return (total - free) // _MIB
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // _MIB
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // _MIB if sys.platform == "darwin" else most // 1024
