"""Samples of voices, made while nobody speaks: whoever tries a voice hears it at once, and costs the engine nothing.

One at a time, with a pause before each, given up as soon as somebody speaks. A sleeping card is not woken and no
checkpoint is loaded for one. None is made where the text would leave this machine, and none of voices that are
described in words: these sound different each time.
"""

import asyncio
import logging

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen_tts.api import AUTO, Audio, AudioChunk, Limits
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import SynthesisError

logger = logging.getLogger(__name__)

QUIET_S = 15.0
"""Nobody has spoken for so long."""
_LONGEST_S = 12.0


class VoiceSamples:
    """Makes them, and finds those that are made."""

    def __init__(self, speech: Speech, files: SampleFiles, *, quiet_s: float = QUIET_S) -> None:
        self._speech = speech
        self._files = files
        self._quiet_s = quiet_s
        self._failed: set[SampleKey] = set()
        self.is_making = True
        """Off: those that are made are found, and no more are made"""
        self.made = 0
        """Since this object is there"""
        self._utterance: Utterance | None = None
        """The sample that is being made"""
        speech.on_busy.append(self._give_up)

    def has(self, known: KnownVoice) -> bool:
        return self._files.has(self._key(known))

    def read(self, known: KnownVoice) -> bytes | None:
        """Its WAV; None if it is not made yet. Blocks."""
        return self._files.read(self._key(known))

    def forget(self, voice: str) -> None:
        """A voice that is deleted leaves nothing behind. Raises OSError. Blocks."""
        self._files.forget(voice)

    async def keep_making(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._quiet_s)
            if (known := self._next()) is not None:
                await self._make(known)

    def _next(self) -> KnownVoice | None:
        """Of whom one can be made now without anybody noticing."""
        manager = self._speech.manager
        if not self.is_making:
            return None
        if manager.state != "ready" or manager.idle_s < self._quiet_s or self._speech.is_draining:
            return None
        if self._speech.capabilities.text_goes_to:
            return None
        return next((known for known in self._speech.voices.known if self._is_missing(known)), None)

    def _is_missing(self, known: KnownVoice) -> bool:
        key = self._key(known)
        return not self._files.has(key) and key not in self._failed and self._is_loaded(known)

    def _is_loaded(self, known: KnownVoice) -> bool:
        """An engine that names no checkpoints has all that it needs."""
        models = self._speech.manager.status.models
        return known.kind != "designed" and (
            not models or any(model.kind == known.kind and model.state == "ready" for model in models)
        )

    def _key(self, known: KnownVoice) -> SampleKey:
        capabilities, models = self._speech.capabilities, self._speech.manager.status.models
        model = next((model.name for model in models if model.kind == known.kind), capabilities.engine)
        return SampleKey(known.name, f"{model} {_text(known)} {known!r}")

    async def _make(self, known: KnownVoice) -> None:
        order = Order("sample", known.name, _language(known), limits=Limits(max_audio_s=_LONGEST_S))
        try:
            async with self._speech.manager.lease():  # it was ready this moment: it stays so
                self._utterance = self._speech.unlisted_utterance(order, _text(known))
                sound = await _spoken(self._utterance)
        except (SynthesisError, Refusal) as error:
            logger.info("no sample of voice %s: %s", known.name, error)
            self._failed.add(self._key(known))
        else:
            if sound is not None:
                await self._keep(known, sound)
        finally:
            self._utterance = None

    async def _keep(self, known: KnownVoice, sound: Audio) -> None:
        key = self._key(known)
        wanted = [self._key(one) for one in self._speech.voices.known]
        if await asyncio.to_thread(self._files.keep, key, to_wav(sound), wanted):
            self.made += 1
        else:
            self._failed.add(key)

    def _give_up(self) -> None:
        """Somebody speaks."""
        if self._utterance is not None:
            self._utterance.cancel()


async def _spoken(utterance: Utterance) -> Audio | None:
    """All of it; None if it was given up."""
    async with utterance:
        chunks = [part async for part in utterance if isinstance(part, AudioChunk)]
    if utterance.end not in ("done", "limit") or not chunks:
        return None
    return Audio(pcm=b"".join(chunk.pcm for chunk in chunks), sample_rate=chunks[0].sample_rate)


def _language(known: KnownVoice) -> str:
    return known.info.languages[0] if known.language == AUTO else known.language


def _text(known: KnownVoice) -> str:
    return LANGUAGES[_language(known)].sample
