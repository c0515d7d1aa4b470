"""Text -> units: each is what one inference speaks, and says which pause follows it.

A unit is a sentence, unless the sentence is too long to be spoken in one turn or the first of an utterance: that one
is cut early, at the end of a clause, so that sound starts early.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from unicodedata import combining, normalize

MAX_LENGTH = 120
"""Length (see `length`) above which a sentence is cut into clauses: some 8 s of speech."""

_MAX_WRITTEN = 240
"""The same before digits are spelled out: what the libraries are given at once; some take the square of its length."""
_DIGIT_LENGTH = 4
_FIRST_LENGTH = 30
_FIRST_LIMIT = 60
_JOINT_LIMIT = 80
"""Before a conjunction the first unit may be longer: the cut sounds natural there."""
_LEAST_HEAD = 8
_LEAST_TAIL = 12


class Ending(Enum):
    """What a unit ends with."""

    WORD = "word"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True)
class Unit:
    """Text for one inference."""

    text: str
    ending: Ending


_CLOSERS = "\"'”’»)\\]」』）】》"
# The looks behind keep a long run of blanks or stops from being searched once for each of its characters.
_PARAGRAPH = re.compile(r"(?<!\s)\s*\n\s*")
_ENDS_PARAGRAPH = re.compile(r"\n\s*\Z")
_SENTENCE_END = re.compile(rf"(?<![.!?…])[.!?…]+[{_CLOSERS}]*(?=\s)|[。！？]+[{_CLOSERS}]*")
_CLAUSE_END = re.compile(rf"[,;:][{_CLOSERS}]*(?=\s)|\s[–—-](?=\s)|—|[、，；：][{_CLOSERS}]*")
# A colon is not among them: what it announces begins a new line or a quotation.
_ENDS_CLAUSE = re.compile(rf"[,;、，；—–][{_CLOSERS}]*\Z")
_SPACE = re.compile(r"\s+")
_VISIBLE = re.compile(r"\S")
# Control characters and what is there for the eye alone: soft hyphens, marks of direction, joiners.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_UNHEARD = re.compile(
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
_ABBREVIATIONS = {
    "en": "mr mrs ms dr prof st jr sr vs etc e.g i.e a.m p.m no approx dept inc ltd co",
    "de": "dr prof nr hr fr str bzw ca usw evtl ggf inkl zzgl st vgl z b d h u a o ä abs",
    "fr": "m mm mme mlle dr pr st ste av etc p ex env",
    "es": "sr sra srta dr dra ud uds etc p ej av aprox núm",
    "it": "sig sig.ra dott prof ecc es avv ing n pag",
    "pt": "sr sra dr dra prof etc p ex av nº aprox",
    "ru": "г гг ул д стр им т е к руб коп млн млрд тыс см",
}
_ORDINAL_LANGUAGES = frozenset({"de"})
"""Languages in which a number with a full stop is an ordinal: "am 5. März"."""
_LONGEST_ABBREVIATION = 20


_WHOLE_LANGUAGES = frozenset({"zh"})
"""Tones of a short clause come out wrong more often: only long sentences are cut early."""


def units(
    text: str, language: str, *, early: bool, spell: Callable[[str], str] = str, max_length: int = MAX_LENGTH
) -> Iterator[Unit]:
    """The units of a text; `spell` rewrites each sentence, `early` cuts the first one at a clause end."""
    for sentence in _sentences_with_endings(_heard(text), language):
        for part in _parts(sentence, _MAX_WRITTEN, _written_length):
            # Spelled out only when its turn has come: this takes up to 40 ms a number.
            spelled = replace(part, text=spell(part.text).strip())
            yield from _sentence_units(spelled, language, early=early, limit=max_length)
            early = False


def _heard(text: str) -> str:
    """Without what has no sound, and each letter as one character, as the readers expect it."""
    text = normalize("NFC", text)
    return _UNHEARD.sub("", _CONTROLS.sub(" ", text))


def _sentences_with_endings(text: str, language: str) -> Iterator[Unit]:
    paragraphs = [paragraph for paragraph in _PARAGRAPH.split(text.strip()) if paragraph]
    for number, paragraph in enumerate(paragraphs, 1):
        *inner, last = sentences(paragraph, language)
        yield from (Unit(sentence, Ending.SENTENCE) for sentence in inner)
        if number < len(paragraphs) or _ENDS_PARAGRAPH.search(text):
            yield Unit(last, Ending.PARAGRAPH)
        else:
            # Live text may come in clauses.
            yield Unit(last, Ending.CLAUSE if _ENDS_CLAUSE.search(last) else Ending.SENTENCE)


def sentences(paragraph: str, language: str) -> Iterator[str]:
    """The sentences of a paragraph, stripped."""
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        if _ends_sentence(paragraph, match, language):
            yield paragraph[start : match.end()].strip()
            start = match.end()
    if rest := paragraph[start:].strip():
        yield rest


def fit(unit: Unit, *, fraction: float = 0.5) -> tuple[Unit, Unit]:
    """Two units instead of one that is too long for the network; its text has at least two characters."""
    head, ending = _cut_near(unit.text, round(len(unit.text) * fraction))
    return Unit(unit.text[:head].strip(), ending), replace(unit, text=unit.text[head:].strip())


def _written_length(text: str) -> int:
    return length(text) + (_DIGIT_LENGTH - 1) * sum(map(str.isdigit, text))


def length(text: str) -> int:
    """How long a text sounds, in Latin letters: a kana or Hangul syllable is two, a Han character three."""
    return sum(3 if "一" <= char <= "鿿" else 2 if "぀" <= char <= "힣" else 1 for char in text)


def _ends_sentence(text: str, match: re.Match[str], language: str) -> bool:
    """False for the full stop of an abbreviation, initial or German ordinal, and before a small letter."""
    following = _VISIBLE.search(text, match.end())
    if following is None:
        return True
    if match.group()[0] in "。！？":
        return True
    if following.group().islower():
        return False
    if match.group() != ".":
        return True
    before = _SPACE.split(text[max(0, match.start() - _LONGEST_ABBREVIATION) : match.start()])[-1].lstrip("(\"'“„«¿¡")
    is_initial = len(before) == 1 and before.isalpha() and before.isupper() and before != "I"
    is_ordinal = language in _ORDINAL_LANGUAGES and before.isdigit()
    return not (is_initial or is_ordinal or before.lower() in _ABBREVIATIONS.get(language, "").split())


def _sentence_units(whole: Unit, language: str, *, early: bool, limit: int) -> Iterator[Unit]:
    if early and (cut := _first_cut(whole.text, language)):
        head, head_ending = cut
        yield Unit(whole.text[:head].strip(), head_ending)
        whole = replace(whole, text=whole.text[head:].strip())
    yield from _parts(whole, limit, length)


def _parts(whole: Unit, limit: int, measure: Callable[[str], int]) -> Iterator[Unit]:
    """A unit as equally long ones, each within `limit` as `measure` has it, or a single character."""
    while len(whole.text) > 1 and (parts := -(-measure(whole.text) // limit)) > 1:
        head, whole = fit(whole, fraction=1 / parts)
        yield from _parts(head, limit, measure)
    yield whole


def _first_cut(text: str, language: str) -> tuple[int, Ending] | None:
    """Where the first unit of an utterance ends, or None if the sentence is better spoken whole."""
    if language in _WHOLE_LANGUAGES and length(text) <= _FIRST_LIMIT:
        return None
    clauses = [match.end() for match in _CLAUSE_END.finditer(text) if _leaves_enough(text, match.end())]
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
    clauses = [match.end() for match in _CLAUSE_END.finditer(text) if match.end() in inside]
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
