"""A sentence and its language -> the words to say. Its only state are tables, compiled at a language's first text."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from unicodedata import category

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.reading.characters import LETTERS, plain
from qwen3tts_daemon.reading.kinds import kinds
from qwen3tts_daemon.reading.language import Language, Row, Rows, Say

_MODULES = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese",
    "ru": "russian", "zh": "chinese", "ja": "japanese", "ko": "korean",
}  # fmt: skip
_TO_READ = r"[\p{N}\p{Sc}@&%‰°§№]|[\p{L}\d]\.\p{Ll}{2}"
_CLOSING = frozenset(("etc.", "usw.", "ecc.", "т.д.", "т.п."))
"""Short forms behind which a sentence may end"""
_NEW_SENTENCE = regex.compile(r"\s+\p{Lu}")
_HANGUL = regex.compile(r"\p{Hangul}")
_TIDY = ((regex.compile(r"(?<=\S)  +"), " "), (regex.compile(r" (?=[,.…])(?![,.]\d)"), ""))


def spoken(text: str, language: str) -> str:
    """The text with its numbers, signs and short forms in words; as it is if there are none."""
    reader = _reader(language)
    return reader.spoken(text) if reader.needs_reading(text) else text


def load(language: str) -> None:
    """Compile its tables now: 0.1 to 0.2 s, which its first text takes else."""
    _reader(language)


def is_loaded(language: str) -> bool:
    """Whether its tables are compiled."""
    return language in _readers


def needs_reading(text: str, language: str) -> bool:
    """Whether there may be something to put into words. Cheap."""
    return _reader(language).needs_reading(text)


def language_of(code: str) -> Language:
    """What a language has to say, without its compiled tables."""
    if code not in _languages:
        name = _MODULES[code]
        module = import_module(f"qwen3tts_daemon.reading.{name}")
        _languages[code] = getattr(module, name.capitalize())()
    return _languages[code]


class _Reader:
    """One language, compiled."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._full = _both_cases({_without_blanks(short): full for short, full in language.abbreviations.items()})
        short = "|".join(map(_pattern, sorted(self._full, key=len, reverse=True))) or r"(?!)"
        self._short = regex.compile(rf"(?<![{LETTERS}\p{{N}}]|[{LETTERS}][.-])(?:{short})(?![{LETTERS}])")
        self._gate = regex.compile("|".join(filter(None, (_TO_READ, self._short.pattern, language.also_read))))
        self._steps = [self._step(row) for row in kinds(language)]

    def needs_reading(self, text: str) -> bool:
        return self._gate.search(text) is not None

    def spoken(self, text: str) -> str:
        text = self._short.sub(self._in_full, plain(text))
        for step in self._steps:
            text = step(text)
        for pattern, replacement in _TIDY:
            text = pattern.sub(replacement, text)
        return text.strip()

    def _step(self, row: Row | Rows) -> Callable[[str], str]:
        if isinstance(row, Rows):
            return self._steps_with_cue(row)
        pattern, say = row
        return partial(regex.compile(pattern).sub, self._spaced(say))

    def _steps_with_cue(self, rows: Rows) -> Callable[[str], str]:
        has_cue, steps = regex.compile(rows.cue).search, [self._step(row) for row in rows.rows]

        def said(text: str) -> str:
            if has_cue(text):
                for step in steps:
                    text = step(text)
            return text

        return said

    def _in_full(self, found: "regex.Match[str]") -> str:
        words = self._full[_without_blanks(found[0])]
        after = found.string[found.end() :]
        ends_text = found[0].endswith(".") and not after.strip("\"'»”)]")
        ends_sentence = _without_blanks(found[0]) in _CLOSING and _NEW_SENTENCE.match(after)
        return words + ("." if ends_text or ends_sentence else "")

    def _spaced(self, say: Say) -> Callable[["regex.Match[str]"], str]:
        """Words are parted from letters and digits that stood beside the sign."""

        def words(found: "regex.Match[str]") -> str:
            said = say(found)
            if said is None:
                return str(found[0])
            if not self._language.is_spaced:
                return said
            start, end = found.span()
            before, after = found.string[max(0, start - 1) : start], found.string[end : end + 1]
            if not said:
                return " " if before.isalnum() and after.isalnum() else ""
            is_joined = said.endswith(("'", "-"))  # an elided article, the first half of a word
            is_joined |= self._language.has_particles and _HANGUL.match(after) is not None
            is_word = after.isalnum() or (after != "" and category(after) == "Sc")
            return (" " if before.isalnum() else "") + said + (" " if is_word and not is_joined else "")

        return words


def _both_cases(words: Mapping[str, str]) -> Mapping[str, str]:
    """Also as they are written where a sentence begins: "E.g." """
    return {_capitalised(short): _capitalised(full) for short, full in words.items()} | dict(words)


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


def _pattern(short: str) -> str:
    """With or without blanks behind its stops."""
    return str(regex.escape(short[:-1]).replace(r"\.", r"\.[ \u00a0]?") + regex.escape(short[-1:]))


def _without_blanks(short: str) -> str:
    """ "z. B." is "z.B." """
    return str(regex.sub(r"(?<=\.)[ \u00a0]", "", short))


_languages: dict[str, Language] = {}
_readers: dict[str, _Reader] = {}
"""By language, from the first text on that is in it."""


def _reader(language: str) -> _Reader:
    if language not in _readers:
        _readers[language] = _Reader(language_of(language))
    return _readers[language]
