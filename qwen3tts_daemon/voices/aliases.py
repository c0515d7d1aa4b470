"""Names that are no voice's own: aliases of the settings, "default", voices of OpenAI and ElevenLabs, and Qwen's on the
preview voice."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.text.languages import parse_language
from qwen3tts_daemon.voices.names import folded, in_language
from qwen_tts.api import AUTO, Gender
from qwen_tts.config.release_speakers import RELEASE_SPEAKERS
from qwen_tts.errors import UnknownLanguage

_OPENAI: Mapping[str, Gender] = {
    **dict.fromkeys(("alloy", "nova", "shimmer", "coral", "sage", "marin"), "female"),
    **dict.fromkeys(("onyx", "echo", "fable", "ash", "ballad", "verse", "cedar"), "male"),
}
_QWEN = frozenset(map(folded, RELEASE_SPEAKERS))
_ELEVENLABS = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{20}")
"""The ids of its voices; nobody calls a voice of one's own so."""
_REGION = re.compile(r"[a-z]{2}[-_]([a-z]{2}|[0-9]{3}|hans|hant)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AnyVoice:
    """Who is meant by a name that is no voice's: whoever speaks the language, of this gender if there is one."""

    name: str
    gender: Gender = ""
    language: str = AUTO


def any_voice(
    name: str, *, is_preview: bool, substitute: bool, former: Mapping[str, Gender] | None = None
) -> AnyVoice | None:
    """For OpenAI's names; if `substitute`, for "default", for ElevenLabs' ids, for Qwen's on the preview voice and for
    voices of an engine that spoke before: `former`, folded. None: for no other."""
    former = former or {}
    base, language = in_language(name)
    for called, spoken in ((folded(name), AUTO), (folded(base), language)):
        if called in _OPENAI:
            return AnyVoice(name, _OPENAI[called], spoken)
        if substitute and (called == "default" or (is_preview and called in _QWEN)):
            return AnyVoice(name, language=spoken)
        if substitute and called in former:
            return AnyVoice(name, former[called], spoken)
    if substitute and _ELEVENLABS.fullmatch(name):
        return AnyVoice(name)
    return None


class Aliases:
    """Of the settings: other names for voices, and languages with a voice of their own."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        """Raises SettingsError for what cannot be meant, whatever voices there are."""
        self.names: dict[str, str] = {}
        """Alias -> voice"""
        self.languages: dict[str, str] = {}
        """Language -> voice"""
        for name, voice in (given or {}).items():
            self._add(name, voice)
        for name in self.names:
            self._check_end(name)

    def _add(self, name: str, voice: str) -> None:
        language = _language(name)
        kept, key = (self.languages, language) if language else (self.names, folded(name))
        if not key.strip("-") or not voice.strip():
            raise SettingsError(f"voices.aliases: {name!r} = {voice!r}: neither the name nor the voice may be empty")
        if key in kept:
            raise SettingsError(f"voices.aliases: {name!r} is there twice, written in another way; take one out")
        kept[key] = voice

    def voice(self, name: str) -> str | None:
        """The name of the voice that `name` is an alias of, in the language that is behind it; None if it is none."""
        if (found := self._follow(folded(name))) is not None:
            return found
        base, language = in_language(name)
        found = self._follow(folded(base))
        return found and f"{found}-{language}"

    def _follow(self, key: str) -> str | None:
        return next(reversed(list(self._steps(key))), None)

    def _steps(self, key: str) -> Iterator[str]:
        """An alias may be one of an alias."""
        while (voice := self.names.get(key)) is not None:
            yield voice
            key = folded(voice)

    def _check_end(self, name: str) -> None:
        for number, voice in enumerate(self._steps(name)):
            if number >= len(self.names):
                raise SettingsError(f"voices.aliases: {name!r} leads to {voice!r} and round again; name a voice")


def _language(name: str) -> str | None:
    """The ISO 639-1 code, if a language is meant: by its code, its name, or a tag such as pt-BR."""
    is_tag = _REGION.fullmatch(name.strip()) is not None
    if not is_tag and not name.strip().isalpha():
        return None
    try:
        code = parse_language(name)
    except UnknownLanguage:
        return None
    return None if code == AUTO else code
