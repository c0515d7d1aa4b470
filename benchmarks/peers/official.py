"""The official package, which does not stream. Run by benchmarks.against."""

import time

import torch
from common import arrivals, mend_rope, options, report, stand_in_for_missing_modules

stand_in_for_missing_modules()
from qwen_tts import Qwen3TTSModel  # noqa: E402

mend_rope()
given = options()
started = time.perf_counter()
model = Qwen3TTSModel.from_pretrained(
    str(given.directory), device_map="cuda", dtype=torch.bfloat16, attn_implementation="sdpa"
)
torch.cuda.synchronize()
start_s = time.perf_counter() - started


def whole():
    yield model.generate_custom_voice(
        text=[given.text], language=["English"], speaker=[given.voice], max_new_tokens=given.frames + 1
    )


runs = [arrivals(whole()) for _ in range(given.runs + 1)][1:]
report("official qwen-tts", given, runs, start_s, lambda _: 0)
