"""Captions of what is heard: words with their times, as lines that can be read, in WebVTT and SRT."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.speech.word_times import Word, WordsTold

CAPTION_FORMATS = {"vtt": "text/vtt; charset=utf-8", "srt": "application/x-subrip; charset=utf-8"}
"""By the ending of a file's name: its media type"""

_TAG = re.compile(r"<[^<>]*>")
_MOST_CHARS = 84
"""Two lines of 42"""
_MOST_S = 7.0
_GAP_S = 0.8
"""A silence for which nothing stands"""
_LEAST_S = 0.3
_MARKS = ".,;:!?…%°€$£&+–—。，、！？；："
"""Shown where they stand between words; quotes and brackets have another half elsewhere, and markup is none's"""
_ENDS = tuple(".!?…。！？")


@dataclass(frozen=True, slots=True)
class Caption:
    """What is shown from one second to another."""

    start_s: float
    end_s: float
    text: str


def captions(told: Sequence[WordsTold]) -> list[Caption]:
    """Of what was told, in order: a caption ends with its sentence, with a long silence, or when it is long."""
    found = [_caption(words, one.sample_rate) for one in told for words in _grouped(one.words, one.sample_rate)]
    ends = [*(one.start_s for one in found[1:]), float("inf")]
    return [Caption(one.start_s, min(max(one.end_s, one.start_s + _LEAST_S), end), one.text)
            for one, end in zip(found, ends, strict=True)]  # fmt: skip


def as_vtt(shown: Sequence[Caption]) -> str:
    cues = (f"{_time(one.start_s, '.')} --> {_time(one.end_s, '.')}\n{_escaped(one.text)}\n" for one in shown)
    return "\n".join(["WEBVTT\n", *cues])


def as_srt(shown: Sequence[Caption]) -> str:
    cues = (
        f"{number}\n{_time(one.start_s, ',')} --> {_time(one.end_s, ',')}\n{one.text}\n"
        for number, one in enumerate(shown, 1)
    )
    return "\n".join(cues)


def _grouped(words: Sequence[Word], rate: int) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and _ends(group, word, rate):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _ends(group: Sequence[Word], following: Word, rate: int) -> bool:
    last = group[-1]
    chars = sum(len(word.text) + 1 for word in (*group, following))
    return (
        chars > _MOST_CHARS
        or following.end_sample - group[0].first_sample > _MOST_S * rate
        or following.first_sample - last.end_sample > _GAP_S * rate
        or _marks(last).rstrip().endswith(_ENDS)
    )


def _caption(words: Sequence[Word], rate: int) -> Caption:
    """Its words as they are written, with their marks; markup between them is left out."""
    text = "".join(word.text + _marks(word) for word in words)
    return Caption(words[0].first_sample / rate, words[-1].end_sample / rate, " ".join(text.split()))


def _marks(word: Word) -> str:
    """The marks and blanks behind a word; where something stands there that is not spoken, those before it."""
    behind = _TAG.sub("", word.behind)
    end = next((at for at, char in enumerate(behind) if char.isalnum()), len(behind))
    marks = "".join(char for char in behind[:end] if char in _MARKS or char.isspace())
    return marks if end == len(behind) else marks.rstrip() + " "


def _time(seconds: float, mark: str) -> str:
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{ms:03}"


def _escaped(text: str) -> str:
    """WebVTT has tags and entities of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
