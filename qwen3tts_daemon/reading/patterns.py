"""Pieces that the patterns of several kinds are made of."""

from collections.abc import Iterable

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS

DASH = r"[-–—]"
WORD = rf"{LETTERS}\d_"
"""Inside brackets"""
END = rf"(?![{LETTERS}\p{{N}}])"
BEGIN = rf"(?<![{LETTERS}\p{{N}}_])"
SIGN = rf"(?<![{LETTERS}\d)\]%°]\s?)(?<sign>[-+±])\s?|(?<![{LETTERS}\d])(?<sign>[-+±])"
"""Before a number: a minus is none behind a number or a word"""

CODE = r"(?:\d{2,4}(?:[- ]\d{2,4}){1,3}|\d{3,})"
"""Behind the word for a code: its digits, in groups or not"""


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of them, the longest first."""
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"
