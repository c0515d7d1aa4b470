"""Writes to a disk that does not answer: they hold up nobody, and not the end either."""

import asyncio
import subprocess
import sys
import threading

import pytest

from qwen3tts_daemon.write_threads import in_write_thread
from tests.patience import PATIENCE_S

MANY = 50
HANGS = """
import asyncio, threading
from qwen3tts_daemon.write_threads import in_write_thread

async def main():
    begun = threading.Event()
    asyncio.create_task(in_write_thread(lambda: (begun.set(), threading.Event().wait())))
    await asyncio.to_thread(begun.wait)

asyncio.run(main())
"""


async def test_they_take_no_thread_from_others() -> None:
    answers = threading.Event()
    writing = [asyncio.create_task(in_write_thread(answers.wait)) for _ in range(MANY)]
    await asyncio.sleep(0)
    assert await asyncio.to_thread(lambda: "read") == "read"
    assert not any(task.done() for task in writing)
    answers.set()
    assert await asyncio.gather(*writing) == [True] * MANY


async def test_what_a_write_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_write_thread(lambda: 1 / 0)


async def test_who_is_gone_before_it_begins_writes_nothing() -> None:
    answers, written = threading.Event(), []
    busy = [asyncio.create_task(in_write_thread(answers.wait)) for _ in range(MANY)]
    waiting = asyncio.create_task(in_write_thread(written.append, "late"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    answers.set()
    await asyncio.gather(*busy)
    await in_write_thread(written.append, "later")
    assert written == ["later"]


def test_a_process_ends_though_one_hangs() -> None:
    assert subprocess.run([sys.executable, "-c", HANGS], timeout=PATIENCE_S, check=False).returncode == 0
