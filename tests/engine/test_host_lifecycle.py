"""What both keepers of engines are made of, in virtual time."""

import asyncio

import pytest

from qwen_tts.errors import ModelUnavailable, OutOfMemory
from qwen_tts.hosting.lifecycle import BackgroundTasks, Backoff, Changes, Leases, load_failure, loop_time, unforeseen

pytestmark = pytest.mark.virtual_time


def test_tries_become_rarer_up_to_a_limit_until_it_works_again() -> None:
    backoff = Backoff(first_s=0.5, longest_s=3.0)
    for _ in range(2):
        assert backoff.left_s(now=10.0) == 0, "nothing has failed"
        assert [backoff.failed(now=10.0) for _ in range(5)] == [0.5, 1, 2, 3, 3]
        assert [backoff.left_s(now) for now in (10.0, 12.0, 13.0, 99.0)] == [3, 1, 0, 0]
        backoff.reset()


async def test_leases_are_idle_when_the_last_one_has_gone() -> None:
    leases = Leases()
    await leases.until_idle()
    leases.acquire()
    leases.acquire()
    waiting = asyncio.create_task(leases.until_idle())
    await asyncio.sleep(7)
    leases.release()
    await asyncio.sleep(7)
    assert (leases.count, leases.idle_s, waiting.done()) == (1, 0, False)
    leases.release()
    await waiting
    await asyncio.sleep(20)
    assert (leases.count, leases.idle_s, leases.last_used_s) == (0, 20, 14)


async def test_coming_leaving_and_a_touch_are_use() -> None:
    leases = Leases()
    for moment, use in ((10, leases.acquire), (20, leases.release), (30, leases.touch)):
        await asyncio.sleep(10)
        use()
        assert leases.last_used_s == moment
    assert leases.count == 0


async def test_everybody_who_waits_looks_again_after_a_change() -> None:
    changes, seen = Changes(), 0
    waiting = [asyncio.create_task(changes.until(lambda number=number: seen >= number)) for number in range(4)]
    for seen in range(4):
        changes.notify()
        await asyncio.sleep(1)
        assert [task.done() for task in waiting] == [number <= seen for number in range(4)]


async def test_a_change_ends_a_wait_and_so_does_its_limit() -> None:
    changes = Changes()
    asyncio.get_running_loop().call_later(3, changes.notify)
    for limit_s, at in ((2, 2), (None, 3), (4, 7)):
        await changes.wait(limit_s)
        assert loop_time() == at


async def test_tasks_are_held_until_they_end_and_their_end_is_waited_for() -> None:
    tasks, log = BackgroundTasks(), []

    async def work(name: str, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            await asyncio.sleep(1)
            log.append(name)

    tasks.start(work("short", 1))
    tasks.start(work("long", 3600))
    await asyncio.sleep(2.5)
    assert (len(tasks), log) == (1, ["short"])
    await tasks.cancel()
    assert (len(tasks), log) == (0, ["short", "long"])


@pytest.mark.parametrize("error", [OutOfMemory("needs 9 GB"), RuntimeError("a bug")])
def test_what_nobody_foresaw_is_for_the_log_alone(error: Exception) -> None:
    told = load_failure(error)
    assert isinstance(told, ModelUnavailable)
    foreseen = isinstance(error, OutOfMemory)
    assert (told is error, unforeseen(error)) == (foreseen, None if foreseen else error)
    assert ("a bug" in str(told)) is False
