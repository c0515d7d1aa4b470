"""Words that are said in another way than they are written: in a language, by a voice, or always.

Where several entries are meant, that of the voice in the language goes first, then the voice's, then the language's;
of these the longest, and one with capitals before one without. Where words stand by themselves: see word_edges.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from qwen3tts_daemon.limits import Respelling, Sounds, WrittenWords
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.homophones import homophones
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.text.phrases import is_speakable
from qwen3tts_daemon.text.pronunciations import Pronunciation, placeholder, written
from qwen3tts_daemon.text.word_edges import alike, begins_word, ends_word, parts_from_number, plain
from qwen_tts.api import AUTO
from qwen_tts.errors import InvalidRequest

EVERY = "*"
"""Another way to write that it holds in every language"""
CHINESE = "zh"
_PREFIX = 4
"""So many letters of a word are looked for; the rest is compared where they are found"""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word or phrase, and how it is said: `ipa` by a voice that takes it, else `pinyin` in Chinese, else `say`."""

    written: WrittenWords
    """In lower case it is meant in any case; with a capital as it is written."""
    say: Respelling = ""
    """Other words, which are not read any further."""
    pinyin: Respelling = ""
    """Syllables with their tones: chong2 qing4, or chóng qìng."""
    ipa: Sounds = ""
    """The sounds, for the preview voice."""
    language: str = ""
    """In which it is said so; "" in every one."""
    voice: str = ""
    """Who says it so, by name; "" everybody."""

    @property
    def key(self) -> tuple[str, str, str]:
        """No two entries of a lexicon have the same."""
        return self.written, self.language, self.voice.casefold()

    @property
    def is_as_written(self) -> bool:
        """Else it is meant in any case."""
        return self.written != self.written.lower()

    def pronunciation(self, written: str, language: str, *, has_ipa: bool) -> Pronunciation | None:
        """How these words are said in a language; None if this does not tell."""
        if self.ipa and has_ipa:
            return Pronunciation(written, "ipa", self.ipa)
        if self.pinyin and language == CHINESE:
            return Pronunciation(written, "pinyin", self.pinyin)
        return Pronunciation(written, "words", self.say) if self.say else None


def checked(entry: Entry) -> Entry:
    """As it is kept: without what cannot be seen, with the language's code. Raises InvalidRequest."""
    given = {name: _tidy(getattr(entry, name)) for name in Entry.__struct_fields__}
    language = AUTO if given["language"] == EVERY else parse_language(given["language"])
    entry = Entry(**{**given, "language": "" if language == AUTO else language})
    for name in ("written", "say"):
        text = getattr(entry, name)
        if (text or name == "written") and not is_speakable(text):
            raise InvalidRequest(f"{name} has no letter and no digit: {text!r}", param=name)
    if not (entry.say or entry.pinyin or entry.ipa):
        raise InvalidRequest(f"how is {entry.written!r} said? Give say, pinyin or ipa", param="say")
    if entry.pinyin:
        _check_pinyin(entry)
    return entry


def _check_pinyin(entry: Entry) -> None:
    if entry.language not in ("", CHINESE):
        raise InvalidRequest(f"pinyin is for Chinese, and this entry for {entry.language}", param="pinyin")
    try:
        homophones(entry.pinyin)
    except ValueError as error:
        raise InvalidRequest(f"pinyin: {error}", param="pinyin") from None


def _tidy(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(char for char in text if char.isspace() or unicodedata.category(char)[0] != "C").split())


class Found(NamedTuple):
    """Words of a text, from `start` to `end`, and what is said of them."""

    start: int
    end: int
    pronunciation: Pronunciation


_Said = Callable[[Entry, str], Pronunciation | None]


