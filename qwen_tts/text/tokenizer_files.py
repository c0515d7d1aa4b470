"""A checkpoint's text tokenizer, as its files have it: tokenizer.json, or the release's vocab.json and merges.txt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from tokenizers.pre_tokenizers import ByteLevel

from qwen_tts.config.checkpoint_files import TOKENIZER, text_tokenizer_files
from qwen_tts.config.json_file import read_file, read_json
from qwen_tts.errors import BadCheckpoint

CONTROL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
    "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>",
    "</think>", "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
    "<tts_text_bos_single>", "<|audio_pad|>",
)  # fmt: skip
"""The release's added tokens. Prompts name them by their ids; in a text they are text."""

BESIDE = (CONFIGURATION, ADDED) = ("tokenizer_config.json", "added_tokens.json")
"""Where a fine-tune's own tokens are, by transformers, whichever file has the rest"""

TokenId = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Merges = list[tuple[str, str]]


class AddedToken(msgspec.Struct, frozen=True):
    """A token that no merge makes."""

    content: str
    id: TokenId = 0
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Byte-level BPE, and what was added to it."""

    ids: Mapping[str, int]
    merges: Merges
    added: Mapping[str, int]
    """A fine-tune's own: in a text each is one token"""

    @property
    def size(self) -> int:
        return max((*self.ids.values(), *self.added.values()), default=-1) + 1


def read_vocabulary(directory: Path, patterns: Sequence[str]) -> Vocabulary:
    """Of a checkpoint directory; `patterns` are the ways to cut a text into pieces that can be computed.

    Raises BadCheckpoint.
    """
    files = text_tokenizer_files(directory)
    if files[0].name == TOKENIZER:
        vocabulary = _of_one_file(directory, patterns)
    else:
        ids = read_json(files[0], dict[str, TokenId], "a table of token ids")
        merges = [_pair(line) for line in _lines(files[1])]
        vocabulary = Vocabulary(ids, merges, _own(directory, ids, _added_beside(directory)))
    _check(files, vocabulary)
    return vocabulary


def _check(files: Sequence[Path], vocabulary: Vocabulary) -> None:
    ids = vocabulary.ids
    for first, second in vocabulary.merges:
        if first not in ids or second not in ids or first + second not in ids:
            raise BadCheckpoint(
                f"{files[-1]} has the merge of {first[:20]!r} and {second[:20]!r}, and these or what they become are "
                "not in the vocabulary"
            )
    if missing := [character for character in ByteLevel.alphabet() if character not in ids]:
        raise BadCheckpoint(f"{files[0]} has no token for {len(missing)} of the 256 bytes")


# -- the release's files ----------------------------------------------------------------------------------------------


class _TokenizerConfig(msgspec.Struct):
    added_tokens_decoder: dict[str, AddedToken] | None = None


def _lines(merges: Path) -> Iterator[str]:
    lines = read_file(merges).decode(errors="replace").splitlines()
    return (line for line in lines if line and not line.startswith("#version"))


def _pair(merge: str) -> tuple[str, str]:
    first, _, second = merge.partition(" ")
    return first, second


def _added_beside(directory: Path) -> Iterator[AddedToken]:
    config, added = directory / CONFIGURATION, directory / ADDED
    if added.is_file():
        for content, id in read_json(added, dict[str, TokenId], "a table of token ids").items():
            yield AddedToken(content, id)
    if config.is_file():
        read: _TokenizerConfig = read_json(config, _TokenizerConfig, "a tokenizer's configuration")
        for id, token in (read.added_tokens_decoder or {}).items():
            if not id.isdecimal():
                raise BadCheckpoint(f"{config}: added_tokens_decoder has {id!r}, which is no token id")
            yield msgspec.structs.replace(token, id=int(id))


def _own(where: Path, ids: Mapping[str, int], added: Iterable[AddedToken]) -> dict[str, int]:
    own: dict[str, AddedToken] = {}
    for token in added:
        if not token.content or token.content in CONTROL_TOKENS:
            continue
        known = ids.get(token.content, own.get(token.content, token).id)
        if known != token.id:
            raise BadCheckpoint(f"{where}: the added token {token.content!r} has the ids {known} and {token.id}")
        own[token.content] = token
    for token in own.values():
        if token.lstrip or token.rstrip or token.single_word:
            raise BadCheckpoint(
                f"{where}: the added token {token.content!r} has lstrip, rstrip or single_word, which is not computed "
                "here; set them to false"
            )
    return {content: token.id for content, token in own.items()}


# -- tokenizer.json ---------------------------------------------------------------------------------------------------


class _Model(msgspec.Struct):
    type: str
    vocab: dict[str, TokenId]
    merges: list[str | list[str]]
    """Newer versions have pairs"""


class _Tokenizer(msgspec.Struct):
    """What of the file makes tokens."""

    model: _Model
    normalizer: dict[str, Any] | None = None
    pre_tokenizer: dict[str, Any] | None = None
    added_tokens: list[AddedToken] = []


def _of_one_file(directory: Path, patterns: Sequence[str]) -> Vocabulary:
    path = directory / TOKENIZER
    file = read_json(path, _Tokenizer, "a saved tokenizer")
    if file.model.type != "BPE":
        raise BadCheckpoint(f"{path}: model.type is {file.model.type!r} instead of 'BPE'")
    if (file.normalizer or {}).get("type") != "NFC":
        raise BadCheckpoint(f"{path}: normalizer must be NFC alone")
    if _pattern(file.pre_tokenizer or {}) not in patterns:
        raise BadCheckpoint(f"{path}: pre_tokenizer must cut as Qwen's does, and then be ByteLevel")
    merges = [_pair(merge) if isinstance(merge, str) else tuple(merge) for merge in file.model.merges]
    if not all(len(merge) == 2 for merge in merges):
        raise BadCheckpoint(f"{path}: model.merges has something else than pairs")
    added = (*file.added_tokens, *_added_beside(directory))
    return Vocabulary(file.model.vocab, merges, _own(directory, file.model.vocab, added))


def _pattern(pre_tokenizer: dict[str, Any]) -> str | None:
    """The regular expression of a Split that ByteLevel follows; None for anything else."""
    match pre_tokenizer:
        case {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": str(pattern)}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
            ],
        }:
            return pattern
    return None
