"""One checkpoint of a host: its engine, who needs it, and what it takes of the device."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from qwen_tts.api import ModelState, ModelStatus
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, read_checkpoint_config, read_codec_config
from qwen_tts.config.checkpoint_files import weight_files
from qwen_tts.config.engine import EngineConfig
from qwen_tts.errors import ModelUnavailable, SynthesisError
from qwen_tts.hosting.lifecycle import Backoff, Leases, Mortal, load_failure, loop_time
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

_CACHE_BYTES = 2
"""A number in the cache, in 16 bits"""
_OVERHEAD_BYTES = 2**30
"""Graphs, buffers, and the library's own: less than a GiB was measured."""


class HostedEngine(SpeechEngine, Mortal, Protocol):
    """An engine that tells whether it is in use."""

    idle: asyncio.Event
    """No stream is open"""

    @property
    def active(self) -> int: ...


class HostedCheckpoint:
    """Belongs to the event loop. `waiting` are those who need it and whom it has not been given yet."""

    def __init__(self, config: EngineConfig, make: Callable[[EngineConfig], HostedEngine]) -> None:
        """Raises BadCheckpoint."""
        self._config, self._make = config, make
        checkpoint = read_checkpoint_config(config.checkpoint)
        self.kind, self.size = checkpoint.voice_kind, checkpoint.size
        codec = read_codec_config(config.checkpoint / CODEC_DIRECTORY)
        talker = checkpoint.talker
        self._position_bytes = talker.layers * 2 * talker.kv_heads * talker.head_dim * _CACHE_BYTES
        self.capabilities = checkpoint_capabilities(checkpoint, codec, rows=config.rows, live_text="words")
        self.name = config.checkpoint.resolve().name
        self._engine: HostedEngine | None = None
        """Made when it is loaded: what it imports takes seconds."""
        self.state: ModelState = "unloaded"
        self.is_evicting = False
        """It makes room as soon as nobody uses it: whoever comes now waits until it has been loaded again."""
        self.leases = Leases()
        """Of calls; streams are counted by the engine."""
        self.waiting: list[asyncio.Future[HostedEngine]] = []
        self.measured_bytes: int | None = None
        self._backoff = Backoff(first_s=1.0, longest_s=60.0)
        self._error: SynthesisError | None = None
        """What the last load failed with"""

    @property
    def engine(self) -> HostedEngine:
        """Only while it is in memory."""
        assert self._engine is not None
        return self._engine

    @property
    def active(self) -> int:
        return 0 if self._engine is None else self._engine.active

    @property
    def is_available(self) -> bool:
        """A request can be handed to its engine now."""
        return self.state == "ready" and not self.is_evicting

    @property
    def is_busy(self) -> bool:
        return self.active > 0 or self.leases.count > 0

    @property
    def needs_bytes(self) -> int:
        """Of the device: as measured, else what its files and its cache come to."""
        if self.measured_bytes is not None:
            return self.measured_bytes
        directories = (self._config.checkpoint, self._config.checkpoint / CODEC_DIRECTORY)
        weights = sum(path.stat().st_size for directory in directories for path in weight_files(directory))
        return weights + self._config.kv_positions * self._position_bytes + _OVERHEAD_BYTES

    @property
    def status(self) -> ModelStatus:
        return ModelStatus(
            name=self.name, kind=self.kind, size=self.size, state=self.state, active=self.active,
            memory_bytes=self.measured_bytes,
        )  # fmt: skip

    async def until_idle(self) -> None:
        """Until it has neither a stream nor a lease."""
        while self.is_busy:
            await self.engine.idle.wait()
            await self.leases.until_idle()

    # -- those who wait ---------------------------------------------------------------------------------------------

    def join(self) -> asyncio.Future[HostedEngine]:
        """Wait for it. Raises ModelUnavailable if loading it failed a moment ago."""
        if left_s := self._backoff.left_s(loop_time()):
            raise ModelUnavailable(str(self._error), retry_after_s=left_s)
        grant: asyncio.Future[HostedEngine] = asyncio.get_running_loop().create_future()
        self.waiting.append(grant)
        return grant

    def abandon(self, grant: asyncio.Future[HostedEngine]) -> None:
        """Whoever joined has gone: a lease that was given meanwhile is given back."""
        if grant in self.waiting:
            self.waiting.remove(grant)
        elif not grant.cancelled() and grant.exception() is None:
            self.leases.release()

    def grant(self) -> None:
        """Give its engine to all who wait, each with a lease: nothing can evict it before they have begun."""
        waiting, self.waiting = self.waiting, []
        for grant in waiting:
            self.leases.acquire()
            grant.set_result(self.engine)

    def refuse(self, error: SynthesisError) -> None:
        """Tell all who wait that it does not come."""
        waiting, self.waiting = self.waiting, []
        for grant in waiting:
            grant.set_exception(error)

    # -- its engine -------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Load or wake it. Raises what the engine raises, and can be tried again."""
        before = self.state
        self.state = "loading"
        try:
            await (self.engine.wake() if before == "sleeping" else self._make_and_load())
        except BaseException:
            self.state = "sleeping" if before == "sleeping" else "failed"
            raise
        self.state, self.is_evicting = "ready", False
        self._backoff.reset()
        self.leases.touch()

    async def _make_and_load(self) -> None:
        """A new engine, also after one that failed."""
        await self.close()
        self._engine = self._make(self._config)
        await self._engine.load()

    def failed(self, error: Exception) -> SynthesisError:
        """Loading failed: for a while everybody who comes is told so at once. Returns what those who wait are told."""
        self._error = load_failure(error)
        self._backoff.failed(loop_time())
        return self._error

    async def evict(self, *, keep_weights: bool) -> None:
        """Give the device's memory back: to sleep, with its weights in the machine's memory, or away."""
        try:
            if keep_weights:
                await self.engine.sleep()
                self.state = "sleeping"
            else:
                await self.close()
                self.state = "unloaded"
        finally:
            self.is_evicting = False
        logger.info("%s is %s", self.name, self.state)

    async def close(self) -> None:
        """End its engine, if it has one."""
        if self._engine is not None:
            await self._engine.close()
            self._engine = None
