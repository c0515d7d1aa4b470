"""What befalls the workers of a daemon, and at which moment: for the tests and for the table."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from tests.chaos.listeners import Listener, listener
from tests.patience import PATIENCE_S
from tests.wire.daemons import DaemonProcess, ended_at_last, forked

KINDS = ["preset", "cloned", "designed"]
DESIGNED = {"mode": "design", "design": "An old sailor."}
"""A voice that the engine alone speaks: who asks for it waits for the engine, and never hears the preview voice."""


class TwoWorkers:
    """A running daemon: two_workers."""

    def __init__(self, process: DaemonProcess, steering: Path) -> None:
        self.process = process
        self._steering = steering
        self.wyoming, self.http = process.ready()
        self.url = f"http://127.0.0.1:{self.http}"

    def pid(self, name: str) -> int:
        return int((self._steering / f"{name}.pid").read_text())

    def send(self, name: str, number: signal.Signals) -> None:
        os.kill(self.pid(name), number)

    def hold(self, name: str, stage: str, what: str = "wait") -> None:
        """The next worker of this name gets no further than that."""
        (self._steering / f"{name}.{stage}").write_text(what)

    def release(self, name: str, stage: str) -> None:
        (self._steering / f"{name}.{stage}").unlink()

    def reach(self, name: str, stage: str, what: str = "wait") -> None:
        """A new worker of this name is at its `start` or `load` afterwards."""
        self.process.read_so_far()
        self.hold(name, stage, what)
        self.send(name, signal.SIGKILL)
        self.process.wait_for(f"{name} is held at its {stage}")

    async def waits(self, client: Listener) -> None:
        """For the first sound of a text that the engine has begun."""
        self.process.read_so_far()
        await client.begin("[hang] on.")
        await asyncio.to_thread(self.process.wait_for, "qwen hangs")

    async def is_ready(self) -> None:
        """Wait until the engine speaks, in whichever process."""
        await self.reaches("ready")

    async def reaches(self, state: str) -> str:
        """Wait until the engine is in this state; the reason that is given for it."""
        async with httpx.AsyncClient(base_url=self.url, timeout=PATIENCE_S) as client, asyncio.timeout(PATIENCE_S):
            while (health := (await client.get("/health")).json())["state"] != state:
                await asyncio.sleep(0.01)
        return str(health.get("reason", ""))

    @contextlib.asynccontextmanager
    async def listener_of_preview(self) -> AsyncIterator[Listener]:
        """Whose text the preview voice speaks; the engine is ready by then."""
        self.reach("qwen", "load")
        async with listener(self.http) as client:
            await client.hears("I began while the engine was away.")
            self.release("qwen", "load")
            await self.is_ready()
            yield client
            await client.ends()


@contextlib.contextmanager
def two_workers(
    directory: Path, *options: str, most_missed_beats: int | None = None, checkpoint: str = "", **engine: object
) -> Iterator[TwoWorkers]:
    """With `most_missed_beats` the daemon is in a hurry; with a `checkpoint`, that is the engine's."""
    steering = directory / "steering"
    steering.mkdir()
    wanted = {"steering": str(steering), "engine": {"kinds": KINDS, **engine}, "checkpoint": checkpoint}
    if most_missed_beats is not None:
        wanted["most_missed_beats"] = most_missed_beats
    told = json.dumps(wanted)
    process = DaemonProcess(["tests.chaos.two_workers", told], directory / "data", list(options), forked)
    with ended_at_last(process):
        yield TwoWorkers(process, steering)
