"""Sound from this machine's loudspeaker, through the player that the system has."""

import asyncio
import contextlib
import shutil
import sys
from pathlib import Path
from typing import Self

_PLAYERS = {
    "pw-cat": ("--playback", "--raw", "--format=s16", "--channels=1", "--rate={rate}", "-"),
    "paplay": ("--raw", "--format=s16le", "--channels=1", "--rate={rate}"),
    "aplay": ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}", "-"),
    "play": ("-q", "-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-r", "{rate}", "-"),
}


def find_player() -> str | None:
    """The first player that is installed, if this machine has a sound device."""
    has_device = Path("/dev/snd").exists() or sys.platform == "darwin"
    return next((name for name in _PLAYERS if has_device and shutil.which(name)), None)


class Silent:
    """For a machine without a sound device."""

    async def __aenter__(self) -> Self:
        return self

    async def write(self, rate: int, pcm: bytes) -> None:
        pass

    async def __aexit__(self, *exc: object) -> None:
        pass


class Player:
    """Plays PCM as it comes; the first piece decides the sample rate."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def write(self, rate: int, pcm: bytes) -> None:
        if self._process is None:
            arguments = [part.format(rate=rate) for part in _PLAYERS[self._name]]
            self._process = await asyncio.create_subprocess_exec(self._name, *arguments, stdin=asyncio.subprocess.PIPE)
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(pcm)
            await self._process.stdin.drain()

    async def __aexit__(self, *exc: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()
