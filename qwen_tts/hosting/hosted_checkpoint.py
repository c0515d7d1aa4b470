"""One checkpoint of a host: where it is, who wants it, what it takes."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from qwen_tts.api import ModelState, ModelStatus
from qwen_tts.checkpoint.capabilities import checkpoint_capabilities
from qwen_tts.config.checkpoint import CODEC_DIRECTORY, WEIGHTS, read_checkpoint_config, read_codec_config
from qwen_tts.config.engine import EngineConfig
from qwen_tts.errors import ModelUnavailable, SynthesisError
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

_CACHE_BYTES = 2
"""A number in the cache, in 16 bits"""
_OVERHEAD_BYTES = 2**30
"""Graphs, buffers, and the library's own: less than a GiB was measured."""
_FIRST_BACKOFF_S = 1.0
_LAST_BACKOFF_S = 60.0


class HostedEngine(SpeechEngine, Protocol):
    """What a host needs of an engine."""

    died: asyncio.Event
    idle: asyncio.Event

    @property
    def active(self) -> int: ...


class Memory(Protocol):
    """What a host asks before something is moved."""

    def device(self) -> tuple[str, int, int] | None:
        """Name, total and free bytes; None where nothing can run short: the CPU."""

    def host_free(self) -> int | None:
        """Bytes that can be taken without swapping; None if the system does not say."""


class HostedCheckpoint:
    """See the module. Belongs to the event loop."""

    def __init__(self, config: EngineConfig, make: Callable[[EngineConfig], HostedEngine]) -> None:
        self._config, self._make = config, make
        checkpoint = read_checkpoint_config(config.checkpoint)
        self.kind, self.size = checkpoint.voice_kind, checkpoint.size
        codec = read_codec_config(config.checkpoint / CODEC_DIRECTORY)
        talker = checkpoint.talker
        self._position_bytes = talker.layers * 2 * talker.kv_heads * talker.head_dim * _CACHE_BYTES
        self.capabilities = checkpoint_capabilities(checkpoint, codec, rows=config.rows, live_text="words")
        self.name = config.checkpoint.resolve().name
        self._engine: HostedEngine | None = None
        """Made when it is wanted: what it imports takes seconds."""
        self.state: ModelState = "unloaded"
        self.is_leaving = False
        """Whoever comes now waits until it is back."""
        self.waiting: list[asyncio.Future[HostedEngine]] = []
        self.last_used_s = 0.0
        self.measured_bytes: int | None = None
        self._calls = 0
        self._no_calls = asyncio.Event()
        self._no_calls.set()
        self._failure: tuple[SynthesisError, float] | None = None
        self._backoff_s = 0.0

    @property
    def engine(self) -> HostedEngine:
        """Only while it is there."""
        assert self._engine is not None
        return self._engine

    @property
    def active(self) -> int:
        return 0 if self._engine is None else self._engine.active

    @property
    def is_open(self) -> bool:
        """A request can be handed to its engine now."""
        return self.state == "ready" and not self.is_leaving

    @property
    def is_busy(self) -> bool:
        return self.active > 0 or self._calls > 0

    @property
    def needs_bytes(self) -> int:
        """Of the device: as measured, else what its files and its cache come to."""
        if self.measured_bytes is not None:
            return self.measured_bytes
        files = (self._config.checkpoint / WEIGHTS, self._config.checkpoint / CODEC_DIRECTORY / WEIGHTS)
        weights = sum(path.stat().st_size for path in files)
        return weights + self._config.kv_positions * self._position_bytes + _OVERHEAD_BYTES

    @property
    def status(self) -> ModelStatus:
        return ModelStatus(
            name=self.name, kind=self.kind, size=self.size, state=self.state, active=self.active,
            memory_bytes=self.measured_bytes,
        )  # fmt: skip

    def enter(self) -> None:
        """A call begins that is no stream."""
        self.used()
        self._calls += 1
        self._no_calls.clear()

    def leave(self) -> None:
        self._calls -= 1
        if self._calls == 0:
            self._no_calls.set()

    def welcome(self) -> None:
        """All who wait for it; each has entered already."""
        waiting, self.waiting = self.waiting, []
        for arrival in waiting:
            self.enter()
            arrival.set_result(self.engine)

    def refuse(self, error: SynthesisError) -> None:
        """All who wait for it."""
        waiting, self.waiting = self.waiting, []
        for arrival in waiting:
            arrival.set_exception(error)

    def used(self) -> None:
        self.last_used_s = time.monotonic()

    async def until_idle(self) -> None:
        while self.is_busy:
            await self.engine.idle.wait()
            await self._no_calls.wait()

    async def arrive(self) -> None:
        """Load or wake it. Raises what the engine raises, and can be tried again."""
        was = self.state
        self.state = "loading"
        try:
            await (self.engine.wake() if was == "sleeping" else self._load())
        except BaseException:
            self.state = "sleeping" if was == "sleeping" else "failed"
            raise
        self.state, self.is_leaving = "ready", False
        self._failure, self._backoff_s = None, 0.0
        self.used()

    async def _load(self) -> None:
        """A new one, also after one that failed."""
        await self.close()
        self._engine = self._make(self._config)
        await self._engine.load()

    def fail(self, error: SynthesisError, now: float) -> None:
        """Loading failed: for a while everybody is told so at once."""
        self._backoff_s = min(max(_FIRST_BACKOFF_S, self._backoff_s * 2), _LAST_BACKOFF_S)
        self._failure = error, now + self._backoff_s

    def check(self, now: float) -> None:
        """Raises ModelUnavailable if loading failed a moment ago."""
        if self._failure is not None and now < self._failure[1]:
            raise ModelUnavailable(str(self._failure[0]), retry_after_s=self._failure[1] - now)

    async def depart(self, *, keep_weights: bool) -> None:
        """To the machine's memory, or away."""
        try:
            if keep_weights:
                await self.engine.sleep()
                self.state = "sleeping"
            else:
                await self.close()
                self.state = "unloaded"
        finally:
            self.is_leaving = False
        logger.info("%s is %s", self.name, self.state)

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()
            self._engine = None
