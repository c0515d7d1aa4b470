"""A text as it is sent, plain or SSML -> what a segmenter is fed, and where that stood in it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Literal, NamedTuple

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.text.directions import Direction, Pause
from qwen3tts_daemon.text.places import Place, place_in
from qwen3tts_daemon.text.pronunciations import Pronunciation
from qwen3tts_daemon.text.segments import Segment
from qwen3tts_daemon.text.ssml import SENTENCE_END, SsmlPiece, SsmlReader

TextFormat = Literal["text", "ssml"]
Piece = str | Direction | Pronunciation
_SPEAK = regex.compile(
    r"(?:\s|\ufeff|<\?xml[^<>]{0,200}>|<!DOCTYPE[^<>]{0,300}>|<!--[^<>]{0,300}-->)*+"
    r"<(?:[a-z]{1,20}:)?speak[\s/>]",
    regex.I,
)


def is_ssml(text: str, *, final: bool) -> bool | None:
    """Whether a text that begins like this is SSML: it says <speak> first. None: that cannot be told yet; `final`: it
    is all there."""
    found = _SPEAK.match(text, partial=not final)
    return None if found and found.partial else found is not None


class _Piece(NamedTuple):
    """Where it stands, in the segmenter's positions and in the text as it was sent; and how long it is as written."""

    place: Place
    written: int


class SentText:
    """Reads one text, in pieces of any size."""

    def __init__(
        self, text_format: TextFormat | None = "text", *, is_voice: Callable[[str], bool], is_obeyed: bool = True
    ) -> None:
        """`text_format` None: as the text begins. `is_voice`: whether somebody has that name. `is_obeyed`: whether its
        markup is; else the words in it are spoken as they are."""
        self._format = text_format
        self._held = ""
        """While it is not known what it is"""
        self._is_voice = is_voice
        self._reader: SsmlReader | None = None
        """Of SSML, once that is known"""
        self._is_obeyed = is_obeyed
        self._fed = 0
        self._fed_pieces: deque[_Piece] = deque()
        """What is not spoken yet"""

    def feed(self, text: str) -> Sequence[Piece]:
        """Take more text."""
        if self._format is None:
            text = self._once_known(text, final=False)
        return self._pieces(text)

    def rest(self) -> Sequence[Piece]:
        """What is left: nothing may be fed afterwards."""
        text = self._once_known("", final=True) if self._format is None else ""
        pieces = self._pieces(text)
        return [*pieces, *map(self._placed, self._reader.rest())] if self._reader else pieces

    def as_sent(self, segment: Segment) -> Segment:
        """With its place in the text as it was sent. Segments are asked for in their order."""
        if self._format != "ssml":
            return segment
        pieces = self._pieces_of(segment)
        start, end = place_in([place for place, _ in pieces], segment.start, segment.end)
        raw = segment.raw.replace(SENTENCE_END, " ")
        return replace(segment, raw=raw, start=start, end=end, pieces=tuple(_as_written(pieces, segment.start)))

    def _pieces_of(self, segment: Segment) -> list[_Piece]:
        while self._fed_pieces[0].place.end <= segment.start:
            self._fed_pieces.popleft()
        return list(takewhile(lambda piece: piece.place.start < segment.end, self._fed_pieces))

    @property
    def complaint(self) -> str:
        """What was not as it should be, in words for the log; none of the text's."""
        if self._reader is None:
            return ""
        complaints = [f"asks for a {one} that is not there" for one in sorted(self._reader.unmet)]
        if self._reader.is_malformed:
            complaints.insert(0, "is malformed; what is no markup is spoken")
        return "its SSML " + ", and ".join(complaints) if complaints else ""

    def _once_known(self, text: str, *, final: bool) -> str:
        """All so far, once it is known what it is; nothing before."""
        self._held += text
        found = is_ssml(self._held, final=final)
        if found is None:
            return ""
        self._format = "ssml" if found else "text"
        held, self._held = self._held, ""
        return held

    def _pieces(self, text: str) -> Sequence[Piece]:
        if self._format != "ssml":
            return [text] if text else []
        if self._reader is None:
            self._reader = SsmlReader(self._is_voice)
        return [self._placed(one) for one in self._reader.feed(text)]

    def _placed(self, one: SsmlPiece) -> Piece:
        piece = one.piece if self._is_obeyed else _words_of(one.piece)
        chars = len(piece) if isinstance(piece, str) else 1
        if chars:
            written = len(piece.written) if isinstance(piece, Pronunciation) else chars
            place = Place(self._fed, self._fed + chars, one.start, one.end)
            self._fed_pieces.append(_Piece(place, written))
            self._fed += chars
        return piece


def _as_written(pieces: Sequence[_Piece], start: int) -> Iterator[Place]:
    """In the positions of the words as they are written, from that position of the segmenter on."""
    at = 0
    for (begins, ends, sent_start, sent_end), written in pieces:
        cut = max(0, start - begins)  # of a piece that began in the segment before
        length = written - cut
        is_verbatim = ends - begins == sent_end - sent_start
        yield Place(at, at + length, sent_start + (cut if is_verbatim else 0), sent_end)
        at += length


def _words_of(piece: Piece) -> str:
    """A pause parts words."""
    match piece:
        case str():
            return piece
        case Pronunciation():
            return piece.written
        case Pause():
            return " "
    return ""
