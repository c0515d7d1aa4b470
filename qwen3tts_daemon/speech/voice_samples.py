"""Samples of voices, made in spare time: whoever tries a voice hears it at once, and costs the engine nothing.

None is made of voices that are described in words: these sound different each time.
"""

import logging

from qwen3tts_daemon.audio import to_wav
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import LatelyFailed, SpareTime
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.sample_files import SampleFiles, SampleKey
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.api import AUTO, Audio, Limits
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import SynthesisError

logger = logging.getLogger(__name__)

_LONGEST_S = 12.0


class VoiceSamples:
    """Makes them, and finds those that are made."""

    def __init__(self, speech: Speech, files: SampleFiles, spare_time: SpareTime) -> None:
        self._speech = speech
        self._files = files
        self._spare_time = spare_time
        self._failed = LatelyFailed[SampleKey]()
        self.is_making = True
        """Off: those that are made are found, and no more are made"""
        self.made = 0
        """Since this object is there"""

    def has(self, known: KnownVoice) -> bool:
        return self._files.has(self._key(known))

    def read(self, known: KnownVoice) -> bytes | None:
        """Its WAV; None if it is not made yet. Blocks."""
        return self._files.read(self._key(known))

    def forget(self, voice: str) -> None:
        """A voice that is deleted leaves nothing behind. Raises Refusal. Blocks."""
        self._files.forget(voice)

    async def make_one(self) -> bool:
        """If one is missing and can be made now. Whether it was tried."""
        if not self._spare_time.is_now or (known := self._next()) is None:
            return False
        await self._make(known)
        return True

    def _next(self) -> KnownVoice | None:
        """Of whom one can be made now."""
        if not self.is_making:
            return None
        return next((known for known in self._speech.voices.known if self._is_missing(known)), None)

    def _is_missing(self, known: KnownVoice) -> bool:
        key = self._key(known)
        if self._files.has(key) or key in self._failed:
            return False
        return known.kind != "designed" and self._spare_time.can_speak(known.kind)

    def _key(self, known: KnownVoice) -> SampleKey:
        return SampleKey(known.name, f"{self._speech.model_for(known.kind)} {_text(known)} {known!r}")

    async def _make(self, known: KnownVoice) -> None:
        order = Order(
            "sample", known.name, _language(known), limits=Limits(max_audio_s=_LONGEST_S), chime=False, private=True
        )
        try:
            sound = await self._spare_time.say(order, _text(known))
        except (SynthesisError, Refusal) as error:
            logger.info("no sample of voice %s: %s", known.name, error)
            self._failed.add(self._key(known))
        else:
            if sound is not None:
                await self._keep(known, sound)

    async def _keep(self, known: KnownVoice, sound: Audio) -> None:
        key = self._key(known)
        wanted = [self._key(one) for one in self._speech.voices.known]
        if await in_write_thread(self._files.keep, key, to_wav(sound), wanted):
            self.made += 1
        else:
            self._failed.add(key)


def _language(known: KnownVoice) -> str:
    return known.info.languages[0] if known.language == AUTO else known.language


def _text(known: KnownVoice) -> str:
    return LANGUAGES[_language(known)].sample
