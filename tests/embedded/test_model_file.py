from pathlib import Path

import numpy as np
import pytest

from qwen3tts_daemon.embedded import model_file as module
from qwen3tts_daemon.embedded.cancellation import Cancellation
from qwen3tts_daemon.embedded.kokoro import Kokoro
from qwen3tts_daemon.embedded.model_file import cpu_gains_from_signed, network_files
from qwen_tts.errors import ModelUnavailable


def test_a_whole_file_is_kept_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    files = network_files(folder, signed=False)
    made = [file.stat() for file in files]
    again = [file.stat() for file in network_files(folder, signed=False)]
    assert [one.st_mtime_ns for one in again] == [one.st_mtime_ns for one in made]
    files.generator.write_bytes(b"half")
    assert [file.stat().st_size for file in network_files(folder, signed=False)] == [one.st_size for one in made]
    assert {file.suffix for file in folder.iterdir()} == {".onnx", ".sha256"}, "nothing partial is left"


def test_damaged_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PARTS", module._PARTS[:3])
    with pytest.raises(ModelUnavailable, match="reinstall"):
        network_files(tmp_path, signed=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not cpu_gains_from_signed(), reason="the signed network is made for CPUs with VNNI")
def test_signed_activations_give_the_same_samples(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def samples() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        (whole,) = Kokoro(cache_dir, threads=2).synthesize("həlˈO ðˈɛɹ.", ("af_heart",), Cancellation())
        return whole

    signed = samples()
    monkeypatch.setattr("qwen3tts_daemon.embedded.kokoro.cpu_gains_from_signed", lambda: False)
    np.testing.assert_array_equal(signed, samples())


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(ModelUnavailable, match="cannot keep"):
        network_files(in_the_way / "cache", signed=False)
