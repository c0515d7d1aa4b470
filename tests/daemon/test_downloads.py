"""Downloads while a daemon runs: a real child process against a hub on this machine."""

import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen3tts_daemon.downloads.background import Download, Downloads, SourceName
from qwen3tts_daemon.downloads.manifest import Manifest
from qwen3tts_daemon.downloads.source import part_of
from qwen3tts_daemon.downloads.verify import verify
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, short
from qwen_tts.config.checkpoint_files import WEIGHTS
from tests.daemon.stand_in_hub import StandIn, StandInHub, StandInModelScope, running
from tests.wire.http_door import until

SPEAKING = Path(__file__).parents[1] / "speaking"
BASE = CHECKPOINTS[2]
PIECE_BYTES = 4096
SOURCES: dict[SourceName, type[StandIn]] = {
    SourceName.HUGGINGFACE: StandInHub, SourceName.MODELSCOPE: StandInModelScope,
}  # fmt: skip


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    shutil.copytree(SPEAKING / "Qwen3-TTS-12Hz-tiny-Base", root / BASE)
    return {f"Qwen/{BASE}": root / BASE}


@pytest.fixture
def source() -> SourceName:
    return SourceName.HUGGINGFACE


@pytest.fixture
def hub(
    source: SourceName, repositories: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[StandIn]:
    """Where the child will ask."""
    with running(SOURCES[source](repositories)) as hub:
        for name, value in {
            "HF_ENDPOINT": hub.endpoint, "MODELSCOPE_ENDPOINT": hub.endpoint, "NO_PROXY": "127.0.0.1",
            "HF_HOME": str(tmp_path / "hf"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield hub


async def ended(downloads: Downloads) -> Download:
    await until(lambda: downloads.last is not None and not downloads.last.is_running)
    assert downloads.last is not None
    return downloads.last


@pytest.mark.parametrize("source", SOURCES)
async def test_it_arrives_whole_and_tells_how_far_it_is(hub: StandIn, source: SourceName, tmp_path: Path) -> None:
    downloads = Downloads(tmp_path / "models")
    begun = downloads.start("1.7b-base", source)
    assert (begun.checkpoint, begun.state, begun.total_bytes) == ("1.7B-Base", "reading", None)
    last = await ended(downloads)
    assert (last.state, last.code, last.message) == ("done", "", "")
    assert last.total_bytes == last.arrived_bytes == sum(hub.sent.values())
    assert verify(tmp_path / "models" / BASE).line == f"{BASE}: ok"


async def test_one_that_is_cancelled_goes_on_where_it_stopped(hub: StandIn, source: SourceName, tmp_path: Path) -> None:
    downloads = Downloads(tmp_path)
    hub.hold_after[WEIGHTS] = 10 * PIECE_BYTES
    downloads.start("1.7B-Base", source)
    await until(lambda: part_bytes(tmp_path))
    await downloads.cancel()
    assert downloads.last is not None
    assert downloads.last.state == "cancelled"
    kept = part_bytes(tmp_path)
    before = hub.sent[WEIGHTS]
    del hub.hold_after[WEIGHTS]
    hub.released.set()
    downloads.start("1.7B-Base", source)
    last = await ended(downloads)
    assert last.state == "done"
    whole = (tmp_path / BASE / WEIGHTS).stat().st_size
    assert hub.sent[WEIGHTS] - before == whole - kept, "what had come was not sent again"
    assert verify(tmp_path / BASE).line == f"{BASE}: ok"


def part_bytes(models: Path) -> int:
    """Of the weights that have come so far."""
    return sum(part.stat().st_size for part in models.glob(f"{BASE}/{WEIGHTS}.*.part"))


def _spoil(hub: StandIn, folder: Path) -> None:
    """The hash of what comes is not what the source says."""
    hub.tampered.add(WEIGHTS)


def _fill(hub: StandIn, folder: Path) -> None:
    hub.sizes[WEIGHTS] = 10**18


@pytest.mark.parametrize(("trouble", "code", "says"), [
    (_spoil, "download_failed", "model.safetensors is corrupt"), (_fill, "storage_failed", "GB free, and"),
])  # fmt: skip
async def test_what_fails_says_why_and_can_be_started_again(
    hub: StandIn, source: SourceName, tmp_path: Path, trouble: Callable[[StandIn, Path], None], code: str, says: str
) -> None:
    downloads = Downloads(tmp_path)
    trouble(hub, tmp_path)
    downloads.start("1.7B-Base", source)
    last = await ended(downloads)
    assert (last.state, last.code) == ("failed", code)
    assert says in last.message
    assert not (tmp_path / BASE / WEIGHTS).exists()
    hub.tampered.clear()
    hub.sizes.clear()
    downloads.start("1.7B-Base", source)
    assert (await ended(downloads)).state == "done"


async def test_a_file_that_another_process_fetches_is_left_to_it(
    hub: StandIn, source: SourceName, tmp_path: Path
) -> None:
    downloads = Downloads(tmp_path)
    downloads.start("1.7B-Base", source)
    assert (await ended(downloads)).state == "done"
    known = Manifest.read(tmp_path / BASE)
    assert known is not None
    weights = tmp_path / BASE / WEIGHTS
    weights.unlink()
    with part_of(weights, next(file for file in known.files if file.path == WEIGHTS)).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        downloads.start("1.7B-Base", source)
        last = await ended(downloads)
    assert (last.state, last.code) == ("failed", "download_failed")
    assert "another download is at it" in last.message


async def test_one_at_a_time_and_none_that_is_unknown_or_unwanted(
    hub: StandIn, source: SourceName, tmp_path: Path
) -> None:
    hub.is_silent = True
    downloads = Downloads(tmp_path)
    downloads.start("1.7B-Base", source)
    with pytest.raises(Refusal, match=r"1.7B-Base is being downloaded; wait, or cancel that") as refused:
        downloads.start("0.6B-Base", source)
    assert refused.value.code == "download_refused"
    await downloads.cancel()
    with pytest.raises(Refusal, match=f"no checkpoint '7B'; there are {short(CHECKPOINTS[0])}, "):
        downloads.start("7B", source)
    with pytest.raises(Refusal, match=r"models.offline is set"):
        Downloads(tmp_path, offline=True).start("1.7B-Base", source)
    assert os.listdir(tmp_path) == []


async def test_a_process_that_dies_is_told_and_leaves_none_behind(
    hub: StandIn, source: SourceName, tmp_path: Path
) -> None:
    downloads = Downloads(tmp_path)
    hub.is_silent = True
    downloads.start("1.7B-Base", source)
    await until(lambda: _children())
    (child,) = _children()
    os.kill(child, signal.SIGKILL)
    last = await ended(downloads)
    assert (last.state, last.code) == ("failed", "internal")
    assert "its process ended with status -9; start it again: what came is kept" in last.message
    await until(lambda: not _children())


def _children() -> list[int]:
    """Ours, that download."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    found = map(int, path.read_text().split())
    return [pid for pid in found if b"downloads.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]
