"""Files are written in threads of their own.

A disk may take seconds for a small file, or never answer again. Who waits for it here takes no thread from those who
speak (asyncio.to_thread has a handful for everybody), and does not hold up the daemon's end: a write that is cut off
leaves the old file or the new one.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_MOST_THREADS = 4
_waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
_threads: list[threading.Thread] = []


async def in_write_thread(do: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """What it returns or raises. Who is cancelled meanwhile leaves a write that has begun to its end."""
    future: Future[T] = Future()

    def work() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(do(*args, **options))
        except BaseException as error:  # noqa: BLE001  it is raised where it was asked for
            future.set_exception(error)

    _waiting.put(work)
    if len(_threads) < _MOST_THREADS:
        _threads.append(threading.Thread(target=_work_for_ever, name=f"writer {len(_threads)}", daemon=True))
        _threads[-1].start()
    return await asyncio.wrap_future(future)


def _work_for_ever() -> None:
    while True:
        _waiting.get()()
