"""A speaker of a checkpoint on an engine, and the ways to have it say something."""

import asyncio
import random
import zlib
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from qwen_tts.api import AudioChunk, Limits, Sampling, SynthesisRequest, Voice
from qwen_tts.audio.samples import Samples, from_pcm
from qwen_tts.engine.engine import Engine
from qwen_tts.stream import AudioStream

SEED = 0
"""Of every draw here. The laws hold for others, too."""

MOST_S = 12.0
"""No text here takes as long."""


def seed_of(text: str) -> int:
    return zlib.crc32(f"{SEED} {text}".encode())


def request(text: str, voice: Voice, **fields: Any) -> SynthesisRequest:
    """In English, with a seed of the text's own."""
    sampling, limits = Sampling(seed=seed_of(text)), Limits(max_audio_s=MOST_S)
    return SynthesisRequest(text=text, voice=voice, language="en", sampling=sampling, limits=limits, **fields)


def random_pieces(text: str) -> list[str]:
    """Cut anywhere, also within words."""
    draw = random.Random(seed_of(text))
    cuts = sorted(draw.sample(range(1, len(text)), draw.randint(1, len(text) // 2)))
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


class Speaker:
    """One voice of an engine."""

    def __init__(self, engine: Engine, voice: Voice) -> None:
        self.engine, self._voice = engine, voice

    async def say(self, text: str) -> Samples:
        """The whole text."""
        async with self.engine.stream(request(text, self._voice)) as audio:
            return _sound(await _chunks(audio))

    async def say_live(self, text: str) -> Samples:
        """The text in random pieces, now and then one after the sound of another."""
        draw = random.Random(seed_of(text))
        async with self.engine.stream(request("", self._voice, live=True)) as audio:
            reading = asyncio.create_task(_chunks(audio))
            for piece in random_pieces(text):
                audio.feed_now(piece)
                await asyncio.sleep(draw.choice((0, 0.02)))
            audio.end_text()
            return _sound(await reading)

    async def say_sentences(self, sentences: Sequence[str]) -> list[Samples]:
        """Live text, each sentence to be spoken as it is: the sound of each."""
        async with self.engine.stream(request("", self._voice, live=True)) as audio:
            for sentence in sentences:
                audio.feed_now(f"{sentence} ")
                audio.flush()
            audio.end_text()
            chunks = await _chunks(audio)
        return [_sound([*segment]) for _, segment in groupby(chunks, lambda chunk: chunk.segment)]

    async def begin(self, text: str, frames: int) -> None:
        """The text, left after some frames."""
        async with self.engine.stream(request(text, self._voice)) as audio:
            async for _ in audio:
                frames -= 1
                if not frames:
                    break


async def _chunks(audio: AudioStream) -> list[AudioChunk]:
    chunks = [chunk async for chunk in audio]
    assert audio.end is not None
    assert audio.end.reason == "complete"
    return chunks


def _sound(chunks: Sequence[AudioChunk]) -> Samples:
    return from_pcm(b"".join(chunk.pcm for chunk in chunks))
