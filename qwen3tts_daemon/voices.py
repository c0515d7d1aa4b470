"""The voices that can be asked for, and which voice and language an utterance gets."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen_tts.api import AUTO, Capabilities, VoiceInfo
from qwen_tts.errors import InvalidRequest, UnknownVoice, UnsupportedLanguage

logger = logging.getLogger(__name__)

BRING_QWEN = "qwen3tts-daemon models download"
"""The one command that brings Qwen3-TTS; whoever shows a preview voice names it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller asked for, checked: a voice or None for the language's own; a language or "auto"."""

    voice: VoiceInfo | None
    language: str


class VoiceCatalogue:
    """The engine's voices. Asked anew each time, so that a voice added now is offered now."""

    def __init__(
        self, capabilities: Callable[[], Capabilities], *, default_voice: str | None, default_language: str
    ) -> None:
        self._capabilities = capabilities
        self._default_voice = default_voice
        self._default_language = default_language

    @property
    def voices(self) -> Sequence[VoiceInfo]:
        return self._capabilities().voices

    @property
    def languages(self) -> list[str]:
        """What can be spoken by some voice, ISO 639-1, sorted."""
        return sorted({language for voice in self.voices for language in voice.languages})

    @property
    def default_language(self) -> str:
        languages = self.languages
        return self._default_language if self._default_language in languages else languages[0]

    def find(self, name: str) -> VoiceInfo:
        """Raises UnknownVoice; names compare without regard to case."""
        for voice in self.voices:
            if voice.name.casefold() == name.casefold():
                return voice
        raise UnknownVoice(f"no voice {name[:64]!r}; GET /v1/audio/voices lists them", param="voice")

    def check(self, voice: str | None, language: str | None) -> Choice:
        """What was asked for, before there is text. Raises UnknownVoice, UnknownLanguage, UnsupportedLanguage."""
        name = voice or self._default_voice
        info = self.find(name) if name else None
        code = parse_language(language) if language else AUTO
        spoken = info.languages if info else self.languages
        if code != AUTO and code not in spoken:
            who = f"voice {info.name!r} speaks" if info else "there are voices for"
            raise UnsupportedLanguage(f"{who} {', '.join(spoken)}, not {code}", param="language")
        return Choice(info, code)

    def decide(self, choice: Choice, text: str, *, request_id: str) -> tuple[VoiceInfo, str]:
        """The voice and language of an utterance: given, else the voice's own, else detected from its text."""
        among = choice.voice.languages if choice.voice else self.languages
        language = among[0] if len(among) == 1 else choice.language
        if language == AUTO:
            fallback = self.default_language if self.default_language in among else among[0]
            language = detect_language(text, among, fallback)
        elif (looks_like := detect_language(text, self.languages, language)) != language:
            logger.info("speech id=%s looks like %s and is spoken as %s", request_id, looks_like, language)
        return choice.voice or self.default_for(language), language

    def default_for(self, language: str) -> VoiceInfo:
        """The first voice whose own language it is, else the first that speaks it."""
        speaking = [voice for voice in self.voices if language in voice.languages]
        if not speaking:
            raise InvalidRequest(f"no voice speaks {language}", param="language")
        return next((voice for voice in speaking if voice.languages[0] == language), speaking[0])
