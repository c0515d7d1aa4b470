"""faster-qwen3-tts 0.5.4 at 1 and at 8 frames a chunk. Run by benchmarks.against."""

import time

import torch
from common import arrivals, mend_rope, options, report, stand_in_for_missing_modules

stand_in_for_missing_modules()
from faster_qwen3_tts import FasterQwen3TTS  # noqa: E402

mend_rope()
given = options()
started = time.perf_counter()
model = FasterQwen3TTS.from_pretrained(str(given.directory), device="cuda", max_seq_len=2048)
(getattr(model, "warmup", None) or model._warmup)(prefill_len=100)
torch.cuda.synchronize()
start_s = time.perf_counter() - started
for chunk in (1, 8):
    runs = [
        arrivals(
            model.generate_custom_voice_streaming(
                text=given.text, language="English", speaker=given.voice, max_new_tokens=given.frames, chunk_size=chunk
            )
        )
        for _ in range(given.runs + 1)
    ][1:]
    report("faster-qwen3-tts 0.5.4", given, runs, start_s, lambda chunks, size=chunk: chunks * size, chunk_frames=chunk)
