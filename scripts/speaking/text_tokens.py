"""The text tokenizer: a small byte-level BPE in the release's files, and texts as tokens.

"user", "assistant" and the line feed are single tokens, as the prompt's templates need them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from scripts.speaking.dimensions import CONTROL_TOKENS, TEXT_BASE, control_id

FILES = ("vocab.json", "merges.txt", "tokenizer_config.json")
DROPOUT = 0.1
"""Of merges, in the variants of a text that are only for training."""

_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_OFTEN = 30_000
"""How often the templates' words are shown to the trainer, so that they become tokens."""


def train_tokenizer(texts: Sequence[str], directory: Path) -> None:
    """Write FILES into `directory`."""
    tokenizer = _as_qwen(Tokenizer(models.BPE()))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=TEXT_BASE, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([*texts, *["user\n", "assistant\n"] * _OFTEN], trainer)
    content = json.loads(tokenizer.to_str())["model"]
    assert len(content["vocab"]) == TEXT_BASE, len(content["vocab"])
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in content["merges"]]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "vocab.json").write_text(json.dumps(content["vocab"], ensure_ascii=False), "utf-8")
    (directory / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(), indent=2) + "\n")


def _tokenizer_config() -> dict[str, object]:
    special = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return {
        "add_bos_token": False, "add_prefix_space": False,
        "added_tokens_decoder": {str(control_id(t)): {"content": t} | special for t in CONTROL_TOKENS},
        "additional_special_tokens": list(CONTROL_TOKENS[1:]), "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "model_max_length": 131072, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
    }  # fmt: skip


def load_tokenizer(directory: Path, dropout: float | None = None) -> Tokenizer:
    files = (str(directory / "vocab.json"), str(directory / "merges.txt"))
    return _as_qwen(Tokenizer(models.BPE.from_file(*files, dropout=dropout)))


def _as_qwen(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


@dataclass(frozen=True)
class TokenizedTexts:
    """Every text in several variants. Texts that follow one another in one are the tokens one after the other."""

    ids: npt.NDArray[np.int32]
    """All tokens"""
    starts: npt.NDArray[np.int64]
    """[2, variants, texts + 1]: where a text begins; 0: as the first text, 1: behind another one and a space.

    The first variant is as the engine reads it, the others are cut with dropout."""

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """[texts]: tokens of each, as the engine reads it behind another one"""
        return np.diff(self.starts[1, 0])


def tokenize(texts: Sequence[str], directory: Path, variants: int) -> TokenizedTexts:
    tokenizers = [load_tokenizer(directory)] + [load_tokenizer(directory, DROPOUT)] * (variants - 1)
    ids, starts, total = [], [], 0
    for space in ("", " "):
        for tokenizer in tokenizers:
            tokens = [one.ids for one in tokenizer.encode_batch([space + text for text in texts])]
            starts.append(total + np.cumsum([0, *map(len, tokens)]))
            ids.append(np.fromiter((token for one in tokens for token in one), np.int32))
            total += len(ids[-1])
    return TokenizedTexts(np.concatenate(ids), np.stack(starts).reshape(2, variants, -1))


def control_tokens(directory: Path) -> dict[str, int]:
    """The ids that prompts are made of, by a short name."""
    vocab = json.loads((directory / "vocab.json").read_text("utf-8"))
    return {
        "pad": control_id("<tts_pad>"), "bos": control_id("<tts_text_bos>"), "eos": control_id("<tts_text_eod>"),
        "im_start": control_id("<|im_start|>"), "im_end": control_id("<|im_end|>"),
        "assistant": vocab["assistant"], "user": vocab["user"], "newline": vocab["Ċ"],
    }  # fmt: skip
