"""There are no files, no memory and no processes to be had, for a while.

Who speaks goes on, who comes is told, and when it is over all is as before.
"""

import contextlib
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.faults import TwoWorkers, two_workers
from tests.chaos.listeners import listener
from tests.hostile.conftest import RECORDING
from tests.patience import PATIENCE_S

FILES = 128


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWorkers]:
    limits = ("--http.max-connections-per-address", "512", "--http.max-connections", "512")
    with two_workers(tmp_path_factory.mktemp("scarcity"), *limits, most_missed_beats=20) as two:
        yield two


@contextlib.contextmanager
def limited(pid: int, kind: int, most: int) -> Iterator[None]:
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (most, before[1]))
    yield
    resource.prlimit(pid, kind, before)


def address_space(pid: int) -> int:
    """What it takes of it, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


@contextlib.contextmanager
def crowd(port: int, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
        yield


async def test_without_files_who_speaks_goes_on_and_the_engine_comes_back_afterwards(two: TwoWorkers) -> None:
    daemon = two.process.process.pid
    async with two.listener_of_preview() as other, listener(two.http) as client:
        await client.hears("I listen to the engine.")
        with limited(daemon, resource.RLIMIT_NOFILE, FILES), crowd(two.http, 2 * FILES):
            two.process.wait_for("Too many open files")
            two.send("qwen", signal.SIGKILL)
            await client.is_told("model_unavailable")
            two.process.wait_for("the voice could not be loaded, .*Too many open files")
            await other.hears("I go on.")
            told = two.process.read_so_far()
        await two.is_ready()
        await client.hears("The engine is there again.")
        await client.ends()
    assert told.count("socket.accept() out of system resource") == 1, "strangers can repeat it"


async def test_without_processes_who_speaks_goes_on_and_recordings_are_refused(two: TwoWorkers) -> None:
    """Neither is there room for threads: numbers are read in one, and voices kept."""
    async with (
        two.listener_of_preview() as other,
        listener(two.http) as client,
        httpx.AsyncClient(base_url=two.url, timeout=PATIENCE_S) as rest,
    ):
        await client.hears("I listen to the engine.")
        two.hold("nothing", "starts")
        two.send("qwen", signal.SIGKILL)
        await client.is_told("model_unavailable")
        two.process.wait_for("the voice could not be loaded, .*did not start: Resource temporarily unavailable")
        await other.hears("I go on.")
        refused = await rest.post("/v1/audio/references", files={"ref_audio": RECORDING})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "queue_full")
        assert "Resource temporarily unavailable" in refused.json()["error"]["message"]
        for number in range(20):
            spoken = {"input": f"It costs {number} dollars."}
            assert (await rest.post("/v1/audio/speech", json=spoken)).status_code == 200
        two.release("nothing", "starts")
        await two.is_ready()
        await client.hears("The engine is there again.")
        await client.ends()
    assert "Traceback" not in two.process.read_so_far()


async def test_a_worker_without_memory_loses_nobody_for_ever(two: TwoWorkers) -> None:
    """Wherever it lacks: in the engine, in a message, in the event loop."""
    async with two.listener_of_preview() as other, listener(two.http) as client:
        with contextlib.suppress(ProcessLookupError), limited(
            two.pid("qwen"), resource.RLIMIT_AS, address_space(two.pid("qwen"))
        ):  # fmt: skip
            for _ in range(3):
                await client.begin("word " * 100)
                await client.finish()
                while (message := await client.hear())["type"] != "done":
                    assert message["type"] != "error" or message["code"] in ("model_unavailable", "out_of_memory")
            await other.hears("I go on.")
        await two.is_ready()
        await client.begin("")
        await client.hears("Here I am.")
        await client.ends()
