"""Words that are to be said in another way than they are written.

While a text is cut, cleaned and read, a rare letter stands in for them, which nothing of that changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

How = Literal["words", "text", "characters", "cardinal", "ordinal", "telephone", "date", "time", "ipa", "pinyin"]

_FIRST, _MOST = 0x12000, 900
"""Cuneiform: letters to everything that asks, and no voice reads them."""
_PLACEHOLDER = regex.compile(f"[{chr(_FIRST)}-{chr(_FIRST + _MOST - 1)}]")


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How some words of a text are said."""

    written: str
    how: How
    """What `value` is: the words that are said instead, or a text to be read like any; what is spelled, counted or
    dialled; or the sounds"""
    value: str
    form: str = ""
    """Of a date or a time: the order of its parts, such as "dmy" or "hms12" """


def placeholder(taken: Iterable[str], text: str) -> str | None:
    """One that is neither taken nor in the text; None if there are too many."""
    used = {*taken, *_PLACEHOLDER.findall(text)}
    return next((letter for letter in map(chr, range(_FIRST, _FIRST + _MOST)) if letter not in used), None)


def without_placeholders(text: str) -> str:
    """A text of somebody who writes such letters: in their places stands what nobody reads."""
    return str(_PLACEHOLDER.sub("\ufffd", text))


def written(text: str, pronunciations: Mapping[str, Pronunciation]) -> str:
    """With the words as they are written, in the places of their placeholders."""
    for letter, pronunciation in pronunciations.items():
        text = text.replace(letter, pronunciation.written)
    return text
