"""What everybody who keeps engines has: leases on them, delays between tries, tasks of its own. No torch.

`ModelManager` of the daemon keeps one process, `EngineHost` in it several checkpoints. Both know the states of
`api.ModelState`: `unloaded` -> `loading` -> `ready` <-> `sleeping`; what could not be loaded is `failed` until the next
try. Whoever needs an engine holds a lease; while there is one, nobody puts the engine to sleep or ends it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from qwen_tts.api import EngineStatus
from qwen_tts.errors import ModelUnavailable, SynthesisError


@runtime_checkable
class Mortal(Protocol):
    """An engine that can fail for good."""

    died: asyncio.Event


@runtime_checkable
class Reporting(Protocol):
    """An engine that tells what it holds."""

    @property
    def status(self) -> EngineStatus: ...


@dataclass(slots=True)
class Backoff:
    """How long to wait before the next try: `first_s` after a failure, twice as long after each that follows."""

    first_s: float
    longest_s: float
    delay_s: float = 0.0
    """0: nothing has failed"""
    retry_at: float = 0.0

    def failed(self, now: float) -> float:
        """Seconds until the next try."""
        self.delay_s = min(max(self.first_s, self.delay_s * 2), self.longest_s)
        self.retry_at = now + self.delay_s
        return self.delay_s

    def reset(self) -> None:
        """It works again."""
        self.delay_s = 0.0

    def left_s(self, now: float) -> float:
        """Until the next try; 0 if it may be tried now."""
        return max(0.0, self.retry_at - now) if self.delay_s else 0.0


class Leases:
    """How many need an engine now, and when one of them was last seen. Times are the event loop's."""

    def __init__(self) -> None:
        self.count = 0
        self.last_used_s = 0.0
        """When somebody last came or left; 0: never"""
        self._none_left = asyncio.Event()
        self._none_left.set()

    @property
    def idle_s(self) -> float:
        """Since somebody last came or left; 0 while there is a lease."""
        return 0.0 if self.count else loop_time() - self.last_used_s

    def acquire(self) -> None:
        self.count += 1
        self._none_left.clear()
        self.touch()

    def release(self) -> None:
        self.count -= 1
        self.touch()
        if self.count == 0:
            self._none_left.set()

    def touch(self) -> None:
        """It is used now, without a lease."""
        self.last_used_s = loop_time()

    async def until_idle(self) -> None:
        """Until nobody holds one."""
        await self._none_left.wait()


class Changes:
    """A condition variable without a lock, for one event loop: `notify` needs no await."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Let everybody look again who waits."""
        changed, self._next = self._next, asyncio.Event()
        changed.set()

    async def wait(self, timeout_s: float | None = None) -> None:
        """Until the next change, or until the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._next.wait()
        except TimeoutError:
            pass

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._next.wait()


class BackgroundTasks:
    """Tasks that nobody awaits: held until they end, as the event loop itself holds none."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def settled(self) -> None:
        """Until those that run now have ended, however they do."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def cancel(self) -> None:
        """All of them; returns when they have ended."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def loop_time() -> float:
    """The running event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


def load_failure(error: Exception) -> SynthesisError:
    """What clients are told of a load that failed; the log has what nobody foresaw."""
    if isinstance(error, SynthesisError):
        return error
    return ModelUnavailable("the voice could not be loaded, see the log")


def unforeseen(error: Exception) -> Exception | None:
    """What the log shows with its traceback."""
    return None if isinstance(error, SynthesisError) else error
