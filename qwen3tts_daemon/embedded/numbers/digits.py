"""Digits one by one: what every language can say of any number, however long."""

import re
import unicodedata

_WORDS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
    "zh": "零 一 二 三 四 五 六 七 八 九",
    "ko": "공 일 이 삼 사 오 육 칠 팔 구",
    "ja": "ゼロ イチ ニー サン ヨン ゴー ロク ナナ ハチ キュー",
}
_POINTS = {
    "en": "point",
    "de": "Komma",
    "es": "coma",
    "fr": "virgule",
    "it": "virgola",
    "pt": "vírgula",
    "ru": "запятая",
    "zh": "点",
    "ko": "점",
    "ja": "テン",
}
_DIGIT = re.compile(r"\d")
# Above a quadrillion nobody follows the words for a number, and the libraries fail or take the square of its length.
_LONG = re.compile(
    r"(?<!\d)(?:"
    r"\d{1,3}(?:,\d{3}){5,}|\d{1,3}(?:\.\d{3}){5,}|\d{1,3}(?:['’ \u00a0\u2009\u202f]\d{3}){5,}|\d{16,}"
    r")(?!\d)|(?<=\d)(?P<point>[.,])\d{16,}"
)

# Whose libraries know ASCII letters and digits alone.
_ASCII_LANGUAGES = frozenset({"zh", "ko"})
_UNREAD = {"<circle>": frozenset(_WORDS), "<fraction>": _ASCII_LANGUAGES}
_FRACTION_SLASH = "\u2044"
_FONTS = ("<compat>", "<font>", "<wide>", "<narrow>")


def plain_digits(text: str, language: str) -> str:
    """Every decimal digit as 0 to 9, and what `language` reads of no other number and letter as those it does."""
    return text if text.isascii() else "".join(_plain(char, language) for char in text)


def long_numbers_by_digit(text: str, language: str) -> str:
    """The text with its very long numbers, and very long fractions, in words."""

    def in_words(number: re.Match[str]) -> str:
        point = f" {_POINTS[language]} " if number["point"] else " "
        return f"{point}{by_digit(number.group(), language)} "

    return _LONG.sub(in_words, text)


def by_digit(text: str, language: str) -> str:
    """The digits of a text in words; whatever else there is separates them."""
    words = _WORDS[language].split()
    return " ".join(words[int(digit)] for digit in _DIGIT.findall(text))


def _plain(char: str, language: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    kind, _, _ = unicodedata.decomposition(char).partition(" ")
    if char.isnumeric() and language in _UNREAD.get(kind, ()):
        return f" {unicodedata.normalize('NFKC', char).replace(_FRACTION_SLASH, '/')} "
    if char.isalnum() and language in _ASCII_LANGUAGES and kind in _FONTS:
        return unicodedata.normalize("NFKC", char)
    return char
