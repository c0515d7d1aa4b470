"""What the daemon lets the engine say for itself: while nobody speaks, and without anybody noticing.

One at a time, given up as soon as somebody speaks. A sleeping card is not woken and no checkpoint is loaded for it, and
no text leaves this machine.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen_tts.api import Audio, AudioChunk, VoiceKind
from qwen_tts.hosting.lifecycle import loop_time

QUIET_S = 15.0
"""Nobody has spoken for so long."""
TRIED_AGAIN_AFTER_S = 3600.0
"""What could not be made, or not be kept: a full disk may have room by then."""

K = TypeVar("K", bound=Hashable)


class LatelyFailed(Generic[K]):
    """What is not tried again for a while."""

    def __init__(self) -> None:
        self._until: dict[K, float] = {}

    def add(self, what: K) -> None:
        self._until[what] = loop_time() + TRIED_AGAIN_AFTER_S

    def __contains__(self, what: K) -> bool:
        if self._until.get(what, 0.0) <= loop_time():
            self._until.pop(what, None)
        return what in self._until


class SpareTime:
    """Of one engine."""

    def __init__(self, speech: Speech, *, quiet_s: float = QUIET_S) -> None:
        self._speech = speech
        self.quiet_s = quiet_s
        self._utterance: Utterance | None = None
        """What is said now"""
        speech.on_busy.append(self._give_up)

    async def share(self, *makers: Callable[[], Awaitable[bool]]) -> None:
        """For ever: after every quiet moment the first that has something to make makes one thing, and says so."""
        while True:
            await asyncio.sleep(self.quiet_s)
            for make_one in makers:
                if await make_one():
                    break

    @property
    def is_now(self) -> bool:
        """Nobody would notice."""
        manager = self._speech.manager
        if manager.state != "ready" or manager.idle_s < self.quiet_s or self._speech.is_draining:
            return False
        return not self._speech.capabilities.text_goes_to

    def can_speak(self, kind: VoiceKind) -> bool:
        """Nothing need be loaded for it; an engine that names no checkpoints has all that it needs."""
        models = self._speech.manager.status.models
        return not models or any(model.kind == kind and model.state == "ready" for model in models)

    async def say(self, order: Order, text: str) -> Audio | None:
        """All of it; None if it was given up. Raises SynthesisError, Refusal."""
        async with self._speech.manager.lease():  # it was ready this moment: it stays so
            self._utterance = utterance = self._speech.unlisted_utterance(order, text)
            try:
                async with utterance:
                    chunks = [part async for part in utterance if isinstance(part, AudioChunk)]
            finally:
                self._utterance = None
        if utterance.end not in ("done", "limit") or not chunks:
            return None
        return Audio(pcm=b"".join(chunk.pcm for chunk in chunks), sample_rate=chunks[0].sample_rate)

    def _give_up(self) -> None:
        """Somebody speaks."""
        if self._utterance is not None:
            self._utterance.cancel()
