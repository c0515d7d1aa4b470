"""Which checkpoints are on the device: those that are wanted are loaded, and others make room for them.

1. One moves at a time, in the order in which checkpoints were first wanted; all who wait for one get it together.
2. What makes room is what nobody uses, longest unused first. If all are used, the one that was used least lately takes
   no new requests, and is evicted when the last of its streams has ended: nobody is cut, and nobody waits for ever.
3. What a checkpoint takes is measured when it is loaded; before that it is estimated from its files.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from qwen_tts.api import VoiceKind
from qwen_tts.errors import ModelLoading, ModelUnavailable, SynthesisError
from qwen_tts.hosting.hosted_checkpoint import HostedCheckpoint, HostedEngine
from qwen_tts.hosting.lifecycle import BackgroundTasks, unforeseen

logger = logging.getLogger(__name__)

_HOST_SPARE_BYTES = 2 * 2**30
"""Of the machine's memory, left to others when weights are put there."""


class Memory(Protocol):
    """What is asked before something moves."""

    def device(self) -> tuple[str, int, int] | None:
        """Name, total and free bytes; None where nothing can run short: the CPU."""

    def host_free(self) -> int | None:
        """Bytes that can be taken without swapping; None if the system does not say."""


class CheckpointLoader:
    """See the module. Belongs to the event loop."""

    def __init__(
        self,
        checkpoints: Sequence[HostedCheckpoint],
        open_memory: Callable[[], Awaitable[Memory]],
        *,
        keep_loaded: Collection[VoiceKind],
    ) -> None:
        """`keep_loaded` are the kinds that are evicted last; `open_memory` is called before the first load."""
        self._checkpoints = checkpoints
        self._keep_loaded = keep_loaded
        self._open_memory = open_memory
        self._memory: Memory | None = None
        self.device: tuple[str, int, int] | None = None
        """As `Memory.device` told it when something last moved"""
        self._wanted: deque[HostedCheckpoint] = deque()
        self._loading: asyncio.Task[None] | None = None
        self._moving = asyncio.Lock()
        self._tasks = BackgroundTasks()
        self._death_watches: dict[VoiceKind, asyncio.Task[None]] = {}
        """Of the checkpoints that are ready"""
        self._is_closing = False
        self.died = asyncio.Event()
        """Set when an engine has failed for good: the device is not trusted any more."""

    async def acquire(self, checkpoint: HostedCheckpoint, timeout_s: float | None) -> HostedEngine:
        """Load it if it is not ready, and take a lease, which the caller releases.

        Raises what made loading it fail, ModelUnavailable if that was a moment ago, ModelLoading after `timeout_s`.
        """
        if checkpoint.is_available:
            checkpoint.leases.acquire()
            return checkpoint.engine
        grant = checkpoint.join()
        self._want(checkpoint)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(grant)
        except BaseException as error:
            checkpoint.abandon(grant)
            if isinstance(error, TimeoutError):
                raise ModelLoading(f"{checkpoint.name} is still loading, try again", retry_after_s=5) from None
            raise

    async def evict_all(self) -> None:
        """Nothing is left on the device."""
        async with self._moving:
            for checkpoint in self._checkpoints:
                if checkpoint.state == "ready":
                    await self._evict(checkpoint)

    async def close(self) -> None:
        """End every engine; who waits for one is told so."""
        self._is_closing = True
        await self._tasks.cancel()  # nothing moves any more when the first engine is ended
        for checkpoint in self._checkpoints:
            checkpoint.refuse(ModelUnavailable("the engine is closing"))
            await checkpoint.close()

    # -- loading ----------------------------------------------------------------------------------------------------

    def _want(self, checkpoint: HostedCheckpoint) -> None:
        if checkpoint not in self._wanted:
            self._wanted.append(checkpoint)
        if self._loading is None or self._loading.done():
            self._loading = self._tasks.start(self._load_wanted())

    async def _load_wanted(self) -> None:
        while self._wanted:
            async with self._moving:
                checkpoint = self._wanted[0]
                error = await self._load(checkpoint)
                self._wanted.popleft()
                if error is not None:
                    checkpoint.refuse(error)
                else:
                    checkpoint.grant()

    async def _load(self, checkpoint: HostedCheckpoint) -> SynthesisError | None:
        """Make it ready, unless nobody waits for it any more; returns what went wrong."""
        if checkpoint.is_available or not checkpoint.waiting:
            return None
        try:
            if not await self._make_room(checkpoint):
                return None
            free, was_asleep = self._free_bytes(), checkpoint.state == "sleeping"
            await checkpoint.load()
            if not was_asleep:
                self._measure(checkpoint, free)
        except Exception as error:  # the edge of an engine's life: told to those who wait, tried again later
            logger.error("%s could not be loaded: %s", checkpoint.name, error, exc_info=unforeseen(error))
            return checkpoint.failed(error)
        logger.info("%s is ready", checkpoint.name)
        self._death_watches[checkpoint.kind] = self._tasks.start(self._watch(checkpoint.engine))
        return None

    def _measure(self, checkpoint: HostedCheckpoint, free_before: int | None) -> None:
        free = self._free_bytes()
        if free_before is not None and free is not None:
            checkpoint.measured_bytes = max(0, free_before - free)

    async def _watch(self, engine: HostedEngine) -> None:
        await engine.died.wait()
        if not self._is_closing:
            self.died.set()

    # -- making room ------------------------------------------------------------------------------------------------

    async def _make_room(self, checkpoint: HostedCheckpoint) -> bool:
        """Evict others until it fits; False if nobody waits for it any more."""
        if self._memory is None:
            self._memory = await self._open_memory()
        while (free := self._free_bytes()) is not None and free < checkpoint.needs_bytes:
            victim = self._next_to_evict(checkpoint)
            if victim is None:
                break  # its engine makes itself smaller, or says what it lacks
            victim.is_evicting = True
            await victim.until_idle()
            if not checkpoint.waiting:
                victim.is_evicting = False
                return False
            await self._evict(victim)
        return True

    def _next_to_evict(self, wanted: HostedCheckpoint) -> HostedCheckpoint | None:
        others = [one for one in self._checkpoints if one is not wanted and one.state == "ready"]
        keep = self._keep_loaded
        return min(others, key=lambda one: (one.kind in keep, one.is_busy, one.leases.last_used_s), default=None)

    async def _evict(self, checkpoint: HostedCheckpoint) -> None:
        checkpoint.is_evicting = True
        free = None if self._memory is None else self._memory.host_free()
        await checkpoint.evict(keep_weights=free is None or free > checkpoint.needs_bytes + _HOST_SPARE_BYTES)
        self._death_watches.pop(checkpoint.kind).cancel()
        self._free_bytes()

    def _free_bytes(self) -> int | None:
        """Of the device; from now on also in the status."""
        self.device = None if self._memory is None else self._memory.device()
        return None if self.device is None else self.device[2]
