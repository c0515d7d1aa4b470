"""A checkpoint's byte-level BPE, of which there is one for all checkpoints with the same files.

All of the release have the same: a tokenizer takes half a second and some 60 MB.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from qwen_tts.config.checkpoint_files import text_tokenizer_files
from qwen_tts.config.json_file import read_file
from qwen_tts.text.tokenizer_files import BESIDE, Vocabulary, read_vocabulary


class BytePairs:
    """Pieces of text -> token ids, and back."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.size = vocabulary.size
        self.added = vocabulary.added
        """Tokens of a fine-tune's own, by their text"""
        self._tokens = Tokenizer(models.BPE(vocab=dict(vocabulary.ids), merges=vocabulary.merges))
        self._tokens.decoder = decoders.ByteLevel()
        self._tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)

    def encode(self, pieces: Sequence[str]) -> list[int]:
        """The tokens of one piece after the other."""
        ids: list[int] = self._tokens.encode(pieces, is_pretokenized=True).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Without tokens of a fine-tune's own."""
        text: str = self._tokens.decode(list(ids), skip_special_tokens=False)
        return text


_in_use = WeakValueDictionary[bytes, BytePairs]()
_one_at_a_time = threading.Lock()


def byte_pairs(directory: Path, patterns: Sequence[str]) -> BytePairs:
    """Of a checkpoint directory; see `read_vocabulary`. Raises BadCheckpoint."""
    files = text_tokenizer_files(directory)
    with _one_at_a_time:
        digest = _digest(files, directory)
        if (found := _in_use.get(digest)) is None:
            found = _in_use[digest] = BytePairs(read_vocabulary(directory, patterns))
        return found


def _digest(files: Sequence[Path], directory: Path) -> bytes:
    digest = hashlib.sha256()
    for path in (*files, *_beside(directory)):
        content = read_file(path)
        digest.update(f"{path.name} {len(content)} ".encode())
        digest.update(content)
    return digest.digest()


def _beside(directory: Path) -> Iterator[Path]:
    return (path for name in BESIDE if (path := directory / name).is_file())
