"""Which checkpoints lie in a directory, and what is said of those that cannot be used."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.downloads.verify import verify
from qwen3tts_daemon.hosting import checkpoints
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from tests.engine.saved_anew import in_shards

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


@pytest.fixture
def fine_tune(released: Path, tmp_path: Path) -> Path:
    """A checkpoint of one's own, with its weights in shards."""
    path = tmp_path / "models" / KINDS[3]
    shutil.copytree(released / KINDS[3], path)
    in_shards(path)
    return path


def test_weights_may_be_in_shards_and_the_text_tokenizer_in_one_file(fine_tune: Path) -> None:
    for name in ("vocab.json", "merges.txt"):
        (fine_tune / name).unlink()
    (fine_tune / "tokenizer.json").write_text("{}")  # what is in it only the engine reads
    found = checkpoints.scan(fine_tune.parent)
    assert [one.name for one in found.checkpoints] == [fine_tune.name]
    assert verify(fine_tune).line == f"{fine_tune.name}: ok by its sizes; its hashes are unknown"


@pytest.mark.parametrize("folder", ["", CODEC_DIRECTORY])
def test_a_shard_that_is_not_there_is_named(folder: str, fine_tune: Path) -> None:
    (shard := sorted((fine_tune / folder).glob("model-*.safetensors"))[1]).unlink()
    (broken,) = checkpoints.scan(fine_tune.parent).broken
    assert broken.reason == (
        f"{fine_tune / folder} lacks {shard.name}, which model.safetensors.index.json names; "
        "the download may not have ended"
    )
    assert broken.reason in verify(fine_tune).line


def test_weights_that_are_only_pickled_are_never_read(fine_tune: Path) -> None:
    (fine_tune / "model.safetensors.index.json").rename(fine_tune / "pytorch_model.bin")
    (broken,) = checkpoints.scan(fine_tune.parent).broken
    assert "pytorch_model.bin could run code and is never read: save it as safetensors" in broken.reason


@pytest.mark.parametrize("weights", ["adapter_model.safetensors", "adapter_model.bin"])
def test_an_adapter_is_told_from_weights(weights: str, fine_tune: Path) -> None:
    (fine_tune / "model.safetensors.index.json").rename(fine_tune / weights)
    for name in ("adapter_config.json", "training_args.bin"):
        (fine_tune / name).write_text("{}")
    (broken,) = checkpoints.scan(fine_tune.parent).broken
    assert broken.reason.endswith("this is an adapter: merge it into its base, and save the whole")


def test_pickles_that_are_no_weights_are_of_no_matter(fine_tune: Path) -> None:
    (fine_tune / "model.safetensors.index.json").rename(fine_tune / "training_args.bin")
    (broken,) = checkpoints.scan(fine_tune.parent).broken
    assert broken.reason.endswith("the download may not have ended")


def test_a_name_that_is_too_long_breaks_one_folder_and_no_other(fine_tune: Path) -> None:
    shutil.copytree(fine_tune, fine_tune.parent / "other")
    index = {"weight_map": {"a": f"{5000 * 'x'}.safetensors"}}
    (fine_tune / "model.safetensors.index.json").write_text(json.dumps(index))
    found = checkpoints.scan(fine_tune.parent)
    assert [one.name for one in found.checkpoints] == ["other"]
    assert [one.path for one in found.broken] == [fine_tune]


def test_wrong_numbers_in_its_generation_config_are_told_before_anybody_speaks(fine_tune: Path) -> None:
    (fine_tune / "generation_config.json").write_text('{"temperature": "hot"}')
    (broken,) = checkpoints.scan(fine_tune.parent).broken
    assert "generation_config.json: temperature: Input should be a valid number" in broken.reason


def test_a_config_that_is_none_is_broken(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "llama"}')
    assert [one.path.name for one in checkpoints.scan(tmp_path).broken] == ["odd"]


def test_a_directory_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert checkpoints.scan(tmp_path / "nowhere") == checkpoints.Found((), ())
