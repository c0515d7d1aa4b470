"""How exactly a voice speaks as it is told: speed, gain, loudness, pauses. One JSON line for each, on any machine.

    python -m benchmarks.styles --voice heart                                  # the preview voice
    python -m benchmarks.styles --models tests/speaking --voice heart --weights tiny

The same text and seed at every speed, beside the same at 1. Loudness is that of FFmpeg's meter (EBU R128) in the second
utterance of each voice: the first one is measured. Nothing here is a time, so the machine may be busy.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from qwen3tts_daemon.audio.filters import LoudnessMeter
from qwen3tts_daemon.commands.local import local_speech
from qwen3tts_daemon.settings import load_settings
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import AudioChunk, Sampling
from qwen_tts.audio.samples import from_pcm

TEXT = "The washing machine has finished. Please take the laundry out before it starts to smell of yesterday."
SPEEDS = (0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 4.0)
GAINS_DB = (-20.0, -6.0, 6.0)
TARGET_LUFS = -20.0
PAUSE_S = 0.75


async def spoken(speech: Speech, order: Order, text: str = TEXT) -> tuple[bytes, int]:
    """PCM and its sample rate."""
    async with speech.whole_utterance(order, text) as utterance:
        chunks = [part async for part in utterance if isinstance(part, AudioChunk)]
    return b"".join(chunk.pcm for chunk in chunks), chunks[0].sample_rate


def level_db(pcm: bytes) -> float:
    samples = from_pcm(pcm)
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-9))


def peak_db(pcm: bytes) -> float:
    return float(20 * np.log10(np.abs(from_pcm(pcm)).max() + 1e-9))


def lufs(pcm: bytes, sample_rate: int) -> float:
    meter = LoudnessMeter(sample_rate)
    meter.add(pcm)
    return meter.finish()


def longest_zeros_s(pcm: bytes, sample_rate: int) -> float:
    sounds = np.flatnonzero(np.frombuffer(pcm, "<i2"))
    return float(np.diff(sounds).max() - 1) / sample_rate


async def speeds(speech: Speech, order: Order) -> dict[str, Any]:
    usual, _ = await spoken(speech, order)
    lengths = {}
    for speed in SPEEDS:
        pcm, _ = await spoken(speech, replace(order, speed=speed))
        lengths[str(speed)] = round(len(usual) / len(pcm) / speed - 1, 4)
    return {"what": "speed, beside the wanted one", "error": lengths}


async def gains(speech: Speech, order: Order) -> dict[str, Any]:
    usual, _ = await spoken(speech, order)
    found = {}
    for gain_db in GAINS_DB:
        pcm, _ = await spoken(speech, replace(order, gain_db=gain_db))
        found[str(gain_db)] = {"db": round(level_db(pcm) - level_db(usual), 2), "peak_db": round(peak_db(pcm), 1)}
    return {"what": "gain", "at": found}


async def loudness(speech: Speech, order: Order, voices: Sequence[str]) -> dict[str, Any]:
    before, after = {}, {}
    for voice in voices:
        of_voice = replace(order, voice=voice)
        before[voice] = round(lufs(*await spoken(speech, of_voice)), 1)
        speech.config = replace(speech.config, loudness_lufs=TARGET_LUFS)
        await spoken(speech, of_voice)
        after[voice] = round(lufs(*await spoken(speech, of_voice)), 1)
        speech.config = replace(speech.config, loudness_lufs=None)
    return {"what": "loudness, LUFS", "wanted": TARGET_LUFS, "before": before, "after": after}


async def pauses(speech: Speech, order: Order) -> dict[str, Any]:
    text = TEXT.replace(". ", f". [pause {PAUSE_S} s] ")
    pcm, sample_rate = await spoken(speech, order, text)
    return {"what": "pause", "wanted_s": PAUSE_S, "zeros_s": round(longest_zeros_s(pcm, sample_rate), 5)}


async def measure(options: argparse.Namespace) -> None:
    about = {"voice": options.voice, "weights": options.weights, "date": f"{date.today()}", "machine": machine()}
    models = ["--engine", "qwen", "--models.dir", options.models] if options.models else ["--engine", "embedded"]
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings([*models, "--data-dir", data, *options.daemon_options])
        async with local_speech(settings, preload=True) as speech:
            order = Order("benchmark", options.voice, options.language, sampling=Sampling(seed=options.seed))
            voices = options.voices or [options.voice]
            for figures in (speeds(speech, order), gains(speech, order), pauses(speech, order)):
                print(json.dumps(await figures | about), flush=True)
            print(json.dumps(await loudness(speech, order, voices) | about), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", help="a folder of checkpoints; without it the preview voice speaks")
    parser.add_argument("--weights", default="", help="what kind of weights they are: random, tiny, ...")
    parser.add_argument("--voice", required=True)
    parser.add_argument("--voices", nargs="*", help="whose loudness is measured; else the voice's own")
    parser.add_argument("--language", default="en")
    parser.add_argument("--seed", type=int, default=7)
    options, options.daemon_options = parser.parse_known_args()
    if options.models:
        options.models = str(Path(options.models).resolve())
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
