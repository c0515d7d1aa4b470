"""The manager's laws, in virtual time: how long each state takes is measured to the moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from qwen3tts_daemon.hosting.model_manager import ManagerConfig, ModelManager
from qwen3tts_daemon.hosting.worker_client import NoAnswer
from qwen_tts.api import EngineStatus, ModelState, ModelStatus
from qwen_tts.errors import ModelLoading, ModelUnavailable, OutOfMemory, SynthesisFailed
from tests.fakes import ToneEngine
from tests.wire.http_door import until

pytestmark = pytest.mark.virtual_time

Start = Callable[..., Awaitable["Watched"]]

TOO_LARGE = "needs 9 GB"
DAY_S = 24 * 3600


class Watched:
    """A manager whose engines and states can be looked at. What `engines` holds is started first, exceptions raised."""

    def __init__(self, config: ManagerConfig, engines: list[ToneEngine | Exception]) -> None:
        self.engines = engines
        self.started: list[ToneEngine] = []
        self.tries = 0
        self.states: list[ModelState] = []
        self.since: list[float] = []
        """When each of them began"""
        self.manager = ModelManager(self._start, config)
        self.manager.on_state.append(self._note)
        self._changed = asyncio.Event()

    async def _start(self) -> ToneEngine:
        self.tries += 1
        self._changed.set()
        engine = self.engines.pop(0) if self.engines else ToneEngine()
        if isinstance(engine, Exception):
            raise engine
        self.started.append(engine)
        return engine

    def _note(self, state: ModelState) -> None:
        self.states.append(state)
        self.since.append(now())
        self._changed.set()

    async def reach(self, *states: ModelState) -> None:
        """Wait until these are the newest states."""
        await self._until(lambda: tuple(self.states[-len(states) :]) == states)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def crash(self) -> float:
        """The engine that is up dies; seconds until another one has been started."""
        died_at, tries = now(), self.tries
        self.started[-1].died.set()
        await self._until(lambda: self.tries > tries)
        return now() - died_at

    async def fail(self, times: int) -> list[float]:
        """The next loads fail; how long each lets people wait for the next try."""
        self.engines[:] = [ToneEngine(load_fails=TOO_LARGE) for _ in range(times)]
        self.manager.prepare()
        await self.reach(*(("failed", "loading") * times), "ready")
        times_of = list(zip(self.states, self.since, self.since[1:], strict=False))
        return [end - begin for state, begin, end in times_of if state == "failed"][-times:]


def now() -> float:
    return asyncio.get_running_loop().time()


async def lease_once(manager: ModelManager) -> ToneEngine:
    async with manager.lease() as engine:
        assert isinstance(engine, ToneEngine)
        return engine


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running: list[ModelManager] = []

    async def begin(*engines: ToneEngine | Exception, preload: bool = True, **config: float) -> Watched:
        watched = Watched(ManagerConfig(**config), list(engines))
        running.append(watched.manager)
        await watched.manager.start(preload=preload)
        return watched

    yield begin
    for manager in running:
        await manager.close()
        assert len(manager._tasks) == 0


# -- loading -------------------------------------------------------------------------------------------------


async def test_preload_becomes_ready_by_itself(start: Start) -> None:
    watched = await start()
    await watched.manager.ready()
    assert watched.states == ["loading", "ready"]
    assert watched.tries == 1, "the process that told what it can do is the one that speaks"


async def test_without_preload_the_first_lease_loads(start: Start) -> None:
    watched = await start(preload=False)
    await asyncio.sleep(DAY_S)
    assert watched.manager.state == "unloaded"
    assert watched.started[0].died.is_set(), "nothing is kept meanwhile"
    assert watched.manager.capabilities.engine == "tone", "known all the same"
    async with watched.manager.lease() as engine:
        assert watched.manager.state == "ready"
        assert engine is watched.started[1]


async def test_leases_share_one_engine(start: Start) -> None:
    watched = await start()
    async with watched.manager.lease() as first, watched.manager.lease() as second:
        assert first is second
        assert watched.manager.leases == 2
    assert watched.manager.leases == 0


async def test_what_will_be_needed_is_loaded_and_no_lease_is_left(start: Start) -> None:
    watched = await start(preload=False)
    watched.manager.prepare()
    await watched.reach("loading", "ready")
    await asyncio.sleep(1)
    assert watched.manager.leases == 0


async def test_a_lease_waits_for_a_load_as_long_as_it_is_told_and_no_longer(start: Start) -> None:
    """A minute, if nobody says."""
    watched = await start(ToneEngine(load_s=60.5))
    with pytest.raises(ModelLoading) as caught:
        await lease_once(watched.manager)
    assert (now(), caught.value.retry_after_s) == (60, 5)
    assert watched.manager.leases == 0
    assert await lease_once(watched.manager) is watched.started[0]
    assert now() == 60.5


async def test_a_listener_hears_of_each_state_once(start: Start) -> None:
    watched = await start(idle_unload_s=10)
    for _ in range(3):
        await lease_once(watched.manager)
        await watched.reach("ready", "unloaded")
    assert watched.states == ["loading", "ready", "unloaded"] * 3


# -- failing -------------------------------------------------------------------------------------------------


async def test_a_failed_load_tells_those_who_wait_why_and_is_tried_again(start: Start) -> None:
    watched = await start(ToneEngine(), ToneEngine(load_fails=TOO_LARGE), preload=False)
    waiting = [asyncio.create_task(lease_once(watched.manager)) for _ in range(2)]
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, OutOfMemory)
        assert str(error) == TOO_LARGE
    await watched.reach("failed", "loading", "ready")
    assert await lease_once(watched.manager) is watched.started[2]
    assert watched.started[1].died.is_set()


async def test_waiting_for_readiness_raises_what_failed_and_waiting_for_warmth_does_not(start: Start) -> None:
    watched = await start(ToneEngine(load_fails=TOO_LARGE))
    warm = asyncio.create_task(watched.manager.warm())
    with pytest.raises(OutOfMemory):
        await watched.manager.ready()
    await warm
    assert watched.states == ["loading", "failed", "loading", "ready"]
    await watched.manager.ready()


async def test_tries_to_load_become_rarer_up_to_half_a_minute(start: Start) -> None:
    watched = await start(preload=False)
    assert await watched.fail(9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_between_two_tries_a_request_is_refused_at_once_with_the_time_that_is_left(start: Start) -> None:
    watched = await start(*(ToneEngine(load_fails=TOO_LARGE) for _ in range(5)))
    for tries, waited_s, left_s in ((4, 1.0, 3.0), (5, 7.5, 1.0)):
        await until(lambda tries=tries: watched.states.count("failed") == tries)
        await asyncio.sleep(watched.since[-1] + waited_s - now())
        asked_at = now()
        with pytest.raises(ModelUnavailable, match=TOO_LARGE) as caught:
            await lease_once(watched.manager)
        assert caught.value.retry_after_s == pytest.approx(left_s)
        assert (now(), watched.manager.leases) == (asked_at, 0)


async def test_an_engine_that_was_ended_when_nobody_needed_it_is_as_good_as_new(start: Start) -> None:
    watched = await start(preload=False, idle_unload_s=5)
    for _ in range(2):
        assert await watched.fail(3) == [0.5, 1, 2]
        await watched.reach("ready", "unloaded")


async def test_an_engine_that_lived_for_half_a_minute_is_as_good_as_new(start: Start) -> None:
    watched = await start(preload=False)
    assert await watched.fail(3) == [0.5, 1, 2]
    await asyncio.sleep(30)
    watched.engines[:] = [ToneEngine(load_fails=TOO_LARGE)]
    assert await watched.crash() == 0
    await watched.reach("failed", "loading", "ready")
    assert watched.since[-2] - watched.since[-3] == 0.5


async def test_whatever_keeps_an_engine_from_starting_is_tried_again(start: Start) -> None:
    watched = await start(ToneEngine(), OSError("too many open files"), preload=False)
    with pytest.raises(ModelUnavailable, match="see the log"):
        await lease_once(watched.manager)
    await watched.reach("failed", "loading", "ready")
    await lease_once(watched.manager)


@pytest.mark.parametrize("preload", [True, False])
async def test_a_start_waits_for_a_process_that_gives_no_answer(
    start: Start, preload: bool, caplog: pytest.LogCaptureFixture
) -> None:
    watched = await start(NoAnswer("ended, status=-9"), NoAnswer("not up after 30 s"), preload=preload)
    assert now() == 0.5 + 1
    assert await lease_once(watched.manager)
    told = [record.getMessage() for record in caplog.records if "waiting for the engine's process" in record.message]
    assert [text.rpartition("process, ")[2] for text in told] == [
        "next try in 0.5 s: ended, status=-9", "next try in 1.0 s: not up after 30 s",
    ]  # fmt: skip


async def test_a_start_does_not_wait_for_a_choice_that_cannot_be_met() -> None:
    watched = Watched(ManagerConfig(), [ModelUnavailable("torch is missing")])
    with pytest.raises(ModelUnavailable, match="torch is missing"):
        await watched.manager.start(preload=True)
    assert watched.tries == 1
    await watched.manager.close()


# -- crashing ------------------------------------------------------------------------------------------------


async def test_a_dead_engine_is_restarted_and_the_next_request_works(start: Start) -> None:
    watched = await start()
    async with watched.manager.lease() as engine:
        watched.started[0].died.set()
        await watched.reach("ready", "loading", "ready")
    assert await lease_once(watched.manager) is watched.started[1]
    assert watched.started[1] is not engine


async def test_nobody_gets_an_engine_that_has_died(start: Start) -> None:
    """Not even in the moment before the manager has seen it."""
    watched = await start()
    await watched.manager.ready()
    watched.started[0].died.set()
    assert await lease_once(watched.manager) is watched.started[1]


async def test_it_is_loading_from_the_moment_it_died(start: Start) -> None:
    """Whoever stands in for it speaks meanwhile, also while what is left of it is being ended."""

    class Lingering(ToneEngine):
        async def close(self) -> None:
            await super().close()
            await asyncio.sleep(DAY_S)

    watched = await start(Lingering())
    await watched.manager.ready()
    died_at = now()
    watched.started[0].died.set()
    await watched.reach("ready", "loading")
    assert now() == died_at


async def test_an_engine_that_crashes_again_and_again_is_restarted_ever_later(start: Start) -> None:
    """The first time at once: whoever spoke asks again."""
    watched = await start()
    pauses = []
    for _ in range(9):
        await watched.manager.ready()
        pauses.append(await watched.crash())
    assert pauses == pytest.approx([0, 0.5, 1, 2, 4, 8, 16, 30, 30])


@pytest.mark.parametrize(("lived_s", "pauses"), [(29.9, [0, 0.5, 1]), (30.0, [0, 0, 0]), (3600, [0, 0, 0])])
async def test_only_who_crashes_within_half_a_minute_of_its_load_waits(
    start: Start, lived_s: float, pauses: list[float]
) -> None:
    """However long the load took."""
    watched = await start()
    watched.engines[:] = [ToneEngine(load_s=50) for _ in pauses]
    for pause_s in pauses:
        await watched.manager.ready()
        await asyncio.sleep(lived_s)
        assert await watched.crash() == pytest.approx(pause_s)
        await watched.reach("loading")


async def test_a_lease_during_a_restart_waits_for_the_new_engine(start: Start) -> None:
    watched = await start()
    for _ in range(3):
        await watched.manager.ready()
        await watched.crash()
    await watched.manager.ready()
    watched.started[-1].died.set()
    await watched.reach("loading")
    asked_at, died = now(), watched.started[-1]
    async with watched.manager.lease() as engine:
        assert engine is watched.started[-1]
        assert engine is not died
        assert now() - asked_at == pytest.approx(2)


async def test_a_crash_is_made_good_though_nobody_asks(start: Start) -> None:
    watched = await start(preload=False)
    await lease_once(watched.manager)
    watched.started[-1].died.set()
    await watched.reach("ready", "loading", "ready")
    assert watched.manager.leases == 0


async def test_a_crash_while_it_sleeps_is_made_good_too(start: Start) -> None:
    watched = await start(sleep_s=10)
    await watched.reach("sleeping")
    await watched.crash()
    await watched.reach("sleeping", "loading", "ready", "sleeping")


# -- giving the card back ------------------------------------------------------------------------------------


async def test_an_idle_engine_ends_in_time_and_comes_back_on_demand(start: Start) -> None:
    watched = await start(ToneEngine(load_s=7), idle_unload_s=300)
    await watched.reach("loading", "ready", "unloaded")
    assert now() == 307, "idle counts from the load, if nobody came"
    await until(watched.started[0].died.is_set)
    assert watched.manager.status.models[0].state == "unloaded"
    await asyncio.sleep(60)
    async with watched.manager.lease() as engine:
        assert engine is watched.started[1]
        await asyncio.sleep(50)
    left_at = now()
    await watched.reach("ready", "unloaded")
    assert now() - left_at == 300, "idle counts from the end of the last lease"


@pytest.mark.parametrize("config", [{"idle_unload_s": 0}, {"idle_unload_s": 10}, {"sleep_s": 10}])
async def test_a_leased_engine_is_never_idle(start: Start, config: dict[str, float]) -> None:
    watched = await start(**config)
    async with watched.manager.lease(), watched.manager.lease():
        await asyncio.sleep(DAY_S)
        assert watched.manager.idle_s == 0
        await lease_once(watched.manager)
        assert watched.states == ["loading", "ready"]


async def test_zero_is_for_ever(start: Start) -> None:
    watched = await start()
    await lease_once(watched.manager)
    await asyncio.sleep(DAY_S)
    assert watched.states == ["loading", "ready"]
    assert watched.manager.idle_s == DAY_S


async def test_use_keeps_an_engine_up(start: Start) -> None:
    """Idle counts from the end of the last lease, not from the last time that nobody leased for a moment."""
    watched = await start(idle_unload_s=10)
    await watched.manager.ready()
    for _ in range(100):
        await asyncio.sleep(9.9)
        await lease_once(watched.manager)
    assert watched.states == ["loading", "ready"]
    last = now()
    await watched.reach("unloaded")
    assert now() - last == pytest.approx(10)


async def test_how_long_it_is_kept_may_change_while_it_idles(start: Start) -> None:
    watched = await start(sleep_s=600)
    await watched.reach("ready")
    watched.manager.use(ManagerConfig(sleep_s=60))
    await watched.reach("sleeping")
    assert now() == 60
    await lease_once(watched.manager)
    watched.manager.use(ManagerConfig())
    await asyncio.sleep(DAY_S)
    assert watched.manager.state == "ready"


async def test_sleep_comes_before_unloading_and_a_lease_wakes(start: Start) -> None:
    watched = await start(sleep_s=60, idle_unload_s=300)
    await watched.reach("ready", "sleeping")
    assert now() == 60
    assert watched.started[0].asleep
    async with watched.manager.lease() as engine:
        assert engine is watched.started[0]
        assert not watched.started[0].asleep
        assert watched.manager.state == "ready"
    left_at = now()
    await watched.reach("sleeping", "loading", "ready", "sleeping")
    assert now() - left_at == 60
    await watched.reach("sleeping", "unloaded")
    assert now() - left_at == 300, "since somebody left, not since it sleeps"
    assert await lease_once(watched.manager) is watched.started[1]


async def test_what_the_next_request_waits_is_what_it_took_the_last_time(start: Start) -> None:
    class Waking(ToneEngine):
        async def wake(self) -> None:
            await asyncio.sleep(1)

    engines = ToneEngine(), Waking(load_s=4), Waking(load_s=5)
    watched = await start(*engines, sleep_s=60, idle_unload_s=300, preload=False)
    manager = watched.manager
    assert manager.ready_in_s is None, "nobody has seen it load"
    await lease_once(manager)
    assert (manager.state, manager.ready_in_s) == ("ready", 0.0)
    await watched.reach("sleeping")
    assert manager.ready_in_s is None, "nor wake"
    await lease_once(manager)
    await watched.reach("sleeping")
    assert manager.ready_in_s == 1.0
    await watched.reach("unloaded")
    assert manager.ready_in_s == 4.0
    manager.prepare()
    await watched.reach("loading")
    await asyncio.sleep(3)
    assert manager.ready_in_s == 1.0, "what is left of it"
    await asyncio.sleep(1.5)
    assert manager.ready_in_s == 0.0, "it takes longer than the last time"


async def test_a_load_that_fails_is_no_measure(start: Start) -> None:
    watched = await start(ToneEngine(load_s=2, load_fails=TOO_LARGE))
    await watched.reach("loading", "failed")
    assert watched.manager.ready_in_s is None


@pytest.mark.parametrize(("config", "end"), [({"idle_unload_s": 0.5}, "unloaded"), ({"sleep_s": 0.5}, "sleeping")])
async def test_half_a_second_is_a_limit_too(start: Start, config: dict[str, float], end: ModelState) -> None:
    watched = await start(**config)
    await watched.reach("loading", "ready", end)
    assert now() == 0.5


async def test_what_was_ended_holds_nothing_and_is_still_known(start: Start) -> None:
    model = ModelStatus(name="tone", kind="preset", size="1b7", state="ready", active=3, memory_bytes=7)
    held = EngineStatus(models=(model,), device="a card", total_bytes=80, free_bytes=20)
    watched = await start(preload=False)
    async with watched.manager.lease():
        watched.started[-1].status = held
        assert watched.manager.status == held
    watched.manager.evict()
    await watched.reach("unloaded")
    ended = ModelStatus(name="tone", kind="preset", size="1b7", state="unloaded")
    assert watched.manager.status == EngineStatus(models=(ended,), device="a card", total_bytes=80)


async def test_one_that_may_not_unload_sleeps_for_ever(start: Start) -> None:
    watched = await start(sleep_s=60)
    await asyncio.sleep(DAY_S)
    assert watched.states == ["loading", "ready", "sleeping"]


async def test_nobody_gets_an_engine_that_is_falling_asleep(start: Start) -> None:
    class Drowsy(ToneEngine):
        async def sleep(self) -> None:
            falling.set()
            await may_sleep.wait()
            await super().sleep()

    falling, may_sleep = asyncio.Event(), asyncio.Event()
    watched = await start(Drowsy(), sleep_s=60)
    await falling.wait()
    leasing = asyncio.create_task(lease_once(watched.manager))
    await asyncio.sleep(1)
    assert not leasing.done()
    may_sleep.set()
    assert not (await leasing).asleep


@pytest.mark.parametrize("cannot", ["sleep", "wake"])
async def test_an_engine_that_cannot_sleep_or_wake_is_ended_and_replaced(start: Start, cannot: str) -> None:
    class Stubborn(ToneEngine):
        async def sleep(self) -> None:
            await self._move("sleep")

        async def wake(self) -> None:
            await self._move("wake")

        async def _move(self, word: str) -> None:
            if word == cannot:
                raise SynthesisFailed("no")

    watched = await start(Stubborn(), sleep_s=60)
    await watched.reach("sleeping")
    assert await lease_once(watched.manager) is watched.started[1]
    assert watched.started[0].died.is_set()


async def test_evicted_it_gives_the_card_back_when_the_last_one_leaves(start: Start) -> None:
    watched = await start()
    async with watched.manager.lease():
        async with watched.manager.lease():
            assert watched.manager.evict()
        await asyncio.sleep(DAY_S)
        assert watched.manager.state == "ready"
    left_at = now()
    await watched.reach("ready", "unloaded")
    assert now() == left_at
    assert not watched.manager.evict(), "there is nothing to give back"
    await lease_once(watched.manager)
    await asyncio.sleep(DAY_S)
    assert watched.manager.state == "ready", "evicted once, not for ever"


@pytest.mark.parametrize("is_asleep", [False, True])
async def test_evicted_while_nobody_speaks_it_ends_at_once(start: Start, is_asleep: bool) -> None:
    watched = await start(sleep_s=60)
    await watched.reach(*(["sleeping"] if is_asleep else ["ready"]))
    asked_at = now()
    assert watched.manager.evict()
    await watched.reach("unloaded")
    assert now() == asked_at
    assert watched.started[0].asleep == is_asleep, "it does not fall asleep first"


# -- the spare -----------------------------------------------------------------------------------------------


class Counted(ToneEngine):
    """Counts how often it was loaded."""

    loads = 0

    async def load(self) -> None:
        self.loads += 1
        await super().load()


@pytest.mark.parametrize("preload", [True, False])
async def test_a_spare_waits_unloaded_and_is_the_next_engine(start: Start, *, preload: bool) -> None:
    engines = [Counted() for _ in range(4)]
    watched = await start(*engines, preload=preload, has_spare=True, idle_unload_s=10)
    if preload:
        await watched.reach("ready", "unloaded")
    for number in (0, 1) if not preload else (1, 2):
        await until(lambda number=number: len(watched.started) == number + 1)
        assert engines[number].loads == 0
        assert await lease_once(watched.manager) is engines[number]
        await watched.reach("ready", "unloaded")
        await until(engines[number].died.is_set)


async def test_a_spare_that_died_is_replaced(start: Start) -> None:
    watched = await start(preload=False, has_spare=True)
    pauses = [await watched.crash() for _ in range(8)]
    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30])
    assert await lease_once(watched.manager) is watched.started[8]


async def test_a_dead_spare_is_nobodys_engine(start: Start) -> None:
    """Not even in the moment before its death was seen."""
    watched = await start(preload=False, has_spare=True)
    watched.started[0].died.set()
    assert await lease_once(watched.manager) is watched.started[1]


@pytest.mark.parametrize("error", [ModelUnavailable("too many open files"), RuntimeError("can't start new thread")])
async def test_a_spare_that_cannot_start_is_tried_again(
    start: Start, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    watched = await start(ToneEngine(), error, has_spare=True, idle_unload_s=10)
    await watched.reach("ready", "unloaded")
    await until(lambda: len(watched.started) == 2)
    assert str(error) in caplog.text
    foreseen = isinstance(error, ModelUnavailable)
    assert [bool(record.exc_info) for record in caplog.records if str(error) in record.message] == [not foreseen]
    assert await lease_once(watched.manager) is watched.started[1]


async def test_a_lease_does_not_wait_for_a_spare_that_does_not_start() -> None:
    class Hanging(Watched):
        async def _start(self) -> ToneEngine:
            if self.tries == 1:
                self.tries += 1
                await asyncio.Event().wait()
            return await super()._start()

    watched = Hanging(ManagerConfig(has_spare=True, idle_unload_s=10), [])
    await watched.manager.start(preload=True)
    await watched.reach("ready", "unloaded")
    await until(lambda: watched.tries == 2)
    asked_at = now()
    assert await lease_once(watched.manager) is watched.started[1]
    assert now() == asked_at
    await watched.manager.close()


async def test_a_spare_tells_which_models_there_are(start: Start) -> None:
    watched = await start(preload=False, has_spare=True)
    assert [(model.name, model.state) for model in watched.manager.status.models] == [("tone", "unloaded")]


# -- closing -------------------------------------------------------------------------------------------------


async def test_closing_ends_the_spare(start: Start) -> None:
    watched = await start(preload=False, has_spare=True)
    await watched.manager.close()
    assert watched.started[0].died.is_set()


async def test_closing_ends_the_engine(start: Start) -> None:
    watched = await start()
    await watched.manager.ready()
    await watched.manager.close()
    assert watched.started[0].died.is_set()


@pytest.mark.parametrize("engine", [ToneEngine, lambda: ToneEngine(load_fails=TOO_LARGE), lambda: ToneEngine(load_s=9)])
async def test_closing_stops_whatever_is_going_on(start: Start, engine: Callable[[], ToneEngine]) -> None:
    watched = await start(engine())
    watched.manager.prepare()
    await asyncio.sleep(0.1)
    await watched.manager.close()
    tries = watched.tries
    await asyncio.sleep(DAY_S)
    assert watched.tries == tries
    assert all(engine.died.is_set() for engine in watched.started)
