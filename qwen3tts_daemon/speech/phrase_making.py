"""The phrases of the settings, made ahead in spare time: whoever says one finds it kept."""

import asyncio
import logging

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.speech.foresight import Foreseen
from qwen3tts_daemon.speech.phrase_cache import Phrase
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.spare_time import LatelyFailed, SpareTime
from qwen_tts.errors import InvalidRequest, SynthesisError

logger = logging.getLogger(__name__)


class PhraseMaker:
    """Makes what is missing, and keeps the cache within its limits."""

    def __init__(self, speech: Speech, spare_time: SpareTime) -> None:
        self._speech = speech
        self._spare_time = spare_time
        self._failed = LatelyFailed[str]()
        """Names in the cache"""

    def check(self) -> None:
        """Raises SettingsError for a phrase that nobody can speak, where the voices are known."""
        if not self._speech.capabilities.knows_voices:
            return
        for phrase in self._speech.phrases.config.phrases:
            try:
                self._speech.voices.check(phrase.voice, phrase.language)
            except InvalidRequest as error:
                raise SettingsError(f"phrases.list: {error}") from error

    async def make_one(self) -> bool:
        """If one is missing and can be made now. Whether it was tried."""
        await self._speech.phrases.tidy()
        if not self._speech.phrases.is_on or not self._spare_time.is_now:
            return False
        for phrase in self._speech.phrases.config.phrases:
            await asyncio.sleep(0)  # many phrases are no reason to let others wait
            if self._spare_time.is_now and (name := await self._missing(phrase)):
                await self._make(phrase, name)
                return True
        return False

    async def _missing(self, phrase: Phrase) -> str | None:
        """Under which name it would be kept, if it can be made now and is not there."""
        try:
            foreseen = await self._speech.unlisted_utterance(_order(phrase), phrase.text).foresee()
        except SynthesisError:
            return None  # its voice is gone, or not there yet
        if foreseen is None or not self._can_speak(foreseen):
            return None
        name = self._speech.phrases.name(foreseen.content, "listed")
        return None if name in self._failed or self._speech.phrases.holds(name) else name

    def _can_speak(self, foreseen: Foreseen) -> bool:
        return all(self._spare_time.can_speak(kind) for kind in foreseen.kinds)

    async def _make(self, phrase: Phrase, name: str) -> None:
        try:
            if await self._spare_time.say(_order(phrase), phrase.text) is None:
                return  # somebody spoke: another time
            await self._speech.phrases.settled()
        except (SynthesisError, Refusal) as error:
            logger.info("a phrase of the list could not be made: %s", error)
        if not self._speech.phrases.holds(name):
            self._failed.add(name)


def _order(phrase: Phrase) -> Order:
    return Order("phrase", phrase.voice, phrase.language, chime=False)
