"""Whether an engine is up: loaded on demand, kept while leased, loaded again after a crash, ended when idle.

One task, `_keep`, takes the engine through its states (see lifecycle.py). Everybody else only asks for a lease and
waits for the state to change. The card is given back in `_serve`.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import msgspec

from qwen3tts_daemon.hosting.spare_process import EngineProcess, SpareProcess, StartEngine, restart_backoff
from qwen3tts_daemon.hosting.start_times import StartTimes
from qwen3tts_daemon.hosting.worker_client import NoAnswer
from qwen_tts.api import Capabilities, EngineStatus, ModelState
from qwen_tts.errors import ModelLoading, ModelUnavailable, SynthesisError
from qwen_tts.hosting.lifecycle import BackgroundTasks, Changes, Leases, load_failure, loop_time, unforeseen
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

_YOUNG_S = 30.0
"""An engine that crashes sooner than this after its load is restarted with back-off."""


@dataclass(frozen=True, slots=True)
class ManagerConfig:
    """How long an engine is kept; zero means for ever."""

    idle_unload_s: float = 0.0
    sleep_s: float = 0.0
    load_timeout_s: float = 60.0
    """How long a request waits for the engine."""
    has_spare: bool = False
    """While the engine is unloaded another process waits to load it: for engines that take long to import."""


class ModelManager:
    """Leases one engine to many utterances."""

    def __init__(self, start_engine: StartEngine, config: ManagerConfig) -> None:
        self._start_engine = start_engine
        self._config = config
        self._engine: EngineProcess | None = None
        self._spare = SpareProcess(start_engine)
        self._capabilities: Capabilities | None = None
        self._status = EngineStatus()
        self._leases = Leases()
        self._is_evicted = False
        self._is_retired = False
        self._has_been_ready = False
        self._start_times = StartTimes(loop_time)
        self._backoff = restart_backoff()
        self._error: SynthesisError | None = None
        """What the last load failed with"""
        self._changes = Changes()
        """Of the state, of the leases, and of whether the engine lives"""
        self._tasks = BackgroundTasks()
        self.state: ModelState = "unloaded"
        self.on_state: list[Callable[[ModelState], None]] = []
        """Called after every change of state, from the loop."""

    def use(self, config: ManagerConfig) -> None:
        """From now on."""
        self._config = config
        self._changes.notify()

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine, also while it is unloaded; known once `start` has returned. A server elsewhere may learn to
        speak with other voices."""
        if self._is_ready:
            assert self._engine is not None
            self._capabilities = self._engine.capabilities
        assert self._capabilities is not None, "the manager has not started"
        return self._capabilities

    @property
    def reason(self) -> str:
        """Why it cannot speak; "" if it can, or nobody knows yet."""
        return str(self._error) if self.state == "failed" else ""

    @property
    def ready_in_s(self) -> float | None:
        """How long a request that came now would wait for the engine; None if nobody can tell."""
        return self._start_times.left_s(self.state)

    @property
    def leases(self) -> int:
        return self._leases.count

    @property
    def idle_s(self) -> float:
        """Since somebody last came, left or called; 0 while there is a lease."""
        return self._leases.idle_s

    @property
    def status(self) -> EngineStatus:
        """What the engine holds, as it last told; while it is down, what it would hold, as unloaded."""
        if self._engine is not None:
            self._status = self._engine.status
            return self._status
        models = tuple(
            msgspec.structs.replace(model, state="unloaded", active=0, memory_bytes=None)
            for model in self._spare.models or self._status.models
        )
        return msgspec.structs.replace(self._status, models=models, free_bytes=None)

    # -- for those who speak -------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[SpeechEngine]:
        """A ready engine, until the block ends. Raises ModelUnavailable, ModelLoading, or what its load raised."""
        self._leases.acquire()
        self._changes.notify()
        try:
            yield await self._ready_engine()
        finally:
            self._leases.release()
            self._changes.notify()

    async def _ready_engine(self) -> SpeechEngine:
        if self.state == "failed":
            wait_s = max(1.0, self._backoff.left_s(loop_time()))
            raise ModelUnavailable(str(self._error), retry_after_s=wait_s)
        try:
            async with asyncio.timeout(self._config.load_timeout_s):
                await self._changes.until(lambda: self._is_ready or self.state == "failed")
        except TimeoutError:
            raise ModelLoading("the voice is still loading, try again", retry_after_s=5) from None
        self._check_loaded()
        assert self._engine is not None
        return self._engine

    @property
    def _is_ready(self) -> bool:
        return self.state == "ready" and self._engine is not None and not self._engine.died.is_set()

    def prepare(self) -> None:
        """Somebody will speak soon: load or wake the engine meanwhile. Never raises."""
        self._tasks.start(self._prepare())

    async def _prepare(self) -> None:
        with contextlib.suppress(SynthesisError):  # told to those who speak
            async with self.lease():
                pass

    async def warm(self) -> None:
        """Wait, without a limit and whatever fails in between, until the engine has been ready."""
        await self._changes.until(lambda: self._has_been_ready)

    async def ready(self) -> None:
        """Wait until the engine is ready. Raises what made its load fail."""
        await self._changes.until(lambda: self.state in ("ready", "failed"))
        self._check_loaded()

    def _check_loaded(self) -> None:
        """Raises what the last load failed with."""
        if self.state == "failed" and self._error is not None:
            raise self._error

    # -- start, eviction, end -------------------------------------------------------------------------------

    async def start(self, *, preload: bool) -> None:
        """Learn what the engine can do; with `preload` keep it and load it in the background.

        A process that ends without a word is tried again, as in any other restart. Raises ModelUnavailable if it says
        why it cannot start: a choice that cannot be met stops the start.
        """
        engine = await self._first_engine()
        self._capabilities, self._status = engine.capabilities, engine.status
        self._leases.touch()
        if preload or self._config.has_spare:
            self._spare.put(engine)
        else:
            await engine.close()
        self._tasks.start(self._keep(preload=preload))

    async def _first_engine(self) -> EngineProcess:
        backoff = restart_backoff()
        while True:
            try:
                return await self._start_engine()
            except NoAnswer as error:
                delay_s = backoff.failed(loop_time())
                logger.warning("waiting for the engine's process, next try in %.1f s: %s", delay_s, error)
                await asyncio.sleep(delay_s)

    def evict(self) -> bool:
        """Give the card back as soon as nobody speaks; False if it is not in use. The next lease loads again."""
        if self._engine is None:
            return False
        self._is_evicted = True
        self._changes.notify()
        return True

    async def vacate(self) -> bool:
        """As `evict`, and wait until its memory is free."""
        engine = self._engine
        if engine is None or not self.evict():
            return False
        await self._changes.until(lambda: self._engine is not engine)
        await engine.close()  # its end has begun; this waits for it
        return True

    def retire(self) -> None:
        """Another engine has its place: it is ended whenever nobody speaks with it, and no other process waits."""
        self._is_retired = True
        self._changes.notify()

    async def close(self) -> None:
        """End the engine; leases still held see their streams fail."""
        await self._tasks.cancel()
        await self._end_engine()
        await self._spare.close()

    # -- the life of the engine ----------------------------------------------------------------------------

    async def _keep(self, *, preload: bool) -> None:
        """Load and serve for ever. An engine that crashed is loaded again at once, another one for the next lease."""
        needs_lease = not preload
        while True:
            if needs_lease:
                await self._wait_for_a_lease()
            engine = await self._load()
            ready_at = loop_time()
            await self._serve(engine)
            if has_crashed := engine.died.is_set():
                self._set("loading")  # who comes while it is being ended need not wait, where another stands in
            await self._end_engine()
            if has_crashed:
                await self._recover(lived_s=loop_time() - ready_at)
            else:
                self._backoff.reset()
            needs_lease = not has_crashed

    async def _wait_for_a_lease(self) -> None:
        """Meanwhile a spare is kept. One that is still starting then is given up: the lease may not wait for it."""
        self._set("unloaded")
        if self._config.has_spare and not self._is_retired:
            keeping = asyncio.create_task(self._spare.keep())
            try:
                await self._changes.until(lambda: self._leases.count > 0 or self._is_retired)
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
        if self._is_retired and self._leases.count == 0:
            await self._spare.close()
        await self._changes.until(lambda: self._leases.count > 0)

    async def _load(self) -> EngineProcess:
        """Try until it succeeds; between two tries everybody is told why the last one failed."""
        while True:
            self._set("loading")
            try:
                with self._start_times.measured("load"):
                    self._engine = await self._spare.take() or await self._start_engine()
                    await self._engine.load()
            except Exception as error:  # noqa: BLE001  the edge of the engine's life: it is told and tried again
                await self._fail(error)
            else:
                self._has_been_ready = True
                self._set("ready")
                return self._engine

    async def _fail(self, error: Exception) -> None:
        """Until the next try."""
        await self._end_engine()
        delay_s = self._backoff.failed(loop_time())
        logger.error(
            "the voice could not be loaded, next try in %.1f s: %s", delay_s, error, exc_info=unforeseen(error)
        )
        self._error = load_failure(error)
        self._set("failed")
        await asyncio.sleep(delay_s)
        await self._changes.until(lambda: self._leases.count > 0 or not self._is_retired)

    async def _serve(self, engine: EngineProcess) -> None:
        """Let it sleep and wake, until it has died or is to be ended: evicted, or idle for long enough."""
        self._tasks.start(self._tell_of_death(engine))
        self._leases.touch()
        while not engine.died.is_set():
            if self._leases.count > 0:
                if self.state == "sleeping":
                    await self._change(engine, lambda: self._wake(engine), before="loading", after="ready")
                else:
                    await self._changes.wait()
            elif not self._is_unwanted and (left_s := self._idle_limit_s - self._leases.idle_s) > 0:
                await self._changes.wait(None if math.isinf(left_s) else left_s)
            elif not self._is_unwanted and self._may_sleep:
                await self._change(engine, engine.sleep, before="sleeping", after="sleeping")
            else:
                self._set("unloaded")
                return

    async def _wake(self, engine: EngineProcess) -> None:
        with self._start_times.measured("wake"):
            await engine.wake()

    @property
    def _is_unwanted(self) -> bool:
        return self._is_evicted or self._is_retired

    @property
    def _may_sleep(self) -> bool:
        return self.state == "ready" and self._config.sleep_s > 0

    @property
    def _idle_limit_s(self) -> float:
        """Idle for so long, the engine falls asleep if it may, else it ends."""
        limit_s = self._config.sleep_s if self._may_sleep else self._config.idle_unload_s
        return limit_s or math.inf

    async def _change(
        self, engine: EngineProcess, action: Callable[[], Awaitable[None]], *, before: ModelState, after: ModelState
    ) -> None:
        """Sleep or wake. The state changes first, so that nobody leases an engine that is falling asleep.

        An engine that cannot is ended, and loaded again like one that crashed.
        """
        self._set(before)
        try:
            await action()
        except SynthesisError as error:
            logger.error("the voice cannot become %s: %s", after, error)
            await engine.close()
        else:
            self._set(after)

    async def _tell_of_death(self, engine: EngineProcess) -> None:
        await engine.died.wait()
        self._changes.notify()

    async def _recover(self, *, lived_s: float) -> None:
        """Wait before an engine that crashed is loaded again: not the first time, and not if it lived for long."""
        if lived_s >= _YOUNG_S:
            self._backoff.reset()
        else:
            await asyncio.sleep(self._backoff.delay_s)
            self._backoff.failed(loop_time())

    async def _end_engine(self) -> None:
        """Its process has gone afterwards, and its memory with it."""
        self._is_evicted = False
        if self._engine is not None:
            engine, self._engine = self._engine, None
            self._status = engine.status
            await engine.close()

    def _set(self, state: ModelState) -> None:
        if state != self.state:
            self.state = state
            logger.info("the voice is %s", state)
            for listener in self.on_state:
                listener(state)
        self._changes.notify()
