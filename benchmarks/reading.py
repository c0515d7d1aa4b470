"""How long texts of 8,000 characters are cut, cleaned and put into words, and how long the event loop waits for it.

python -m benchmarks.reading [LANGUAGE ...]      into words, which a thread does
python -m benchmarks.reading cut                 cut and cleaned, which the event loop does: whole, and in small pieces
"""

import asyncio
import sys
import time

from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.limits import MAX_TEXT_CHARS

TEXTS = {
    "times": "12:30 ", "measures": "It is 21.5 °C. ", "thousands": "1,000,", "versions": "1.2.", "hyphens": "1-",
    "ones": "1 ", "nines": "9",
}  # fmt: skip
WRITTEN = {
    "prose": "The light in the kitchen is on. It is 21 °C outside, and Dr. Weber comes at 18:30. ",
    "an answer": "## Today\n\n1. **Bread** costs `3.50` at [the shop](https://a.example/b).\n2. Call *Anna*.\n\n",
    "Chinese": "今天天气很好，我们去公园散步吧。", "emoji items": "✅ a\n", "cells": "a | b\n",
    "numbers of items": "\n1. ", "initials": "A. ", "versions": "1.", "dots": ".", "hosts": "www.", "names_": "a_",
    "brackets": "[", "pictures": "![", "links": "![a](", "tags": "<", "channels": "<|", "JSON": "[\n{",
}  # fmt: skip
_PIECES = (MAX_TEXT_CHARS, 4, 1)
_TICK_S = 0.001


async def measure(language: str, text: str) -> tuple[float, float]:
    """Seconds until all of it is in words, and the longest time that a tick of 1 ms came late."""
    segmenter = LiveSegmenter()
    segments = [*segmenter.feed(text), *segmenter.end()]
    reading, latest_s = TextReading(language, is_on=True), 0.0

    async def tick() -> None:
        nonlocal latest_s
        while True:
            due = time.perf_counter() + _TICK_S
            await asyncio.sleep(_TICK_S)
            latest_s = max(latest_s, time.perf_counter() - due)

    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    await reading.spoken_text(segments)
    ticking.cancel()
    return time.perf_counter() - began, latest_s


async def cut(text: str, size: int) -> float:
    """Seconds of CPU in the event loop for a text that comes in pieces of so many characters; the best of five."""
    costs = []
    for _ in range(5):
        incoming, began = IncomingText("sentence", idle_flush_s=0.3), time.thread_time()
        for start in range(0, len(text), size):
            incoming.feed(text[start : start + size])
        incoming.end()
        costs.append(time.thread_time() - began)
    return min(costs)


async def print_cuts() -> None:
    print("| | " + " | ".join(f"in pieces of {size}, ms" for size in _PIECES) + " |")
    print("|---" * (len(_PIECES) + 1) + "|")
    for name, text in WRITTEN.items():
        costs = [await cut((text * MAX_TEXT_CHARS)[:MAX_TEXT_CHARS], size) for size in _PIECES]
        print(f"| {name} | " + " | ".join(f"{cost * 1000:.0f}" for cost in costs) + " |")


async def print_readings(languages: list[str]) -> None:
    print("| | " + " | ".join(f"{name} ms (late)" for name in TEXTS) + " |")
    print("|---" * (len(TEXTS) + 1) + "|")
    for language in languages:
        row = [await measure(language, (text * MAX_TEXT_CHARS)[:MAX_TEXT_CHARS]) for text in TEXTS.values()]
        cells = [f"{took_s * 1000:.0f} ({late_s * 1000:.1f})" for took_s, late_s in row]
        print(f"| {language} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    asyncio.run(print_cuts() if sys.argv[1:] == ["cut"] else print_readings(sys.argv[1:] or list(LANGUAGES)))
