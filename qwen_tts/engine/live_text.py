"""The policy of live text: when a sequence begins, what it reads beside each frame, when it ends. No torch, no clock.

Text is read at one token a frame and spoken at about a third of that. So

1. a sequence begins with `start_tokens` tokens, or with the end of a clause;
2. it reads token after token as they come; without one it waits;
3. after a finished sentence and `pause_s` without text, after `flush`, and at the end of the text it reads the end of
   text and then pads, until the talker draws the end of speech;
4. what was not read when the talker drew the end is the next sequence, and text that came meanwhile the one after it;
5. a sequence takes `span_tokens` and the rest of the sentence, or of a clause or word where a sentence has no end: the
   talker forgets and drifts in long texts, and a row has an end.

Only whole words are read (LiveTokenizer), and no blanks at either end of what was fed or flushed. So every finished
sentence that was received is read, and the sequence that read it is told that its text has ended.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.api import SettledLayout, SynthesisRequest, check_characters
from qwen_tts.config.engine import LiveTextConfig
from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.live_tokenizer import LiveTokenizer
from qwen_tts.text.sentences import (
    WIDE_COMMAS,
    WIDE_STOPS,
    GrowingSentences,
    clause_ends,
    ends_with_clause,
    ends_with_mark,
    ends_with_sentence,
    sentence_ends,
)
from qwen_tts.text.text_tokenizer import TextTokenizer

_WIDE = WIDE_STOPS + WIDE_COMMAS
_MOST_SPANS = 2
"""In a sequence whose text has no end of a sentence or clause"""
_CHARACTERS_A_TOKEN = 6
"""Seldom more, in any language"""
_PIECE = regex.compile(rf"[^\s{_WIDE}]{{1,64}}[{_WIDE}]*\s*|[{_WIDE}]+\s*|\s+")
"""A word with what follows it; a place where a text without sentences may be divided"""


@dataclass(frozen=True)
class Token:
    """One token of the text; `segment` counts the pieces of text fed before the one it is from."""

    id: int
    segment: int
    text: str = ""
    """What became tokens; given to the first of them"""


class Instead(Enum):
    """What a sequence reads beside a frame if not a token."""

    END = "end of text"
    PAD = "pad"
    WAIT = "nothing: the frame must wait"


def reads_words(request: SynthesisRequest, layout: SettledLayout, *, has_transcript: bool) -> bool:
    """Whether a live text is read word by word (LiveText), or its sentences as whole texts (LiveSentences).

    A voice that goes on from a transcript needs the words to come before it knows where they stand.
    """
    return layout == "streaming" and not request.fed_at_once and not has_transcript


class LiveText:
    """The text of one stream, from the first word to the last sequence. One thread at a time; `now` in seconds."""

    def __init__(self, tokenizer: TextTokenizer, config: LiveTextConfig) -> None:
        self._tokenizer = LiveTokenizer(tokenizer)
        self._config = config
        self._tokens: deque[Token] = deque()
        self._text = ""  # that the sequence has read or will read
        self._later: deque[tuple[str, int] | None] = deque()  # (text, segment) for the sequence after it; None: flush
        self._segments: deque[tuple[int, int]] = deque()  # (characters not yet in tokens, segment)
        self._fed_segments = 0
        self._span = 0  # tokens of the sequence, read or to be read
        self._last_text_s = 0.0
        self._read: list[Token] = []  # by the sequence
        self._open = self._closing = self._end_read = self._text_ended = False

    # -- the writer's side ------------------------------------------------------------------------------------------

    def feed(self, text: str, now: float) -> None:
        """Raises InvalidRequest if the text has half a surrogate pair."""
        check_characters(text, "text")
        segment, self._fed_segments = self._fed_segments, self._fed_segments + 1
        self._last_text_s = now
        if self._closing:
            self._later.append((text, segment))
        else:
            self._take_in(text, segment)

    def flush(self) -> None:
        """Speak what was fed."""
        if self._closing:
            self._later.append(None)
        elif self._has_words:
            self._close()

    def end(self) -> None:
        """No more text."""
        self._text_ended = True

    # -- the sequence's side ----------------------------------------------------------------------------------------

    def can_begin(self) -> bool:
        """Whether a sequence should begin now; between two sequences only."""
        assert not self._open
        if not self._has_words:
            return False
        if len(self._tokens) >= self._config.start_tokens or self._closing or self._text_ended:
            return True
        return bool(clause_ends(f"{self._text} ")) or _has_sentence(self._text)

    def begin(self) -> Token:
        """The first token of a sequence; `can_begin` must have said so."""
        self._open = True
        if not self._tokens:
            self._close()
        return self._take()

    def next(self, now: float) -> Token | Instead:
        """What the sequence reads beside its next frame."""
        if self.waits(now):
            return Instead.WAIT
        if not self._tokens and not self._closing:
            self._close()
        if self._tokens:
            return self._take()
        if not self._end_read:
            self._end_read = True
            return Instead.END
        return Instead.PAD

    def waits(self, now: float) -> bool:
        """Whether `next` would have nothing to read."""
        return not self._tokens and not self._closing and not self._is_over(now)

    def _take(self) -> Token:
        self._read.append(self._tokens.popleft())
        return self._read[-1]

    def rewind(self) -> None:
        """Instead of `ended`: what the sequence has read, the next one reads again."""
        self._tokens.extendleft(reversed(self._read))
        self._read.clear()
        self._open = self._end_read = False

    def ended(self) -> None:
        """The talker drew the end of speech, or was stopped. What was not read is for the next sequence."""
        self._open = self._end_read = False
        self._read.clear()
        self._span = len(self._tokens)
        self._text = "".join(token.text for token in self._tokens) + self._tokenizer.pending
        if self._closing and self._has_words:
            return
        self._closing = False
        if not self._has_words:
            self._tokenizer.end()  # what is pending are blanks: they are no beginning of the next sequence
            self._text = ""
            self._tokens.clear()
            self._segments.clear()
        while self._later and not self._closing:
            later = self._later.popleft()
            if later is None:
                self.flush()
            else:
                self._take_in(*later)

    def pause_ends_at(self) -> float | None:
        """When a sequence that waits for text will be closed without any; None: only text ends the waiting."""
        return self._last_text_s + self._config.pause_s if _has_sentence(self._text) else None

    @property
    def has_ended(self) -> bool:
        """The writer has."""
        return self._text_ended

    @property
    def unspoken(self) -> str:
        """Text that no sequence has begun."""
        later = "".join(one[0] for one in self._later if one is not None)
        return later if self._open else self._text + later

    @property
    def is_done(self) -> bool:
        """Every word was read, and none will come."""
        return self._text_ended and not self._open and not self._has_words

    # -- between the two --------------------------------------------------------------------------------------------

    @property
    def _has_words(self) -> bool:
        """Whether something is left to speak: a word, or the rest of one whose first token was read."""
        return bool(self._text.strip(BLANKS)) or (bool(self._tokens) and not self._tokens[0].text)

    def _take_in(self, text: str, segment: int) -> None:
        """As much of it as the sequence has room for; what is left is for the next one."""
        if self._span + len(text) < self._config.span_tokens:  # a token has a character at least
            self._read_in(text, segment)
            return
        for piece in _PIECE.finditer(text):
            if self._is_long_enough(piece[0]):
                self._close()
                self._later.appendleft((text[piece.start() :], segment))
                return
            self._read_in(piece[0], segment)

    def _is_long_enough(self, following: str) -> bool:
        """A sentence may end here, or, far beyond the span, a clause or a word."""
        spans = self._span / self._config.span_tokens
        if spans >= 1 and ends_with_sentence(self._text, following[0]):
            return True
        if spans >= 1.5 and ends_with_clause(self._text, following[0]):
            return True
        most = 2.25 if ends_with_mark(self._text) else 2  # rather not behind an abbreviation
        return self._span + len(self._tokenizer.pending) >= most * self._config.span_tokens

    def _read_in(self, text: str, segment: int) -> None:
        if not self._text:
            text = text.lstrip(BLANKS)
        self._text += text
        self._segments.append((len(text), segment))
        self._append(self._tokenizer.feed_pieces(text))

    def _is_over(self, now: float) -> bool:
        if self._text_ended:
            return True
        ends_at = self.pause_ends_at()
        return ends_at is not None and now >= ends_at

    def _close(self) -> None:
        """The rest of the words, then the end."""
        self._closing = True
        self._append(self._tokenizer.end_pieces())
        self._segments.clear()  # of the blanks behind the last word

    def _append(self, pieces: list[tuple[str, list[int]]]) -> None:
        for text, ids in pieces:
            segment = self._segment_of(len(text))
            self._span += len(ids)
            self._tokens.extend(Token(token, segment, "" if index else text) for index, token in enumerate(ids))

    def _segment_of(self, characters: int) -> int:
        """The segment that the next characters begin in."""
        while len(self._segments) > 1 and self._segments[0][0] <= 0:
            self._segments.popleft()
        left, segment = self._segments[0]
        self._segments[0] = (left - characters, segment)
        while len(self._segments) > 1 and self._segments[0][0] < 0:
            over, _ = self._segments.popleft()
            left, following = self._segments[0]
            self._segments[0] = (left + over, following)
        return segment


@dataclass(frozen=True)
class Sentences:
    """What a sequence speaks of a text."""

    tokens: list[int]
    starts: tuple[tuple[float, int], ...]
    """(share of it that comes before, segment), in order"""


class LiveSentences:
    """Live text of which whole sentences are spoken, as many as there are and fit into a sequence."""

    def __init__(self, tokenizer: TextTokenizer, config: LiveTextConfig, *, waits_for_end: bool = False) -> None:
        """`waits_for_end`: nothing is taken before all of the text is there."""
        self._tokenizer, self._config = tokenizer, config
        self._waits_for_end = waits_for_end
        self._pieces: deque[tuple[str, int]] = deque()
        self._fed_segments = 0
        self._last_text_s = 0.0
        self._flushed = 0  # characters to be spoken as they are
        self._sentences = GrowingSentences()
        self._text_ended = False
        self._known: tuple[bool, bool] | None = None
        """Whether it was a pause when it was looked for sentences, and whether there were any"""
        self._may_pause: bool | None = None
        """Whether a sentence has ended as far as anybody can see; None: it was not looked for"""

    def feed(self, text: str, now: float) -> None:
        """Raises InvalidRequest if the text has half a surrogate pair."""
        check_characters(text, "text")
        self._last_text_s, self._known, self._may_pause = now, None, None
        self._pieces.append((text, self._fed_segments))
        self._fed_segments += 1

    def flush(self) -> None:
        """Speak what was fed."""
        self._flushed, self._known = len(self._text), None

    def end(self) -> None:
        """No more text."""
        self._text_ended, self._known = True, None

    def take(self, now: float) -> Sentences | None:
        """What the next sequence speaks; None: more text must come first, or a pause.

        "It costs 3." may go on with "50": only a blank, or a pause, makes it a sentence; and "Ask Dr." never is one.
        """
        text = self._text
        taken = self._within_span(text[: self._finished(text, is_paused=self._is_paused(now))])
        self._known = self._may_pause = None
        self._flushed = max(0, self._flushed - taken)
        if not text[:taken].strip(BLANKS):
            return None
        blank, starts = len(text) - len(text.lstrip(BLANKS)), self._drop(taken)
        shares = tuple(((at - blank) / taken, segment) for at, segment in starts)
        return Sentences(self._tokenizer.encode(text[:taken].strip(BLANKS)), shares)

    def can_begin(self, now: float) -> bool:
        """Whether `take` would give something. It is asked in every step, and looks when something has changed."""
        is_paused = self._is_paused(now)
        if self._known is None or self._known[0] != is_paused:
            text = self._text
            self._known = is_paused, bool(text[: self._finished(text, is_paused=is_paused)].strip(BLANKS))
        return self._known[1]

    def _is_paused(self, now: float) -> bool:
        return now >= self._last_text_s + self._config.pause_s

    def _finished(self, text: str, *, is_paused: bool) -> int:
        """Characters that may be spoken: finished sentences, and what was flushed."""
        if self._waits_for_end and not self._text_ended:
            return 0
        if self._text_ended:
            return len(text)
        words = text.rstrip(BLANKS)
        return max(self._sentences.last_end(words, final=is_paused or words != text), self._flushed)

    def _within_span(self, text: str) -> int:
        """How many of its characters a sequence takes: whole sentences, at least one; see rule 5 of the module."""
        near = self._more_than_fits(text)
        if near == text and self._fits(text):
            return len(text)
        return next(
            (end for ends, spans in _divisions(near) if (end := self._last_that_fits(ends, near, spans))), len(text)
        )

    def _more_than_fits(self, text: str) -> str:
        """The beginning of a long text that is too much for any sequence: nothing behind it need be looked at."""
        characters = _CHARACTERS_A_TOKEN * _MOST_SPANS * self._config.span_tokens
        while characters < len(text) and self._fits(text[:characters], _MOST_SPANS):
            characters *= 2
        return text[:characters]

    def _last_that_fits(self, ends: list[int], text: str, spans: float) -> int:
        """0 if none does. A look is a tokenisation between two steps, for which everybody waits: few of them."""
        fitting = bisect_left(ends, True, key=lambda end: not self._fits(text[:end], spans))
        return ends[fitting - 1] if fitting and text[: ends[fitting - 1]].strip(BLANKS) else 0

    def _fits(self, text: str, spans: float = 1) -> bool:
        most = self._config.span_tokens * spans
        return len(text) <= most or len(self._tokenizer.encode(text.strip(BLANKS))) <= most

    def _drop(self, characters: int) -> list[tuple[int, int]]:
        """Remove what is taken: (characters of it before the words of a segment, segment)."""
        starts, at = [], 0
        self._sentences.take(characters)
        while at < characters:
            piece, segment = self._pieces.popleft()
            taken = piece[: characters - at]
            if words := taken.lstrip(BLANKS):
                starts.append((at + len(taken) - len(words), segment))
            if rest := piece[len(taken) :]:
                self._pieces.appendleft((rest, segment))
            at += len(taken)
        return starts

    def pause_ends_at(self) -> float | None:
        """When a pause makes a sentence of what was fed; None: only text does."""
        if self._may_pause is None:
            self._may_pause = self._sentences.last_end(self._text.rstrip(BLANKS), final=True) > 0
        if self._waits_for_end or not self._may_pause:
            return None
        return self._last_text_s + self._config.pause_s

    @property
    def has_ended(self) -> bool:
        """The writer has."""
        return self._text_ended

    @property
    def is_done(self) -> bool:
        """Every word was taken, and none will come."""
        return self._text_ended and not self._text.strip(BLANKS)

    @property
    def unspoken(self) -> str:
        """Text that no sequence has begun."""
        return self._text

    @property
    def _text(self) -> str:
        return "".join(piece for piece, _ in self._pieces)


def _divisions(text: str) -> Iterator[tuple[list[int], float]]:
    """Where a text may be divided, better places first, and how many spans it may have up to there."""
    sentences = [*sentence_ends(text, final=True)]
    yield sentences, 1
    yield sorted({*sentences, *clause_ends(text)}), 1.5
    words = [word.end() for word in _PIECE.finditer(text)]
    yield [end for end in words if not ends_with_mark(text[:end])], _MOST_SPANS  # not behind an abbreviation
    yield words, _MOST_SPANS


# It is asked in every step, and the text changes seldom.
@lru_cache(maxsize=64)
def _has_sentence(text: str) -> bool:
    """Whether a sentence has ended in it, as far as anybody can see."""
    return any(True for _ in sentence_ends(text.rstrip(BLANKS), final=True))
