"""Compiles the engine's kernels for named cards, without a card: python -m deploy.compile_kernels 80 86 89 90 120

They come to where the engine looks for them (qwen_tts/runtime/kernel_cache.py), for checkpoints of both sizes, all
forms of weights, and otherwise the default settings. It takes minutes for each card. Run it from the project's root, by
the Python that runs the engine.
"""

import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import get_args

from benchmarks.random_checkpoint import write_configs
from qwen_tts.config.engine import EngineConfig, Weights
from qwen_tts.runtime.cards import HOPPER
from qwen_tts.runtime.kernel_cache import BUNDLED_KERNELS
from qwen_tts.runtime.precompile import Job

SIZES = ("1.7B-CustomVoice", "0.6B-CustomVoice")
"""The kinds of a size are the same to the kernels."""


def main() -> None:
    cards = sys.argv[1:]
    # Whoever speaks needs neither source nor PTX.
    os.environ |= {"TRITON_CACHE_DIR": str(BUNDLED_KERNELS), "TRITON_STORE_BINARY_ONLY": "1"}
    with tempfile.TemporaryDirectory() as here:
        for size in SIZES:
            checkpoint = Path(here) / size
            write_configs(size, checkpoint)
            for card, weights in product(cards, get_args(Weights)):
                capability = (int(card[:-1]), int(card[-1]))
                job = Job(
                    config=EngineConfig(checkpoint=checkpoint, weights=weights), capability=capability,
                    dtype="bfloat16", chained=capability >= HOPPER,
                )  # fmt: skip
                begun = time.monotonic()
                command = [sys.executable, "-m", "qwen_tts.runtime.precompile", job.model_dump_json()]
                # It would end with its standard input: that stays open.
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as compiler:
                    compiler.wait()
                if not job.mark.exists():
                    sys.exit(f"the kernels of {size}, weights {weights}, for sm_{card} were not compiled")
                print(f"{size} {weights} sm_{card}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