class Lexicon:
    """Entries, ready to be looked for: with one search of a text, however many there are."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """They are `checked`; of two with one key the later one counts."""
        self.entries = tuple({entry.key: entry for entry in entries}.values())
        self._by_words: dict[str, list[Entry]] = {}
        for entry in self.entries:
            self._by_words.setdefault(alike(entry.written), []).append(entry)
        self._lengths = sorted({len(words) for words in self._by_words})
        prefixes = {words[:_PREFIX] for words in self._by_words}
        self._candidates = re.compile(_any_of(prefixes)) if prefixes else None
        self._signed = {
            entry: Pronunciation(entry.written, "words", entry.written)
            for entry in self.entries
            if speakable(entry.written) != entry.written
        }
        """Those that cleaning would make something else of"""

    def with_entries(self, entries: Collection[Entry]) -> "Lexicon":
        """And these, before those of the same key."""
        return Lexicon((*self.entries, *entries)) if entries else self

    def cleaned(self, text: str) -> str:
        """What is to be spoken of a written text (see clean), with entries such as @home as they are."""
        if not self._signed:
            return speakable(text)
        marked, kept = _marked(text, self.find(text, lambda entry, _: self._signed.get(entry)), {})
        return written(speakable(marked), kept)

    def find(self, text: str, said: _Said) -> Iterator[Found]:
        """Words of it, from left to right, without overlaps. `said`: what an entry says of words; None: nothing."""
        if self._candidates is None:
            return
        seen, at = alike(text), 0
        while (candidate := self._candidates.search(seen, at)) is not None:
            found = self._best(text, seen, candidate.start(), said)
            yield from found
            at = found[-1].end if found else candidate.start() + 1

    def _best(self, text: str, seen: str, start: int, said: _Said) -> list[Found]:
        """Of the entries whose words begin there, one or none."""
        if not begins_word(seen, start):
            return []
        ends = [start + length for length in self._lengths if seen[start : start + length] in self._by_words]
        entries = [
            (end, entry)
            for end in ends
            if ends_word(seen, end)
            for entry in self._by_words[seen[start:end]]
            if not entry.is_as_written or plain(text[start:end]) == plain(entry.written)
        ]
        entries.sort(key=lambda one: (one[1].voice != "", one[1].language != "", one[0], one[1].is_as_written))
        for end, entry in reversed(entries):
            if (pronunciation := said(entry, text[start:end])) is not None:
                return [Found(start, end, pronunciation)]
        return []


class Words:
    """Those of a lexicon that hold for one voice in one language."""

    def __init__(self, lexicon: Lexicon, language: str, voices: Collection[str] = (), *, has_ipa: bool = False) -> None:
        """`voices`: the names of the voice. `has_ipa`: it takes phonemes."""
        self._lexicon, self._language, self._has_ipa = lexicon, language, has_ipa
        self._voices = {"", *(name.casefold() for name in voices)}

    def marked(self, text: str, pronunciations: Mapping[str, Pronunciation]) -> tuple[str, Mapping[str, Pronunciation]]:
        """The text with placeholders for the words that are found, and what all of its placeholders mean.

        `pronunciations`: of those that it has.
        """
        return _marked(text, self._lexicon.find(text, self._pronunciation), pronunciations)

    def _pronunciation(self, entry: Entry, written: str) -> Pronunciation | None:
        if entry.language not in ("", self._language) or entry.voice.casefold() not in self._voices:
            return None
        return entry.pronunciation(written, self._language, has_ipa=self._has_ipa)


NO_WORDS = Words(Lexicon(), "")


def _marked(
    text: str, found: Iterable[Found], pronunciations: Mapping[str, Pronunciation]
) -> tuple[str, Mapping[str, Pronunciation]]:
    """See Words.marked."""
    parts: list[str] = []
    said = dict(pronunciations)
    at = 0
    for start, end, pronunciation in found:
        letter = _letter_of(pronunciation, said, text)
        if letter is None:
            break  # so many that no letters are left
        before, after = _blanks_beside(text, start, end)
        parts += (text[at:start], before, letter, after)
        said[letter], at = pronunciation, end
    return "".join((*parts, text[at:])), said


def _letter_of(pronunciation: Pronunciation, said: Mapping[str, Pronunciation], text: str) -> str | None:
    same = (letter for letter, one in said.items() if one == pronunciation)
    return next(same, None) or placeholder(said, text)


def _blanks_beside(text: str, start: int, end: int) -> tuple[str, str]:
    """Where a number stands right beside the words, so that it is read by itself: 12kWh, US$5."""
    is_behind = text[max(0, start - 1) : start].isdecimal() and parts_from_number(text[start])
    is_before = text[end : end + 1].isdecimal() and parts_from_number(text[end - 1])
    return " " if is_behind else "", " " if is_before else ""


def _any_of(words: Iterable[str]) -> str:
    """A pattern for them that goes along a text once: a tree of their letters."""
    tails: dict[str, set[str]] = {}
    for word in words:
        tails.setdefault(word[:1], set()).add(word[1:])
    letters = "|".join(re.escape(letter) + _any_of(rest) for letter, rest in tails.items() if letter)
    if not letters:
        return ""
    return f"(?:{letters})?" if "" in tails else f"(?:{letters})"
