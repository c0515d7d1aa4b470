"""Tiny checkpoints with random weights, written once a run."""

import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from benchmarks.random_checkpoint import write_checkpoint
from benchmarks.text_vocabulary import write_text_tokenizer
from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.text.text_tokenizer import TextTokenizer
from tests.golden.cases import CHECKPOINTS

torch.set_num_threads(1)  # more would only wait for each other: the models are tiny

Load = Callable[[str], Model]


@pytest.fixture(scope="session")
def text_tokenizer_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("text_tokenizer")
    write_text_tokenizer(directory)
    return directory


@pytest.fixture(scope="session")
def text_tokenizer(text_tokenizer_files: Path) -> TextTokenizer:
    return TextTokenizer.from_directory(text_tokenizer_files)


@pytest.fixture(scope="session")
def checkpoints(
    text_tokenizer_files: Path, text_tokenizer: TextTokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder for each of CHECKPOINTS; while `text_tokenizer` is held, none of them reads its own."""
    root = tmp_path_factory.mktemp("checkpoints")
    for name in CHECKPOINTS:
        write_checkpoint(name, root / name, text_tokenizer=text_tokenizer_files)
    return root


@pytest.fixture(scope="session")
def load(checkpoints: Path) -> Load:
    """A checkpoint on the CPU in float32; one copy for all tests, none of which changes it."""

    @cache
    def loaded(name: str) -> Model:
        # As the official package cuts texts with a local directory.
        model = load_model(checkpoints / name, torch.device("cpu"), torch.float32, pre_tokenizer="mistral")
        gc.freeze()  # it stays, with every library that it has brought
        return model

    return loaded
