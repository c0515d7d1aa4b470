"""Writes a checkpoint's text tokenizer files from the vocabulary that the package `dashscope` carries.

The vocabulary lists byte sequences by rank. The release's files list merges: a token's two parts are what the merges of
lower rank leave of it.
"""

import base64
import functools
import importlib.util
import json
from pathlib import Path

from tokenizers.pre_tokenizers import ByteLevel

from qwen_tts.text.tokenizer_files import CONTROL_TOKENS

BASE_TOKENS = 151_643
_ORDINARY = ("tool", "fim_", "repo_name", "file_sep", "think")


def write_text_tokenizer(directory: Path) -> None:
    """vocab.json, merges.txt and tokenizer_config.json in the release's layout."""
    vocab, merges = _vocabulary()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "vocab.json").write_text(vocab, encoding="utf-8")
    (directory / "merges.txt").write_text(merges, encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(), indent=2) + "\n")


@functools.cache
def _vocabulary() -> tuple[str, str]:
    """vocab.json and merges.txt, which take seconds to find."""
    ranks = _ranks()
    alphabet = _byte_alphabet()
    spelled = {token: "".join(alphabet[byte] for byte in token) for token in ranks}
    merges = (_parts(token, ranks) for token in ranks if len(token) > 1)
    lines = [f"{spelled[first]} {spelled[second]}" for first, second in merges]
    vocab = json.dumps({spelled[token]: rank for token, rank in ranks.items()}, ensure_ascii=False)
    return vocab, "\n".join(["#version: 0.2", *lines, ""])


def _ranks() -> dict[bytes, int]:
    """Every token's bytes, in the order of their ranks."""
    package = importlib.util.find_spec("dashscope")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("the text vocabulary comes with the package dashscope: pip install dashscope")
    path = Path(package.submodule_search_locations[0]) / "resources" / "qwen.tiktoken"
    pairs = (line.split() for line in path.read_bytes().splitlines() if line.strip())
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    assert sorted(ranks.values()) == list(range(BASE_TOKENS))
    return dict(sorted(ranks.items(), key=lambda entry: entry[1]))


def _parts(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """Merge the lowest rank first, as an encoder does, until two parts are left."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        pairs = (parts[i] + parts[i + 1] for i in range(len(parts) - 1))
        _, at = min((ranks.get(pair, BASE_TOKENS), i) for i, pair in enumerate(pairs))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    first, second = parts
    return first, second


def _byte_alphabet() -> list[str]:
    """The printable character of each byte: itself where it is one, else the next free one from 256 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    characters, free = [], 256
    for byte in range(256):
        characters.append(chr(byte if byte in printable else free))
        free += byte not in printable
    assert set(characters) == set(ByteLevel.alphabet())
    return characters


def _tokenizer_config() -> dict[str, object]:
    special = [token for token in CONTROL_TOKENS if not any(word in token for word in _ORDINARY)]
    return {
        "add_bos_token": False, "add_prefix_space": False,
        "added_tokens_decoder": {
            str(BASE_TOKENS + index): {
                "content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
                "special": token in special,
            }
            for index, token in enumerate(CONTROL_TOKENS)
        },
        "additional_special_tokens": special[1:],
        "bos_token": None, "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "model_max_length": 131072, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
    }  # fmt: skip
