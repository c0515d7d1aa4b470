"""Grapheme to phoneme: text -> phonemes in any installed language, which is loaded by its first text."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from unicodedata import category, name, normalize

from qwen3tts_daemon.embedded.phonemes.digits import one_by_one, plain
from qwen3tts_daemon.embedded.phonemes.given import Given, in_kokoros_symbols, parts_of, possessive
from qwen3tts_daemon.embedded.phonemes.word_sounds import Span, WordSounds, sounds_of, words_among, words_of
from qwen_tts.errors import UnsupportedLanguage

Phonemizer = Callable[[str], str]
"""Text of one language -> phonemes"""

# What the libraries raise on text that they did not expect.
_LIBRARY_ERRORS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

_NAMED_SCRIPTS = 5

_SCRIPTS = {
    "ja": ("HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC"), "ko": ("HANGUL",), "ru": ("CYRILLIC",),
    "zh": ("CJK", "IDEOGRAPHIC", "BOPOMOFO"),
}  # fmt: skip
"""How the names of a language's letters begin in Unicode, beside those that all of them read: Latin ones."""
_LATIN_NAMES = ("LATIN", "MODIFIER")
_SIGNS = ("GREEK",)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in phonemes, and how many of its words are not in them because nobody could read them."""

    phonemes: str
    unread: int


def count_sounds(phonemes: str) -> int:
    """Consonants and vowels in it; stress, length, tones and punctuation do not count."""
    return sum(category(symbol) in ("Ll", "Lo", "Lu") for symbol in phonemes)


class G2P:
    """Phonemes of every language; only symbols of `vocabulary` come out."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._phonemizers: dict[str, Phonemizer] = {}

    def phonemes(self, text: str, locale: str) -> str:
        """The phonemes of a text, "" if nothing in it has a sound. What cannot be read is left out and logged."""
        return self.read(text, locale).phonemes

    def read(self, text: str, locale: str, given: Given | None = None) -> Reading:
        """See `phonemes`; it says also how much was left out. `given`: letters in it that stand for sounds."""
        return self._mixed(text, locale, given) if given else self._read(text, locale)

    def words(self, text: str, phonemes: str, locale: str, given: Given) -> list[WordSounds]:
        """Which of a text's phonemes say which word."""
        return sounds_of(
            text, self._words(text, locale), phonemes,
            has_sound=lambda symbols: count_sounds(symbols) > 0,
            read=lambda word: self._word(word, locale, given),
        )  # fmt: skip

    def _words(self, text: str, locale: str) -> list[Span]:
        match locale[:2]:
            case "zh":
                from qwen3tts_daemon.embedded.phonemes.chinese import words
            case "ja":
                from qwen3tts_daemon.embedded.phonemes.japanese import words
            case _:
                return words_of(text)
        return words_among(text, words(text))

    def _word(self, word: str, locale: str, given: Given) -> str:
        """Its phonemes alone; what nobody can read was told of with the text."""
        if any(letter in word for letter in given):
            return "".join(in_kokoros_symbols(given[part]) for part in parts_of(word, given) if part in given)
        return self._known(_phonemes(one_by_one(plain(word), locale[:2]), self.phonemizer(locale), []))

    def _mixed(self, text: str, locale: str, given: Given) -> Reading:
        """Of a text with letters that stand for sounds: these as they are, and what is between them read."""
        symbols, unread, sounds = "", 0, ""
        for part in parts_of(text, given):
            if part in given:
                sounds = self._given(given[part], locale)
                symbols += sounds
                continue
            ending, part = possessive(part, sounds) if locale.startswith("en") else ("", part)
            reading = self._read(part, locale) if any(map(str.isalnum, part)) else Reading(self._known(part), 0)
            blank_before, blank_after = (" " if edge.isspace() else "" for edge in (part[:1], part[-1:]))
            symbols += ending + blank_before + reading.phonemes.strip() + blank_after
            unread += reading.unread
        return Reading(symbols.strip(), unread)

    def _given(self, sounds: str, locale: str) -> str:
        symbols = in_kokoros_symbols(sounds)
        known = self._known(symbols)
        if len(known) < len(symbols):
            unknown = " ".join(sorted(set(symbols) - set(known)))
            logger.warning("left out sounds that the %s voice does not know: %s", locale, unknown)
        return known

    def _read(self, text: str, locale: str) -> Reading:
        text, unread = _without_foreign_words(one_by_one(plain(text), locale[:2]), locale[:2])
        symbols = self._known(_phonemes(text, self.phonemizer(locale), unread)).strip()
        if not unread and not count_sounds(symbols):
            unread = [char for char in text if char.isalnum()]
        if unread:
            # Its script tells the reason; the words are the household's own.
            logger.warning("left out what the %s voice cannot say: %s", locale, ", ".join(_scripts("".join(unread))))
        return Reading(symbols, unread=sum(any(map(str.isalnum, word)) for word in unread))

    def phonemizer(self, locale: str) -> Phonemizer:
        """That of a locale such as "en-GB", loaded if need be."""
        if locale not in self._phonemizers:
            self._phonemizers[locale] = self._load(locale)
        return self._phonemizers[locale]

    # The libraries belong to extras and take up to 200 MB: each is imported by its first text.
    def _load(self, locale: str) -> Phonemizer:
        match locale[:2]:
            case "en":
                from qwen3tts_daemon.embedded.phonemes.english import EnglishPhonemizer

                return EnglishPhonemizer(british=locale == "en-GB")
            case "zh":
                from qwen3tts_daemon.embedded.phonemes.chinese import ChinesePhonemizer

                return ChinesePhonemizer(self.phonemizer("en-US"))
            case "ja":
                from qwen3tts_daemon.embedded.phonemes.japanese import JapanesePhonemizer

                return JapanesePhonemizer()
            case "ko":
                from qwen3tts_daemon.embedded.phonemes.korean import KoreanPhonemizer

                return KoreanPhonemizer(self.phonemizer("en-US"))
            case "de" | "es" | "fr" | "it" | "pt" | "ru" as language:
                from qwen3tts_daemon.embedded.phonemes.espeak import EspeakPhonemizer

                return EspeakPhonemizer(language)
            case language:
                raise UnsupportedLanguage(f"no phonemes of {language!r}", param="language")

    def _known(self, symbols: str) -> str:
        dropped = {symbol for symbol in symbols if symbol not in self._vocabulary}
        if dropped:
            logger.debug("dropped symbols that the voice does not know: %s", " ".join(sorted(dropped)))
        return "".join(symbol for symbol in symbols if symbol in self._vocabulary)


