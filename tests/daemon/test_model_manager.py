"""The manager is driven by its own states: tests wait for a state, never for a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from qwen3tts_daemon.hosting import model_manager
from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ManagerState, ModelManager
from qwen3tts_daemon.hosting.worker_client import NoAnswer
from qwen_tts.errors import ModelLoading, ModelUnavailable, OutOfMemory
from tests.fakes import ToneEngine
from tests.wire.http_door import until

Start = Callable[..., Awaitable["Watched"]]


class Watched:
    """A manager whose engines and states can be looked at."""

    def __init__(self, config: ManagerConfig, engines: list[ToneEngine]) -> None:
        self._engines = iter(engines)
        self.started: list[ToneEngine] = []
        self.states: list[ManagerState] = []
        self.manager = ModelManager(self._start, config)
        self.manager.on_state.append(self._note)
        self._changed = asyncio.Event()

    async def _start(self) -> ToneEngine:
        engine = next(self._engines, None) or ToneEngine()
        self.started.append(engine)
        return engine

    def _note(self, state: ManagerState) -> None:
        self.states.append(state)
        self._changed.set()

    async def reach(self, *states: ManagerState) -> None:
        """Wait until these are the newest states."""
        while tuple(self.states[-len(states) :]) != states:
            self._changed.clear()
            await self._changed.wait()


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_manager, "_FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(model_manager, "_LAST_BACKOFF_S", 0.01)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running: list[ModelManager] = []

    async def begin(*engines: ToneEngine, preload: bool = True, **config: float) -> Watched:
        watched = Watched(ManagerConfig(**config), list(engines))
        running.append(watched.manager)
        await watched.manager.start(preload=preload)
        return watched

    yield begin
    for manager in running:
        await manager.close()


async def test_preload_becomes_ready_by_itself(start: Start) -> None:
    watched = await start()
    await watched.manager.ready()
    assert watched.states == ["loading", "ready"]


async def test_without_preload_the_first_lease_loads(start: Start) -> None:
    watched = await start(preload=False)
    assert watched.manager.state == "unloaded"
    assert watched.manager.capabilities.engine == "tone", "known all the same"
    async with watched.manager.lease():
        assert watched.manager.state == "ready"


async def test_leases_share_one_engine(start: Start) -> None:
    watched = await start()
    async with watched.manager.lease() as first, watched.manager.lease() as second:
        assert first is second
        assert watched.manager.leases == 2
    assert watched.manager.leases == 0


async def test_a_dead_engine_is_restarted_and_the_next_request_works(start: Start) -> None:
    watched = await start()
    async with watched.manager.lease() as engine:
        watched.started[0].died.set()
        await watched.reach("ready", "loading", "ready")
    async with watched.manager.lease() as next_engine:
        assert next_engine is watched.started[1]
        assert next_engine is not engine


async def test_an_engine_that_dies_again_and_again_is_restarted_each_time(start: Start) -> None:
    watched = await start()
    for turn in range(4):
        await watched.manager.ready()
        async with watched.manager.lease() as engine:
            assert engine is watched.started[turn]
        watched.started[turn].died.set()
        await watched.reach("loading", "ready")
        while len(watched.started) < turn + 2:
            await watched.reach("loading")
            await asyncio.sleep(0)


async def test_a_failed_load_tells_those_who_wait_and_is_tried_again(start: Start) -> None:
    watched = await start(ToneEngine(load_fails="needs 9 GB"), preload=False)
    # The engine that told the capabilities was the failing one; the next two fail and succeed.
    watched._engines = iter([ToneEngine(load_fails="needs 9 GB"), ToneEngine()])
    with pytest.raises(OutOfMemory, match="needs 9 GB"):
        async with watched.manager.lease():
            pass
    await watched.reach("failed", "loading", "ready")
    async with watched.manager.lease():
        pass


async def test_during_the_backoff_a_request_is_refused_at_once_with_a_time(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_manager, "_FIRST_BACKOFF_S", 60.0)
    monkeypatch.setattr(model_manager, "_LAST_BACKOFF_S", 60.0)
    watched = await start(ToneEngine(load_fails="needs 9 GB"))
    await watched.reach("failed")
    with pytest.raises(ModelUnavailable, match="needs 9 GB") as caught:
        async with watched.manager.lease():
            pass
    assert caught.value.retry_after_s is not None
    assert 1 <= caught.value.retry_after_s <= 60


async def test_a_lease_does_not_wait_for_ever(start: Start) -> None:
    watched = await start(ToneEngine(load_s=3600), load_timeout_s=0.01)
    with pytest.raises(ModelLoading):
        async with watched.manager.lease():
            pass


async def test_an_idle_engine_ends_and_comes_back_on_demand(start: Start) -> None:
    watched = await start(idle_unload_s=0.01)
    await watched.reach("loading", "ready", "unloaded")
    assert watched.started[0].died.is_set(), "its process has been ended"
    async with watched.manager.lease() as engine:
        assert engine is watched.started[1]
    await watched.reach("ready", "unloaded")


async def test_a_leased_engine_is_never_idle(start: Start) -> None:
    watched = await start(idle_unload_s=0.01)
    async with watched.manager.lease():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await watched.reach("unloaded")
    await watched.reach("ready", "unloaded")


async def test_use_keeps_an_engine_up(start: Start) -> None:
    """Idle counts from the end of the last lease, not from the last time that nobody leased for a moment."""
    watched = await start(idle_unload_s=1.0)
    await watched.manager.ready()
    loop = asyncio.get_running_loop()
    end = loop.time() + 1.5
    while loop.time() < end:
        async with watched.manager.lease():
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
    assert watched.states == ["loading", "ready"]


async def test_nobody_gets_an_engine_that_is_falling_asleep(start: Start) -> None:
    class Drowsy(ToneEngine):
        async def sleep(self) -> None:
            falling.set()
            await may_sleep.wait()
            await super().sleep()

    falling, may_sleep = asyncio.Event(), asyncio.Event()
    watched = await start(Drowsy(), sleep_s=0.01)
    await falling.wait()
    leasing = asyncio.create_task(lease_once(watched.manager))
    await asyncio.sleep(0)
    assert not leasing.done()
    may_sleep.set()
    assert not (await leasing).asleep


async def lease_once(manager: ModelManager) -> ToneEngine:
    async with manager.lease() as engine:
        assert isinstance(engine, ToneEngine)
        return engine


async def test_whatever_keeps_an_engine_from_starting_is_tried_again(start: Start) -> None:
    class Unstartable(Watched):
        async def _start(self) -> ToneEngine:
            if len(self.started) == 1:
                self.started.append(ToneEngine())
                raise OSError("too many open files")
            return await super()._start()

    watched = Unstartable(ManagerConfig(), [])
    await watched.manager.start(preload=False)
    with pytest.raises(ModelUnavailable, match="see the log"):
        await lease_once(watched.manager)
    await watched.reach("failed", "loading", "ready")
    await lease_once(watched.manager)
    await watched.manager.close()


@pytest.mark.parametrize("preload", [True, False])
async def test_a_start_waits_for_a_process_that_gives_no_answer(
    preload: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [NoAnswer("ended, status=-9"), NoAnswer("not up after 30 s")]

    class Shy(Watched):
        async def _start(self) -> ToneEngine:
            if answers:
                raise answers.pop(0)
            return await super()._start()

    watched = Shy(ManagerConfig(), [])
    await watched.manager.start(preload=preload)
    assert await lease_once(watched.manager)
    told = [record.getMessage() for record in caplog.records if "waiting for the engine's process" in record.message]
    assert [text.rpartition(": ")[2] for text in told] == ["ended, status=-9", "not up after 30 s"]
    assert all("next try in" in text for text in told)
    await watched.manager.close()


async def test_a_start_does_not_wait_for_a_choice_that_cannot_be_met() -> None:
    class Unable(Watched):
        async def _start(self) -> ToneEngine:
            self.started.append(ToneEngine())
            raise ModelUnavailable("torch is missing")

    watched = Unable(ManagerConfig(), [])
    with pytest.raises(ModelUnavailable, match="torch is missing"):
        await watched.manager.start(preload=True)
    assert len(watched.started) == 1
    await watched.manager.close()


async def test_waiting_for_warmth_leaves_room_for_others(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = await start(ToneEngine(load_fails="needs 9 GB"))
    waiting = asyncio.create_task(watched.manager.warm())
    await watched.reach("failed", "loading", "ready")
    await waiting


async def test_sleep_comes_before_unloading_and_a_lease_wakes(start: Start) -> None:
    watched = await start(sleep_s=0.01)
    await watched.reach("ready", "sleeping")
    assert watched.started[0].asleep
    async with watched.manager.lease() as engine:
        assert engine is watched.started[0]
        assert not watched.started[0].asleep
    await watched.reach("sleeping", "loading", "ready", "sleeping")


class Counted(ToneEngine):
    """Counts how often it was loaded."""

    loads = 0

    async def load(self) -> None:
        self.loads += 1
        await super().load()


@pytest.mark.parametrize("preload", [True, False])
async def test_a_successor_waits_unloaded_and_is_the_next_engine(start: Start, *, preload: bool) -> None:
    engines = [Counted() for _ in range(4)]
    watched = await start(*engines, preload=preload, has_successor=True, idle_unload_s=0.01)
    if preload:
        await watched.reach("ready", "unloaded")
    for number in (0, 1) if not preload else (1, 2):
        await until(lambda number=number: len(watched.started) == number + 1)
        assert engines[number].loads == 0
        assert await lease_once(watched.manager) is engines[number]
        await watched.reach("ready", "unloaded")
        assert engines[number].died.is_set()


async def test_a_successor_that_died_is_replaced(start: Start) -> None:
    watched = await start(preload=False, has_successor=True)
    watched.started[0].died.set()
    await until(lambda: len(watched.started) == 2)
    assert await lease_once(watched.manager) is watched.started[1]


@pytest.mark.parametrize("error", [ModelUnavailable("too many open files"), RuntimeError("can't start new thread")])
async def test_a_successor_that_cannot_start_is_tried_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    class Unstartable(Watched):
        async def _start(self) -> ToneEngine:
            if len(self.started) == 1:
                self.started.append(ToneEngine())
                raise error
            return await super()._start()

    watched = Unstartable(ManagerConfig(has_successor=True, idle_unload_s=0.01), [])
    await watched.manager.start(preload=True)
    await watched.reach("ready", "unloaded")
    await until(lambda: len(watched.started) == 3)
    assert str(error) in caplog.text
    assert await lease_once(watched.manager) is watched.started[2]
    await watched.manager.close()


async def test_a_lease_does_not_wait_for_a_successor_that_does_not_start() -> None:
    class Hanging(Watched):
        async def _start(self) -> ToneEngine:
            if len(self.started) == 1:
                self.started.append(ToneEngine())
                await asyncio.Event().wait()
            return await super()._start()

    watched = Hanging(ManagerConfig(has_successor=True, idle_unload_s=0.01), [])
    await watched.manager.start(preload=True)
    await watched.reach("ready", "unloaded")
    await until(lambda: len(watched.started) == 2)
    assert await lease_once(watched.manager) is watched.started[2]
    await watched.manager.close()


async def test_a_successor_tells_which_models_there_are(start: Start) -> None:
    watched = await start(preload=False, has_successor=True)
    assert [(model.name, model.state) for model in watched.manager.status.models] == [("tone", "unloaded")]


async def test_closing_ends_the_successor(start: Start) -> None:
    watched = await start(preload=False, has_successor=True)
    await watched.manager.close()
    assert watched.started[0].died.is_set()


async def test_closing_ends_the_engine(start: Start) -> None:
    watched = await start()
    await watched.manager.ready()
    await watched.manager.close()
    assert watched.started[0].died.is_set()
