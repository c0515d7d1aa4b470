"""What `describe` is answered: one program and its voices, from memory."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from qwen3tts_daemon.voices.names import FIRST, labels
from qwen_tts.api import Capabilities, VoiceInfo

logger = logging.getLogger(__name__)

PROGRAM_NAME = "qwen3-tts"
"""Home Assistant names its entity after it, so it is the same whatever engine speaks."""

_QWEN = Attribution("Qwen team, Alibaba Cloud", "https://github.com/QwenLM/Qwen3-TTS")
_DAEMON = Attribution("qwen3tts-daemon", "https://github.com/qwen3tts-daemon/qwen3tts-daemon")


class _KeptInfo(Info):
    """It is asked for again and again, and making its event takes longer than sending it."""

    _event: Event | None = None

    def event(self) -> Event:
        if self._event is None:
            self._event = super().event()
        return self._event


class Describer:
    """Builds the Info; `languages` limits what is listed, since a client's default is the first of them.

    Its default voice is the first of a language by description: that is made the one that speaks if none is named. A
    voice that is the first of some of its languages only is listed twice.
    """

    def __init__(self, *, languages: Sequence[str], streaming: bool, version: str) -> None:
        self._languages = frozenset(languages)
        self._streaming = streaming
        self._version = version
        self._lists_all = False
        self._made_for: object = None
        self._made = Info()

    def info(
        self, capabilities: Capabilities, voices: Sequence[VoiceInfo], defaults: Mapping[str, str] | None = None,
        styles: Mapping[str, Sequence[str]] | None = None,
    ) -> Info:  # fmt: skip
        """`defaults`: by language, the voice that speaks if none is named. `styles`: by voice, those that it can speak
        in: Wyoming calls them speakers. Made anew when something changes."""
        asked_for = (capabilities, tuple(voices), defaults or {}, styles or {})
        if asked_for != self._made_for:
            self._made_for, self._made = asked_for, self._make(*asked_for)
        return self._made

    def _make(
        self, capabilities: Capabilities, voices: Sequence[VoiceInfo], defaults: Mapping[str, str],
        styles: Mapping[str, Sequence[str]],
    ) -> Info:  # fmt: skip
        return _KeptInfo(
            tts=[
                TtsProgram(
                    name=PROGRAM_NAME,
                    attribution=_attribution(capabilities),
                    installed=True,
                    description=_description(capabilities),
                    version=self._version,
                    voices=self._voices(capabilities, voices, defaults, styles),
                    supports_synthesize_streaming=self._streaming,
                )
            ]
        )

    def _voices(
        self, capabilities: Capabilities, offered: Sequence[VoiceInfo], defaults: Mapping[str, str],
        styles: Mapping[str, Sequence[str]],
    ) -> list[TtsVoice]:  # fmt: skip
        voices = [
            TtsVoice(
                name=name,
                attribution=_attribution(capabilities),
                installed=True,
                description=label,
                version=self._version,
                languages=languages,
                speakers=[TtsVoiceSpeaker(name=style) for style in styles.get(name, ())] or None,
            )
            for name, label, languages in _entries(self._listed(offered), defaults)
        ]
        return sorted(voices, key=lambda voice: (voice.description or "").casefold())

    def _listed(self, offered: Sequence[VoiceInfo]) -> dict[VoiceInfo, list[str]]:
        """With the languages that each is listed for."""
        limited = {voice: sorted(self._languages.intersection(voice.languages)) for voice in offered}
        listed = {voice: languages for voice, languages in limited.items() if languages}
        self._tell(lists_all=not listed)
        return listed or {voice: sorted(voice.languages) for voice in offered}

    def _tell(self, *, lists_all: bool) -> None:
        """Once per change: clients ask every 30 s."""
        if lists_all and not self._lists_all:
            logger.warning(
                "no voice speaks any of wyoming.languages (%s): all voices are listed",
                ", ".join(sorted(self._languages)),
            )
        self._lists_all = lists_all


def _attribution(capabilities: Capabilities) -> Attribution:
    return _DAEMON if capabilities.is_preview or capabilities.text_goes_to else _QWEN


def _description(capabilities: Capabilities) -> str:
    if capabilities.is_preview:
        return "preview voice; `qwen3tts-daemon models download` brings Qwen3-TTS"
    if capabilities.text_goes_to:
        return f"spoken by {capabilities.text_goes_to}, which is sent the text"
    return "Qwen3-TTS"


def _entries(
    listed: Mapping[VoiceInfo, list[str]], defaults: Mapping[str, str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Name, label and languages; a voice whose label has to begin with FIRST for some of its languages has two."""
    told = labels(list(listed))
    marked = {language for language, name in defaults.items() if not _is_first(name, language, listed, told)}
    for voice, languages in listed.items():
        first = [language for language in languages if language in marked and defaults[language] == voice.name]
        rest = [language for language in languages if language not in first]
        if first:
            yield voice.name, FIRST + told[voice.name], first
        if rest:
            yield voice.name, told[voice.name], rest


def _is_first(name: str, language: str, listed: Mapping[VoiceInfo, list[str]], told: Mapping[str, str]) -> bool:
    """Of its language, however a list is sorted."""
    others = [told[voice.name] for voice, languages in listed.items() if language in languages and voice.name != name]
    label = told.get(name, "")
    return all(label < other and label.casefold() < other.casefold() for other in others)
