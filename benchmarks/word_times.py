"""How far off the estimated times of words are: estimated from the preview voice's sound, whose times are known.

python -m benchmarks.word_times [LANGUAGE ...] > word_times.json

The texts are those of `check` (qwen_tts/check/sentences.toml), each spoken as one segment by the language's own voice.
An error is that of a word's beginning, early or late; of Chinese and Japanese, of what their dictionaries call a word.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence

from benchmarks.machine import machine, summary
from qwen3tts_daemon.embedded.engine import create
from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.speech.word_estimate import estimated_times
from qwen_tts.api import PresetVoice, SynthesisRequest, WordTime
from qwen_tts.check.sentences import sentences
from qwen_tts.stream import SpeechEngine

TEXTS = (
    "time", "train", "shopping", "visit", "light", "weather", "degrees", "blinds", "quote", "choice", "market",
)  # fmt: skip


async def speak(engine: SpeechEngine, text: str, language: str) -> tuple[bytes, list[WordTime]]:
    """The sound and when its words are heard."""
    voice = next(one.name for one in engine.capabilities.voices if language in one.languages)
    request = SynthesisRequest(voice=PresetVoice(voice), text=text, language=language, word_times=True)
    async with engine.stream(request) as stream:
        chunks = [chunk async for chunk in stream]
    return b"".join(chunk.pcm for chunk in chunks), [word for chunk in chunks for word in chunk.words]


def errors_s(known: Sequence[WordTime], estimated: Sequence[WordTime], sample_rate: int) -> list[float]:
    """Of the beginnings of the words that are known."""
    found = ((word, next((one for one in estimated if one.end > word.start), None)) for word in known)
    return [abs(one.first_sample - word.first_sample) / sample_rate for word, one in found if one is not None]


async def measure(languages: Sequence[str]) -> dict[str, object]:
    rate, results, every = 24_000, {}, []
    with tempfile.TemporaryDirectory() as cache_dir:
        engine = create(cache_dir)
        await engine.load()
        for language in languages:
            errors: list[float] = []
            for name in TEXTS:
                text = reader.spoken(sentences()[language][name], language)
                pcm, known = await speak(engine, text, language)
                errors += errors_s(known, estimated_times(text, pcm, rate), rate)
            results[language] = summary(errors)
            every += errors
            print(language, results[language], file=sys.stderr)
        await engine.close()
    return {"machine": machine(), "errors": results, "all": summary(every)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1:] or list(sentences()))), indent=2))
