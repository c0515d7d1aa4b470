"""Live text, in pieces of any size -> segments to speak, each with its range of characters.

- No clock: the caller says when nothing came for a while (`idle`), when to speak what is there (`flush`) and
  when the text is over (`end`).
- `feed` returns only what later text cannot change, so the way a text is cut into pieces does not show:
  without `idle` and `flush` every splitting of a text gives the same segments.
- Segments are in order and do not overlap. What lies between them is blank or cannot be spoken: code blocks,
  rules, pieces without a letter or a digit.
- The buffer is bounded: no segment has more than MAX_CHARS, and code blocks are dropped while they come in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.text.blocks import NOTE, OPENERS, Block, Code, Data, Opening, opening
from qwen3tts_daemon.text.clean import speakable
from qwen3tts_daemon.text.directions import Direction, Directions
from qwen3tts_daemon.text.directions import Found as FoundDirection
from qwen3tts_daemon.text.html import tag
from qwen3tts_daemon.text.lines import SENTENCES, line_kind
from qwen3tts_daemon.text.marks import DIRECTION, Marks
from qwen3tts_daemon.text.phrases import ended, is_speakable
from qwen3tts_daemon.text.places import Place, place_in
from qwen3tts_daemon.text.pronunciations import Pronunciation, written
from qwen3tts_daemon.text.spans import BLANK_LINE, span_end
from qwen_tts.text.sentences import (
    CJK,
    CLAUSE_MARKS,
    MARKS,
    Ending,
    clause_ends,
    ends_sentence,
    stop_may_go_on,
)

Split = Literal["sentence", "clause", "none"]
MAX_CHARS = 400
CLAUSE_CHARS = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece to speak: its words, and where it stands, verbatim, in the text fed so far (half-open)."""

    text: str
    raw: str
    start: int
    end: int
    ending: Ending
    before: tuple[Direction, ...] = ()
    """What the text says of how it goes on from here"""
    marked: str = ""
    """Its words, with placeholders in the places of `pronunciations`; "" if there are none"""
    pronunciations: Mapping[str, Pronunciation] = field(default_factory=dict)
    """By their placeholders"""
    pieces: tuple[Place, ...] = ()
    """Where they stand in the text as it was sent, if that is another one"""

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where characters [start, end) of `raw` stand in the text as it was sent."""
        if not self.pieces:
            return self.start + start, self.start + end
        return place_in(self.pieces, start, end)


@dataclass(slots=True)
class _Seen:
    """What is known of the segment at the start of the buffer."""

    scan: int = 0  # nothing ends before here
    content: int | None = None  # where the words start behind a list marker; None: not known yet
    is_line: bool = False  # an item, heading or row, which ends with its line
    longest: int = MAX_CHARS  # less where inline code or a link crosses the limit
    sentence_end: int = 0  # split="none": the last one so far


@dataclass(frozen=True, slots=True)
class _Cut:
    """The end of the next segment in the buffer; no ending: drop it."""

    end: int
    ending: Ending | None
    closes_line: bool = False
    block: Block | None = None  # goes on behind it
    direction: Direction | None = None  # that is dropped with it


_STOP = regex.compile(rf"{MARKS}|\n|`+|[{DIRECTION}{regex.escape(OPENERS)}]|{CLAUSE_MARKS}")
_LINE_END = regex.compile(r"[ \t\r]*\n")
_ROW = regex.compile(r"\S[ \t]\|[ \t]\S")
_WIDE = regex.compile(f"[{CJK}]")


class LiveSegmenter:
    """Cuts the text of one context into segments."""

    def __init__(
        self, *, split: Split = "sentence", directions: Directions | None = None,
        clean: Callable[[str], str] = speakable,
    ) -> None:  # fmt: skip
        """`directions`: who finds them; None: brackets are text. `clean`: what makes words of a piece as written."""
        self._split, self._clean = split, clean
        self._directions = directions
        self._pending: list[Direction] = []
        self._marks = Marks()
        self._text = ""
        self._base = 0
        self._at_line_start = True
        self._in_line = False  # behind the first sentence of an item, heading or row
        self._block: Block | None = None  # the buffer starts inside it
        self._ended = False
        self._has_words = False  # there was a segment
        self._seen = _Seen()

    def feed(self, piece: str | Direction | Pronunciation) -> list[Segment]:
        """Take more text, a direction that stands here, or words that are said in another way: in the positions of
        segments that is one character each. Gives the segments that no later text can change."""
        assert not self._ended, "fed after end()"
        self._text += self._marks.as_text(piece, self._text)
        return self._take_all(settled=False, final=False)

    def idle(self) -> list[Segment]:
        """No text for a while: the sentences that are finished as far as anybody can see."""
        return self._take_all(settled=True, final=False)

    def flush(self) -> list[Segment]:
        """Everything, now; more text may follow."""
        return self._take_all(settled=True, final=True)

    def end(self) -> list[Segment]:
        """Everything; nothing may be fed afterwards."""
        self._ended = True
        return self._take_all(settled=True, final=True)

    @property
    def trailing(self) -> tuple[Direction, ...]:
        """The directions behind the last segment so far."""
        return tuple(self._pending)

    @property
    def has_finished_text(self) -> bool:
        """Whether idle() would have something to release."""
        if self._block is not None:
            return False
        cut = self._peek(final=False)
        return cut is not None and cut.ending is not None

    @property
    def ends_in_the_middle(self) -> bool:
        """Whether the text so far ends with a stop that may stand inside a number, a short form or an address."""
        return stop_may_go_on(self._text)

    # ---- taking segments off the buffer ----

    def _take_all(self, settled: bool, final: bool) -> list[Segment]:
        """`settled`: decide as if the text ended here; `final`: and leave nothing behind."""
        segments: list[Segment] = []
        while (cut := self._peek(final) if settled else self._next_cut(settled=False, final=False)) is not None:
            segment = self._take(cut)
            if segment is not None:
                segments.append(segment)
        return segments

    def _peek(self, final: bool) -> _Cut | None:
        """The next cut as if the text ended here, without keeping what was decided on the way."""
        self._skip_space()
        seen = replace(self._seen)
        cut = self._next_cut(settled=True, final=final)
        self._seen = seen
        return cut

    def _take(self, cut: _Cut) -> Segment | None:
        raw = self._text[: cut.end]
        start = self._base
        before, self._pending = self._pending, []
        self._drop(cut.end, in_block=self._block is not None or cut.block is not None or cut.direction is not None)
        self._block = cut.block
        if cut.direction:
            self._meet(cut.direction)
        said = self._marks.pronunciations_in(raw)
        kept = raw.rstrip()
        text = self._clean(kept) if cut.ending is not None else ""
        if cut.ending is None or not is_speakable(text):
            self._pending = before + self._pending
            return None
        self._has_words = True
        words = ended(text) if cut.closes_line else text
        segment = Segment(words, kept, start, start + len(kept), cut.ending, tuple(before))
        return _with_pronunciations(segment, said) if said else segment

    def _meet(self, direction: Direction) -> None:
        if self._directions and (allowed := self._directions.within_limits(direction)):
            self._pending.append(allowed)

    def _drop(self, chars: int, in_block: bool = False) -> None:
        """Behind a block a line is what it was before it."""
        dropped, self._text = self._text[:chars], self._text[chars:]
        self._base += chars
        for direction in self._marks.directions_in(dropped):
            self._meet(direction)
        if dropped.strip(f" \t\r{DIRECTION}") and not in_block:
            self._at_line_start = dropped.rstrip(" \t\r").endswith("\n")
            self._in_line = self._in_line and not self._at_line_start
        self._seen = _Seen()

    # ---- finding the next end ----

    def _next_cut(self, settled: bool, final: bool) -> _Cut | None:
        if self._block is not None:
            return self._inside_block(self._block, final)
        self._skip_space()
        if not self._text:
            return None
        if self._seen.content is None:
            dropped = self._open_segment(final)
            if dropped is not None or self._seen.content is None:
                return dropped
        return self._scan_stops(settled, final)

    def _skip_space(self) -> None:
        if self._block is None and self._text[:1].isspace():
            self._drop(len(self._text) - len(self._text.lstrip()))

    def _open_segment(self, final: bool) -> _Cut | None:
        """Learn what the segment starts with; the cut if that is a line to drop."""
        if not self._at_line_start:
            self._seen.content = 0
            self._seen.is_line = self._in_line
            return None
        line = line_kind(self._text, 0, final)
        if line is None:
            return None
        kind, content, mark = line
        if kind == "fence":
            return _Cut(content, None, block=Code(mark))
        if kind == "note":
            return _Cut(content, None, block=NOTE)
        if kind == "data":
            return _Cut(0, None, block=Data())
        if kind == "rule" and self._split != "none":
            return _Cut(content, None)
        self._seen.is_line = kind in SENTENCES and self._split != "none"
        self._in_line = self._seen.is_line
        self._seen.content = content if kind in SENTENCES else 0
        self._seen.scan = self._seen.content
        return None

    def _inside_block(self, block: Block, final: bool) -> _Cut | None:
        """Drop what belongs to the block for certain."""
        end, following = block.skip(self._text, final)
        return _Cut(end, None, block=following) if end or following != block else None

    def _scan_stops(self, settled: bool, final: bool) -> _Cut | None:
        text = self._text
        while True:
            stop = _STOP.search(text, self._seen.scan, self._seen.longest + 60)
            if stop is None or stop.end() > self._seen.longest:
                break
            verdict = self._judge(stop, settled, final)
            if isinstance(verdict, _Cut):
                return verdict
            if verdict is None:
                self._seen.scan = stop.start()
                return None
            self._seen.scan = verdict
        if stop is None:
            self._seen.scan = max(self._seen.scan, min(len(text), self._seen.longest))
        if len(text) > MAX_CHARS:
            return self._forced_cut()
        if final:
            return self._tail()
        return _Cut(self._seen.sentence_end, Ending.SENTENCE) if settled and self._seen.sentence_end else None

    def _judge(self, stop: regex.Match[str], settled: bool, final: bool) -> _Cut | int | None:
        """A cut, the position to go on from, or None: wait for more text."""
        char = stop[0][0]
        if char == DIRECTION:
            return _Cut(int(stop.start()), Ending.CLAUSE) if stop.start() else _Cut(1, None)
        if char == "\n":
            return self._at_new_line(int(stop.start()), final)
        if char in OPENERS and (found := opening(self._text, stop.start(), settled)):
            return None if found == "perhaps" else self._at_block(int(stop.start()), found)
        if char == "<":
            return self._at_tag(int(stop.start()), settled)
        if char == "[" and (found_direction := self._direction(int(stop.start()), settled)):
            return None if found_direction == "perhaps" else self._at_direction(int(stop.start()), found_direction)
        if char in "`[":
            return self._past_markup(stop, settled)
        if stop["marks"]:
            return self._at_mark(stop, settled, final)
        return stop.end() if char in OPENERS else self._at_clause(stop, settled)

    def _at_block(self, position: int, found: Opening) -> _Cut:
        return _Cut(position, Ending.CLAUSE) if position else _Cut(found.end, None, block=found.block)

    def _direction(self, position: int, settled: bool) -> FoundDirection | Literal["perhaps"] | None:
        if self._directions is None:
            return None
        before = self._text[:position].rstrip(" \t\r")
        begins_line = before.endswith("\n") if before else self._at_line_start
        begins_text = not (before or self._has_words)
        return self._directions.find(
            self._text, position, begins_line=begins_line, begins_text=begins_text, settled=settled
        )

    def _at_direction(self, position: int, found: FoundDirection) -> _Cut:
        """It stands between segments: what is before it is one."""
        return _Cut(position, Ending.CLAUSE) if position else _Cut(found.end, None, direction=found.direction)

    def _at_tag(self, position: int, settled: bool) -> _Cut | int | None:
        """One that stands first is dropped; one that parts sentences ends one."""
        found = tag(self._text, position, settled)
        if found is None or found == "perhaps":
            return position + 1 if found is None else None
        if position == 0:
            return _Cut(found.end, None)
        if self._split == "none" or found.kind not in {"sentence", "paragraph"}:
            return self._past(position, found.end)
        if found.kind == "paragraph":
            return _Cut(position, Ending.PARAGRAPH, closes_line=self._seen.is_line)
        return _Cut(position, Ending.SENTENCE, closes_line=True)

    def _at_mark(self, mark: regex.Match[str], settled: bool, final: bool) -> _Cut | int | None:
        end = int(mark.end())
        line_end = _LINE_END.match(self._text, end)
        if self._seen.is_line and line_end:
            return _Cut(end, Ending.SENTENCE, closes_line=True)
        blank = BLANK_LINE.match(self._text, end)
        ends = True if blank else ends_sentence(self._text, 0, mark, settled)
        if ends is None:
            return None
        if not ends:
            return end
        if not settled and not blank and not self._text[end:].strip():
            return None
        return self._sentence(end, Ending.PARAGRAPH if blank else Ending.SENTENCE)

    def _sentence(self, end: int, ending: Ending) -> _Cut | int:
        if self._split != "none":
            return _Cut(end, ending)
        self._seen.sentence_end = end
        return end

    def _at_new_line(self, position: int, final: bool) -> _Cut | int | None:
        if self._seen.is_line:
            return _Cut(position, Ending.SENTENCE, closes_line=True)
        if BLANK_LINE.match(self._text, position):
            return position + 1 if self._split == "none" else _Cut(position, Ending.PARAGRAPH)
        line = line_kind(self._text, position + 1, final)
        if line is None:
            return None
        if self._split != "none" and _ROW.search(self._text, self._text.rfind("\n", 0, position) + 1, position):
            return _Cut(position, Ending.SENTENCE, closes_line=True)
        kind, _, number = line
        if kind == "text" or (kind == "numbered" and number != "1" and self._text[position - 1] != ":"):
            return position + 1
        if kind in {"fence", "data", "note"}:
            return _Cut(position, Ending.PARAGRAPH)
        if self._split == "none":
            return position + 1
        return _Cut(position, Ending.PARAGRAPH if kind in {"heading", "rule"} else Ending.SENTENCE)

    def _past_markup(self, opener: regex.Match[str], settled: bool) -> int | None:
        """Behind inline code or a link as a whole, so that no segment ends inside; else behind the opener."""
        start = int(opener.start())
        end = span_end(self._text, start, opener[0], settled)
        if end == "perhaps":
            return None
        return int(opener.end()) if end is None else self._past(start, end)

    def _past(self, start: int, end: int) -> int:
        """Go on behind what no segment may end inside."""
        if end > MAX_CHARS and start:
            self._seen.longest = min(self._seen.longest, start)
        return end

    def _at_clause(self, stop: regex.Match[str], settled: bool) -> _Cut | int | None:
        end = int(stop.end())
        if self._split != "clause":
            return end
        if end == len(self._text) and not settled:
            return None
        width = end + len(_WIDE.findall(self._text, 0, end))
        return _Cut(end, Ending.CLAUSE) if width >= CLAUSE_CHARS and end < len(self._text) else end

    def _forced_cut(self) -> _Cut:
        """Too long without an end: after a sentence (split="none"), a clause, a word, or anywhere."""
        if self._seen.sentence_end:
            return _Cut(self._seen.sentence_end, Ending.SENTENCE)
        window = self._text[: self._seen.longest]
        clauses = [end for end in clause_ends(window) if end > self._seen.longest // 2]
        word = max(window.rfind(" "), window.rfind("\n"))
        return _Cut(clauses[-1] if clauses else word if word > 0 else len(window), Ending.CLAUSE)

    def _tail(self) -> _Cut:
        """What is left when everything has to go."""
        return _Cut(len(self._text), Ending.SENTENCE if self._ended else Ending.CLAUSE)


def _with_pronunciations(segment: Segment, said: Mapping[str, Pronunciation]) -> Segment:
    text, raw = written(segment.text, said), written(segment.raw, said)
    return replace(segment, text=text, raw=raw, marked=segment.text, pronunciations=said)
