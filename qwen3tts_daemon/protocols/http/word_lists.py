"""When words are heard, as answers tell it: in seconds of their sound, whatever its rate."""

from typing import TypedDict

from qwen3tts_daemon.speech.word_times import WordsTold


class TimedWord(TypedDict):
    """Characters of the text as it was sent, and the seconds in which they are heard."""

    text: str
    char_start: int
    char_end: int
    start: float
    end: float


def timed_words(told: WordsTold) -> list[TimedWord]:
    """To a tenth of a millisecond."""
    rate = told.sample_rate
    return [
        {
            "text": word.text, "char_start": word.start, "char_end": word.end,
            "start": round(word.first_sample / rate, 4), "end": round(word.end_sample / rate, 4),
        }
        for word in told.words
    ]  # fmt: skip
