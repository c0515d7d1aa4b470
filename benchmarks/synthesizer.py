"""How fast the plain generator speaks: one JSON line for each number of streams.

    python -m benchmarks.synthesizer DIRECTORY [--streams 1 8] [--frames 125] [--runs 3]

DIRECTORY is a checkpoint that never ends by itself (benchmarks.random_checkpoint --endless), so that every run has the
same number of frames.
"""

import argparse
import datetime
import json
import statistics
import time
from itertools import pairwise
from pathlib import Path

import torch

from benchmarks.machine import summary
from qwen_tts import ClonedVoice, DesignedVoice, PresetVoice, Sampling, SynthesisRequest, Synthesizer
from qwen_tts.api import Audio, Limits, Voice
from qwen_tts.audio.samples import to_pcm
from tests.golden.cases import reference_audio

TEXT = "The quick brown fox jumps over the lazy dog now."
FRAME_S = 0.08


def voice_of(synthesizer: Synthesizer) -> Voice:
    """One of the kind that the checkpoint has."""
    (kind,) = synthesizer.capabilities.voice_kinds
    if kind == "designed":
        return DesignedVoice("A calm voice.")
    if kind == "cloned":
        audio = Audio(pcm=to_pcm(reference_audio()), sample_rate=24_000)
        return ClonedVoice(synthesizer.encode_reference(audio, "Good morning to you."))
    return PresetVoice(synthesizer.capabilities.voices[0].name)


def speak(synthesizer: Synthesizer, requests: list[SynthesisRequest]) -> tuple[float, list[float]]:
    """Seconds to the first chunk of all, and between the chunks of the first after that."""
    started = time.perf_counter()
    arrivals = []
    with synthesizer.stream_batch(requests) as speech:
        for row, _ in speech:
            if row == 0:
                arrivals.append(time.perf_counter() - started)
    return arrivals[0], [after - before for before, after in pairwise(arrivals)]


def measure(synthesizer: Synthesizer, streams: int, frames: int, runs: int) -> dict[str, object]:
    voice = voice_of(synthesizer)
    requests = [
        SynthesisRequest(
            text=TEXT,
            voice=voice,
            language="en",
            sampling=Sampling(seed=row),
            limits=Limits(max_audio_s=frames * FRAME_S + FRAME_S / 2),
        )
        for row in range(streams)
    ]
    speak(synthesizer, requests)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    measured = [speak(synthesizer, requests) for _ in range(runs)]
    first = summary([ttfa for ttfa, _ in measured])
    ms_per_frame = statistics.median(gap for _, gaps in measured for gap in gaps) * 1000
    return {
        "streams": streams,
        "frames": frames,
        "ms_per_frame": round(ms_per_frame, 2),
        "ttfa_ms_p50": first["p50_ms"],
        "ttfa_ms_p95": first["p95_ms"],
        "x_realtime_total": round(streams * FRAME_S * 1000 / ms_per_frame, 2),
        "vram_gb": round(torch.cuda.max_memory_reserved() / 2**30, 2) if torch.cuda.is_available() else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--frames", type=int, default=125)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--device")
    options = parser.parse_args()
    started = time.perf_counter()
    synthesizer = Synthesizer.from_pretrained(options.directory, device=options.device)
    start_s = round(time.perf_counter() - started, 2)
    for streams in options.streams:
        line = {
            "peer": "qwen_tts.Synthesizer (eager)",
            "checkpoint": f"{options.directory.name}, random weights",
            **measure(synthesizer, streams, options.frames, options.runs),
            "start_s": start_s,
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "torch": torch.__version__,
            "date": datetime.date.today().isoformat(),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
