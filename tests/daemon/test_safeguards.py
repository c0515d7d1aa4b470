"""No pickle is read in our processes, whoever reads it and wherever it lies; none leaves its memory on a disk."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen3tts_daemon.uploads.voice_files import CARD, REFERENCE
from qwen_tts.errors import ModelUnavailable
from tests.contract.homes import TONE
from tests.hostile.targets import TARGETS
from tests.patience import PATIENCE_S
from tests.pickles import pickle_that_makes
from tests.wire.daemons import tone_daemon
from tests.wire.test_imports import ANNA, IMPORT, packed

READERS = """
import pickle, sys
from pathlib import Path
import numpy, torch
from qwen_tts import safeguards

path = Path(sys.argv[1])
readers = {
    "pickle": lambda: pickle.loads(path.read_bytes()),
    "pickle in Python": lambda: pickle._Unpickler(path.open("rb")).load(),
    "numpy": lambda: numpy.load(path, allow_pickle=True),
    "torch": lambda: torch.load(path.with_suffix(".pt"), weights_only=False),
}
safeguards.refuse_pickles()
safeguards.refuse_pickles()
for name, read in readers.items():
    try:
        read()
    except Exception as error:
        print(name, type(error.__cause__ or error).__name__)
print(pickle.loads(pickle.dumps({"plain": [1, 2.0, "three", None]})))
"""


def test_no_library_reads_a_pickle(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "a").write_bytes(pickle_that_makes(mark))
    (tmp_path / "a.pt").write_bytes(_zipped(mark))
    said = subprocess.check_output([sys.executable, "-c", READERS, str(tmp_path / "a")], text=True)
    refused = "pickle PickleRefused\npickle in Python PickleRefused\nnumpy PickleRefused\ntorch PickleRefused\n"
    assert said == refused + "{'plain': [1, 2.0, 'three', None]}\n"
    assert not mark.exists()


def _zipped(mark: Path) -> bytes:
    """As torch.save writes it."""
    return packed({"a/data.pkl": pickle_that_makes(mark), "a/version": b"3\n"})


@pytest.mark.parametrize("protocol", [0, 5])
@pytest.mark.parametrize("name", TARGETS)
def test_no_reader_of_ours_takes_a_pickle(name: str, protocol: int, tmp_path: Path) -> None:
    TARGETS[name].check(pickle_that_makes(tmp_path / "mark", protocol))
    assert not (tmp_path / "mark").exists()


async def test_an_engine_that_reads_a_pickle_does_not_start(tmp_path: Path) -> None:
    content = pickle_that_makes(tmp_path / "mark")
    with pytest.raises(ModelUnavailable, match=r"a pickle that asks for (io|_io|builtins)\.open was not read"):
        await WorkerEngine.start(EngineSpec("tests.pickles:unpickler", {"content": content}))
    assert not (tmp_path / "mark").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
async def test_a_worker_without_a_card_gets_no_privileges_and_none_leaves_a_core() -> None:
    for nice, expected in ((None, "0"), (1, "1")):
        worker = await WorkerEngine.start(replace(TONE, nice=nice))
        limits, status = _of_process(worker.pid)
        await worker.close()
        assert re.search(r"(?m)^Max core file size +[01] +[01] ", limits)
        assert re.search(rf"(?m)^NoNewPrivs:\t{expected}$", status)


def _of_process(pid: int) -> tuple[str, str]:
    """Its limits and its status."""
    folder = Path("/proc") / str(pid)
    return (folder / "limits").read_text(), (folder / "status").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_pickles_in_place_of_all_that_is_kept_run_nothing(tmp_path: Path) -> None:
    """A data directory and a lexicon as they are after some use, then each of their files is a pickle."""
    data, mark = tmp_path / "data", tmp_path / "mark"
    engine = {"kinds": ["preset", "cloned", "designed"], "preview": False}
    options = ("--phrases.cache", "all", "--speech.loudness-lufs", "-20")
    with tone_daemon(data, *options, **engine) as daemon:
        _use(daemon.ready()[1], data)
    for name in ("lexicon.toml", "loudness.json"):  # which come later
        (data / name).touch()
    kept = [path for path in data.rglob("*") if path.is_file() and path.name not in ("token", "format")]
    assert {CARD, REFERENCE, "sessions", "loudness.json", "phrases.key"} <= {path.name for path in kept}
    for path in kept:
        path.write_bytes(pickle_that_makes(mark, protocol=0 if path.suffix in (".toml", "") else 4))
    with tone_daemon(data, *options, **engine) as daemon:
        if "cannot start" not in daemon.wait_for("http listens on port|cannot start")[0]:
            limits, _ = _of_process(daemon.process.pid)
            assert re.search(r"(?m)^Max core file size +[01] +[01] ", limits)
    assert not mark.exists()


def _use(http: int, data: Path) -> None:
    headers = {"Authorization": f"Bearer {(data / 'token').read_text().strip()}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{http}", headers=headers, timeout=PATIENCE_S) as client:
        assert client.post(IMPORT, files={"file": ("x.zip", packed(ANNA))}).is_success
        for _ in range(2):
            said = client.post("/v1/audio/speech", json={"input": "Dinner is ready.", "response_format": "wav"})
            assert said.is_success
