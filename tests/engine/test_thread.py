"""Laws of the engine's thread, whose work is a few lines of a test: no model, no device."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
import torch

from qwen_tts.engine.thread import DeviceThread
from qwen_tts.errors import EngineFailed, ModelUnavailable, OutOfMemory, SynthesisError


class Work:
    """Has nothing to do unless a test says so, and remembers what happened in which thread."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.threads: set[int] = set()
        self.on_step: Callable[[], bool] = lambda: False
        self.until: float | None = None
        self.ended_with: SynthesisError | None = None
        self.stepped = threading.Condition()

    def note(self, name: str) -> None:
        self.happened.append(name)
        self.threads.add(threading.get_ident())

    def step(self) -> bool:
        with self.stepped:
            self.note("step")
            self.stepped.notify_all()
        return self.on_step()

    def idle_until(self) -> float | None:
        self.note("idle_until")
        return self.until

    def abort(self, error: SynthesisError) -> None:
        self.note("abort")
        self.ended_with = error

    def close(self, reason: SynthesisError) -> None:
        self.note("close")
        self.ended_with = reason

    async def steps(self, count: int) -> None:
        """So many steps more were taken."""
        wanted = self.happened.count("step") + count

        def wait() -> None:
            with self.stepped:
                self.stepped.wait_for(lambda: self.happened.count("step") >= wanted)

        await asyncio.to_thread(wait)


