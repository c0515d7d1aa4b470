"""Text -> units: each is what one inference speaks, and says which pause follows it.

A unit is a sentence (qwen_tts/text/sentences.py says where that ends), unless the sentence is too long to be spoken in
one turn or the first of an utterance: that one is cut early, at the end of a clause, so that sound starts early.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from unicodedata import combining, normalize

from qwen_tts.text.sentences import Ending, clause_ends, ends_with_clause, sentence_ends

MAX_LENGTH = 120
"""Length (see `length`) above which a sentence is cut into clauses: some 8 s of speech."""

_MAX_AT_ONCE = 240
"""How much is searched for the best cut: that takes the square of its length."""
_DIGIT_LENGTH = 4
_FIRST_LENGTH = 30
_FIRST_LIMIT = 60
_JOINT_LIMIT = 80
"""Before a conjunction the first unit may be longer: the cut sounds natural there."""
_LEAST_HEAD = 8
_LEAST_TAIL = 12


@dataclass(frozen=True, slots=True)
class Unit:
    """Text for one inference."""

    text: str
    ending: Ending


# The look behind keeps a long run of blanks from being searched once for each of its characters.
_BLANK_LINE = re.compile(r"(?<!\s)\s*\n\s*\n\s*")
# What a colon announces begins a new line or a quotation: the pause is that of a sentence.
_ANNOUNCES = re.compile(r"[:：]\W*\Z")
_LONGEST_END = 32
_SPACE = re.compile(r"\s+")
# Control characters and what is there for the eye alone: soft hyphens, marks of direction, joiners.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_CONJUNCTIONS = {
    "en": "and but or because which when if",
    "de": "und aber oder weil dass wenn sondern",
    "fr": "et mais ou parce car quand donc",
    "es": "y pero o porque cuando",
    "it": "e ma o perché quando",
    "pt": "e mas ou porque quando",
    "ru": "и но или потому когда если",
    "ko": "그리고 하지만 그래서 또는",
}
_WHOLE_LANGUAGES = frozenset({"zh"})
"""Tones of a short clause come out wrong more often: only long sentences are cut early."""


def units(text: str, language: str, *, early: bool, max_length: int = MAX_LENGTH) -> Iterator[Unit]:
    """The units of a text; `early` cuts the first one at a clause end."""
    for sentence in _sentences(_readable(text)):
        for part in _parts(sentence, _MAX_AT_ONCE):
            yield from _sentence_units(part, language, early=early, limit=max_length)
            early = False


def _readable(text: str) -> str:
    """Without what has no sound, and each letter as one character, as the G2P libraries expect it."""
    text = normalize("NFC", text)
    return _INVISIBLE.sub("", _CONTROLS.sub(" ", text))


def _sentences(text: str) -> Iterator[Unit]:
    """The sentences of a piece of text; one that ends with a line break ends a paragraph."""
    paragraphs = [paragraph for paragraph in _BLANK_LINE.split(text.strip()) if paragraph]
    ends_paragraph = "\n" in text[len(text.rstrip()) :]
    for number, paragraph in enumerate(paragraphs, 1):
        *inner, last = sentences(paragraph)
        yield from (Unit(sentence, Ending.SENTENCE) for sentence in inner)
        if number < len(paragraphs) or ends_paragraph:
            yield Unit(last, Ending.PARAGRAPH)
        else:
            # Live text may come in clauses.
            is_clause = ends_with_clause(last, " ") and not _ANNOUNCES.search(last[-_LONGEST_END:])
            yield Unit(last, Ending.CLAUSE if is_clause else Ending.SENTENCE)


def sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph, each on one line."""
    for start, end in pairwise([0, *sentence_ends(paragraph, final=True), len(paragraph)]):
        if sentence := _SPACE.sub(" ", paragraph[start:end].strip()):
            yield sentence


def fit(unit: Unit, *, fraction: float = 0.5) -> tuple[Unit, Unit]:
    """Two units instead of one that is too long for the network; its text has at least two characters."""
    head, ending = _cut_near(unit.text, round(len(unit.text) * fraction))
    return Unit(unit.text[:head].strip(), ending), replace(unit, text=unit.text[head:].strip())


