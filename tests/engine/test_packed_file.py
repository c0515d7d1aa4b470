"""Layers in 8 or 4 bits in the cache: whatever becomes of the file, the checkpoint speaks as if there were none."""

import json
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from qwen_tts.checkpoint.model import Model, load_model
from qwen_tts.config.checkpoint_files import WEIGHTS
from qwen_tts.modules.linear import QuantisedLinear
from tests.golden.cases import CUSTOM

CPU = torch.device("cpu")

_LOAD = """
import sys
from pathlib import Path
import torch
from qwen_tts.checkpoint.model import load_model
from tests.engine.test_packed_file import said

def progress(file, done, total):
    if done > {pause} * total:
        print("reading", flush=True)
        sys.stdin.read()

{before}
print(said(load_model(Path({checkpoint!r}), torch.device("cpu"), torch.float32, weights="int4",
                      cache_dir=Path({cache!r}), progress=progress)))
"""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def checkpoint(checkpoints: Path, tmp_path: Path) -> Path:
    """Of its own."""
    return Path(shutil.copytree(checkpoints / CUSTOM, tmp_path / "checkpoint"))


def load(checkpoint: Path, cache: Path | None) -> Model:
    return load_model(checkpoint, CPU, torch.float32, weights="int4", cache_dir=cache)


def said(model: Model) -> list[float]:
    """What distinguishes networks."""
    torch.manual_seed(0)
    layers = [
        layer
        for network in (model.talker, model.code_predictor)
        for layer in network.modules()
        if isinstance(layer, QuantisedLinear)
    ]
    return [layer(torch.randn(1, layer.kept.shape[1])).sum().item() for layer in layers]


def child(checkpoint: Path, cache: Path, *, pause: float = 2, before: str = "") -> subprocess.Popen[str]:
    """That loads; `pause`: it waits when so much of a file was read."""
    code = _LOAD.format(checkpoint=str(checkpoint), cache=str(cache), pause=pause, before=before)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True)


def only_file(cache: Path) -> Path:
    """Nothing else lies there, hidden or not."""
    (path,) = cache.iterdir()
    return path


def test_what_is_mapped_is_what_was_made(checkpoint: Path, cache: Path) -> None:
    plain, made, found = load(checkpoint, None), load(checkpoint, cache), load(checkpoint, cache)
    assert not plain.mapped
    assert made.mapped
    assert said(plain) == said(made) == said(found)
    made.let_go()
    assert said(made) == said(plain)


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint: Path, cache: Path) -> None:
    load(checkpoint, cache)
    first = only_file(cache).read_bytes()
    only_file(cache).unlink()
    load(checkpoint, cache)
    assert only_file(cache).read_bytes() == first


def test_a_file_that_is_right_is_not_made_again(checkpoint: Path, cache: Path) -> None:
    load(checkpoint, cache)
    before = only_file(cache).stat()
    load(checkpoint, cache)
    assert os.path.samestat(only_file(cache).stat(), before)


def test_anybody_can_read_it(checkpoint: Path, cache: Path) -> None:
    layer = load(checkpoint, cache).talker.codec_head
    assert isinstance(layer, QuantisedLinear)
    tensors = load_file(only_file(cache))
    assert torch.equal(tensors["talker.codec_head.stored"], layer.kept.stored)
    assert torch.equal(tensors["talker.codec_head.scales"], layer.kept.scales)


DAMAGES = {
    "a bit": lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
    "a bit of the header": lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    "cut": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"\0",
    "empty": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "another format": lambda data: data.replace(b' 4","sha256', b' 5","sha256'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_or_old_is_made_anew(
    checkpoint: Path, cache: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = said(load(checkpoint, cache))
    path = only_file(cache)
    whole = path.read_bytes()
    path.write_bytes(DAMAGES[damage](whole))
    assert path.read_bytes() != whole
    caplog.clear()
    with caplog.at_level(logging.INFO, "qwen_tts.checkpoint.quantised"):
        assert said(load(checkpoint, cache)) == expected
    assert [str(path) in record.message for record in caplog.records] == [True]
    assert only_file(cache).read_bytes() == whole


def test_a_changed_checkpoint_is_packed_anew(checkpoint: Path, cache: Path) -> None:
    """Also where size and time are the same, as in images whose times are all set to one."""
    load(checkpoint, cache)
    weights = checkpoint / WEIGHTS
    times = weights.stat()
    tensors = load_file(weights)
    save_file({name: tensor * 2 for name, tensor in tensors.items()}, weights, {"format": "pt"})
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert weights.stat().st_size == times.st_size
    assert said(load(checkpoint, cache)) == said(load(checkpoint, None))
    only_file(cache)


def test_formats_and_checkpoints_have_files_of_their_own(checkpoint: Path, checkpoints: Path, cache: Path) -> None:
    load(checkpoint, cache)
    load(checkpoints / CUSTOM, cache)
    load_model(checkpoint, CPU, torch.float32, weights="int8", cache_dir=cache)
    assert len(list(cache.iterdir())) == 3


def test_two_processes_at_once_make_one_file(checkpoint: Path, cache: Path) -> None:
    first = child(checkpoint, cache, pause=0.3)
    assert first.stdout is not None
    assert first.stdout.readline() == "reading\n"
    second = child(checkpoint, cache)
    told = [process.communicate()[0].splitlines()[-1] for process in (first, second)]
    assert told == [str(said(load(checkpoint, None)))] * 2
    only_file(cache)


def test_a_process_that_is_killed_leaves_nothing_in_the_way(checkpoint: Path, cache: Path) -> None:
    killed = child(checkpoint, cache, pause=0.3)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "reading\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert only_file(cache).name.startswith(".")
    assert said(load(checkpoint, cache)) == said(load(checkpoint, None))
    assert not only_file(cache).name.startswith(".")


def test_a_full_disk_does_not_stop_the_speaking(checkpoint: Path, cache: Path) -> None:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, {resource.RLIM_INFINITY}))"
    out, _ = child(checkpoint, cache, before=limit).communicate()
    assert json.loads(out) == said(load(checkpoint, None))
    assert not list(cache.iterdir())


def test_a_place_that_cannot_be_written_to_is_told_of_once(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = tmp_path / "file" / "cache"
    nowhere.parent.write_text("no directory")
    assert said(load(checkpoint, nowhere)) == said(load(checkpoint, None))
    assert [record.levelname for record in caplog.records if str(nowhere) in record.message] == ["WARNING"]


def test_progress_is_of_what_is_read(checkpoint: Path, cache: Path) -> None:
    for _ in range(2):
        seen: list[tuple[int, int]] = []
        load_model(
            checkpoint, CPU, torch.float32, weights="int4", cache_dir=cache,
            progress=lambda file, done, total, into=seen: into.append((done, total)) if file == WEIGHTS else None,
        )  # fmt: skip
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert seen[-1][0] == seen[-1][1] > 0
