"""What `describe` is answered: one program and its voices, made anew each time from memory."""

import logging
from collections import Counter
from collections.abc import Sequence

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from qwen_tts.api import Capabilities, VoiceInfo

logger = logging.getLogger(__name__)

PROGRAM_NAME = "qwen3-tts"
"""Home Assistant names its entity after it, so it is the same whatever engine speaks."""

_QWEN = Attribution("Qwen team, Alibaba Cloud", "https://github.com/QwenLM/Qwen3-TTS")
_DAEMON = Attribution("qwen3tts-daemon", "https://github.com/qwen3tts-daemon/qwen3tts-daemon")


class Describer:
    """Builds the Info; `languages` limits what is listed, since a client's default is the first of them."""

    def __init__(self, *, languages: Sequence[str], streaming: bool, version: str) -> None:
        self._languages = frozenset(languages)
        self._streaming = streaming
        self._version = version
        self._lists_all = False

    def info(self, capabilities: Capabilities, voices: Sequence[VoiceInfo]) -> Info:
        return Info(
            tts=[
                TtsProgram(
                    name=PROGRAM_NAME,
                    attribution=_attribution(capabilities),
                    installed=True,
                    description=_description(capabilities),
                    version=self._version,
                    voices=self._voices(capabilities, voices),
                    supports_synthesize_streaming=self._streaming,
                )
            ]
        )

    def _voices(self, capabilities: Capabilities, offered: Sequence[VoiceInfo]) -> list[TtsVoice]:
        wanted = self._languages
        limited = [(voice, sorted(wanted.intersection(voice.languages))) for voice in offered]
        listed = [(voice, languages) for voice, languages in limited if languages]
        self._tell(lists_all=not listed)
        if not listed:
            listed = [(voice, sorted(voice.languages)) for voice in offered]
        labels = _labels([voice for voice, _ in listed])
        voices = [
            TtsVoice(
                name=voice.name,
                attribution=_attribution(capabilities),
                installed=True,
                description=labels[voice.name],
                version=self._version,
                languages=languages,
            )
            for voice, languages in listed
        ]
        return sorted(voices, key=lambda voice: (voice.description or "").casefold())

    def _tell(self, *, lists_all: bool) -> None:
        """Once per change: clients ask every 30 s."""
        if lists_all and not self._lists_all:
            logger.warning(
                "no voice speaks any of wyoming.languages (%s): all voices are listed",
                ", ".join(sorted(self._languages)),
            )
        self._lists_all = lists_all


def _attribution(capabilities: Capabilities) -> Attribution:
    return _DAEMON if capabilities.is_preview else _QWEN


def _description(capabilities: Capabilities) -> str:
    if capabilities.is_preview:
        return "preview voice; `qwen3tts-daemon models download` brings Qwen3-TTS"
    return "Qwen3-TTS"


def _labels(voices: Sequence[VoiceInfo]) -> dict[str, str]:
    """What a user picks a voice by; equal descriptions are told apart by the names."""
    descriptions = {voice.name: voice.description or voice.name for voice in voices}
    used = Counter(descriptions.values())
    return {name: f"{text} ({name})" if used[text] > 1 else text for name, text in descriptions.items()}
