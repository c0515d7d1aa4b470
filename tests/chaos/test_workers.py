"""A worker is killed, stops, or has no memory left: at its start, while it loads, before and amid the sound, idle.

Who listens to the other worker hears every sample. Who listened to this one is told at once, with a code that says that
it may be tried again; who comes next is served.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize

from tests.chaos.faults import DESIGNED, TwoWorkers, two_workers
from tests.chaos.listeners import Listener, listener
from tests.hostile.conftest import RECORDING
from tests.hostile.watched import wait_until
from tests.patience import PATIENCE_S
from tests.wire.test_daemon import STOP_LIMIT_S, events

BEATS = 5
"""Seconds without a sign after which a worker is given up here; by default it is given twenty."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWorkers]:
    with two_workers(tmp_path_factory.mktemp("workers"), most_missed_beats=BEATS) as two:
        yield two
        assert "Traceback" not in two.process.read_so_far()


async def waiting_for_the_engine(client: Listener) -> None:
    await client.begin("Ahoy.", **DESIGNED)
    await client.until("started")


async def is_back(two: TwoWorkers, other: Listener) -> None:
    """Whoever comes now is spoken to by the engine, and the other has noticed nothing."""
    await other.hears("I go on.")
    await two.is_ready()
    async with listener(two.http) as client:
        await client.hears("And here I am.")
        await client.ends()
    assert not other.problems


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
async def test_what_befalls_the_engine_is_told_to_who_listens_to_it_alone(
    two: TwoWorkers, number: signal.Signals
) -> None:
    async with two.listener_of_preview() as other, listener(two.http) as client:
        # Before its first sound.
        await two.waits(client)
        two.send("qwen", number)
        await other.hears("The engine is gone.")
        error = await client.is_told("model_unavailable")
        assert error["retry_after_ms"] > 0
        await is_back(two, other)
        # Amid it.
        await client.hears_begin("Hello there. Now [hang] on.")
        two.send("qwen", number)
        await client.is_told("model_unavailable")
        await is_back(two, other)
        # With nothing to do: who asks a worker that stands still waits until it is given up, and is told then.
        two.send("qwen", number)
        if number == signal.SIGSTOP:
            await client.begin("Is anybody there?")
            await client.is_told("model_unavailable")
        await is_back(two, other)
        # While it loads. Who needs it waits; who does not is spoken to by the preview voice.
        two.reach("qwen", "load")
        await waiting_for_the_engine(client)
        two.send("qwen", number)
        await other.hears("The engine is gone.")
        await client.is_told("model_unavailable")
        two.release("qwen", "load")
        await is_back(two, other)


async def test_an_engine_that_dies_before_its_first_word_costs_nobody_else_anything(two: TwoWorkers) -> None:
    async with two.listener_of_preview() as other, listener(two.http) as client:
        two.reach("qwen", "start")
        await waiting_for_the_engine(client)
        two.release("qwen", "start")
        two.send("qwen", signal.SIGKILL)
        error = await client.is_told("model_unavailable")
        assert "ended before it was up, status=-9 (killed, as happens where memory runs out)" in error["message"]
        await is_back(two, other)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
async def test_what_befalls_the_preview_voice_is_told_to_who_listens_to_it_alone(
    two: TwoWorkers, number: signal.Signals
) -> None:
    two.reach("qwen", "load")
    async with listener(two.http) as client, listener(two.http) as other:
        await client.hears("I began while the engine was away.")
        two.release("qwen", "load")
        await two.is_ready()
        await other.hears("I listen to the engine.")
        two.send("preview", number)
        await other.hears("And I go on.")
        await client.is_told("model_unavailable")
        two.reach("qwen", "load")
        await other.is_told("model_unavailable")
        await client.hears("The preview voice is there again.")
        two.release("qwen", "load")


@pytest.mark.parametrize("stage", ["start", "load"])
async def test_an_engine_without_memory_is_tried_again(two: TwoWorkers, stage: str) -> None:
    async with two.listener_of_preview() as other, listener(two.http) as client:
        two.reach("qwen", stage, "memory")
        two.process.wait_for("the voice could not be loaded, next try in")
        await client.hears("The preview voice speaks meanwhile.")
        await client.begin("Ahoy.", **DESIGNED)
        error = await client.is_told("model_unavailable")
        assert error["retry_after_ms"] > 0
        two.release("qwen", stage)
        await is_back(two, other)


async def test_an_engine_that_takes_all_memory_is_started_anew(two: TwoWorkers) -> None:
    async with two.listener_of_preview() as other, listener(two.http) as client:
        before = two.pid("qwen")
        await client.hears_begin("Hello there. Now be [greedy] and")
        await client.is_told("model_unavailable")
        await is_back(two, other)
        assert two.pid("qwen") != before


async def test_a_recording_that_takes_all_memory_is_refused_and_nobody_else_notices(two: TwoWorkers) -> None:
    async with listener(two.http) as beside, httpx.AsyncClient(base_url=two.url, timeout=PATIENCE_S) as client:
        await beside.hears("I listen to the same engine.")
        before = two.pid("qwen")
        refused = await client.post("/v1/audio/references", files={"ref_audio": RECORDING})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "out_of_memory")
        assert int(refused.headers["retry-after"]) > 0
        await beside.hears("And I go on.")
        await beside.ends()
        assert two.pid("qwen") == before


async def test_every_wire_tells_it(two: TwoWorkers) -> None:
    spoken = {"input": "Hello there. Now [hang] on.", "response_format": "pcm"}
    silent = {"input": "[hang] on.", "response_format": "pcm"}
    async with (
        httpx.AsyncClient(base_url=two.url, timeout=PATIENCE_S) as client,
        AsyncTcpClient("127.0.0.1", two.wyoming) as wyoming,
    ):
        await wyoming.write_event(Synthesize("Hello there. Now [hang] on.").event())
        while (event := await wyoming.read_event()) is not None and event.type != "audio-chunk":
            pass
        waiting = asyncio.create_task(client.post("/v1/audio/speech", json=silent))
        async with client.stream("POST", "/v1/audio/speech", json=spoken) as begun:
            sound = begun.aiter_bytes()
            assert await anext(sound)
            while (await client.get("/health")).json()["active"] < 3:
                await asyncio.sleep(0.01)
            two.send("qwen", signal.SIGKILL)
            with pytest.raises(httpx.RemoteProtocolError):  # not an end that could be taken for a good one
                async for _ in sound:
                    pass
        failed = Error.from_event((await events(wyoming))[-1])
        assert failed.code == "model_unavailable"
        refused = await waiting
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        await two.is_ready()
        assert (await client.post("/v1/audio/speech", json={"input": "Hello."})).status_code == 200


async def test_a_worker_that_goes_on_in_time_was_only_slow(two: TwoWorkers) -> None:
    await two.is_ready()
    before = two.pid("qwen")
    async with listener(two.http) as client:
        await client.hears("I listen.")
        two.send("qwen", signal.SIGSTOP)
        going_on = asyncio.create_task(client.hears("I go on."))
        await asyncio.sleep(1)  # as long as it stands still
        two.send("qwen", signal.SIGCONT)
        await going_on
        await client.ends()
        assert not client.problems
    assert two.pid("qwen") == before


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_workers_that_stand_still_end_with_their_daemon(tmp_path: Path, ending: signal.Signals) -> None:
    with two_workers(tmp_path) as two:
        workers = [two.pid("qwen"), two.pid("preview")]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        two.process.process.send_signal(ending)
        assert two.process.process.wait(STOP_LIMIT_S) == (0 if ending == signal.SIGTERM else -ending)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