def _scripts(text: str) -> list[str]:
    """The first words of its characters' names, such as "hangul" or "digit"."""
    names = (name(char, "unnamed") for char in text if not char.isspace())
    return sorted({one.split()[0].lower() for one in names})[:_NAMED_SCRIPTS]


def _without_foreign_words(text: str, language: str) -> tuple[str, list[str]]:
    """The text without words in letters that the language does not have, and these words.

    Espeak would say the letters' names. A Greek letter alone is a sign.
    """
    if text.isascii():
        return text, []
    own = (*_LATIN_NAMES, *_SCRIPTS.get(language, ()))
    words = ["".join(run) for _, run in groupby(text, key=_is_of_a_word)]
    foreign = [word for word in words if _is_of_a_word(word[0]) and not _has_letters_of(own, word)]
    foreign = [word for word in foreign if len(word) > 1 or not _has_letters_of(_SIGNS, word)]
    left_out = set(foreign)
    return "".join(" " if word in left_out else word for word in words), foreign


def _is_of_a_word(char: str) -> bool:
    """A letter, or a mark on one."""
    return category(char)[0] in "LM"


def _has_letters_of(scripts: tuple[str, ...], word: str) -> bool:
    return any(name(char, "").startswith(scripts) for char in normalize("NFKC", word))


def _phonemes(text: str, phonemizer: Phonemizer, unread: list[str]) -> str:
    """The phonemes of a text, or else of ever smaller parts of it; adds the characters that the library fails at."""
    try:
        return phonemizer(text)
    except _LIBRARY_ERRORS:
        if len(text) < 2:
            unread.append(text)
            return ""
    return " ".join(_phonemes(half, phonemizer, unread) for half in _halves(text))


def _halves(text: str) -> tuple[str, str]:
    """Parted at the blank nearest to the middle, else in the middle."""
    middle = len(text) // 2
    blanks = [at for at, char in enumerate(text) if char.isspace() and at]
    at = min(blanks, key=lambda blank: abs(blank - middle), default=middle)
    return text[:at], text[at:]
