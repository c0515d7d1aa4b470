"""Kernels are compiled ahead: by processes that end, with words that come once, and never in anybody's way."""

import importlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.random_checkpoint import write_configs
from qwen_tts.config.engine import EngineConfig
from tests.golden.cases import BASE, CUSTOM, DESIGN, SMALL_CUSTOM

pytestmark = [
    # Not importorskip: whoever imports triton first decides for all of it whether kernels are interpreted.
    pytest.mark.skipif(find_spec("triton") is None, reason="no triton"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]

FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def precompile() -> Any:
    """Not imported before the tests begin: from then on kernels are interpreted or not, which tests/kernels decides."""
    return importlib.import_module("qwen_tts.runtime.precompile")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Triton's, empty."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Without weights."""
    write_configs(CUSTOM, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


@pytest.fixture
def job(precompile: Any, checkpoint: Path) -> Any:
    config = EngineConfig(checkpoint=checkpoint, rows=4, kv_positions=512, row_positions=256)
    return precompile.Job(config=config, capability=(9, 0), dtype="bfloat16", chained=True)


# -- work in processes ------------------------------------------------------------------------------------------------


def nothing() -> None: ...


def fail() -> None:
    raise ValueError("it cannot be compiled")


def die() -> None:
    """As the kernel of a machine without memory lets one."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(params=[1, 3])
def processes(request: pytest.FixtureRequest, precompile: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    count: int = request.param
    monkeypatch.setattr(precompile, "_processes", lambda: count)
    return count


class Count:
    """Of pieces that were done, in whatever process."""

    def __init__(self) -> None:
        self._done = FORK.Value("i", 0)

    def piece(self) -> None:
        with self._done:
            self._done.value += 1

    @property
    def done(self) -> int:
        return self._done.value


@pytest.mark.parametrize("pieces", [0, 1, 2, 50])
def test_every_piece_is_done_once_and_the_processes_end(precompile: Any, processes: int, pieces: int) -> None:
    counts = [Count() for _ in range(pieces)]
    children = precompile._Children([count.piece for count in counts])
    children.wait()
    assert [count.done for count in counts] == [1] * pieces
    assert len(children._pids) <= processes
    for child in children._pids:
        with pytest.raises(ChildProcessError, match="No child processes"):
            os.waitpid(child, 0)


def test_pieces_are_done_at_the_same_time(precompile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompile, "_processes", lambda: 2)
    second_is_done = FORK.Event()
    precompile._Children([second_is_done.wait, second_is_done.set]).wait()


def test_pieces_are_begun_in_order(precompile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompile, "_processes", lambda: 1)
    count = Count()

    def piece(index: int) -> None:
        assert count.done == index
        count.piece()

    precompile._Children([partial(piece, index) for index in range(9)]).wait()
    assert count.done == 9


@pytest.mark.parametrize("failing", [fail, die, sys.exit])
def test_a_piece_that_fails_is_an_error_and_the_others_are_done(
    precompile: Any, monkeypatch: pytest.MonkeyPatch, failing: Callable[[], object]
) -> None:
    monkeypatch.setattr(precompile, "_processes", lambda: 3)
    count = Count()
    children = precompile._Children([failing] + [count.piece] * 20)
    with pytest.raises(ChildProcessError, match="see above"):
        children.wait()
    assert count.done == 20


def test_if_every_process_fails_it_ends(precompile: Any, processes: int) -> None:
    with pytest.raises(ChildProcessError, match="see above"):
        precompile._Children([fail] * 5).wait()


def test_a_process_whose_parent_is_gone_ends_after_its_piece(precompile: Any, processes: int) -> None:
    is_gone, count = FORK.Event(), Count()
    reading, writing = os.pipe()  # it has an end when nobody writes any more

    def piece() -> None:
        is_gone.wait()
        count.piece()

    parent = FORK.Process(target=precompile._Children, args=([piece] * 50,))
    parent.start()
    os.close(writing)
    parent.join()
    is_gone.set()
    assert not os.read(reading, 1)
    os.close(reading)
    assert count.done <= processes


# -- buckets ----------------------------------------------------------------------------------------------------------

Work = Sequence[Callable[[], object]]


@pytest.fixture
def compile_all(precompile: Any, job: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """With dry runs that find what a test says."""

    def compile_all(dry_run: Callable[[int], Work], told: Callable[[int], object]) -> None:
        monkeypatch.setattr(precompile, "_Kernels", lambda _: SimpleNamespace(of=dry_run))
        monkeypatch.setattr(precompile.triton.runtime.driver, "set_active", lambda _: None)
        monkeypatch.setattr(precompile, "_processes", lambda: 3)
        precompile.compile_all(job, told)

    return compile_all


def test_a_bucket_is_told_in_order_once_nothing_of_it_is_left(compile_all: Callable[..., None], job: Any) -> None:
    """The smallest begins late here and takes a while, and the largest has no kernels of its own."""
    pieces, counts = {1: 2000, 2: 20, 4: 0}, {bucket: Count() for bucket in (1, 2, 4)}
    all_dry_runs_are_over = FORK.Event()
    told: list[tuple[int, int]] = []

    def dry_run(bucket: int) -> Work:
        if bucket == 4:
            all_dry_runs_are_over.set()
        return [partial(piece, counts[bucket])] * pieces[bucket]

    def piece(count: Count) -> None:
        all_dry_runs_are_over.wait()
        count.piece()

    compile_all(dry_run, lambda bucket: told.append((bucket, counts[bucket].done)))
    assert told == list(pieces.items())
    assert job.mark.exists()


def test_a_bucket_waits_for_no_larger_one(compile_all: Callable[..., None]) -> None:
    """Neither for its kernels, nor are they begun later because of its dry run."""
    first_is_done, first_is_told = FORK.Event(), FORK.Event()
    told: list[int] = []

    def dry_run(bucket: int) -> Work:
        if bucket == 1:
            return [first_is_done.set]
        first_is_done.wait()
        return [first_is_told.wait]

    def tell(bucket: int) -> None:
        told.append(bucket)
        first_is_told.set()

    compile_all(dry_run, tell)
    assert told == [1, 2, 4]


def test_checkpoints_of_one_size_share_what_was_compiled(precompile: Any, job: Any, tmp_path: Path) -> None:
    for name, is_same in ((BASE, True), (DESIGN, True), (SMALL_CUSTOM, False)):
        write_configs(name, tmp_path / name)
        config = job.config.model_copy(update={"checkpoint": tmp_path / name})
        assert (job.model_copy(update={"config": config}).mark == job.mark) is is_same


def test_what_came_with_the_installation_is_done(
    precompile: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not job.is_done
    monkeypatch.setattr(precompile, "BUNDLED_KERNELS", tmp_path)
    (tmp_path / job.mark.name).touch()
    assert job.is_done


def test_what_failed_is_not_marked_as_done(compile_all: Callable[..., None], job: Any) -> None:
    told: list[int] = []
    with pytest.raises(ChildProcessError):
        compile_all(lambda bucket: [nothing, fail if bucket == 2 else nothing], told.append)
    assert told == [1]
    assert not job.mark.exists()


# -- the engine's side ------------------------------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What runs instead of Python."""

    def program(script: str) -> None:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return program


@pytest.fixture
def started(precompile: Any, job: Any) -> Iterator[Callable[..., Any]]:
    """Stopped after the test."""
    all_started = []

    def start(told: Callable[[], None] = nothing) -> Any:
        all_started.append(precompile.Precompilation(job, told))
        return all_started[-1]

    yield start
    for one in all_started:
        one.stop()
        one.wait(0)


def test_what_is_marked_is_ready_at_once_without_a_process(
    job: Any, started: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    job.mark.parent.mkdir()
    job.mark.touch()
    monkeypatch.setattr(sys, "executable", "/nowhere")
    one = started()
    assert one.is_ready(1)
    assert one.is_ready(64)
    one.wait(64)


def test_a_bucket_is_ready_when_the_process_says_so(program: Callable[[str], None], started: Callable) -> None:
    program("echo 1; echo 2; exec tail -f /dev/null")
    told = threading.Semaphore(0)
    one = started(told.release)
    one.wait(2)
    assert [one.is_ready(bucket) for bucket in (1, 2, 4)] == [True, True, False]
    told.acquire()
    told.acquire()


def test_the_process_is_given_the_job(
    precompile: Any, job: Any, program: Callable[[str], None], started: Callable, tmp_path: Path
) -> None:
    program(f"printf '%s\\n' \"$@\" > {tmp_path}/arguments")
    started().wait(4)
    *module, content = (tmp_path / "arguments").read_text().splitlines()
    assert module == ["-m", "qwen_tts.runtime.precompile"]
    assert precompile.Job.model_validate_json(content) == job


@pytest.mark.parametrize("script", ["exit 1", "echo 1; exit 1", "kill -9 $$"])
def test_a_process_that_fails_holds_nobody_up(
    script: str, program: Callable[[str], None], started: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    program(script)
    told = threading.Event()
    one = started(told.set)
    one.wait(4)
    assert all(one.is_ready(bucket) for bucket in (1, 2, 4, 64))
    told.wait()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "compiled as they are needed" in caplog.text


def test_what_a_library_says_among_the_buckets_is_no_bucket(program: Callable[[str], None], started: Callable) -> None:
    program("echo ptxas fatal; echo 1; echo; exec tail -f /dev/null")
    one = started()
    one.wait(1)
    assert not one.is_ready(2)


def test_it_ends_with_the_process_that_waits_for_it(precompile: Any, job: Any) -> None:
    """Whose death closes its standard input."""
    command = [
        sys.executable,
        "-c",
        "import time, threading, sys; from qwen_tts.runtime import precompile; "
        "precompile.compile_all = lambda *_: threading.Event().wait(); precompile.main()",
        job.model_dump_json(),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 1


def test_one_that_succeeds_makes_everything_ready_in_silence(
    program: Callable[[str], None], started: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    program("echo 1")
    one = started()
    one.wait(64)
    assert one.is_ready(64)
    assert not caplog.records


def test_stop_ends_the_process_whatever_it_thinks_of_that(
    program: Callable[[str], None], started: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    program("trap '' TERM; echo 1; exec tail -f /dev/null")
    one = started()
    one.wait(1)
    assert one._process.poll() is None
    one.stop()
    one.wait(64)
    assert one._process.returncode == -signal.SIGKILL
    one.stop()
    assert not caplog.records, "that is no failure"


# -- the mark ---------------------------------------------------------------------------------------------------------


def test_a_mark_depends_on_whatever_the_kernels_depend_on(
    precompile: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_configs(SMALL_CUSTOM, tmp_path / "other")
    marks = [
        job.mark,
        *(
            job.model_copy(update=change).mark
            for change in (
                {"capability": (8, 0)},
                {"dtype": "float16"},
                {"chained": False},
                {"config": job.config.model_copy(update={"rows": 5})},
                {"config": job.config.model_copy(update={"row_positions": 512})},
                {"config": job.config.model_copy(update={"weights": "int8"})},
                {"config": job.config.model_copy(update={"weights": "int4"})},
                {"config": job.config.model_copy(update={"checkpoint": tmp_path / "other"})},
            )
        ),
    ]
    kernel = tmp_path / "kernel.py"
    monkeypatch.setattr(precompile, "_sources", lambda: [kernel])
    for content in ("one", "another"):
        kernel.write_text(content)
        marks.append(job.mark)
    assert len(set(marks)) == len(marks)


def test_a_mark_does_not_depend_on_where_the_checkpoint_lies(job: Any, checkpoint: Path, cache: Path) -> None:
    moved = shutil.copytree(checkpoint, checkpoint.with_name("moved"))
    other = job.model_copy(update={"config": job.config.model_copy(update={"checkpoint": moved})})
    assert other.mark == job.mark
    assert job.mark.parent == cache


# -- without a card ---------------------------------------------------------------------------------------------------

DRY_RUN = """
import json, sys, triton
from qwen_tts.runtime import precompile
job = precompile.Job.model_validate_json(sys.argv[1])
triton.runtime.driver.set_active(precompile._Card(job.capability))
found = precompile._Kernels(job)
compilations = [found.of(bucket) for bucket in (*job.config.step_sizes, 1)]
kernel = compilations[0][0].args[0]()
print(json.dumps([[len(some) for some in compilations], len(found._keys), kernel.asm["ptx"]]))
"""


@pytest.mark.parametrize("weights", ["auto", "int8", "int4"])
def test_a_dry_run_finds_every_kernel_once_and_compiles_for_a_card_that_is_not_there(job: Any, weights: str) -> None:
    """In a process of its own: in this one kernels may be interpreted."""
    own = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    two_rows = job.model_copy(update={"config": job.config.model_copy(update={"rows": 2, "weights": weights})})
    command = [sys.executable, "-W", "ignore", "-c", DRY_RUN, two_rows.model_dump_json()]
    said = subprocess.run(command, env=own, check=True, stdout=subprocess.PIPE).stdout
    (first, second, again), kernels, ptx = json.loads(said)
    assert first > second > 0
    assert again == 0
    assert first + second == kernels
    assert ".target sm_90" in ptx