class Gate:
    """A step that lasts until the test opens it."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error, self._reached, self._opened = error, threading.Event(), threading.Event()

    def step(self) -> bool:
        self._reached.set()
        self._opened.wait()
        if self._error is not None:
            raise self._error
        return False

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def thread(work: Work) -> AsyncIterator[DeviceThread]:
    """It runs, and is closed after the test."""
    one = DeviceThread(work, lambda: 100.0, lambda _: work.happened.append("ended"))
    one.start()
    yield one
    await one.close()


def fail(error: Exception) -> None:
    raise error


async def error_of(call: "asyncio.Task[object]") -> BaseException | None:
    return (await asyncio.gather(call, return_exceptions=True))[0]


# -- calls ------------------------------------------------------------------------------------------------------------


async def test_a_call_returns_what_its_function_does(thread: DeviceThread) -> None:
    assert await thread.call(lambda: 7) == 7


async def test_a_call_that_fails_fails_alone(work: Work, thread: DeviceThread) -> None:
    for error, seen in ((KeyError("k"), KeyError), (torch.OutOfMemoryError("none left"), OutOfMemory)):
        with pytest.raises(seen):
            await thread.call(lambda error=error: fail(error))
    assert await thread.call(lambda: 7) == 7
    assert "abort" not in work.happened


async def test_a_call_whose_caller_has_gone_is_forgotten(work: Work, thread: DeviceThread) -> None:
    gate = Gate()
    work.on_step = gate.step
    thread.wake()
    await gate.reached()
    gone = asyncio.create_task(thread.call(lambda: work.note("called")))
    failed = asyncio.create_task(thread.call(lambda: fail(KeyError("k"))))
    await asyncio.sleep(0)
    gone.cancel()
    failed.cancel()
    gate.open()
    assert await thread.call(lambda: 7) == 7
    assert "called" in work.happened


async def test_all_of_the_work_is_done_by_one_thread_which_is_not_the_callers(work: Work, thread: DeviceThread) -> None:
    thread.post(lambda: work.note("posted"))
    await thread.call(lambda: work.note("called"))
    await thread.close()
    assert {"step", "posted", "called", "idle_until", "close"} <= set(work.happened)
    assert len(work.threads) == 1
    assert threading.get_ident() not in work.threads


async def test_what_comes_while_calls_are_answered_waits_for_a_step(work: Work, thread: DeviceThread) -> None:
    def first() -> None:
        work.note("first")
        thread.post(lambda: work.note("second"))

    await thread.call(first)
    while "second" not in work.happened:
        await thread.call(lambda: None)
    happened = work.happened
    assert "step" in happened[happened.index("first") : happened.index("second")]


async def test_a_step_is_taken_between_two_calls_of_one_caller(work: Work, thread: DeviceThread) -> None:
    """In which others speak, though both calls are long."""
    for _ in range(4):
        await thread.call(lambda: work.note("called"))
    between = "".join("c" if name == "called" else "s" for name in work.happened if name in ("called", "step"))
    assert "cc" not in between


async def test_calls_that_wait_together_are_answered_in_their_order_before_one_step(
    work: Work, thread: DeviceThread
) -> None:
    gate = Gate()
    work.on_step = gate.step
    thread.wake()
    await gate.reached()
    names = [f"call {number}" for number in range(3)]
    calls = [asyncio.create_task(thread.call(lambda name=name: work.note(name))) for name in names]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*calls)
    first = work.happened.index(names[0])
    assert work.happened[first : first + 3] == names


# -- steps ------------------------------------------------------------------------------------------------------------


async def test_it_steps_as_long_as_there_is_something_to_do(work: Work, thread: DeviceThread) -> None:
    left = [True, True, True]
    work.on_step = lambda: bool(left) and left.pop()
    thread.wake()
    while left:
        await asyncio.sleep(0)
    await thread.call(lambda: None)
    assert [name for name in work.happened if name == "step"][-3:] == ["step"] * 3


async def test_with_nothing_to_do_it_rests_until_it_is_woken(work: Work, thread: DeviceThread) -> None:
    await thread.call(lambda: None)
    rested = asyncio.create_task(work.steps(1))
    await asyncio.sleep(0)
    thread.wake()
    await rested
    assert work.happened.count("idle_until") >= work.happened.count("step") - 1, "it asks before it rests"


async def test_with_nothing_to_do_it_steps_again_when_its_time_has_come(work: Work, thread: DeviceThread) -> None:
    work.until = 100.0  # it is now
    thread.wake()
    await work.steps(3)


# -- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RuntimeError("device-side assert"), "RuntimeError"), (torch.OutOfMemoryError(), "the device's memory is full")],
)
async def test_a_step_that_fails_ends_it_and_everybody_is_told(
    work: Work, thread: DeviceThread, error: Exception, reason: str
) -> None:
    gate = Gate(error)
    work.on_step = gate.step
    thread.wake()
    await gate.reached()
    calls = [asyncio.create_task(thread.call(lambda: work.note("called"))) for _ in range(2)]
    await asyncio.sleep(0)
    thread.post(lambda: work.note("posted"))
    gate.open()
    for call in calls:
        assert type(await error_of(call)) is EngineFailed
    assert type(work.ended_with) is EngineFailed
    assert work.happened[-2:] == ["abort", "ended"], "the device that failed is not asked to close"
    assert not {"called", "posted"} & set(work.happened)
    with pytest.raises(EngineFailed, match=f"must be started again: {reason}, see the log"):
        thread.check()
    await thread.close()


async def test_a_step_that_says_why_nothing_goes_on_is_quoted(work: Work, thread: DeviceThread) -> None:
    why = EngineFailed("the weights were changed: load them again")
    gate = Gate(why)
    work.on_step = gate.step
    thread.wake()
    await gate.reached()
    call = asyncio.create_task(thread.call(lambda: 7))
    await asyncio.sleep(0)
    gate.open()
    assert await error_of(call) is why


async def test_closing_waits_for_the_step_and_tells_everybody(work: Work, thread: DeviceThread) -> None:
    gate = Gate()
    work.on_step = gate.step
    thread.wake()
    await gate.reached()
    call = asyncio.create_task(thread.call(lambda: work.note("called")))
    closing = asyncio.create_task(thread.close())
    await asyncio.sleep(0)
    thread.post(lambda: work.note("posted"))
    with pytest.raises(ModelUnavailable, match="closed"):
        thread.check()
    assert "close" not in work.happened
    gate.open()
    await closing
    assert type(await error_of(call)) is ModelUnavailable
    assert type(work.ended_with) is ModelUnavailable
    assert work.happened[-2:] == ["close", "ended"]
    assert not {"called", "posted"} & set(work.happened)
    await thread.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        thread.check()


async def test_what_is_done_beside_it_keeps_nobody_waiting_and_fails_alone(work: Work, thread: DeviceThread) -> None:
    gate = threading.Event()
    waiting = asyncio.create_task(thread.beside(gate.wait))
    assert await thread.call(lambda: 7) == 7
    gate.set()
    assert await waiting
    with pytest.raises(ZeroDivisionError):
        await thread.beside(lambda: 1 // 0)
    assert await thread.call(lambda: 8) == 8
    assert len(work.threads) == 1


async def test_closing_does_not_wait_for_what_is_done_beside_it(thread: DeviceThread) -> None:
    gate = threading.Event()
    waiting = asyncio.create_task(thread.beside(gate.wait))
    await asyncio.sleep(0)
    await thread.close()
    assert waiting.done()
    with pytest.raises(ModelUnavailable, match="closed"):
        await waiting
    gate.set()


async def test_a_work_that_cannot_be_closed_has_failed(work: Work, thread: DeviceThread) -> None:
    work.close = fail  # type: ignore[method-assign,assignment]
    await thread.close()
    assert type(work.ended_with) is EngineFailed


async def test_it_is_started_once_and_not_after_it_was_closed(work: Work, thread: DeviceThread) -> None:
    with pytest.raises(ModelUnavailable, match="loaded before"):
        thread.start()
    never = DeviceThread(work, lambda: 0.0, lambda _: None)
    await never.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        never.start()
    with pytest.raises(ModelUnavailable, match="closed"):
        never.check()


async def test_it_refuses_nobody_before_it_is_closed(thread: DeviceThread) -> None:
    thread.check()


def test_where_the_event_loop_has_gone_it_ends_too(work: Work) -> None:
    async def leave_without_closing() -> DeviceThread:
        thread = DeviceThread(work, lambda: 0.0, lambda _: None)
        thread.start()
        return thread

    thread = asyncio.run(leave_without_closing())
    asyncio.run(thread.close())
    assert "close" in work.happened
