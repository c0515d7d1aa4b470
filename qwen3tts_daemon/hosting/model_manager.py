"""Which engine is up: started on demand, kept while leased, restarted after a crash, ended when idle.

States: `unloaded` (no process, or one that has not begun to load) -> `loading` -> `ready` <-> `sleeping`; `failed`
waits for the next try. One task, `_keep`, lives through them; everybody else only asks for a lease and waits for the
state to change.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

import msgspec

from qwen3tts_daemon.hosting.worker_client import NoAnswer
from qwen_tts.api import Capabilities, EngineStatus, ModelState
from qwen_tts.errors import ModelLoading, ModelUnavailable, SynthesisError
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

ManagerState = ModelState

_FIRST_BACKOFF_S = 0.5
_LAST_BACKOFF_S = 30.0
_YOUNG_S = 30.0
"""An engine that dies younger than this is restarted with back-off."""


class HostedEngine(SpeechEngine, Protocol):
    """An engine that can die on its own."""

    died: asyncio.Event
    status: EngineStatus


@dataclass(frozen=True, slots=True)
class ManagerConfig:
    """How long an engine is kept; zero means for ever."""

    idle_unload_s: float = 0.0
    sleep_s: float = 0.0
    load_timeout_s: float = 60.0
    """How long a request waits for the engine."""
    has_successor: bool = False
    """While the engine is unloaded another process waits to load it: for engines that take long to import."""


class ModelManager:
    """Leases one engine to many utterances."""

    def __init__(self, start_engine: Callable[[], Awaitable[HostedEngine]], config: ManagerConfig) -> None:
        self._start_engine = start_engine
        self._config = config
        self._engine: HostedEngine | None = None
        self._successor: HostedEngine | None = None
        """Up, and not loaded yet"""
        self._capabilities: Capabilities | None = None
        self._leases = 0
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._error: SynthesisError | None = None
        self._retry_at = 0.0
        self._idle_since = 0.0
        self._offloading = False
        self._has_been_warm = False
        self._status = EngineStatus()
        self.state: ManagerState = "unloaded"
        self.on_state: list[Callable[[ManagerState], None]] = []
        """Called after every change of state, from the loop."""

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine, also while it is unloaded; known once `start` has returned."""
        assert self._capabilities is not None, "the manager has not started"
        return self._capabilities

    @property
    def leases(self) -> int:
        return self._leases

    @property
    def status(self) -> EngineStatus:
        """What the engine held when it last told; what it has when it is up, as not loaded, while it is not."""
        if self._engine is not None:
            self._status = self._engine.status
            return self._status
        if self._successor is not None and self._successor.status.models:
            self._status = msgspec.structs.replace(self._status, models=self._successor.status.models)
        models = tuple(
            msgspec.structs.replace(model, state="unloaded", active=0, memory_bytes=None)
            for model in self._status.models
        )
        return msgspec.structs.replace(self._status, models=models, free_bytes=None)

    @property
    def idle_s(self) -> float:
        """Since the last lease ended; 0 while there is one."""
        return 0.0 if self._leases else asyncio.get_running_loop().time() - self._idle_since

    def bring(self) -> None:
        """Wake or load it, for whoever comes next; nothing happens if it is up."""
        self._spawn(self._look_in())

    async def _look_in(self) -> None:
        with contextlib.suppress(SynthesisError):  # told to those who ask for it
            async with self.lease():
                pass

    async def offload(self) -> bool:
        """End the engine as soon as nobody speaks; False if it was not up. The next request starts it again."""
        if self._engine is None:
            return False
        self._offloading = True
        self._idle_since = asyncio.get_running_loop().time()  # the keeper looks again
        await self._notify()
        return True

    async def start(self, *, preload: bool) -> None:
        """Learn what the engine can do; with `preload` keep it and load it in the background.

        A process that ends without a word is tried again, as in any other restart. Raises ModelUnavailable if it says
        why it cannot start: a choice that cannot be met stops the start.
        """
        self._successor = engine = await self._first_engine()
        self._capabilities, self._status = engine.capabilities, engine.status
        self._idle_since = asyncio.get_running_loop().time()
        if not (preload or self._config.has_successor):
            await self._end_successor()
        self._keeper = asyncio.create_task(self._keep(wanted=preload))

    async def _first_engine(self) -> HostedEngine:
        backoff_s = 0.0
        while True:
            try:
                return await self._start_engine()
            except NoAnswer as error:
                backoff_s = _longer(backoff_s)
                logger.warning("waiting for the engine's process, next try in %.1f s: %s", backoff_s, error)
                await asyncio.sleep(backoff_s)

    async def close(self) -> None:
        """End the engine; leases still held see their streams fail."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end_engine()
        await self._end_successor()

    async def warm(self) -> None:
        """Wait, without a limit and whatever fails in between, until the engine has been warm."""
        await self._until(lambda: self._has_been_warm)

    async def ready(self) -> None:
        """Wait until the engine is warm. Raises what made its load fail."""
        await self._until(lambda: self.state in ("ready", "failed"))
        if self._error is not None:
            raise self._error

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[SpeechEngine]:
        """A warm engine that stays up until the block ends. Raises ModelUnavailable or ModelLoading."""
        self._leases += 1
        try:
            yield await self._warm_engine()
        finally:
            self._leases -= 1
            self._idle_since = asyncio.get_running_loop().time()
            # Not awaited under cancellation: the keeper only has to learn of it soon.
            self._spawn(self._notify())

    async def _warm_engine(self) -> SpeechEngine:
        if self._error is not None:
            wait_s = max(1.0, self._retry_at - asyncio.get_running_loop().time())
            raise ModelUnavailable(str(self._error), retry_after_s=wait_s)
        if not self._is_warm:
            await self._notify()
            try:
                async with asyncio.timeout(self._config.load_timeout_s):
                    await self._until(lambda: self._is_warm or self.state == "failed")
            except TimeoutError:
                raise ModelLoading("the voice is still loading, try again", retry_after_s=5) from None
        if self._engine is None:
            raise self._error or ModelUnavailable("the engine has ended, try again")
        return self._engine

    @property
    def _is_warm(self) -> bool:
        return self.state == "ready" and self._engine is not None and not self._engine.died.is_set()

    # -- the life of the engine ----------------------------------------------------------------------------

    async def _keep(self, *, wanted: bool) -> None:
        """Start, load, serve until idle, wait for a lease; again after a crash, with back-off."""
        clock = asyncio.get_running_loop().time
        backoff_s = 0.0
        while True:
            if not wanted:
                await self._set("unloaded")
                await self._wait_for_a_lease()
            await self._set("loading")
            try:
                self._engine = await self._succeed() or await self._start_engine()
                await self._engine.load()
            except Exception as error:  # noqa: BLE001  the edge of the engine's life: it is told and tried again
                backoff_s = _longer(backoff_s)
                await self._fail(error, backoff_s)
                wanted = True
                continue
            ready_at = clock()
            self._has_been_warm = True
            await self._set("ready")
            wanted = not await self._serve(self._engine)
            await self._end_engine()
            if wanted and clock() - ready_at < _YOUNG_S:
                await self._set("loading")
                await asyncio.sleep(backoff_s)
                backoff_s = _longer(backoff_s)
            else:
                backoff_s = 0.0

    async def _wait_for_a_lease(self) -> None:
        """Meanwhile a successor is up. One that is still starting then is given up: the lease may not wait for it."""
        keeping = asyncio.create_task(self._keep_successor()) if self._config.has_successor else None
        try:
            await self._until(lambda: self._leases > 0)
        finally:
            if keeping is not None:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

    async def _keep_successor(self) -> None:
        """Its memory is the machine's alone: it has not seen the device yet. Another one if it dies."""
        backoff_s = 0.0
        while True:
            try:
                self._successor = self._successor or await self._start_engine()
                await self._successor.died.wait()
                logger.warning("the process that waits for the next request has died")
                await self._end_successor()
            except Exception as error:  # the edge of the engine's life: without it a request only takes longer
                logger.warning("no process waits for the next request: %s", error, exc_info=_unforeseen(error))
            backoff_s = _longer(backoff_s)
            await asyncio.sleep(backoff_s)

    async def _succeed(self) -> HostedEngine | None:
        """The successor, if there is one and it lives."""
        if self._successor is not None and self._successor.died.is_set():
            await self._end_successor()
        successor, self._successor = self._successor, None
        return successor

    async def _end_successor(self) -> None:
        if self._successor is not None:
            await self._successor.close()
            self._successor = None

    async def _fail(self, error: Exception, backoff_s: float) -> None:
        logger.error("the engine failed to load, next try in %.1f s: %s", backoff_s, error, exc_info=_unforeseen(error))
        await self._end_engine()
        self._error = error if isinstance(error, SynthesisError) else ModelUnavailable("no engine, see the log")
        self._retry_at = asyncio.get_running_loop().time() + backoff_s
        await self._set("failed")
        await asyncio.sleep(backoff_s)
        self._error = None

    async def _end_engine(self) -> None:
        """Its process has gone afterwards, and its memory with it."""
        self._offloading = False
        if self._engine is not None:
            engine, self._engine = self._engine, None
            self._status = engine.status
            await engine.close()

    async def _serve(self, engine: HostedEngine) -> bool:
        """Until the engine dies (False) or was idle for long enough (True)."""
        self._spawn(self._announce_death(engine))
        self._idle_since = asyncio.get_running_loop().time()
        sleep_s, unload_s = self._config.sleep_s, self._config.idle_unload_s
        while not engine.died.is_set():
            if self._offloading and self._leases == 0:
                await self._set("unloaded")
                return True
            if self.state == "sleeping" and self._leases > 0:
                await self._change(engine, engine.wake, before="loading", after="ready")
            elif self.state == "ready" and sleep_s > 0 and await self._is_idle_for(engine, sleep_s):
                await self._change(engine, engine.sleep, before="sleeping", after="sleeping")
            elif (self.state == "sleeping" or sleep_s == 0) and await self._is_idle_for(engine, unload_s):
                await self._set("unloaded")
                return True
        return False

    async def _change(
        self,
        engine: HostedEngine,
        action: Callable[[], Awaitable[None]],
        *,
        before: ManagerState,
        after: ManagerState,
    ) -> None:
        """Sleep or wake; the state changes first, so that nobody leases an engine that is falling asleep.

        An engine that cannot is ended, and restarted like one that crashed.
        """
        await self._set(before)
        try:
            await action()
        except SynthesisError as error:
            logger.error("the engine cannot become %s: %s", after, error)
            await engine.close()
        else:
            await self._set(after)

    async def _is_idle_for(self, engine: HostedEngine, seconds: float) -> bool:
        """Wait for a change; True if `seconds` (0: never) have passed since the last lease ended."""
        was_idle = self._leases == 0
        left_s = self._idle_since + seconds - asyncio.get_running_loop().time() if seconds and was_idle else None
        try:
            async with asyncio.timeout(left_s):
                idle_since = self._idle_since
                await self._until(
                    lambda: engine.died.is_set() or (self._leases == 0) != was_idle or self._idle_since != idle_since
                )
        except TimeoutError:
            return self._leases == 0
        return False

    async def _announce_death(self, engine: HostedEngine) -> None:
        await engine.died.wait()
        await self._notify()

    # -- waiting and telling -------------------------------------------------------------------------------

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _set(self, state: ManagerState) -> None:
        if state != self.state:
            self.state = state
            logger.info("engine %s", state)
            for listener in self.on_state:
                listener(state)
        await self._notify()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _unforeseen(error: Exception) -> Exception | None:
    """What the log shows whole."""
    return None if isinstance(error, SynthesisError) else error


def _longer(backoff_s: float) -> float:
    return min(max(_FIRST_BACKOFF_S, backoff_s * 2), _LAST_BACKOFF_S)
