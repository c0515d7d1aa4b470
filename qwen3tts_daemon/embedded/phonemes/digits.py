"""Digits that nobody has put into words, one by one: a last resort, so that no voice is silent at them."""

import re
from unicodedata import category, name, normalize

_CHINESE = "零一二三四五六七八九"
_KOREAN = "공일이삼사오육칠팔구"
_WORDS = {"zh": _CHINESE, "ko": _KOREAN}
# misaki reads numbers up to 16 digits, and fails at longer ones; Korean has our rules alone, which know letters.
_UNREAD = {"zh": re.compile(r"\d{16,}|(?<=[.,])\d{8,}"), "ko": re.compile(r"\d")}


def plain(text: str) -> str:
    """Digits and letters of other shapes (full width, circled, ...) as those that the libraries know."""
    return text if text.isascii() else "".join(map(_plain, text))


def one_by_one(text: str, language: str) -> str:
    """The text with the numbers that the language's library does not read in words."""
    if language not in _UNREAD:
        return text
    return _UNREAD[language].sub(lambda digits: "".join(_WORDS[language][int(digit)] for digit in digits[0]), text)


def _plain(char: str) -> str:
    if category(char)[0] not in "LN" or name(char, "").startswith("HANGUL"):
        return char
    return normalize("NFKC", char)
