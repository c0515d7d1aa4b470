"""Whether what an utterance says is kept: decided before an engine is asked, as soon as its text tells.

- The engine waits as long as the text so far is how a listed phrase begins; where all is kept, as long as its first
  sentence is not there. Otherwise it is asked at once, and this costs a look into a dictionary.
- It is also asked as soon as the writer pauses in the middle, or wants to hear what there is.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.speech.foresight import Foreseen
from qwen3tts_daemon.speech.kept_sound import KeptSound, SoundRecorder
from qwen3tts_daemon.speech.output import Part
from qwen3tts_daemon.speech.phrase_cache import PhraseCache
from qwen3tts_daemon.speech.phrase_files import Why
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.errors import SynthesisError

_CHIME = "[chime]"
_CHIME_FIRST = re.compile(r"\s*\[chime\]", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    """What was kept, and of what."""

    sound: KeptSound
    foreseen: Foreseen


class Recall:
    """Of one utterance. Tell it what the utterance is told; await `found` before its engine is."""

    def __init__(
        self, cache: PhraseCache, segments: Sequence[Segment], *, is_live: bool, is_private: bool, wants_words: bool,
        foresee: Callable[[], Awaitable[Foreseen | None]], ask: Callable[[], None],
    ) -> None:  # fmt: skip
        """`segments`: of its text, as far as they are known. `foresee`: once its text is whole. `ask`: for the engine;
        called once at most. `wants_words`: it is to be told where they are heard, which is not kept."""
        self._cache = cache
        self._segments = segments
        self._is_live, self._is_private = is_live, is_private
        self._foresee, self._ask = foresee, ask
        self._text = ""
        self._has_begun = self._has_ended = False
        self._waits = cache.is_on and not wants_words
        self.has_waited = False
        """The text was whole before the engine was asked."""
        self._outcome: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._looking: asyncio.Task[None] | None = None
        self._why: Why = "listed"
        self._name = ""
        self._generation = 0
        self._recorder: SoundRecorder | None = None

    # -- what happens to the utterance ---------------------------------------------------------------------

    def begin(self) -> None:
        """It is wanted."""
        self._has_begun = True
        if self._waits:
            self._consider()
        else:
            self._settle(None)

    def feed(self, text: str) -> None:
        if self._waits:
            self._text += text
            self._consider()

    def end_text(self) -> None:
        self._has_ended = True
        self._consider()

    def wait_no_more(self) -> None:
        """Whatever the text may become, the engine is wanted now."""
        if self._waits:
            self._waits = False
            if self._has_begun:
                self._settle(None)

    def cancel(self) -> None:
        """Nobody is asked any more."""
        self._waits = False
        if self._looking is not None:
            self._looking.cancel()
        if not self._outcome.done():
            self._outcome.set_result(None)

    async def found(self) -> Found | None:
        """What is kept of it, once that is decided; None: the engine was asked. Raises what went wrong."""
        return self._outcome.result() if self._outcome.done() else await asyncio.shield(self._outcome)

    # -- the decision --------------------------------------------------------------------------------------

    def _consider(self) -> None:
        if not (self._has_begun and self._waits):
            return
        if not self._has_ended:
            if not self._may_be_kept():
                self.wait_no_more()
        elif (why := self._cache.why(_without_chime(self._text))) is None:
            self.wait_no_more()
        else:
            self._waits, self.has_waited = False, True
            self._looking = asyncio.create_task(self._look(why))

    def _may_be_kept(self) -> bool:
        """Once it is whole."""
        if self._cache.keeps_all and not (self._is_live and self._segments):
            return True
        if _CHIME.startswith(self._text.strip().lower()):
            return True
        return self._cache.may_become_listed(_without_chime(self._text))

    async def _look(self, why: Why) -> None:
        try:
            self._settle(await self._find(why))
        except SynthesisError:
            self._settle(None)  # who speaks says it better
        except Exception as error:  # noqa: BLE001  handed to the reader, whose protocol describes it
            if not self._outcome.done():
                self._outcome.set_exception(error)

    async def _find(self, why: Why) -> Found | None:
        generation = self._cache.generation
        if (foreseen := await self._foresee()) is None:
            return None
        name = self._cache.name(foreseen.content, why)
        if (sound := await self._cache.find(name)) is not None:
            return Found(sound, foreseen)
        if not self._is_private:
            self._why, self._name, self._generation = why, name, generation
            self._recorder = SoundRecorder()
        return None

    def _settle(self, found: Found | None) -> None:
        if not self._outcome.done():
            self._outcome.set_result(found)
            if found is None:
                self._ask()

    # -- what is spoken ------------------------------------------------------------------------------------

    def hear(self, part: Part) -> None:
        """It is spoken, and may be kept."""
        if self._recorder is not None:
            self._recorder.hear(part)

    async def keep(self, *, lead_samples: int, samples_per_frame: int) -> None:
        """All of it was spoken, behind so many samples; what has changed meanwhile is not kept."""
        recorder, self._recorder = self._recorder, None
        if recorder is None or (sound := recorder.finish(lead_samples, samples_per_frame)) is None:
            return
        foreseen = await self._foresee()
        if foreseen is not None and self._cache.name(foreseen.content, self._why) == self._name:
            self._cache.keep(self._name, sound, self._generation)


def _without_chime(text: str) -> str:
    """Phrases are kept without it."""
    return _CHIME_FIRST.sub("", text, count=1)
