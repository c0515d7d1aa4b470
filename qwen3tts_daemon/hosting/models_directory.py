"""The models directory while the daemon runs: checkpoints come into it and go."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, Found, is_arriving, scan, short
from qwen3tts_daemon.hosting.real_time import Verdict

_PERIOD_S = 2.0
"""Between two looks; what does not change from one to the next has come to rest."""

ObstacleCode = Literal["setting", "pytorch", "slow"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why Qwen3-TTS would not speak here, whatever lies in the directory."""

    code: ObstacleCode
    """setting: another engine is asked for, or certain checkpoints; pytorch: it is not installed; slow: it was measured
    without a card"""
    way_out: str
    """A command, or an option"""


_Listing = Mapping[str, tuple[int, int]]
"""Size and time of change of each file, by its path."""


class ModelsDirectory:
    """What is whole in it. A checkpoint that is still copied or downloaded is not there yet."""

    def __init__(
        self, path: Path, *, obstacle: Callable[[], Obstacle | None] = lambda: None, is_default: bool = True,
        period_s: float = _PERIOD_S,
    ) -> None:  # fmt: skip
        """`obstacle`: why Qwen3-TTS would not speak now; `is_default`: the command line finds it by itself."""
        self.path = path
        self.obstacle = obstacle
        self._is_default = is_default
        self._period_s = period_s
        self._known = _listing(path)
        self.found = _whole(path)
        self.problem = ""
        """Why what has come does not speak"""
        self.verdict: Verdict | None = None
        """What this machine was measured to speak of it; None where nobody has to ask"""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the checkpoints, the best first."""
        return tuple(one.name for one in self.found.checkpoints)

    def download_command(self, name: str) -> str:
        """What a person types to fetch a checkpoint into it."""
        where = "" if self._is_default else f" --directory {shlex.quote(str(self.path.absolute()))}"
        return f"{DOWNLOAD_QWEN} {short(name)}{where}"

    async def changes(self) -> AsyncIterator[tuple[list[str], list[str]]]:
        """Whenever something has changed and come to rest: the names of the checkpoints that came, and that went."""
        seen = self._known
        while True:
            await asyncio.sleep(self._period_s)
            seen, was = await asyncio.to_thread(_listing, self.path), seen
            if seen != was or seen == self._known:
                continue
            self._known = seen
            before, self.found = self.found, await asyncio.to_thread(_whole, self.path)
            yield _absent(self.found, before), _absent(before, self.found)


def _absent(found: Found, elsewhere: Found) -> list[str]:
    """Names that only the first has."""
    others = {one.name for one in elsewhere.checkpoints}
    return [one.name for one in found.checkpoints if one.name not in others]


def _whole(path: Path) -> Found:
    found = scan(path)
    return Found(tuple(one for one in found.checkpoints if not is_arriving(one.path)), found.broken)


def _listing(directory: Path) -> _Listing:
    """Of the checkpoints' files and their codecs'; a folder that cannot be read is empty."""
    listed = {}
    for pattern in ("*/*", "*/*/*"):
        for path in directory.glob(pattern):
            try:
                state = path.stat()
            except OSError:  # it has just gone
                continue
            listed[str(path)] = (state.st_size, state.st_mtime_ns)
    return listed
