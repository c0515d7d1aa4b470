"""What a checkpoint costs here: measured by a real process, which may end as it likes; kept while it holds."""

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from qwen3tts_daemon.hosting import checkpoints
from qwen3tts_daemon.hosting.checkpoints import Checkpoint
from qwen3tts_daemon.hosting.measurements import Measurements
from qwen3tts_daemon.hosting.measuring import measure
from qwen_tts.bench.figures import Failed, Figures, MeasureOptions, Way
from qwen_tts.bench.machine import this_machine
from qwen_tts.checkpoint.quantised import packed_name
from tests.wire.daemons import read_stat
from tests.wire.http_door import until

TINY = Path(__file__).parents[1] / "speaking" / "Qwen3-TTS-12Hz-tiny-CustomVoice"
INT8, FLOAT32 = Way("cpu", "int8"), Way("cpu")
FIGURES = Figures(frame_ms=96, first_audio_ms=300, memory_mib=1500, load_s=2, threads=2, copy_gb_s=12)


@pytest.fixture
def tiny() -> Checkpoint:
    return checkpoints.read(TINY)


def options(directory: Path = TINY, way: Way = FLOAT32, **changes: object) -> MeasureOptions:
    asked = MeasureOptions(checkpoint=str(directory), way=way, threads=1, speaking_s=0.1)
    return msgspec.structs.replace(asked, **changes)


@pytest.mark.parametrize("way", [INT8, FLOAT32], ids=["int8", "float32"])
async def test_a_checkpoint_is_measured_as_the_engine_runs_it(way: Way, tmp_path: Path) -> None:
    if way == INT8:
        pytest.importorskip("openvino")
    figures = await measure(options(way=way, cache_dir=str(tmp_path)))
    assert isinstance(figures, Figures), figures
    assert figures.frame_ms > 0
    assert figures.first_audio_ms > 0
    assert figures.memory_mib > 100
    assert figures.threads == 1
    assert figures.rtf == figures.frame_ms / 80
    names = os.listdir(tmp_path)
    assert names == ([packed_name(TINY, "int8")] if way == INT8 else []), "what was made for it serves the engine"


async def test_what_cannot_be_loaded_is_a_measurement_that_failed(tmp_path: Path) -> None:
    failed = await measure(options(tmp_path))
    assert isinstance(failed, Failed)
    assert "config.json" in failed.reason


async def test_it_is_bounded_in_time() -> None:
    failed = await measure(options(limit_s=0.01))
    assert failed == Failed("it was not done after 0.01 s")


def children() -> list[int]:
    stats = [read_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
    return [pid for pid, parent in stats if parent == os.getpid()]


async def test_a_child_that_is_killed_is_a_measurement_that_failed() -> None:
    before = set(children())
    measuring = asyncio.create_task(measure(options(speaking_s=100)))
    await until(lambda: set(children()) - before)
    for pid in set(children()) - before:
        os.kill(pid, signal.SIGKILL)
    assert await measuring == Failed("its process was killed, as happens where memory runs out")


async def test_who_gives_up_leaves_no_process_behind() -> None:
    before = set(children())
    measuring = asyncio.create_task(measure(options(speaking_s=100)))
    await until(lambda: set(children()) - before)
    measuring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await measuring
    assert set(children()) <= before


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_what_was_measured_is_known_to_the_next_start(tmp_path: Path, tiny: Checkpoint) -> None:
    file = tmp_path / "cache" / "measured.json"
    Measurements(file, None).put(tiny, INT8, FIGURES)
    Measurements(file, None).put(tiny, FLOAT32, Failed("killed"))
    again = Measurements(file, None)
    assert again.of(tiny, INT8) == FIGURES
    assert again.of(tiny, FLOAT32) == Failed("killed")


def test_figures_are_of_a_size_and_shape_and_of_so_many_threads(tmp_path: Path, tiny: Checkpoint) -> None:
    kept = Measurements(tmp_path / "measured.json", None)
    kept.put(tiny, INT8, FIGURES)
    assert kept.of(checkpoints.read(TINY.with_name("Qwen3-TTS-12Hz-tiny-Base")), INT8) == FIGURES, (
        "another kind, as fast"
    )
    assert Measurements(tmp_path / "measured.json", 1).of(tiny, INT8) is None
    larger = Checkpoint(tiny.path, tiny.kind, tiny.size, tiny.weights_per_frame + 1)
    assert kept.of(larger, INT8) is None


@pytest.mark.parametrize(
    "change",
    [
        {"cpu": "another"}, {"cores": 64}, {"memory_gib": 1}, {"cards": ("NVIDIA A2",)}, {"driver": "580.1"},
        {"versions": {"openvino": "2030.1"}}, {"engine_code": "another"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_other_hardware_or_software_is_measured_anew(
    tmp_path: Path, tiny: Checkpoint, change: dict[str, object]
) -> None:
    machine = this_machine()
    Measurements(tmp_path / "measured.json", None, machine).put(tiny, INT8, FIGURES)
    other = msgspec.structs.replace(machine, **change)
    changed = Measurements(tmp_path / "measured.json", None, other)
    assert changed.of(tiny, INT8) is None
    changed.put(tiny, INT8, Failed("slower"))
    assert Measurements(tmp_path / "measured.json", None, other).of(tiny, INT8) == Failed("slower")


def test_what_is_doubtful_is_measured_again_by_the_next_start(tmp_path: Path, tiny: Checkpoint) -> None:
    file = tmp_path / "measured.json"
    first = Measurements(file, None, is_doubtful=lambda measured: measured == FIGURES)
    first.put(tiny, INT8, FIGURES)
    assert first.of(tiny, INT8) == FIGURES, "this start goes by it"
    first.put(tiny, FLOAT32, Failed("killed"))
    again = Measurements(file, None, is_doubtful=lambda measured: measured == FIGURES)
    assert again.of(tiny, INT8) is None
    assert again.of(tiny, FLOAT32) == Failed("killed")


@pytest.mark.parametrize("content", [b"", b"{", b"\0\0\0", b'{"machine": 3}', b"[]", b"\xff"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, tiny: Checkpoint, content: bytes) -> None:
    file = tmp_path / "measured.json"
    file.write_bytes(content)
    kept = Measurements(file, None)
    assert kept.of(tiny, INT8) is None
    kept.put(tiny, INT8, FIGURES)
    assert Measurements(file, None).of(tiny, INT8) == FIGURES


def test_where_nothing_can_be_written_it_holds_until_the_end(
    tmp_path: Path, tiny: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    kept = Measurements(tmp_path / "cache" / "measured.json", None)
    kept.put(tiny, INT8, FIGURES)
    assert kept.of(tiny, INT8) == FIGURES
    assert "measured again at the next start" in caplog.text
