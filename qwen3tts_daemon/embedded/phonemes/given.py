"""Words of a text whose sounds came with it: they are said as they are, in Kokoro's symbols."""

import re
from collections.abc import Iterator, Mapping

from qwen_tts.text.annotations import ANNOTATION

_LETTERS = range(0xA000, 0xA48D)
"""Yi: no voice here reads it, so one of its letters may stand for a word"""
_MOST_SOUNDS = 100
"""Of one word: more than one inference says"""
# What dictionaries write with two symbols, or others.
_KOKORO = {
    "\u0361": "", "\u035c": "", "g": "ɡ", ":": "ː", "'": "ˈ", "\u2019": "ˈ", "tʃ": "ʧ", "dʒ": "ʤ", "eɪ": "A", "aɪ": "I",
    "aʊ": "W", "oʊ": "O", "əʊ": "Q", "ɔɪ": "Y",
}  # fmt: skip
_POSSESSIVE = re.compile(r"['’]s(?!\w)")
_HISSING, _VOICELESS = tuple("szʃʒʧʤ"), tuple("ptkfθ")

Given = Mapping[str, str]
"""By the letters that stand for the words: their sounds"""


def set_apart(text: str) -> tuple[str, Given]:
    """The text with a letter for each annotated word, which nothing cuts, and what they stand for."""
    given: dict[str, str] = {}
    unused = (letter for letter in map(chr, _LETTERS) if letter not in text)

    def letter_for(found: re.Match[str]) -> str:
        if (letter := next(unused, None)) is None:
            return found["words"]
        given[letter] = found["sounds"][:_MOST_SOUNDS]
        return letter

    return ANNOTATION.sub(letter_for, text), given


def in_kokoros_symbols(sounds: str) -> str:
    """As it writes what dictionaries write in another way."""
    for written, symbol in _KOKORO.items():
        sounds = sounds.replace(written, symbol)
    return sounds


def parts_of(text: str, given: Given) -> Iterator[str]:
    """The letters of `given` that are in it, and what is between them."""
    yield from filter(None, re.split(f"([{''.join(given)}])", text))


def possessive(text: str, sounds: str) -> tuple[str, str]:
    """An English 's behind a word with these sounds, as a sound; and the text behind it."""
    if (found := _POSSESSIVE.match(text)) is None:
        return "", text
    ending = "ᵻz" if sounds.endswith(_HISSING) else "s" if sounds.endswith(_VOICELESS) else "z"
    return ending, text[found.end() :]
