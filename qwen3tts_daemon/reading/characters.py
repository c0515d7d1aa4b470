"""Several characters of one meaning -> one of them, before anything is recognised."""

import unicodedata

import regex  # type: ignore[import-untyped,unused-ignore]

LETTERS = r"\p{Latin}\p{Cyrillic}\p{Greek}"
"""Inside a pattern's brackets: letters that make one word with a number beside them. Those of Chinese, Japanese and
Korean stand beside every number."""

_ONE_FOR_MANY = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\u2043\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2009\u202f\u2007\u2008\u200a", "\u00a0"),
        "\u2103": "°C",
        "\u2109": "°F",
        "\u02da": "°",
        "\u03bc": "\u00b5",
        "\u2266": "≤",
        "\u2267": "≥",
        "\u2044": "/",
        "\u2215": "/",
        "\u2236": ":",
        "\uffe5": "¥",
        "\uffe1": "£",
        "\uffe6": "₩",
        "\u2033": '"',
        "\u2032": "'",
        "\u2019": "'",
        "\ufe6a": "%",
    }
)
# Letters, digits and signs in full width, in fonts of mathematics or in circles; Roman numerals as one character.
_FONTS = ("<wide>", "<font>", "<circle>", "<compat>", "<narrow>", "<square>", "<sub>")
_KEPT = "、。，！？：；（）「」『』【】《》〈〉“”…～・￠µ"
_DASH_FOR_MINUS = regex.compile(rf"(?<![{LETTERS}\d)\]%°]|\d\s)–(?=\d)")
# Of scripts that `regex` knows and this Python does not yet: a digit without a value.
_UNKNOWN_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_CIRCLED = regex.compile(r"(?<=[①-⑳])\s?(?=\d)")
"""Between the number of an item and what it starts with"""
_DEGREE = regex.compile(r"(?<=\d\s?)[º°]\s?(?=[CFK]\b)")


def plain(text: str) -> str:
    """The text with one character for each meaning: minus, digits, degrees, blanks, primes."""
    if text.isascii():
        return text
    text = _CIRCLED.sub(", ", text)
    text = _DASH_FOR_MINUS.sub("-", _DEGREE.sub("°", text.translate(_ONE_FOR_MANY)))
    return text if text.isascii() else _UNKNOWN_DIGIT.sub(" ", "".join(map(_plain, text)))


def _plain(char: str) -> str:
    if char.isascii() or char in _KEPT:
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    kind, _, _ = unicodedata.decomposition(char).partition(" ")
    if kind in _FONTS and char.isalnum():
        return unicodedata.normalize("NFKC", char)
    if kind == "<square>":
        return unicodedata.normalize("NFKC", char).replace("\u03bc", "\u00b5")
    if kind == "<wide>":
        return unicodedata.normalize("NFKC", char)
    return char
