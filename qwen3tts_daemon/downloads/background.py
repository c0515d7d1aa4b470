"""Downloads beside the daemon's work: one at a time, in a child process, whoever asked for it and went."""

import asyncio
import contextlib
import logging
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.hosting.checkpoints import CHECKPOINTS, official, short

logger = logging.getLogger(__name__)

DownloadState = Literal["reading", "downloading", "checking", "done", "failed", "cancelled"]

_SPEED_OVER_S = 5.0
"""The speed that is told is that of the last seconds."""


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """The child's news: so much is there, of so much."""

    arrived_bytes: int
    total_bytes: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The child's last words."""

    code: str
    message: str


ChildMessage = Arrived | Failed


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One download, as it is now."""

    checkpoint: str
    """Its short name"""
    source: SourceName
    state: DownloadState = "reading"
    """reading: what is there, and what the source has; checking: the hash of a file that has come"""
    arrived_bytes: int = 0
    total_bytes: int | None = None
    bytes_per_s: float | None = None
    seconds_left: float | None = None
    code: str = ""
    """Of what failed"""
    message: str = ""

    @property
    def is_running(self) -> bool:
        return self.state in ("reading", "downloading", "checking")


class Downloads:
    """Runs downloads into one directory, and knows how the last one goes or went."""

    def __init__(self, directory: Path, *, offline: bool = False, clock: Callable[[], float] | None = None) -> None:
        """`offline`: there are none."""
        self._directory = directory
        self.is_offline = offline
        self._clock = clock or asyncio.get_running_loop().time
        self._speed = _Speed()
        self._running: asyncio.Task[None] | None = None
        self.last: Download | None = None

    def start(self, name: str, source: SourceName) -> Download:
        """Begin, or go on with what has come of it before. Raises Refusal."""
        if (checkpoint := official(name)) is None:
            known = ", ".join(map(short, CHECKPOINTS))
            raise Refusal("bad_field", f"no checkpoint {name[:64]!r}; there are {known}", param="checkpoint")
        if self.is_offline:
            raise Refusal("download_refused", "models.offline is set (HF_HUB_OFFLINE does): nothing is fetched here")
        if self.last is not None and self.last.is_running:
            raise Refusal("download_refused", f"{self.last.checkpoint} is being downloaded; wait, or cancel that")
        self.last = Download(checkpoint=short(checkpoint), source=source)
        self._speed = _Speed()
        self._running = asyncio.create_task(self._run(self.last))
        return self.last

    async def cancel(self) -> None:
        """What has come is kept; nothing happens if none runs."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, download: Download) -> None:
        logger.info("downloading %s from %s", download.checkpoint, download.source)
        try:
            failed = await self._fetch(download)
        except asyncio.CancelledError:
            self._end("cancelled")
            raise
        except (OSError, msgspec.DecodeError) as error:
            failed = Failed("internal", f"its process did not start, or said what is no message: {error}")
        if failed is None:
            self._end("done")
        else:
            self._end("failed", failed)

    async def _fetch(self, download: Download) -> Failed | None:
        """What made it fail."""
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "qwen3tts_daemon.downloads.child",
            download.checkpoint, str(self._directory), download.source.value,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            process_group=0,  # what comes from the terminal is the daemon's to handle
        )  # fmt: skip
        failed = None
        try:
            assert child.stdout is not None
            async for line in child.stdout:
                message = msgspec.json.decode(line, type=ChildMessage)
                if isinstance(message, Failed):
                    failed = message
                else:
                    self._arrived(message)
            status = await child.wait()
        finally:
            await _see_off(child)
        if failed is None and status:
            failed = Failed("internal", f"its process ended with status {status}; start it again: what came is kept")
        return failed

    def _arrived(self, news: Arrived) -> None:
        assert self.last is not None
        bytes_per_s = self._speed.after(self._clock(), news.arrived_bytes)
        left_bytes = news.total_bytes - news.arrived_bytes
        self.last = msgspec.structs.replace(
            self.last, state="downloading" if left_bytes else "checking",
            arrived_bytes=news.arrived_bytes, total_bytes=news.total_bytes, bytes_per_s=bytes_per_s,
            seconds_left=left_bytes / bytes_per_s if bytes_per_s else None,
        )  # fmt: skip

    def _end(self, state: DownloadState, failed: Failed | None = None) -> None:
        assert self.last is not None
        code, message = (failed.code, failed.message) if failed else ("", "")
        self.last = msgspec.structs.replace(
            self.last, state=state, bytes_per_s=None, seconds_left=None, code=code, message=message
        )
        level = logging.WARNING if failed else logging.INFO
        logger.log(level, "the download of %s: %s", self.last.checkpoint, message or state)


async def _see_off(child: asyncio.subprocess.Process) -> None:
    """End it. asyncio waits for an ended child until its pipe is closed, and reads none whose bytes nobody takes."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    assert child.stdout is not None
    while await child.stdout.read(2**16):
        pass
    await child.wait()


class _Speed:
    """Bytes a second, lately."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def after(self, now: float, arrived_bytes: int) -> float | None:
        """None as long as it cannot be told."""
        self._seen.append((now, arrived_bytes))
        while len(self._seen) > 2 and self._seen[0][0] < now - _SPEED_OVER_S:
            self._seen.popleft()
        began_at, had_bytes = self._seen[0]
        return (arrived_bytes - had_bytes) / (now - began_at) if now > began_at and arrived_bytes > had_bytes else None
