"""A small SSML: markup in pieces of any size -> what is spoken, and how.

It follows W3C's Speech Synthesis Markup Language 1.1 where it obeys: break, sub, say-as, prosody (rate and volume),
lang, voice, p, s and phoneme. Of every other element the content is spoken, and no tag ever is.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from qwen3tts_daemon.text import ssml_values
from qwen3tts_daemon.text.directions import (
    Direction,
    GainChange,
    LanguageChange,
    Manner,
    Pause,
    SpeedChange,
    VoiceChange,
)
from qwen3tts_daemon.text.html import TagKind, kind_of
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.text.live_markup import LiveMarkup, Tag, Text
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.ssml_values import Way
from qwen_tts.errors import UnknownLanguage

_HOLLOW: Final = frozenset(("break", "mark", "meta", "br", "img", "hr"))
"""Elements without content: they may be written like the beginning of one"""
_UNHEARD: Final = frozenset(("desc", "lexicon", "metadata", "script", "style"))
"""Elements whose content is not for the ear"""
_WORDS: Final = frozenset(("sub", "say-as", "phoneme"))
"""Elements that say how the words in them are said"""
_KNOWN: Final = _HOLLOW | _UNHEARD | _WORDS | frozenset((
    "speak", "voice", "lang", "prosody", "emphasis", "p", "paragraph", "s", "sentence", "audio", "token", "w",
    "express-as", "effect", "domain",
))  # fmt: skip
_PARTS: Final[dict[str, TagKind]] = {
    "speak": "cell", "audio": "cell", "s": "sentence", "sentence": "sentence", "paragraph": "paragraph"
}  # fmt: skip
SENTENCE_END: Final = "</li>"
"""In a piece: the segmenter knows it from HTML, where it ends a sentence whatever stands before."""
_PARTED_BY: Final[dict[TagKind, str]] = {
    "inline": "", "cell": " ", "line": " ", "sentence": SENTENCE_END, "paragraph": "\n\n"
}  # fmt: skip
"""What the segmenter is told instead of a tag"""
_BLANKS: Final = str.maketrans("\t\n\r", "   ")
"""Where a line ends means nothing in XML: templates and editors break them anywhere."""
_MOST_WORDS_CHARS = 200
"""Between <sub> and </sub>, say; more is text, so that a tag that is never closed holds nothing up."""


@dataclass(frozen=True, slots=True)
class SsmlPiece:
    """What is spoken, or how, and where it stands in the markup. Text is as it was sent, but for the ends of lines, or
    as a whole in the place of what was."""

    piece: str | Direction | Pronunciation
    start: int
    end: int


@dataclass(slots=True)
class _Element:
    """An open element."""

    name: str
    manner: Manner
    is_heard: bool = True


@dataclass(slots=True)
class _Words:
    """What stands in a <sub>, <say-as> or <phoneme> so far."""

    way: Way
    element: _Element
    tag: Tag
    texts: list[Text] = field(default_factory=list)
    chars: int = 0


class SsmlReader:
    """Reads one text."""

    def __init__(self, is_voice: Callable[[str], bool] = lambda name: True) -> None:
        """`is_voice`: whether somebody has that name; nobody else is obeyed."""
        self.unmet: set[Literal["language", "voice"]] = set()
        """What was asked for that is not there"""
        self._is_voice = is_voice
        self._markup = LiveMarkup(_KNOWN)
        self._open = [_Element("", Manner())]
        self._open_names: Counter[str] = Counter()
        self._is_unbalanced = False
        self._told = Manner()
        """What the pieces so far have said"""
        self._words: _Words | None = None

    @property
    def is_malformed(self) -> bool:
        """Whether something in it is no proper markup."""
        return self._markup.is_malformed or self._is_unbalanced

    def feed(self, markup: str) -> list[SsmlPiece]:
        """Take more; what no later text can change."""
        return list(self._pieces(self._markup.feed(markup)))

    def rest(self) -> list[SsmlPiece]:
        """What is left: nothing may be fed afterwards."""
        pieces = [*self._pieces(self._markup.rest()), *self._release()]
        self._is_unbalanced |= len(self._open) > 1
        return pieces

    def _pieces(self, tokens: list[Text | Tag]) -> Iterator[SsmlPiece]:
        for token in tokens:
            if isinstance(token, Text):
                yield from self._text(replace(token, text=token.text.translate(_BLANKS)))
            elif token.kind == "close":
                yield from self._close(token)
            else:
                yield from self._begin(token)

    # ---- text ----

    def _text(self, text: Text) -> Iterator[SsmlPiece]:
        if not self._open[-1].is_heard:
            return
        if self._words is None:
            yield from self._spoken(text)
            return
        self._words.texts.append(text)
        self._words.chars += len(text.text)
        if self._words.chars > _MOST_WORDS_CHARS:
            yield from self._release()

    def _spoken(self, text: Text) -> Iterator[SsmlPiece]:
        """Words are told how they are spoken; blanks before them are not."""
        blanks = len(text.text) - len(text.text.lstrip())
        if blanks < len(text.text) and self._told != self._open[-1].manner:
            if blanks:
                yield SsmlPiece(text.text[:blanks], text.start, text.start + blanks)
                text = Text(text.text[blanks:], text.start + blanks, text.end)
            yield from self._changes(text.start)
        yield SsmlPiece(text.text, text.start, text.end)

    def _changes(self, position: int) -> Iterator[SsmlPiece]:
        """From what was told to what holds now."""
        told, now = self._told, self._open[-1].manner
        self._told = now
        if now.voice != told.voice:
            yield SsmlPiece(VoiceChange(now.voice), position, position)
        if now.language != told.language:
            yield SsmlPiece(LanguageChange(now.language), position, position)
        if now.speed != told.speed:
            yield SsmlPiece(SpeedChange(now.speed), position, position)
        if now.gain_db != told.gain_db:
            yield SsmlPiece(GainChange(now.gain_db), position, position)

    # ---- tags ----

    def _begin(self, tag: Tag) -> Iterator[SsmlPiece]:
        outer = self._open[-1]
        if tag.name == "break":
            yield from self._break(tag)
            return
        yield from self._part(tag)
        if tag.name in _HOLLOW:
            return
        element = _Element(tag.name, self._manner(tag, outer.manner), outer.is_heard and tag.name not in _UNHEARD)
        self._open.append(element)
        self._open_names[tag.name] += 1
        if self._words is None and element.is_heard and (way := ssml_values.way_of(tag.name, tag.attributes)):
            self._words = _Words(way, element, tag)
        if tag.kind == "empty":
            yield from self._close(tag)

    def _break(self, tag: Tag) -> Iterator[SsmlPiece]:
        duration_s = ssml_values.break_s(tag.attributes)
        if duration_s and self._words is None and self._open[-1].is_heard:
            yield SsmlPiece(Pause(duration_s), tag.start, tag.end)

    def _part(self, tag: Tag) -> Iterator[SsmlPiece]:
        """What the tag parts."""
        between = _PARTED_BY[_PARTS.get(tag.name) or kind_of(tag.name)]
        if not between or not self._open[-1].is_heard:
            return
        if self._words is None:
            yield SsmlPiece(between, tag.start, tag.end)
        else:
            self._words.texts.append(Text(" ", tag.start, tag.end))

    def _close(self, tag: Tag) -> Iterator[SsmlPiece]:
        if self._open_names[tag.name]:
            while (element := self._open.pop()).name != tag.name:
                yield from self._end(element, is_closed=False)
            yield from self._end(element, is_closed=True)
        elif tag.name not in _HOLLOW:
            self._is_unbalanced = True
        yield from self._part(tag)

    def _end(self, element: _Element, *, is_closed: bool) -> Iterator[SsmlPiece]:
        self._open_names[element.name] -= 1
        self._is_unbalanced |= not is_closed
        if self._words is not None and self._words.element is element:
            yield from self._say_words() if is_closed else self._release()

    def _manner(self, tag: Tag, outer: Manner) -> Manner:
        """Inside it."""
        attributes = tag.attributes
        if self._words is not None or tag.name in _WORDS:
            return outer
        if "lang" in attributes:
            outer = replace(outer, language=self._language(attributes["lang"], outer.language))
        if tag.name == "voice" and "name" in attributes:
            return replace(outer, voice=self._voice(attributes["name"].strip(), outer.voice))
        if tag.name != "prosody":
            return outer
        return replace(
            outer, speed=ssml_values.speed(attributes.get("rate", ""), outer.speed),
            gain_db=ssml_values.gain_db(attributes.get("volume", ""), outer.gain_db),
        )  # fmt: skip

    def _language(self, name: str, outer: str) -> str:
        try:
            return parse_language(name)
        except UnknownLanguage:
            self.unmet.add("language")
            return outer

    def _voice(self, names: str, outer: str) -> str:
        """A name, or several in the order in which they are wanted."""
        for name in (names, *names.split()):
            if self._is_voice(name):
                return name
        self.unmet.add("voice")
        return outer

    # ---- words that are said in another way ----

    def _say_words(self) -> Iterator[SsmlPiece]:
        words, self._words = self._words, None
        assert words is not None
        written = "".join(text.text for text in words.texts)
        if not written.strip():
            if words.way.how == "text" and words.way.value:
                yield from self._spoken(Text(words.way.value, words.tag.start, words.tag.end))
            return
        start, end = words.texts[0].start, words.texts[-1].end
        if written[0].isspace():
            yield SsmlPiece(" ", start, start)
        yield from self._changes(start)
        if pronunciation := words.way.pronunciation(written.strip()):
            yield SsmlPiece(pronunciation, start, end)
        if written[-1].isspace():
            yield SsmlPiece(" ", end, end)

    def _release(self) -> Iterator[SsmlPiece]:
        """They are text after all."""
        words, self._words = self._words, None
        for text in words.texts if words else ():
            yield from self._spoken(text)
