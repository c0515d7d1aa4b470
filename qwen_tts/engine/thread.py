"""The thread that owns the device: it runs steps, and between two steps what the event loop asks for.

1. Nothing but this thread touches the device. The event loop never waits for it: it posts actions, and awaits calls.
2. Whatever is posted while others are worked off waits for a step: nobody who speaks waits for a queue of calls.
3. An error in a step ends the thread, since a device that failed once is not trusted again. An error of a call is
   its caller's alone.
4. When the thread has ended, whoever asks is told why, and whoever waits for an answer too.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

import torch

from qwen_tts.errors import EngineFailed, ModelUnavailable, OutOfMemory, SynthesisError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class DeviceWork(Protocol):
    """What the thread does; it makes every call."""

    def step(self) -> bool:
        """Do what there is to do; False if there is nothing until somebody asks or `idle_until` has come."""

    def idle_until(self) -> float | None:
        """When the next step is due though nobody asks; None: then it is not."""

    def abort(self, error: SynthesisError) -> None:
        """A step has failed: end everybody with `error`, without the device."""

    def close(self, reason: SynthesisError) -> None:
        """End everybody with `reason` and free the device."""


class DeviceThread:
    """All methods but `wake` and `to_event_loop` are the event loop's."""

    def __init__(self, work: DeviceWork, now: Callable[[], float], on_end: Callable[[SynthesisError], None]) -> None:
        """`on_end` is called on the event loop with the reason, when the thread has done its last work."""
        self._work, self._now, self._on_end = work, now, on_end
        self._inbox: deque[tuple[Callable[[], Any], asyncio.Future[Any] | None]] = deque()
        """Actions, and who waits for what they return"""
        self._beside: set[asyncio.Future[Any]] = set()
        """Who waits for what is done in a thread beside this one"""
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._is_closing = False
        self._refusal: SynthesisError | None = None
        """Why nothing is done any more; set by the thread before it ends"""

    def start(self) -> None:
        """Once. Raises ModelUnavailable if it was started before, or is closed."""
        if self._thread is not None or self._is_closing:
            raise ModelUnavailable("the engine was loaded before, or is closed")
        self._event_loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises why nothing is done any more, if so."""
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)
        if self._is_closing:
            raise ModelUnavailable("the engine is closed")

    def wake(self) -> None:
        """There is something to do. From any thread."""
        self._wake.set()

    def post(self, action: Callable[[], None]) -> None:
        """Do this before the next step; not at all if the thread has ended. It must not raise."""
        self._inbox.append((action, None))
        self.wake()

    async def call(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises before the next step."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._inbox.append((function, answer))
        self.wake()
        return await answer

    async def beside(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises in another thread, where it keeps nobody from speaking."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._beside.add(answer)
        working = asyncio.create_task(asyncio.to_thread(function))
        working.add_done_callback(partial(_hand_on, answer))
        try:
            return await answer
        finally:
            self._beside.discard(answer)

    async def close(self) -> None:
        """End after the step that is running. Idempotent."""
        self._is_closing = True
        self.wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # -- the thread -------------------------------------------------------------------------------------------------

    def to_event_loop(self, function: Callable[..., None], *arguments: object) -> None:
        """Call `function` there."""
        assert self._event_loop is not None
        with suppress(RuntimeError):  # it is closed: nobody is there any more
            self._event_loop.call_soon_threadsafe(function, *arguments)

    def _run(self) -> None:
        try:
            while not self._is_closing:
                self._wake.clear()
                self._read_inbox()
                if not self._work.step():
                    self._wait()
            self._refusal = ModelUnavailable("the engine is closed")
            self._work.close(self._refusal)
        except Exception as error:
            logger.exception("the engine failed")
            self._refusal = _failure(error)
            self._work.abort(self._refusal)
        self.to_event_loop(self._end, self._refusal)

    def _read_inbox(self) -> None:
        """What comes meanwhile waits for a step."""
        for _ in range(len(self._inbox)):
            function, answer = self._inbox.popleft()
            if answer is None:
                function()
            else:
                self._answer(function, answer)

    def _answer(self, function: Callable[[], Any], answer: asyncio.Future[Any]) -> None:
        try:
            result = function()
        except torch.OutOfMemoryError as error:
            logger.warning("a call did not fit into the device's memory: %s", error)
            self.to_event_loop(_fail, answer, OutOfMemory("this does not fit into the device's memory"))
        except Exception as error:  # noqa: BLE001  handed to the caller
            self.to_event_loop(_fail, answer, error)
        else:
            self.to_event_loop(_succeed, answer, result)

    def _wait(self) -> None:
        until = self._work.idle_until()
        if not self._inbox and not self._is_closing:
            self._wake.wait(None if until is None else max(0.0, until - self._now()))

    def _end(self, refusal: SynthesisError) -> None:
        """On the event loop, after the thread's last word. Nobody comes later: whoever looks is refused by `check`."""
        self._on_end(refusal)
        while self._inbox:
            _, answer = self._inbox.popleft()
            if answer is not None:
                _fail(answer, refusal)
        for answer in self._beside:
            _fail(answer, refusal)


def _failure(error: Exception) -> EngineFailed:
    if isinstance(error, EngineFailed):
        return error
    reason = "the device's memory is full" if isinstance(error, torch.OutOfMemoryError) else type(error).__name__
    return EngineFailed(f"the engine failed and must be started again: {reason}, see the log")


def _succeed(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _hand_on(answer: asyncio.Future[T], working: asyncio.Task[T]) -> None:
    if working.cancelled():
        answer.cancel()
    elif (error := working.exception()) is not None:
        _fail(answer, error)
    else:
        _succeed(answer, working.result())


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
