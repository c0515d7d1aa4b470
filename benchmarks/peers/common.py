"""What the peers' scripts share. They run without this project on the path: the official package has the same name."""

import argparse
import datetime
import importlib
import importlib.machinery
import json
import statistics
import sys
import time
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

OUT = sys.stdout
sys.stdout = sys.stderr  # the packages print; lines of results stand alone

FRAME_S = 0.08

_UNUSED = (
    "sox", "librosa", "librosa.filters", "torchaudio", "torchaudio.compliance", "torchaudio.compliance.kaldi",
    "soundfile", "onnxruntime", "sounddevice", "gradio",
)  # fmt: skip
"""Imported by the packages, and never called when text becomes speech."""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--text", required=True)
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--voice", default="vivian")
    return parser.parse_args()


class _StandIn(types.ModuleType):
    """A module whose names can be imported and are of no use."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def stand_in_for_missing_modules() -> None:
    import transformers  # noqa: F401  it looks for some of them, and must find none

    for name in _UNUSED:
        try:
            importlib.import_module(name)
        except ImportError:
            module = _StandIn(name)
            module.__spec__ = importlib.machinery.ModuleSpec(name, None)
            module.__path__ = []
            sys.modules[name] = module
            if "." in name:
                parent, child = name.rsplit(".", 1)
                setattr(sys.modules[parent], child, module)


def mend_rope() -> None:
    """qwen-tts-hf 0.1.1.post1 on transformers 5.17: the codec's config spells the base of its rotation otherwise."""
    importlib.import_module("qwen_tts")
    compat = sys.modules.get("qwen_tts._transformers_compat")
    if compat is None:
        return
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    plain = compat._default_rope_parameters

    class Both:
        def __init__(self, config: Any) -> None:
            self.__dict__["config"] = config

        def __getattr__(self, name: str) -> Any:
            if name != "rope_theta":
                return getattr(self.config, name)
            theta = self.config.__dict__.get("rope_theta")
            return theta if theta is not None else self.config.rope_parameters["rope_theta"]

    ROPE_INIT_FUNCTIONS["default"] = lambda config, device=None, seq_len=None, layer_type=None: plain(
        Both(config), device
    )


def arrivals(chunks: Iterable[Any]) -> list[float]:
    """When each chunk was there, in seconds after the call."""
    started = time.perf_counter()
    times = []
    for _ in chunks:
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return times


def report(
    peer: str, given: argparse.Namespace, runs: list[list[float]], start_s: float, frames_of: Callable[[int], int],
    **more: object,
) -> None:  # fmt: skip
    """One line; `runs` are arrivals, `frames_of` says how many frames the first n chunks had."""
    first = sorted(times[0] for times in runs)
    steady = [
        (times[-1] - times[0]) / (given.frames - frames_of(1)) if len(times) > 1 else times[0] / given.frames
        for times in runs
    ]
    free, total = torch.cuda.mem_get_info()
    line = {
        "peer": peer, "size": "1.7B" if "1.7B" in given.directory.name else "0.6B",
        "checkpoint": f"{given.directory.name}, random weights", "streams": 1, "frames": given.frames,
        "ms_per_frame": round(statistics.median(steady) * 1000, 3),
        "ttfa_ms_p50": round(statistics.median(first) * 1000, 2), "ttfa_ms_p95": round(first[-1] * 1000, 2),
        "x_realtime_total": round(given.frames * FRAME_S / statistics.median(times[-1] for times in runs), 2),
        "start_s": round(start_s, 2), "vram_gb": round((total - free) / 2**30, 2),
        "gpu": torch.cuda.get_device_name(), "torch": torch.__version__,
        "date": datetime.date.today().isoformat(), **more,
    }  # fmt: skip
    print(json.dumps(line), file=OUT, flush=True)