def length(text: str) -> int:
    """How long a text sounds, in Latin letters: a kana or a Hangul syllable is 2, a Han character 3, a digit 4."""
    return sum(map(_length_of, text))


def _length_of(char: str) -> int:
    if char.isdigit():
        return _DIGIT_LENGTH
    return 3 if "一" <= char <= "鿿" else 2 if "぀" <= char <= "힣" else 1


def _sentence_units(whole: Unit, language: str, *, early: bool, limit: int) -> Iterator[Unit]:
    if early and (cut := _first_cut(whole.text, language)):
        head, head_ending = cut
        yield Unit(whole.text[:head].strip(), head_ending)
        whole = replace(whole, text=whole.text[head:].strip())
    yield from _parts(whole, limit)


def _parts(whole: Unit, limit: int) -> Iterator[Unit]:
    """A unit as equally long ones, each within `limit`, or a single character."""
    while len(whole.text) > 1 and (parts := -(-length(whole.text) // limit)) > 1:
        head, whole = fit(whole, fraction=1 / parts)
        yield from _parts(head, limit)
    yield whole


def _first_cut(text: str, language: str) -> tuple[int, Ending] | None:
    """Where the first unit of an utterance ends, or None if the sentence is better spoken whole."""
    if language in _WHOLE_LANGUAGES and length(text) <= _FIRST_LIMIT:
        return None
    clauses = [end for end in clause_ends(text) if _leaves_enough(text, end)]
    if near := [end for end in clauses if length(text[:end]) <= _FIRST_LENGTH]:
        return near[-1], Ending.CLAUSE
    if clauses and length(text[: clauses[0]]) <= _FIRST_LIMIT:
        return clauses[0], Ending.CLAUSE
    if length(text) <= _FIRST_LIMIT:
        return None
    return _cut_at_word(text, language)


def _cut_at_word(text: str, language: str) -> tuple[int, Ending] | None:
    """Before a conjunction, else at the last space of a long sentence, within the first unit's limit."""
    spaces = [match.start() for match in _SPACE.finditer(text) if _leaves_enough(text, match.start())]
    conjunctions = _CONJUNCTIONS.get(language, "").split()
    for at in spaces:
        if length(text[:at]) <= _JOINT_LIMIT and text[at:].split(maxsplit=1)[0].lower() in conjunctions:
            return at, Ending.WORD
    early = [at for at in spaces if length(text[:at]) <= _FIRST_LIMIT]
    if early and length(text) > 2 * _FIRST_LIMIT:
        return early[-1], Ending.WORD
    return None


def _leaves_enough(text: str, end: int) -> bool:
    return length(text[:end].strip()) >= _LEAST_HEAD and length(text[end:].strip()) >= _LEAST_TAIL


def _cut_near(text: str, middle: int) -> tuple[int, Ending]:
    """The clause end, else the space, else the character nearest to `middle`; a number or Latin word is cut last."""
    text = text[: max(2, 2 * middle)]
    inside = range(1, len(text))
    clauses = [end for end in clause_ends(text) if end in inside]
    spaces = [match.start() for match in _SPACE.finditer(text) if match.start() in inside]
    if clauses and abs(_nearest(clauses, middle) - middle) <= len(text) // 4:
        return _nearest(clauses, middle), Ending.CLAUSE
    if spaces:
        return _nearest(spaces, middle), Ending.WORD
    if clauses:
        return _nearest(clauses, middle), Ending.CLAUSE
    whole = [at for at in inside if not _is_joined(text[at - 1], text[at])]
    return _nearest(whole or list(inside), middle), Ending.WORD


def _is_joined(before: str, after: str) -> bool:
    """Within a number, a Latin word or a letter."""
    return combining(after) > 0 or (before.isascii() and after.isascii())


def _nearest(places: list[int], middle: int) -> int:
    return min(places, key=lambda place: abs(place - middle))
