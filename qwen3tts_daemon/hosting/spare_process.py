"""A process that waits to become the engine: it has imported what takes long, and has not seen the card yet."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from qwen_tts.api import ModelStatus
from qwen_tts.hosting.lifecycle import Backoff, Mortal, Reporting, loop_time, unforeseen
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)


class EngineProcess(SpeechEngine, Mortal, Reporting, Protocol):
    """An engine in a process of its own, or on another machine: it may go, and another one is started then."""


StartEngine = Callable[[], Awaitable[EngineProcess]]
"""Makes a process, not loaded yet. Raises ModelUnavailable."""


def restart_backoff() -> Backoff:
    """Between two tries to start or load an engine."""
    return Backoff(first_s=0.5, longest_s=30.0)


class SpareProcess:
    """See the module."""

    def __init__(self, start_engine: StartEngine) -> None:
        self._start_engine = start_engine
        self._engine: EngineProcess | None = None

    @property
    def models(self) -> tuple[ModelStatus, ...]:
        """What it would have; nothing is known while there is none."""
        return () if self._engine is None else self._engine.status.models

    def put(self, engine: EngineProcess) -> None:
        """This one is the spare from now on."""
        self._engine = engine

    async def keep(self) -> None:
        """Have one until cancelled: started if there is none, and another if it dies."""
        backoff = restart_backoff()
        while True:
            try:
                self._engine = self._engine or await self._start_engine()
                await self._engine.died.wait()
                logger.warning("the process that waits for the next request has died")
                await self.close()
            except Exception as error:  # the edge of its life: without it a request only takes longer
                logger.warning("no process waits for the next request: %s", error, exc_info=unforeseen(error))
            await asyncio.sleep(backoff.failed(loop_time()))

    async def take(self) -> EngineProcess | None:
        """Give it away, if there is one and it lives."""
        if self._engine is not None and self._engine.died.is_set():
            await self.close()
        engine, self._engine = self._engine, None
        return engine

    async def close(self) -> None:
        """End it, if there is one."""
        if self._engine is not None:
            await self._engine.close()
            self._engine = None
