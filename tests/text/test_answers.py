"""Answers of assistants and notifications, as they are written, and what is spoken of them: answers/, by language.

A file is the text, a line, and the segments' words, one a line (⏎ for a line break inside one).
"""

import random
from pathlib import Path

import pytest
import regex

from qwen3tts_daemon.text.segments import LiveSegmenter, Segment

FOLDER = Path(__file__).with_name("answers")
ANSWERS = sorted(FOLDER.glob("*/*.txt"))
_TOKEN = regex.compile(r"[ \n]?(?:\p{Han}|\w{1,4})|\s+|[^\w\s]{1,2}")


def read(path: Path) -> tuple[str, list[str]]:
    text, _, spoken = path.read_text().partition("\n\n=== spoken ===\n")
    return text, [line.replace("⏎", "\n") for line in spoken.splitlines()]


def segments(pieces: list[str]) -> list[Segment]:
    segmenter = LiveSegmenter()
    return [segment for piece in pieces for segment in segmenter.feed(piece)] + segmenter.end()


def texts(pieces: list[str]) -> list[str]:
    return [segment.text for segment in segments(pieces)]


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_only_what_is_for_the_ear_is_spoken(path: Path) -> None:
    text, spoken = read(path)
    assert texts([text]) == spoken
    assert texts(list(text)) == spoken
    assert texts(_TOKEN.findall(text)) == spoken
    chance = random.Random(text)
    for _ in range(20):
        cuts = sorted(chance.sample(range(len(text) + 1), 5))
        assert texts([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == spoken


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_positions_point_at_the_text_as_it_was_written(path: Path) -> None:
    text, _ = read(path)
    end = 0
    for segment in segments([text]):
        assert text[segment.start : segment.end] == segment.raw
        assert segment.start >= end
        end = segment.end


def test_there_are_answers_enough() -> None:
    languages = {path.parent.name for path in ANSWERS}
    assert {"en", "de", "fr", "es", "zh"} <= languages
    assert len(ANSWERS) >= 60
