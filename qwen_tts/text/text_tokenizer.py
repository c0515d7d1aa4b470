"""Written text -> text tokens: Qwen's byte-level BPE.

A text is brought to NFC, cut into pieces by a regular expression, and every piece becomes tokens by itself. Control
tokens are not part of it: `<|im_end|>` in a user's text is spoken as it is written. Prompts put control tokens beside
the text by their ids. Tokens that a fine-tune has added, such as `[laugh]`, are pieces of their own.

transformers has this tokenizer too, on the same library below, and the tests find the same tokens; but it takes seconds
to import, before the first sound, and shows no pieces, which live text needs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Self

import regex  # type: ignore[import-untyped,unused-ignore]
from tokenizers import Regex, normalizers, pre_tokenizers

from qwen_tts.api import check_characters
from qwen_tts.errors import BadCheckpoint
from qwen_tts.text.byte_pairs import BytePairs, byte_pairs

PreTokenizer = Literal["qwen", "mistral"]
"""How a text is cut into pieces. "qwen" is what the text model was trained with. "mistral" is what the official package
does with a checkpoint in a local directory, through a repair in its tokenizer library that was meant for another model:
words with capitals inside ("WiFi") and scripts with combining marks come out as other tokens."""

_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_MISTRAL = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*|\p{{N}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PATTERNS: dict[PreTokenizer, str] = {"qwen": _QWEN, "mistral": _MISTRAL}


class Piece(NamedTuple):
    """What becomes tokens by itself."""

    text: str
    start: int
    """Characters before it"""
    end: int


class TextTokenizer:
    """Text -> token ids."""

    def __init__(self, pairs: BytePairs, pre_tokenizer: PreTokenizer) -> None:
        self.vocab_size = pairs.size
        self.added = pairs.added
        """Tokens of a fine-tune's own, by their text"""
        self._normalizer = normalizers.NFC()
        self._splitter = pre_tokenizers.Split(Regex(_PATTERNS[pre_tokenizer]), "isolated")
        longest_first = sorted(self.added, key=len, reverse=True)
        self._added_token = regex.compile("|".join(map(regex.escape, longest_first))) if longest_first else None
        self._pairs = pairs
        self.user_id, self.newline_id = (self._single(text) for text in ("user", "\n"))

    @classmethod
    def from_directory(cls, directory: Path, pre_tokenizer: PreTokenizer = "qwen") -> Self:
        """Of a checkpoint directory. Raises BadCheckpoint."""
        pairs = byte_pairs(directory, tuple(_PATTERNS.values()))
        try:
            return cls(pairs, pre_tokenizer)
        except BadCheckpoint as error:
            raise BadCheckpoint(f"{directory}: {error}") from error

    def encode(self, text: str) -> list[int]:
        """Raises InvalidRequest for half a surrogate pair, which is no text."""
        return self.encode_pieces(self.split(self.normalize(text)))

    # -- the steps, for text that comes bit by bit ------------------------------------------------------------------

    def normalize(self, text: str) -> str:
        """NFC. Raises InvalidRequest as `encode` does."""
        check_characters(text, "text")
        normalized: str = self._normalizer.normalize_str(text)
        return normalized

    def split(self, normalized: str) -> list[Piece]:
        """All of the text, piece by piece."""
        if self._added_token is None:
            return self._cut(normalized)
        pieces, end = [], 0
        for token in self._added_token.finditer(normalized):
            pieces += [*self._cut(normalized[end : token.start()], end), Piece(token[0], *token.span())]
            end = token.end()
        return pieces + self._cut(normalized[end:], end)

    def _cut(self, text: str, start: int = 0) -> list[Piece]:
        """What stands between added tokens, from the character `start` on."""
        return [Piece(piece, start + at, start + end) for piece, (at, end) in self._splitter.pre_tokenize_str(text)]

    def encode_pieces(self, pieces: Sequence[Piece]) -> list[int]:
        if not self.added:
            return self._encode(pieces)
        return [token for piece in pieces for token in self._encode_one(piece)]

    def _encode_one(self, piece: Piece) -> list[int]:
        added = self.added.get(piece.text)
        return self._encode([piece]) if added is None else [added]

    def _encode(self, pieces: Sequence[Piece]) -> list[int]:
        return self._pairs.encode([piece.text for piece in pieces])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of what `encode` gave, as normalized, without tokens of a fine-tune's own."""
        return self._pairs.decode(ids)

    def _single(self, text: str) -> int:
        ids = self.encode(text)
        if len(ids) != 1:
            raise BadCheckpoint(f"the text tokenizer has no single token for {text!r}, and the prompt needs one")
        return ids[0]
