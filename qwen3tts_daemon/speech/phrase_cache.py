"""Sound that is kept, so that what is said again begins at once and needs no engine: whose, and where it is found.

What is kept of a text is found under a name that tells nothing of it; see phrase_files.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Literal

import msgspec

from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.speech.kept_sound import KeptSound
from qwen3tts_daemon.speech.phrase_files import PhraseFiles, Why
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.hosting.lifecycle import BackgroundTasks

sparingly = SparingLog(logging.getLogger(__name__))

_MOST_WAITING = 16
"""Sounds that wait for a slow disk, in memory"""
_SETTLED_WITHIN_S = 1.0
CacheMode = Literal["off", "phrases", "all"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said again and again; None leaves the choice to the daemon."""

    text: str
    voice: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PhraseConfig:
    """What the settings say of it."""

    mode: CacheMode = "off"
    phrases: tuple[Phrase, ...] = ()
    most_bytes: int = 0
    max_age_s: float = 0.0


class PhraseCache:
    """Finds and keeps sound. Without files, and where the settings say so, nothing."""

    def __init__(self, files: PhraseFiles | None = None, config: PhraseConfig | None = None) -> None:
        self._files = files
        self._keeping = BackgroundTasks()
        self.use(config or PhraseConfig())

    def use(self, config: PhraseConfig) -> None:
        """From now on. What is kept and may not be any more goes with the next `tidy`."""
        self.config = config
        self._listed = frozenset(phrase.text.strip() for phrase in config.phrases)
        if self._files is not None:
            self._files.most_bytes, self._files.max_age_s = config.most_bytes, config.max_age_s

    # -- what may be kept ----------------------------------------------------------------------------------

    @property
    def keeps_all(self) -> bool:
        return self._files is not None and self.config.mode == "all"

    @property
    def is_on(self) -> bool:
        """Whether anything may be kept."""
        return self.keeps_all or (self._files is not None and self.config.mode == "phrases" and bool(self._listed))

    def why(self, text: str) -> Why | None:
        """Why the sound of this text is kept; None if it is not."""
        if not self.is_on:
            return None
        if text.strip() in self._listed:
            return "listed"
        return "said" if self.keeps_all else None

    def may_become_listed(self, beginning: str) -> bool:
        """Whether a text that begins so may be one of the list."""
        if not self.is_on:
            return False
        beginning = beginning.lstrip()
        return any(phrase.startswith(beginning) or phrase == beginning.rstrip() for phrase in self._listed)

    # -- what is kept --------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        return self._files.count if self._files else 0

    @property
    def total_bytes(self) -> int:
        return self._files.total_bytes if self._files else 0

    @property
    def generation(self) -> int:
        """Another number after each `clear`."""
        return self._files.generation if self._files else 0

    def name(self, content: bytes, why: Why) -> str:
        """Under which the sound of what `content` says is kept."""
        assert self._files is not None, "nothing is kept"
        return self._files.name(content, why)

    def holds(self, name: str) -> bool:
        return self._files is not None and self._files.holds(name)

    async def find(self, name: str) -> KeptSound | None:
        """What is kept under this name."""
        if self._files is None or not self._files.holds(name):
            return None
        content = await asyncio.to_thread(self._files.read, name)
        try:
            return None if content is None else msgspec.msgpack.decode(content, type=KeptSound)
        except msgspec.DecodeError:
            return None  # of another version

    def keep(self, name: str, sound: KeptSound, generation: int) -> None:
        """In the background. Not if there was a `clear` since `generation`, nor if the disk is far behind."""
        if len(self._keeping) < _MOST_WAITING:
            self._keeping.start(self._keep(name, sound, generation))
        else:
            sparingly.warning("a phrase is not kept: the disk has not taken %d others yet", _MOST_WAITING)

    async def _keep(self, name: str, sound: KeptSound, generation: int) -> None:
        assert self._files is not None, "nothing is kept"
        await in_write_thread(lambda files: files.keep(name, msgspec.msgpack.encode(sound), generation), self._files)

    async def tidy(self) -> None:
        """What is too old goes, and what the settings do not want kept any more."""
        if self._files is None:
            return
        await in_write_thread(self._tidy, self._files)

    def _tidy(self, files: PhraseFiles) -> None:
        if self.config.mode == "off":
            files.forget("listed")
        if self.config.mode != "all":
            files.forget("said")
        files.tidy()

    async def clear(self) -> int:
        """Everything; what is being spoken is not kept either. How many sounds went. Raises Refusal if some
        could not."""
        return 0 if self._files is None else await in_write_thread(self._files.clear)

    async def settled(self) -> None:
        """Until what is about to be kept is kept."""
        await self._keeping.settled()

    async def close(self) -> None:
        """The same, unless the disk takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_WITHIN_S):
                await self.settled()
