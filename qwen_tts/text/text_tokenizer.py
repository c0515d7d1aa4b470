"""Written text -> text tokens: Qwen's byte-level BPE, from the release's vocab.json and merges.txt.

A text is brought to NFC, cut into pieces by a regular expression, and every piece becomes tokens by itself. Control
tokens are not part of it: `<|im_end|>` in a user's text is spoken as it is written. Prompts put control tokens beside
the text by their ids.

transformers has this tokenizer too, on the same library below, and the tests find the same tokens; but it takes seconds
to import, before the first sound, and shows no pieces, which live text needs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import msgspec
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from qwen_tts.api import check_characters
from qwen_tts.errors import BadCheckpoint

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


_TokenId = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Piece(NamedTuple):
    """What becomes tokens by itself."""

    text: str
    start: int
    """Characters before it"""
    end: int


class TextTokenizer:
    """Text -> token ids."""

    def __init__(self, vocab: dict[str, int], merges: list[tuple[str, str]], pre_tokenizer: PreTokenizer) -> None:
        self.vocab_size = max(vocab.values(), default=-1) + 1
        self._normalizer = normalizers.NFC()
        self._splitter = pre_tokenizers.Split(Regex(_PATTERNS[pre_tokenizer]), "isolated")
        self._bpe = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        self._bpe.decoder = decoders.ByteLevel()
        self._bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        self.user_id, self.newline_id = (self._single(text) for text in ("user", "\n"))

    @classmethod
    def from_directory(cls, directory: Path, pre_tokenizer: PreTokenizer = "qwen") -> Self:
        """Of a checkpoint directory. Raises BadCheckpoint."""
        vocab_path, merges_path = directory / "vocab.json", directory / "merges.txt"
        try:
            vocab = msgspec.json.decode(_read(vocab_path), type=dict[str, _TokenId])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadCheckpoint(f"{vocab_path} is not a table of token ids: {error}") from error
        merges = _merges(merges_path, vocab)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        if missing := [character for character in alphabet if character not in vocab]:
            raise BadCheckpoint(f"{vocab_path} has no token for {len(missing)} of the 256 bytes")
        try:
            return cls(vocab, merges, pre_tokenizer)
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
        return [Piece(text, *span) for text, span in self._splitter.pre_tokenize_str(normalized)]

    def encode_pieces(self, pieces: Sequence[Piece]) -> list[int]:
        ids: list[int] = self._bpe.encode([piece.text for piece in pieces], is_pretokenized=True).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of what `encode` gave, as normalized."""
        text: str = self._bpe.decode(list(ids), skip_special_tokens=False)
        return text

    def _single(self, text: str) -> int:
        ids = self.encode(text)
        if len(ids) != 1:
            raise BadCheckpoint(f"the text tokenizer has no single token for {text!r}, and the prompt needs one")
        return ids[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from error


def _merges(path: Path, vocab: dict[str, int]) -> list[tuple[str, str]]:
    merges = []
    for line in _read(path).decode(errors="replace").splitlines():
        if not line or line.startswith("#version"):
            continue
        first, _, second = line.partition(" ")
        if first not in vocab or second not in vocab or first + second not in vocab:
            raise BadCheckpoint(f"{path} has the merge {line[:40]!r}, whose parts or result are not in vocab.json")
        merges.append((first, second))
    return merges
