"""What the faults of workers cost, measured: python -m tests.chaos.table

Prints the table of docs/reliability.md. The daemon has the limits that it has by default; both workers make a frame
every 80 ms, as it is heard. Stopped workers take their time: some four minutes in all.
"""

import asyncio
import contextlib
import itertools
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.faults import DESIGNED, TwoWorkers, two_workers
from tests.chaos.listeners import Listener, listener

FRAME_S = 0.08
COLUMNS = (
    "what befalls the engine's worker", "others: longest pause", "who is concerned is told", "after",
    "full service after",
)  # fmt: skip


@dataclass
class Measured:
    """Seconds since the fault, but for the pause."""

    pause_s: float = 0.0
    """Of who listens to the other worker, longer than a frame"""
    code: str = ""
    told_s: float = 0.0
    back_s: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def since(self) -> float:
        return time.monotonic() - self.began


Fault = Callable[[], Awaitable[None]]


async def before_the_first_sound(two: TwoWorkers, client: Listener, number: signal.Signals) -> Fault:
    await two.waits(client)
    return sends(two, number)


async def amid_the_sound(two: TwoWorkers, client: Listener, number: signal.Signals) -> Fault:
    await client.hears_begin("Hello there. Now [hang] on.")
    return sends(two, number)


async def idle(two: TwoWorkers, _client: Listener, number: signal.Signals) -> Fault:
    return sends(two, number)


async def while_it_loads(two: TwoWorkers, client: Listener, number: signal.Signals) -> Fault:
    return await in_its_beginning(two, client, number, "load")


async def before_its_first_word(two: TwoWorkers, client: Listener, number: signal.Signals) -> Fault:
    return await in_its_beginning(two, client, number, "start")


async def in_its_beginning(two: TwoWorkers, client: Listener, number: signal.Signals, stage: str) -> Fault:
    two.reach("qwen", stage)
    await client.begin("Ahoy.", **DESIGNED)
    await client.until("started")

    async def fault() -> None:
        two.send("qwen", number)
        two.release("qwen", stage)

    return fault


def sends(two: TwoWorkers, number: signal.Signals) -> Fault:
    async def fault() -> None:
        two.send("qwen", number)

    return fault


Moment = Callable[[TwoWorkers, Listener, signal.Signals], Awaitable[Fault]]
"""Brings a listener to the moment of the fault; what it returns is the fault."""


@contextlib.asynccontextmanager
async def pauses(client: Listener, measured: Measured) -> AsyncIterator[None]:
    """Listens meanwhile, and notes the longest pause between two frames."""

    async def listen() -> None:
        await client.hears_begin("word " * 1_500)
        before = time.monotonic()
        while True:
            if (await client.hear())["type"] == "frame":
                now = time.monotonic()
                measured.pause_s = max(measured.pause_s, now - before - FRAME_S)
                before = now

    listening = asyncio.create_task(listen())
    yield
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def is_spoken_to(two: TwoWorkers) -> None:
    """Until the engine speaks, asked again and again."""
    async with listener(two.http) as client:
        for number in itertools.count():
            await client.say("speak", ctx=f"try-{number}", text="Ahoy.", final=True, **DESIGNED)
            while (message := await client.hear())["type"] not in ("frame", "done"):
                pass
            if message["type"] == "frame":
                return
            await asyncio.sleep(0.05)


async def measure(two: TwoWorkers, moment: Moment, number: signal.Signals) -> Measured:
    measured = Measured()
    two.reach("qwen", "load")
    async with listener(two.http) as other, listener(two.http) as client, pauses(other, measured):
        await other_has_begun(other)
        two.release("qwen", "load")
        await two.is_ready()
        fault = await moment(two, client, number)
        measured.pause_s, measured.began = 0.0, time.monotonic()
        await fault()
        back = asyncio.create_task(is_spoken_to(two))
        if moment is not idle:
            while (message := await client.hear())["type"] != "error":
                pass
            measured.code, measured.told_s = message["code"], measured.since
        await back
        measured.back_s = measured.since
    return measured


async def other_has_begun(other: Listener) -> None:
    while not any(message["type"] == "frame" for message in other.log):
        await asyncio.sleep(0.01)


ROWS: dict[str, tuple[Moment, signal.Signals]] = {
    "`kill -9` before its first word": (before_its_first_word, signal.SIGKILL),
    "`kill -9` while it loads": (while_it_loads, signal.SIGKILL),
    "`kill -9` before the first sound": (before_the_first_sound, signal.SIGKILL),
    "`kill -9` amid the sound": (amid_the_sound, signal.SIGKILL),
    "`kill -9` while nobody speaks": (idle, signal.SIGKILL),
    "SIGSTOP before its first word": (before_its_first_word, signal.SIGSTOP),
    "SIGSTOP while it loads": (while_it_loads, signal.SIGSTOP),
    "SIGSTOP before the first sound": (before_the_first_sound, signal.SIGSTOP),
    "SIGSTOP amid the sound": (amid_the_sound, signal.SIGSTOP),
    "SIGSTOP while nobody speaks": (idle, signal.SIGSTOP),
}


async def main() -> None:
    print(f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), sep="\n")
    for name, (moment, number) in ROWS.items():
        with tempfile.TemporaryDirectory() as directory, two_workers(Path(directory), frame_s=FRAME_S) as two:
            row = await measure(two, moment, number)
        told = f"`{row.code}` | {row.told_s:.1f} s" if row.code else "nobody | "
        print(f"| {name} | {1000 * row.pause_s:.0f} ms | {told} | {row.back_s:.1f} s |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
