"""How a long text sounds where its pieces meet: one JSON line for each seam, then a summary.

    python -m benchmarks.seams [--voice heart] [--text FILE] [--wav FILE]
    python -m benchmarks.seams --checkpoint DIR [--voice vivian] [--weights random]

Without a checkpoint the embedded voice speaks, in this process. It is fed as the daemon feeds it, and begins a piece
with every sentence. Qwen3-TTS begins one with every part of a long text: the text is divided as the engine divides a
whole one, and each part is fed and flushed as live text, so that a segment of the answer is a part; --reference has a
recording's voice speak. --weights goes into the lines as it is: random ones speak noise, and their figures say only
that the command works.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts import Audio, ClonedVoice, PresetVoice, Sampling, SpeechEngine, StreamEnd, SynthesisRequest, Voice
from qwen_tts.api import PCM_BYTES
from qwen_tts.audio.samples import to_pcm
from qwen_tts.audio.sound_file import read_sound, write_sound
from qwen_tts.check.measures.seams import Seam, find_seams
from qwen_tts.config.engine import EngineConfig
from qwen_tts.engine.live_text import LiveSentences
from qwen_tts.text.sentences import Ending
from qwen_tts.text.text_tokenizer import TextTokenizer

TEXT = Path(__file__).with_name("long_text.txt")


def sentences(text: str) -> list[str]:
    """As the daemon cuts them, each with what follows it."""
    segmenter = LiveSegmenter()
    segments = segmenter.feed(text) + segmenter.end()
    return [segment.text + ("\n" if segment.ending is Ending.PARAGRAPH else " ") for segment in segments]


def parts(text: str, config: EngineConfig) -> list[str]:
    """As the engine divides a whole text that is too long for one sequence."""
    pieces = sentences(text)
    tokenizer = TextTokenizer.from_directory(config.checkpoint, config.pre_tokenizer)
    division = LiveSentences(tokenizer, config.live_text)
    for piece in pieces:
        division.feed(piece, now=0)
    division.end()
    starts = []
    while taken := division.take(now=0):
        starts.append(taken.starts[0][1])
    return ["".join(pieces[start:end]) for start, end in pairwise([*starts, len(pieces)])]


@dataclass(frozen=True)
class Spoken:
    pcm: bytes
    starts: dict[int, int]
    """Piece -> its first sample; a piece without sound is missing"""
    end: StreamEnd


async def speak(engine: SpeechEngine, request: SynthesisRequest, pieces: Sequence[str]) -> Spoken:
    async with engine.stream(request) as audio:
        for piece in pieces:
            audio.feed_now(piece)
            audio.flush()
        audio.end_text()
        chunks = [chunk async for chunk in audio]
    assert audio.end is not None
    starts = {segment: next(group).first_sample for segment, group in groupby(chunks, lambda chunk: chunk.segment)}
    return Spoken(b"".join(chunk.pcm for chunk in chunks), starts, audio.end)


@asynccontextmanager
async def embedded() -> AsyncIterator[SpeechEngine]:
    from qwen3tts_daemon.embedded.engine import create  # needs what Qwen3-TTS does not

    with tempfile.TemporaryDirectory() as cache:
        engine = create(cache)
        await engine.load()
        yield engine
        await engine.close()


@asynccontextmanager
async def qwen(config: EngineConfig) -> AsyncIterator[SpeechEngine]:
    from qwen_tts import Engine  # imports torch

    engine = Engine(config)
    await engine.load()
    yield engine
    await engine.close()


async def voice_of(engine: SpeechEngine, options: argparse.Namespace) -> Voice:
    if options.reference is None:
        return PresetVoice(options.voice or engine.capabilities.voices[0].name)
    samples, rate = read_sound(options.reference)
    audio = Audio(pcm=to_pcm(samples.mean(axis=1)), sample_rate=rate)
    return ClonedVoice(await engine.encode_reference(audio, options.transcript))


def line(seam: Seam) -> dict[str, Any]:
    return {
        "sample": seam.sample,
        "silence_ms": seam.silence_ms,
        "before_db": round(seam.before_db, 1),
        "after_db": round(seam.after_db, 1),
        "step_db": round(seam.step_db, 1),
        "jump": round(seam.jump, 5),
        "jump_nearby": round(seam.jump_nearby, 5),
        "click": seam.has_click,
    }


def summary(seams: Sequence[Seam]) -> dict[str, Any]:
    silences = [seam.silence_ms for seam in seams]
    return {
        "seams": len(seams),
        "silence_ms": {"least": min(silences), "median": statistics.median(silences), "most": max(silences)},
        "greatest_step_db": round(max(abs(seam.step_db) for seam in seams), 1),
        "greatest_jump": round(max(seam.jump for seam in seams), 5),
        "clicks": sum(seam.has_click for seam in seams),
    }


async def measure(options: argparse.Namespace) -> None:
    text = options.text.read_text("utf-8")
    if options.checkpoint is None:
        running, pieces = embedded(), sentences(text)
    else:
        config = EngineConfig(checkpoint=options.checkpoint, device=options.device)
        running, pieces = qwen(config), parts(text, config)
    async with running as engine:
        voice = await voice_of(engine, options)
        request = SynthesisRequest(voice=voice, live=True, language=options.language, sampling=Sampling(seed=1))
        spoken = await speak(engine, request, pieces)
        rate = engine.capabilities.sample_rate
    if options.wav is not None:
        write_sound(options.wav, spoken.pcm, rate)
    if len(spoken.starts) < 2:
        sys.exit("one piece alone was spoken: there is no seam")
    who = {
        "engine": "embedded" if options.checkpoint is None else options.checkpoint.name,
        "voice": voice.name if isinstance(voice, PresetVoice) else options.reference.name,
        "weights": options.weights,
    }
    seams = find_seams(spoken.pcm, rate, list(spoken.starts.values())[1:])
    for seam, (before, after) in zip(seams, pairwise(spoken.starts), strict=True):
        between = {"before": pieces[before].split()[-1], "after": pieces[after].split()[0]}
        print(json.dumps({**who, **between, **line(seam)}))
    audio_s = round(len(spoken.pcm) / PCM_BYTES / rate, 1)
    whole = {"characters": len(text), "audio_s": audio_s, "end": spoken.end.reason}
    print(json.dumps({**who, **whole, **summary(seams), "machine": machine()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="Qwen3-TTS instead of the embedded voice")
    parser.add_argument("--device")
    parser.add_argument("--weights", choices=["real", "random"], default="real")
    parser.add_argument("--voice", help="by default the first")
    parser.add_argument("--reference", type=Path, help="a recording whose voice speaks")
    parser.add_argument("--transcript")
    parser.add_argument("--language", default="auto")
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument("--wav", type=Path, help="keep the sound")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
