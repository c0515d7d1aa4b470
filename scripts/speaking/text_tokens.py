"""The text tokenizer: a small byte-level BPE in the release's files, and texts as tokens.

"user", "assistant" and the line feed are single tokens, as the prompt's templates need them.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
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
_MANY = 50_000
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
        """[texts]: tokens of each, in the variant that has the most"""
        return np.diff(self.starts).max((0, 1))


def tokenize(texts: Sequence[str], directory: Path, variants: int) -> TokenizedTexts:
    """In several processes if there are many."""
    dropouts = [None] + [DROPOUT] * (variants - 1)
    jobs = [(texts, directory, space, dropout) for space in ("", " ") for dropout in dropouts]
    if len(texts) < _MANY:
        encoded = [_encode(*job) for job in jobs]
    else:
        with ProcessPoolExecutor(min(len(jobs), os.cpu_count() or 1), get_context("spawn")) as pool:
            encoded = list(pool.map(_encode, *zip(*jobs, strict=True)))
    begins = np.cumsum([0, *(len(ids) for ids, _ in encoded)])
    starts = [begin + np.cumsum([0, *counts]) for begin, (_, counts) in zip(begins, encoded, strict=False)]
    return TokenizedTexts(np.concatenate([ids for ids, _ in encoded]), np.stack(starts).reshape(2, variants, -1))


def _encode(
    texts: Sequence[str], directory: Path, space: str, dropout: float | None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """All tokens, and how many each text has."""
    tokens = [one.ids for one in load_tokenizer(directory, dropout).encode_batch([space + text for text in texts])]
    return np.fromiter(chain.from_iterable(tokens), np.int32), np.array([len(one) for one in tokens])


def control_tokens(directory: Path) -> dict[str, int]:
    """The ids that prompts are made of, by a short name."""
    vocab = json.loads((directory / "vocab.json").read_text("utf-8"))
    return {
        "pad": control_id("<tts_pad>"), "bos": control_id("<tts_text_bos>"), "eos": control_id("<tts_text_eod>"),
        "im_start": control_id("<|im_start|>"), "im_end": control_id("<|im_end|>"),
        "assistant": vocab["assistant"], "user": vocab["user"], "newline": vocab["Ċ"],
    }  # fmt: skip
