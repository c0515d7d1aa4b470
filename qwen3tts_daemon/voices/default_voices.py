"""Who speaks if no voice is named."""

from collections.abc import Mapping

from qwen3tts_daemon.voices.aliases import AnyVoice
from qwen3tts_daemon.voices.known_voices import KnownVoice, KnownVoices
from qwen3tts_daemon.voices.name_resolver import NameResolver
from qwen_tts.api import AUTO, Gender, VoiceInfo
from qwen_tts.errors import UnknownVoice


class DefaultVoices:
    """Of each language: its own voice of the settings, else the default voice, else the first that speaks it."""

    def __init__(
        self, known: KnownVoices, names: NameResolver, *, default_voice: str | None, of_languages: Mapping[str, str]
    ) -> None:
        """The settings' `default_voice` and voices of languages, all of them by name."""
        self._known = known
        self._names = names
        self._default_voice = default_voice
        self._of_languages = of_languages

    def settled(self, language: str) -> KnownVoice | AnyVoice | None:
        """Who will speak whatever the text is, if that is certain already; `language` may be AUTO."""
        if self._default_voice is None:
            return None
        default = self._names.resolve(self._default_voice)
        if isinstance(default, AnyVoice):
            return default
        language = default.language if language == AUTO else language
        if language == AUTO:
            return None if self._of_languages else default
        return default if language in default.info.languages and language not in self._of_languages else None

    def text_languages(self) -> tuple[str, ...]:
        """What the voices of the settings speak: a text is taken to be in one of these. Empty: in any language."""
        if self._default_voice is None:
            return ()
        default = self._names.resolve(self._default_voice)
        if isinstance(default, AnyVoice):
            return ()
        return tuple(dict.fromkeys((*default.info.languages, *self._of_languages)))

    def speaker(self, language: str, gender: Gender = "") -> KnownVoice:
        """Of this gender if there is one.

        Raises InvalidRequest if nobody speaks the language, UnknownVoice if a voice of the settings is gone.
        """
        name = self._of_languages.get(language) or self._default_voice
        chosen = self._names.resolve(name) if name else None
        if isinstance(chosen, AnyVoice):
            gender, chosen = gender or chosen.gender, None
        speakers = self._known.speakers(language)
        if chosen is not None and language in chosen.info.languages:
            speakers.insert(0, chosen)
        return next((voice for voice in speakers if gender and voice.info.gender == gender), speakers[0])

    def listed(self, language: str) -> VoiceInfo:
        """For lists of what there is, which have no room for an error: if the setting's voice is gone, the next one."""
        try:
            return self.speaker(language).info
        except UnknownVoice:
            return self._known.speakers(language)[0].info
