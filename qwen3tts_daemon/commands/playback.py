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
_DEVICE = {"pw-cat": "--target={}", "paplay": "--device={}", "aplay": "--device={}"}
"""How each is told one; `play` takes none."""


class Silent:
    """For a machine without a sound device."""

    async def __aenter__(self) -> Self:
        return self

    async def write(self, rate: int, pcm: bytes) -> None:
        pass

    async def __aexit__(self, *exc: object) -> None:
        pass


class NoPlayer(Exception):
    """Nothing here plays sound."""


class Player:
    """Plays PCM as it comes; the first piece decides the sample rate. Who is cancelled is heard no more."""

    def __init__(self, name: str, device: str | None = None) -> None:
        self._name, self._device = name, device
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    def find(cls, device: str | None = None) -> Self:
        """The first player that is installed; a `device` may be a network's, else this machine must have one. Raises
        NoPlayer."""
        has_any = device is not None or Path("/dev/snd").exists() or sys.platform == "darwin"
        usable = (name for name in _PLAYERS if has_any and (device is None or name in _DEVICE) and shutil.which(name))
        if (name := next(usable, None)) is not None:
            return cls(name, device)
        if not has_any:
            raise NoPlayer("this machine has no sound device; --device names one (of PipeWire, PulseAudio or ALSA)")
        players = ", ".join(_PLAYERS if device is None else _DEVICE)
        raise NoPlayer(f"nothing here plays sound; install one of {players}")

    async def __aenter__(self) -> Self:
        return self

    async def write(self, rate: int, pcm: bytes) -> None:
        if self._process is None:
            device = [] if self._device is None else [_DEVICE[self._name].format(self._device)]
            arguments = [part.format(rate=rate) for part in _PLAYERS[self._name]]
            self._process = await asyncio.create_subprocess_exec(
                self._name, *device, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
            )
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(pcm)
            await self._process.stdin.drain()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            if kind is asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
            self._process.stdin.close()
            await self._process.wait()
