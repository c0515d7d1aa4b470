"""Which checkpoints lie in a directory, and what is said of those that cannot be used."""

import shutil
from pathlib import Path

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.hosting import checkpoints
from qwen_tts.config.checkpoint import CODEC_DIRECTORY

KINDS = ("tiny-0.6B-Base", "tiny-1.7B-VoiceDesign", "tiny-0.6B-CustomVoice", "tiny-1.7B-CustomVoice")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for name in KINDS:
        write_checkpoint(name, root / name)
    shutil.copytree(root / KINDS[0] / CODEC_DIRECTORY, root / "a-codec-alone")
    (root / "README.md").write_text("not a checkpoint")
    (root / "an empty folder").mkdir()
    return root


def test_preset_voices_and_the_large_ones_first(released: Path) -> None:
    found = checkpoints.scan(released)
    assert [one.name for one in found.checkpoints] == [
        "tiny-1.7B-CustomVoice", "tiny-0.6B-CustomVoice", "tiny-0.6B-Base", "tiny-1.7B-VoiceDesign",
    ]  # fmt: skip
    assert [(one.kind, one.size) for one in found.checkpoints[:2]] == [("custom_voice", "1b7"), ("custom_voice", "0b6")]
    assert not found.broken


@pytest.mark.parametrize("missing", ["model.safetensors", "vocab.json", "merges.txt", "speech_tokenizer/config.json"])
def test_what_is_not_whole_is_named_and_the_others_are_found(released: Path, tmp_path: Path, missing: str) -> None:
    root = tmp_path / "models"
    for name in KINDS[:2]:
        shutil.copytree(released / name, root / name)
    (root / KINDS[0] / missing).unlink()
    found = checkpoints.scan(root)
    assert [one.name for one in found.checkpoints] == [KINDS[1]]
    (broken,) = found.broken
    assert broken.path.name == KINDS[0]
    assert missing in broken.reason


def test_a_config_that_is_none_is_broken(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "llama"}')
    assert [one.path.name for one in checkpoints.scan(tmp_path).broken] == ["odd"]


def test_a_directory_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert checkpoints.scan(tmp_path / "nowhere") == checkpoints.Found((), ())
