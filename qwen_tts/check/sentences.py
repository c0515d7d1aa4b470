"""What is spoken: the same texts in every language, by name. No torch."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("sentences.toml")

_WIDE = "\u2e80-\uffef"
_PIECE = re.compile(rf"[{_WIDE}]\s*|[^\s{_WIDE}]+\s*")

LONG = "evening"
"""The text that is longer than one part: where its parts meet, there are seams."""

QUICK = ("light", "shopping")
"""What a quick look takes of them"""


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """By language, then by name."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def names() -> Sequence[str]:
    """Of the texts, the same in every language."""
    return tuple(sentences()["en"])


def pieces(text: str) -> list[str]:
    """As somebody who writes would send it: a word at a time, or a character of what has no spaces."""
    return _PIECE.findall(text)
