"""How long texts of 8,000 characters are put into words, and for how long the event loop waits meanwhile.

python -m benchmarks.reading [LANGUAGE ...]
"""

import asyncio
import sys
import time

from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.text.segments import LiveSegmenter
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.limits import MAX_TEXT_CHARS

TEXTS = {
    "times": "12:30 ", "measures": "It is 21.5 °C. ", "thousands": "1,000,", "versions": "1.2.", "hyphens": "1-",
    "ones": "1 ", "nines": "9",
}  # fmt: skip
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


async def main(languages: list[str]) -> None:
    print("| | " + " | ".join(f"{name} ms (late)" for name in TEXTS) + " |")
    print("|---" * (len(TEXTS) + 1) + "|")
    for language in languages:
        row = [await measure(language, (text * MAX_TEXT_CHARS)[:MAX_TEXT_CHARS]) for text in TEXTS.values()]
        cells = [f"{took_s * 1000:.0f} ({late_s * 1000:.1f})" for took_s, late_s in row]
        print(f"| {language} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(LANGUAGES)))
