"""How well speech is understood: unseen sentences through a daemon's doors, heard by a recogniser.

    python -m benchmarks.words MODELS --voice heart --teacher heart --recogniser 'COMMAND {wav} {language}'
    python -m benchmarks.words --http 8766 --wyoming 10200 --voice ryan --recogniser ...

MODELS is a folder of checkpoints, on which a daemon is started, with options of the daemon's that follow (--qwen.device
cpu); else one that runs here is asked at its ports. --teacher is a voice of the preview that says the same sentences to
the same recogniser: what a checkpoint that learned from it can reach at best. The recogniser is a command that prints
what it heard; without one faster-whisper listens, if that package is installed, with the model that --whisper names.

One JSON line for each way to speak: every sentence whole over HTTP, as server-sent events, and word by word over
WebSocket and Wyoming, and --long sentences as one text. Error rates are of all characters and words together. Numbers
that the recogniser writes in digits count as errors.
"""

import argparse
import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import soxr

from benchmarks.doors import Doors, NotSpoken, word_by_word
from benchmarks.machine import machine
from benchmarks.serve import daemon
from qwen_tts.api import PCM_BYTES
from qwen_tts.audio.samples import from_pcm
from qwen_tts.check.measures.recognition import ErrorRates, error_rates, normal
from qwen_tts.check.stages.recogniser import Recogniser

RATE, WHISPER_RATE = 24_000, 16_000
SENTENCES = Path(__file__).with_name("words.txt")

Say = Callable[[str], Awaitable[bytes]]


class Listener(Protocol):
    """A recogniser: what it understood, beside what was said."""

    def error_rates(self, pcm: bytes, sample_rate: int, said: str, language: str) -> ErrorRates: ...


class Whisper:
    """faster-whisper, in this process."""

    def __init__(self, model: str) -> None:
        from faster_whisper import WhisperModel  # not one of this project's packages

        self._model = WhisperModel(model, device="cpu", compute_type="int8")

    def error_rates(self, pcm: bytes, sample_rate: int, said: str, language: str) -> ErrorRates:
        samples = soxr.resample(from_pcm(pcm), sample_rate, WHISPER_RATE)
        pieces, _ = self._model.transcribe(samples, language=language, condition_on_previous_text=False)
        return error_rates(said, " ".join(piece.text for piece in pieces), language)


def ways(doors: Doors, seed: int) -> dict[str, Say]:
    """Each way to have the daemon say a text; the seed of a text is its own."""
    of = lambda text: zlib.crc32(f"{seed} {text}".encode())  # noqa: E731
    return {
        "HTTP": lambda text: doors.http(text, of(text)),
        "HTTP, server-sent events": lambda text: doors.http_events(text, of(text)),
        "WebSocket, word by word": lambda text: doors.websocket_live(word_by_word(text), of(text)),
        "Wyoming, word by word": lambda text: doors.wyoming_live(word_by_word(text), of(text)),
    }


def long_texts(sentences: Sequence[str], length: int) -> list[str]:
    return [" ".join(sentences[start : start + length]) for start in range(0, len(sentences), length)]


async def spoken(say: Say, texts: Sequence[str], together: int) -> list[bytes]:
    """So many at once. What is refused or fails is no sound."""
    places = asyncio.Semaphore(together)

    async def one(text: str) -> bytes:
        async with places:
            try:
                return await say(text)
            except NotSpoken as error:
                print(json.dumps({"not_spoken": text, "instead": str(error)}), flush=True)
                return b""

    return list(await asyncio.gather(*map(one, texts)))


def figures(listener: Listener, texts: Sequence[str], sounds: Sequence[bytes], language: str) -> dict[str, Any]:
    heard = [
        listener.error_rates(pcm, RATE, text, language) if pcm else ErrorRates(1.0, 1.0)
        for text, pcm in zip(texts, sounds, strict=True)
    ]
    said = [normal(text, language) for text in texts]
    words = [one.words for one in heard if one.words is not None]  # not in languages without spaces
    return {
        "texts": len(texts),
        "character_errors": _mean([one.characters for one in heard], [len(text.replace(" ", "")) for text in said]),
        "word_errors": _mean(words, [len(text.split()) for text in said]) if len(words) == len(said) else None,
        "audio_s": round(sum(map(len, sounds)) / PCM_BYTES / RATE, 1),
        "not_spoken": sounds.count(b""),
    }


def _mean(rates: Sequence[float], weights: Sequence[int]) -> float:
    return round(sum(rate * weight for rate, weight in zip(rates, weights, strict=True)) / sum(weights), 3)


@asynccontextmanager
async def doors_of(options: argparse.Namespace) -> AsyncIterator[Doors]:
    """Of the daemon that runs, or of one that is started."""
    if options.models is None:
        yield Doors(options.http, options.wyoming, options.voice, options.language)
        return
    models = ("--engine", "qwen", "--models.dir", str(options.models))
    async with daemon("qwen3tts_daemon", "serve", *models, *options.daemon_options) as running:
        yield Doors(running.http, running.wyoming, options.voice, options.language)


async def measure(options: argparse.Namespace) -> None:
    listener = Recogniser(options.recogniser) if options.recogniser else Whisper(options.whisper)
    sentences = options.sentences.read_text("utf-8").splitlines()
    about = {"voice": options.voice, "language": options.language, "date": f"{date.today()}", "seed": options.seed}
    about |= {"models": options.models.name if options.models else "", "machine": machine()}

    def report(way: str, texts: Sequence[str], sounds: Sequence[bytes]) -> None:
        print(json.dumps({"what": way, **figures(listener, texts, sounds, options.language), **about}), flush=True)

    async with doors_of(options) as doors:
        for name, say in ways(doors, options.seed).items():
            report(name, sentences, await spoken(say, sentences, options.together))
            if options.long:
                texts = long_texts(sentences, options.long)
                report(f"{name}, {options.long} sentences a text", texts, await spoken(say, texts, options.together))
    if options.teacher:
        async with daemon("qwen3tts_daemon", "serve", "--engine", "embedded") as running:
            teacher = Doors(running.http, running.wyoming, options.teacher, options.language)
            say = ways(teacher, options.seed)["HTTP"]
            report(f"its teacher {options.teacher}, HTTP", sentences, await spoken(say, sentences, options.together))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="?", help="a folder of checkpoints, for a daemon of its own")
    parser.add_argument("--http", type=int, default=8766, help="the port of a daemon that runs")
    parser.add_argument("--wyoming", type=int, default=10200, help="its other port")
    parser.add_argument("--voice", required=True)
    parser.add_argument("--language", default="en")
    parser.add_argument("--teacher", help="a voice of the preview")
    parser.add_argument("--recogniser", metavar="COMMAND", help="with {wav}, and {language} if it wants to know")
    parser.add_argument("--whisper", default="base", metavar="MODEL", help="a name or a folder")
    parser.add_argument("--sentences", type=Path, default=SENTENCES, help="one a line")
    parser.add_argument("--together", type=int, default=4, help="texts spoken at once")
    parser.add_argument("--long", type=int, default=8, help="sentences of a long text; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    options, daemon_options = parser.parse_known_args()
    asyncio.run(measure(argparse.Namespace(**vars(options), daemon_options=daemon_options)))


if __name__ == "__main__":
    main()
