"""A sentence with digits and symbols -> the same sentence in words."""

import logging
import re
from collections.abc import Callable

from qwen3tts_daemon.embedded.numbers.digits import by_digit, long_numbers_by_digit, plain_digits
from qwen_tts.errors import UnsupportedLanguage

Normaliser = Callable[[str], str]

_DIGITS = re.compile(r"\d+")
_NEEDED = re.compile(r"[\d€$£¥￥₩₽%％‰°℃]")
# What the libraries raise on a sentence that their grammar does not cover.
_GRAMMAR_ERRORS = (AssertionError, LookupError, RuntimeError, TypeError, ValueError)

logger = logging.getLogger(__name__)


class TextNormaliser:
    """Numbers, dates, times, units and signs of every language -> words."""

    def __init__(self) -> None:
        self._normalisers: dict[str, Normaliser] = {}

    def normalise(self, sentence: str, language: str) -> str:
        """One sentence in words; without digits and symbols it comes back as it is, and nothing is loaded."""
        sentence = long_numbers_by_digit(plain_digits(sentence, language), language)
        if not _NEEDED.search(sentence):
            return sentence
        if language not in self._normalisers:
            self._normalisers[language] = _load(language)
        normaliser = self._normalisers[language]
        try:
            return normaliser(sentence)
        except _GRAMMAR_ERRORS:
            return " ".join(_normalise_word(word, normaliser, language) for word in sentence.split())


def _normalise_word(word: str, normaliser: Normaliser, language: str) -> str:
    try:
        return normaliser(word)
    except _GRAMMAR_ERRORS as error:
        logger.debug("the digits of a word in %s are said one by one: %s", language, type(error).__name__)
        return _DIGITS.sub(lambda digits: f" {by_digit(digits.group(), language)} ", word)


# The libraries belong to extras and load in 60 to 450 ms: each is imported by the first text that needs it.
def _load(language: str) -> Normaliser:
    match language:
        case "de":
            from qwen3tts_daemon.embedded.numbers.german import GermanNormaliser

            return GermanNormaliser()
        case "es" | "fr" | "it" | "ru":
            from qwen3tts_daemon.embedded.numbers.transducers import TransducerNormaliser

            return TransducerNormaliser(language)
        case "pt":
            from qwen3tts_daemon.embedded.numbers.portuguese import PortugueseNormaliser

            return PortugueseNormaliser()
        case "zh":
            from qwen3tts_daemon.embedded.numbers.chinese import ChineseNormaliser

            return ChineseNormaliser()
        case "ko":
            from qwen3tts_daemon.embedded.numbers.korean import KoreanNormaliser

            return KoreanNormaliser()
        case "ja":
            from qwen3tts_daemon.embedded.numbers.japanese import normalise_japanese

            return normalise_japanese
        case "en":
            return str
        case _:
            raise UnsupportedLanguage(f"no numbers of {language!r}", param="language")
