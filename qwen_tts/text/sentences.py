"""Where a sentence ends, and where a clause does: for all who cut text, the daemon and both engines.

The ten languages have one set of rules, so a text needs no language. An answer never changes when more text arrives:
where it could, it is None, "ask again".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.abbreviations import (
    BEFORE_NUMBER,
    CLOSING,
    GERMAN_MONTHS,
    NAMES,
    OPEN,
    ORDINAL_LEADS,
    ORDINAL_NOUNS,
    STARTERS,
)


class Ending(StrEnum):
    """What a piece of text ends with."""

    WORD = "word"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
"""Letters that stand without blanks between words, or are as wide as two; for a character class"""
WIDE_STOPS = "。！？｡．"
"""Full stops of Chinese and Japanese; no blank follows them"""
WIDE_COMMAS = "，、；："
_CLOSER = r"""[\p{Pe}\p{Pf}\p{Pi}"']"""
# After a Chinese or Japanese mark “ opens the next sentence; elsewhere it may be the German closing quote.
_WIDE_CLOSER = r"""[\p{Pe}\p{Pf}"']"""
# What is written behind a mark and not said: notes, and tags that end inside the sentence.
_NOTE = (
    r"\[(?:\^\w{1,20}|\d{1,3})\]|【\d[^【】\n]{0,40}】|[¹²³⁴-⁹⁰]"
    r"|</(?:b|i|em|strong|span|u|a|small|sup|sub|mark|font|s|del|ins|q|cite|code)>"
)
_EMPHASIS = rf"{_NOTE}|[*_~]|\p{{Emoji_Presentation}}|[\ufe0f\u200d]"
MARKS = (
    rf"(?P<marks>[{WIDE_STOPS}?!]*[{WIDE_STOPS}][{WIDE_STOPS}?!…]*)(?P<closers>(?:{_WIDE_CLOSER}|{_EMPHASIS})*)"
    r"|(?P<marks>[.!?…؟।॥]+)"
    rf"(?P<closers>(?:{_CLOSER}|{_EMPHASIS})*(?:[ \u00a0\u202f]?»(?!\w))?)"
)
"""A pattern for all that may end a sentence; `ends_sentence` says whether it does."""


def _clause_end(blank: str) -> str:
    # "10 - 12" is a range: what may follow is not there yet, so no dash ends a clause behind a digit.
    dash = rf"(?<!\d\s)–{_CLOSER}*(?={blank})|(?<=\s)(?<!\d\s)-(?={blank})"
    return rf"(?:[,;:—]{_CLOSER}*(?={blank})|{dash}|—|[{WIDE_COMMAS}]{_WIDE_CLOSER}*)"


CLAUSE_MARKS = _clause_end(r"\s|\Z")
"""A pattern for what ends a clause, at the end of the text if a blank follows."""

_MARKS = regex.compile(MARKS)
_LAST_MARKS = regex.compile(rf"(?:{MARKS})(?=\s*\Z)")
_CLAUSE_END = regex.compile(_clause_end(r"\s"))
_LAST_CLAUSE_END = regex.compile(_clause_end(r"\s") + r"\s*\Z")
_MAYBE_NOTE = regex.compile(_NOTE)
_LONGEST_MARKS = 32
_VISIBLE = regex.compile(r"\S")
_CJK_MARKS = regex.compile(f"[{WIDE_STOPS}]")
_QUOTE_CLOSERS = regex.compile(r"""['"’”“‘»«›‹」』]""")
_BRACKETS_AND_QUOTES = regex.compile(_CLOSER)
_CJK = regex.compile(f"[{CJK}]")
_QUOTING = regex.compile(r"[\p{Hiragana}、，]")
# What ends where the text does is looked for from there, (?r): from the front each place would be tried in vain.
_BEFORE = regex.compile(
    rf"(?r)(?:^|(?<lead>[\p{{L}}\p{{M}}]+)\s+|[^\p{{L}}\p{{M}}\d.]|(?<=[{CJK}]))"
    rf"(?P<word>\d+|(?:\p{{L}}\.[\s-]?)*[\p{{L}}--[{CJK}]][[\p{{L}}\p{{M}}ªº]--[{CJK}]]*(?:\.\p{{L}}+)*)$",
    regex.V1,
)
_DAY = regex.compile(
    r"(?r)(?:^|(?<lead>[\p{L}\p{M}]+)\s+|[^\p{L}\p{M}\d.])(?:0?[1-9]|[12]\d|3[01])\.\s?(?:0?[1-9]|1[0-2])$"
)
"""The day and the month of a date in figures, without its last full stop: "24.12" """
_ISO_LIKE_DATE = regex.compile(r"(?<!\d)\d{4}\.\s?\d{1,2}\.\s$")
_SINGLE_LETTERS = regex.compile(r"(?:\p{L}\.-?)+\p{L}")
_NEXT = regex.compile(r"(?P<gap>\s*)(?P<openers>[^\w\s]*)(?:(?<=[-–—@])[ \t]+)?(?P<word>[\p{L}\p{M}]+|\d+|\w?)")
_OPENS_LIST = regex.compile(r"""(?:^|(?<!\d):)[\s(*_"'„“«»]*$""")
_DATE = regex.compile(r"\b\d{1,2}\.\s$")
# Behind a blank no number and no address goes on, but a chain of initials does.
_CUT_NUMBER = regex.compile(r"(?r)(?:\p{Nd}|\bwww|[\w-]@[\w.-]{1,60}|\w[.:/][\w./-]{0,60}\w)\.\Z")
_CUT_WORD = regex.compile(r"(?r)(?P<before>\S*[\p{L}\p{M}ªº])\.\s*\Z")
_DASH = regex.compile(r"[-–—]$")
_UNIT_BEFORE = regex.compile(r"(?:°|\d\s?)$")
_ROMAN = regex.compile(r"[IVX]+")
_LONGEST_WORD = 30
_GO_ON = tuple("€$£¥₽₩%‰°")
"""What belongs to the number before a short form: "1,5 Mio. €" """


@dataclass(frozen=True, slots=True)
class _Next:
    """What stands after a mark: openers like ¿ or „, then a word (or its beginning)."""

    openers: str
    word: str
    follower: str
    complete: bool
    new_line: bool

    @property
    def is_lower(self) -> bool:
        return self.word[:1].islower()

    @property
    def is_number(self) -> bool:
        return self.word[:1].isdigit()

    @property
    def is_nothing(self) -> bool:
        return not self.word and not self.openers

    @property
    def may_start(self) -> bool:
        if self.openers.startswith(_GO_ON):
            return False
        return not self.word or self.word in STARTERS or bool(self.openers.strip("*_([-–@#&+/=~")) or self.new_line


def sentence_ends(text: str, *, final: bool) -> Iterator[int]:
    """Where the sentences of a text end, up to the first mark that more text may decide; `final`: none will follow."""
    return (end for end, ends in _judged(text, 0, 0, final) if ends)


class GrowingSentences:
    """Where the last sentence ends of a text that grows at its end and is taken from its beginning.

    What was certain once is not looked for again.
    """

    def __init__(self) -> None:
        self._begin = 0  # of the sentence that has not ended for certain
        self._decided = 0  # the marks before

    def last_end(self, text: str, *, final: bool) -> int:
        """0 if none has ended; `text`: as far as it is known, without what was taken. See `sentence_ends`."""
        for end, ends in _judged(text, self._begin, self._decided, final=False):
            self._decided = end
            self._begin = end if ends else self._begin
        undecided = _judged(text, self._begin, self._decided, final) if final else ()
        return max((end for end, ends in undecided if ends), default=self._begin)

    def take(self, characters: int) -> None:
        """They are not part of the text any more."""
        self._begin, self._decided = max(0, self._begin - characters), max(0, self._decided - characters)


def _judged(text: str, begin: int, since: int, final: bool) -> Iterator[tuple[int, bool]]:
    """(end of a mark, whether the sentence ends with it) of the marks from `since` on; a sentence starts at `begin`."""
    start = _first_word(text, begin)
    for mark in _MARKS.finditer(text, since):
        ends = ends_sentence(text, start, mark, final)
        if ends is None:
            return
        yield mark.end(), ends
        if ends:
            start = _first_word(text, mark.end())


def ends_with_sentence(text: str, following: str) -> bool:
    """Whether a sentence has ended with `text` for certain, blanks aside, when it goes on with `following`."""
    mark = _last_marks(text)
    return mark is not None and bool(ends_sentence(text + following, _first_word(text, 0), mark, final=False))


def ends_with_mark(text: str) -> bool:
    """Whether it ends as a sentence, or an abbreviation, blanks aside."""
    return _last_marks(text) is not None


def stop_may_go_on(text: str) -> bool:
    """Whether the stop that ends `text` may stand inside a number, an abbreviation or an address: "21." of "21.5"."""
    tail = text[-80:]
    if _CUT_NUMBER.search(tail):
        return True
    stop = _CUT_WORD.search(tail)
    found = _BEFORE.search(stop["before"]) if stop else None
    return found is not None and _is_short(found)


def _is_short(found: regex.Match[str]) -> bool:
    word = "".join(found["word"].split())
    if len(word) == 1:
        return not _is_unit(found)
    return bool(_SINGLE_LETTERS.fullmatch(word)) or _last_abbreviation(word) is not None


def _is_initial(word: str) -> bool:
    """The В of a name, not the в of a century."""
    return len(word) == 1 and word.isupper()


def _is_unit(found: regex.Match[str]) -> bool:
    """The C of "20 °C", not an initial."""
    return bool(_UNIT_BEFORE.search(found.string[: found.start("word")]))


def _last_marks(text: str) -> regex.Match[str] | None:
    return _LAST_MARKS.search(text, max(0, len(text) - _LONGEST_MARKS))


def _first_word(text: str, start: int) -> int:
    found = _VISIBLE.search(text, start)
    return int(found.start()) if found else start


def clause_ends(text: str) -> list[int]:
    """Where the clauses of a text end that are not ends of sentences."""
    return [mark.end() for mark in _CLAUSE_END.finditer(text)]


def ends_with_clause(text: str, following: str) -> bool:
    """Whether a clause has ended with `text`, blanks aside, when it goes on with `following`."""
    blank = " " if following.isspace() else ""
    return _LAST_CLAUSE_END.search(text[-_LONGEST_MARKS:] + blank) is not None


def ends_sentence(text: str, start: int, mark: regex.Match[str], final: bool) -> bool | None:
    """Whether the sentence from `start` ends with `mark` (a match of MARKS); `final`: no text will follow."""
    end = mark.end()
    after = text[end : end + 1]
    if not final and (not after or (after in "[【<" and _MAYBE_NOTE.match(text, end, partial=True))):
        return None
    if _CJK_MARKS.search(mark["marks"]):
        return not (mark["closers"] and _QUOTING.match(after))
    if after and not after.isspace():
        return _run_on(text[max(start, mark.start() - 1)], mark[0], after)
    coming = _coming(text, end, final)
    if coming is None:
        return None
    if coming.openers[:1] in {"?", "!", "|"}:  # French "sam. ?", and the cells of a row
        return False
    if mark["marks"] == ".":
        return _full_stop(text[max(start, mark.start() - 40) : mark.start()], mark["closers"], coming, text[start])
    if not coming.is_lower or coming.new_line:
        return True
    if _QUOTE_CLOSERS.search(mark["closers"]) or _DASH.search(coming.openers) or not set(mark["marks"]) - set(".…"):
        return False
    return not (mark["marks"] == "!" and _is_name(text[start : mark.start()]))


def _run_on(before: str, mark: str, after: str) -> bool:
    """Chinese, Japanese and Korean go on without a space after "!" and "?"."""
    return bool(_CJK.match(before) and _CJK.match(after)) and not mark.strip("!?")


def _coming(text: str, end: int, final: bool) -> _Next | None:
    """What follows from `end`; None where nothing can be said before more text is there."""
    found = _NEXT.match(text, end)
    long_word = len(found["word"]) >= _LONGEST_WORD and not found["word"].isdigit()
    complete = final or found.end() < len(text) or long_word
    if not complete and not found["word"]:
        return None
    follower = text[found.end() : found.end() + 1]
    return _Next(found["openers"], found["word"], follower, complete, "\n" in found["gap"])


def _is_name(sentence: str) -> bool:
    """A capitalised last word that is not the first one: "I use Yahoo! every day"."""
    words = sentence.split()
    return (len(words) > 1 and words[-1][:1].isupper()) or words[-1:] == ["Yahoo"]


def _full_stop(before: str, closers: str, coming: _Next, first: str) -> bool | None:
    day = _DAY.search(before) if before[-1:].isdigit() else None
    if day and not closers and not _CJK.match(coming.word):
        return _after_day(day["lead"] or "", coming)
    found = _BEFORE.search(before)
    if closers or not found:
        return _plain(closers, coming)
    word = "".join(found["word"].split())
    word = _last_abbreviation(word) or word
    if word.isdigit():
        return _after_number(before, found, coming)
    if _listed(word, BEFORE_NUMBER):
        if coming.is_number:
            return False
        if _ROMAN.fullmatch(coming.word) and not (coming.complete and coming.word == "I"):
            return False if coming.complete else None
    verdict = _after_abbreviation(word, found, coming)
    if not isinstance(verdict, str):
        return verdict
    if coming.is_lower and not coming.new_line and first.isupper() and len(word) <= 4 and not coming.openers:
        return False
    return _plain(closers, coming)


@lru_cache(maxsize=1024)
def _last_abbreviation(word: str) -> str | None:
    """ "Dr" of "z.B.Dr", and "z.B" of "z.B"."""
    parts = word.split(".")
    for start in range(len(parts)):
        tail = ".".join(parts[start:])
        if any(_listed(tail, words) for words in (OPEN, CLOSING, NAMES, BEFORE_NUMBER)):
            return tail
    return None


def _plain(closers: str, coming: _Next) -> bool:
    """After an ordinary word only a lower-case continuation of a quotation or after a dash goes on."""
    if not coming.is_lower or coming.new_line:
        return True
    return not (_BRACKETS_AND_QUOTES.search(closers) or _DASH.search(coming.openers))


def _after_abbreviation(word: str, found: regex.Match[str], coming: _Next) -> bool | Literal["plain"] | None:
    """The answer after an abbreviation or an initial; "plain" if the word is neither."""
    if word in {"v", "n"} and coming.word and "Chr".startswith(coming.word):
        return False if coming.complete else None
    if word == "г":
        return bool(found.start("word")) and _number_before(found) and not coming.is_lower
    if _listed(word, OPEN) or (word == "min" and coming.is_number and not _number_before(found)):
        return False
    if _listed(word, NAMES) and word[:1].isupper():
        return _starts_anew(coming)
    if word == "пр" and found["lead"] != "и":
        return False
    if (_listed(word, CLOSING) and not _is_initial(word)) or (
        len(word) == 1 and word.islower() and _number_before(found)
    ):
        return not coming.is_lower and not (coming.is_number and word[:1].isupper())
    if len(word) == 1 and word.islower() and word not in "èéàòù":
        return _starts_anew(coming) if coming.word else False
    if (
        _listed(word, NAMES)
        or word.endswith(("str", "pl", "temp", "nr", "Nr"))
        or _SINGLE_LETTERS.fullmatch(word)
        or (_is_initial(word) and not _is_unit(found))
    ):
        return _starts_anew(coming)
    return "plain"


def _number_before(found: regex.Match[str]) -> bool:
    return str(found.string[: found.start("word")]).rstrip()[-1:].isdigit()


def _starts_anew(coming: _Next) -> bool | None:
    """After a name's abbreviation: True before a word that starts sentences, None until it is complete."""
    if coming.is_lower:
        return False
    if not coming.complete:
        return None
    return coming.may_start and not (len(coming.word) == 1 and coming.follower == ".")


def _listed(word: str, words: frozenset[str]) -> bool:
    return word in words or (word[:1].isupper() and word[:1].lower() + word[1:] in words)


def _begins_date(year: str, coming: _Next) -> bool:
    """As in Korean: "2026. 12. 24." """
    return len(year) == 4 and coming.is_number and len(coming.word) <= 2 and coming.follower == "."


def _after_day(lead: str, coming: _Next) -> bool | None:
    """After a date in figures, whose stop is its own: "am 24.12. um 18 Uhr", "am 5.6. Müllabfuhr"."""
    if coming.is_nothing:
        return lead not in ORDINAL_LEADS
    if coming.is_lower or coming.is_number:
        return coming.new_line
    if not coming.complete:
        return None
    return lead not in ORDINAL_LEADS or coming.may_start


def _after_number(before: str, found: regex.Match[str], coming: _Next) -> bool | None:
    """False for ordinals and dates: "am 3. Oktober", "der 2. Versuch", "3. 10. 2026", "1. Erstens"."""
    lead = found["lead"] or ""
    if coming.is_nothing:
        return lead not in ORDINAL_LEADS
    if coming.is_lower:
        return False
    if not coming.complete:
        return None
    if coming.word in GERMAN_MONTHS or coming.word in ORDINAL_NOUNS:
        return False
    if (coming.is_number or _CJK.match(coming.word)) and _DATE.search(before[: found.start("word")]):
        return False
    if _ISO_LIKE_DATE.search(before[: found.start("word")]) or _begins_date(found["word"], coming):
        return False
    if coming.is_number and len(found["word"]) <= 2:
        return coming.follower != "." and lead not in ORDINAL_LEADS
    if _OPENS_LIST.search(before[: found.start("word")]):
        return len(found["word"]) > 2
    return lead not in ORDINAL_LEADS or coming.may_start
