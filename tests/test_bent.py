"""What bent checkpoints are: nothing but the named tensors changes."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from benchmarks.random_checkpoint import write_checkpoint
from qwen_tts.config.checkpoint import CODEC_DIRECTORY
from qwen_tts.config.checkpoint_files import WEIGHTS
from tests.bent import bend, times


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("checkpoints") / "tiny"
    write_checkpoint("tiny-0.6B-CustomVoice", directory)
    return directory


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (WEIGHTS, "talker.codec_head.weight"),
        (f"{CODEC_DIRECTORY}/{WEIGHTS}", "decoder.decoder.6.conv.weight"),
    ],
)
def test_only_what_is_named_changes(checkpoint: Path, tmp_path: Path, file: str, name: str) -> None:
    bent = bend(checkpoint, tmp_path / "bent", {name: times(2)})
    before, after = load_file(checkpoint / file), load_file(bent / file)
    assert after.keys() == before.keys()
    assert {other for other in before if not after[other].equal(before[other])} == {name}
    assert after[name].equal(before[name] * 2)
    files = {path.relative_to(checkpoint): path for path in checkpoint.rglob("*") if path.is_file()}
    assert files.keys() == {path.relative_to(bent) for path in bent.rglob("*") if path.is_file()}
    assert all((bent / one).read_bytes() == path.read_bytes() for one, path in files.items() if str(one) != file)


def test_a_name_that_is_not_there_is_a_mistake(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no tensors"):
        bend(checkpoint, tmp_path / "bent", {"nothing": times(2)})
