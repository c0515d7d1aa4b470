"""How far off the estimated times of words are: estimated from the preview voice's sound, whose times are known.

python -m benchmarks.word_times [LANGUAGE ...] > word_times.json

The texts are those of `check` (qwen_tts/check/sentences.toml), spoken by the language's own voice; each is estimated by
itself, as a segment, and all of them one behind the other, as a passage of several sentences. An error is that of a
word's beginning, early or late; of Chinese and Japanese, of what their dictionaries call a word.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.machine import machine, summary
from qwen3tts_daemon.embedded.engine import create
from qwen3tts_daemon.reading import reader
from qwen3tts_daemon.speech.word_estimate import SpeechPower, estimated_times
from qwen_tts.api import PCM_BYTES, PresetVoice, SynthesisRequest, WordTime
from qwen_tts.check.sentences import sentences
from qwen_tts.stream import SpeechEngine

TEXTS = (
    "time", "train", "shopping", "visit", "light", "weather", "degrees", "blinds", "quote", "choice", "market",
)  # fmt: skip
_RATE = 24_000
_PAUSE_MS = 260
"""Beside the silence that each text ends with"""


class Spoken(NamedTuple):
    text: str
    pcm: bytes
    known: Sequence[WordTime]


async def speak(engine: SpeechEngine, text: str, language: str) -> Spoken:
    """The sound and when its words are heard."""
    voice = next(one.name for one in engine.capabilities.voices if language in one.languages)
    request = SynthesisRequest(voice=PresetVoice(voice), text=text, language=language, word_times=True)
    async with engine.stream(request) as stream:
        chunks = [chunk async for chunk in stream]
    return Spoken(text, b"".join(chunk.pcm for chunk in chunks), [word for chunk in chunks for word in chunk.words])


def errors_s(spoken: Spoken) -> list[float]:
    """Of the beginnings of the words that are known."""
    words = estimated(spoken)
    found = ((word, next((one for one in words if one.end > word.start), None)) for word in spoken.known)
    return [abs(one.first_sample - word.first_sample) / _RATE for word, one in found if one is not None]


def estimated(spoken: Spoken) -> list[WordTime]:
    sound = SpeechPower(_RATE)
    sound.add(spoken.pcm)
    return estimated_times(spoken.text, sound)


def passage(texts: Sequence[Spoken]) -> Spoken:
    """One behind the other, with the pause that the voice makes between sentences."""
    text, pcm, known = "", b"", []
    for one in texts:
        chars, samples = len(text), len(pcm) // PCM_BYTES
        known += [
            WordTime(word.start + chars, word.end + chars, word.first_sample + samples, word.end_sample + samples)
            for word in one.known
        ]
        text += one.text + " "
        pcm += one.pcm + bytes(_RATE * _PAUSE_MS // 1000 * PCM_BYTES)
    return Spoken(text, pcm, known)


async def measure(languages: Sequence[str]) -> dict[str, object]:
    by_language: dict[str, list[Spoken]] = {}
    with tempfile.TemporaryDirectory() as cache_dir:
        engine = create(cache_dir)
        await engine.load()
        for language in languages:
            texts = [reader.spoken(sentences()[language][name], language) for name in TEXTS]
            by_language[language] = [await speak(engine, text, language) for text in texts]
            print(language, file=sys.stderr)
        await engine.close()
    return results(by_language)


def results(by_language: Mapping[str, Sequence[Spoken]]) -> dict[str, object]:
    segments = {name: [one for text in texts for one in errors_s(text)] for name, texts in by_language.items()}
    passages = {name: errors_s(passage(texts)) for name, texts in by_language.items()}
    return {"machine": machine(), "segments": _summaries(segments), "passages": _summaries(passages)}


def _summaries(errors: Mapping[str, list[float]]) -> dict[str, dict[str, float]]:
    every = [one for values in errors.values() for one in values]
    return {name: summary(values) for name, values in {**errors, "all": every}.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1:] or list(sentences()))), indent=2))
