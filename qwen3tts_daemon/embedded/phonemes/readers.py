"""Text -> phonemes in any installed language; a language's reader is loaded on its first text."""

import logging
from collections.abc import Callable, Mapping

from qwen_tts.errors import SynthesisFailed

Reader = Callable[[str], str]

# What the libraries behind the readers raise on text that they did not expect.
_READER_ERRORS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

logger = logging.getLogger(__name__)


class Readers:
    """Every reader that was used so far; only symbols of `vocabulary` come out."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._readers: dict[str, Reader] = {}

    def phonemes(self, text: str, locale: str) -> str:
        """The phonemes of a text, "" if nothing in it has a sound. Raises SynthesisFailed."""
        reader = self.reader(locale)
        try:
            symbols = reader(text)
        except _READER_ERRORS as error:
            raise SynthesisFailed(f"cannot pronounce {text[:40]!r} in {locale}") from error
        return self._known(symbols).strip()

    def reader(self, locale: str) -> Reader:
        """The reader of a locale such as "en-GB", loaded if need be."""
        if locale not in self._readers:
            self._readers[locale] = self._load(locale)
        return self._readers[locale]

    # The readers' libraries belong to extras and take up to 200 MB: each is imported by its first text.
    def _load(self, locale: str) -> Reader:
        match locale[:2]:
            case "en":
                from qwen3tts_daemon.embedded.phonemes.english import EnglishReader

                return EnglishReader(british=locale == "en-GB")
            case "zh":
                from qwen3tts_daemon.embedded.phonemes.chinese import ChineseReader

                return ChineseReader(self.reader("en-US"))
            case "ja":
                from qwen3tts_daemon.embedded.phonemes.japanese import JapaneseReader

                return JapaneseReader()
            case "ko":
                from qwen3tts_daemon.embedded.phonemes.korean import KoreanReader

                return KoreanReader(self.reader("en-US"))
            case language:
                from qwen3tts_daemon.embedded.phonemes.espeak import EspeakReader

                return EspeakReader(language)

    def _known(self, symbols: str) -> str:
        dropped = {symbol for symbol in symbols if symbol not in self._vocabulary}
        if dropped:
            logger.debug("dropped symbols that the voice does not know: %s", " ".join(sorted(dropped)))
        return "".join(symbol for symbol in symbols if symbol in self._vocabulary)
