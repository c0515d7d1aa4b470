"""Text that comes bit by bit -> the tokens that no later text can change.

The law: whatever the bits, their tokens joined are `TextTokenizer.encode` of the whole text without the blanks at its
end. A piece of the text is final when

1. no character that may follow can combine with one of its own (NFC): another character that starts anew comes after
   it;
2. the regular expression that cut it off looked at nothing beyond the known text. It looks at most at a run of one
   kind of characters, an optional character before that run, line breaks after it, and the character where that ends;
3. more than blanks come after its own, if it ends with any;
4. where it stands no token that a fine-tune has added may still become whole: "[lau" waits for "gh]".

So a word is final when the space after it is there, and Chinese, which has none, when its clause ends.
"""

from collections.abc import Collection

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen_tts.text.blanks import BLANKS
from qwen_tts.text.text_tokenizer import TextTokenizer

# Marks, and the vowels and finals of Korean syllables: they may become one character with what precedes.
_COMBINES = regex.compile(r"[\p{M}\u1160-\u11FF]")
# Wider than the kinds of either pre-tokenizer: marks count with letters in one and with symbols in the other.
_RUNS = tuple(map(regex.compile, (r"[\p{L}\p{M}]+", r"[^\s\p{L}\p{N}]+[\r\n/]*", r"\s+", r"\p{N}+")))
_MAY_LEAD = regex.compile(r"[^\p{L}\p{N}]")


class LiveTokenizer:
    """One live text on its way to tokens."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._pending = ""

    def feed(self, text: str) -> list[int]:
        """The tokens that are final now and were not before."""
        return [token for _, tokens in self.feed_pieces(text) for token in tokens]

    def end(self) -> list[int]:
        """The rest, without the blanks at its end: no text follows."""
        return [token for _, tokens in self.end_pieces() for token in tokens]

    def feed_pieces(self, text: str) -> list[tuple[str, list[int]]]:
        """As `feed`, with the text that became tokens, piece by piece."""
        pending = self._pending + text
        known = self._tokenizer.normalize(pending)
        settled = len(self._tokenizer.normalize(pending[: _last_start(pending)]))
        decided = _begun(known, self._tokenizer.added)
        settled = min(settled, decided, len(known.rstrip(BLANKS)))
        final, end = [], 0
        for piece in self._tokenizer.split(known):
            if piece.end > settled or _reach(known, piece.start) >= decided:
                break
            final.append(piece)
            end = piece.end
        self._pending = known[end:]
        return [(piece.text, self._tokenizer.encode_pieces([piece])) for piece in final]

    def end_pieces(self) -> list[tuple[str, list[int]]]:
        """As `end`, with the text that became tokens, piece by piece."""
        rest, self._pending = self._pending, ""
        pieces = self._tokenizer.split(self._tokenizer.normalize(rest.rstrip(BLANKS)))
        return [(piece.text, self._tokenizer.encode_pieces([piece])) for piece in pieces]

    @property
    def pending(self) -> str:
        """What later text may still change."""
        return self._pending


def _last_start(text: str) -> int:
    """Where the last character stands that does not combine with the one before it."""
    start = max(0, len(text) - 1)
    while start and _COMBINES.match(text[start]):
        start -= 1
    return start


def _begun(text: str, tokens: Collection[str]) -> int:
    """Where the text may end with the beginning of one of `tokens`; else its length."""
    longest = max(map(len, tokens), default=0)
    starts = range(max(0, len(text) - longest + 1), len(text))
    return next((at for at in starts if any(token.startswith(text[at:]) for token in tokens)), len(text))


def _reach(text: str, start: int) -> int:
    """How many characters the regular expression may have passed in cutting off the piece that begins at `start`."""
    starts = [start, start + 1] if _MAY_LEAD.match(text, start) else [start]
    runs = (run.match(text, at) for at in starts for run in _RUNS)
    return max(match.end() for match in runs if match)
