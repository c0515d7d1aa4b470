"""The voices that can be spoken with now."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.names import canonical, folded
from qwen3tts_daemon.voices.profiles import Profiles
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.voice_id import slug
from qwen_tts.api import AUTO, Capabilities, DesignedVoice, PresetVoice, TextLayout, Voice, VoiceInfo, VoiceKind
from qwen_tts.errors import InvalidRequest

_MOST_PROFILES_DEEP = 3
_revisions = itertools.count(time.time_ns() // 1_000_000)
"""Of all catalogues, so that none has a number of another one, also not of one before a restart"""


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice that can be spoken with, and what it adds to a request that does not say otherwise."""

    info: VoiceInfo
    voice: Voice | StoredVoice
    """What the engine is asked for; a stored cloned voice's prompt is fetched when it speaks."""
    stored: StoredVoice | None = None
    instruct: str = ""
    language: str = AUTO
    speed: float = 1.0
    gain_db: float = 0.0
    seed: int | None = None
    text_layout: TextLayout = "auto"
    text_normalization: bool | None = None
    called: str = ""
    """If it has its language of its caller: the name that says so, such as "ryan-de"."""

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def names(self) -> frozenset[str]:
        """What it goes by: its own name, what people call it, and of a profile the engine's voice below."""
        below = self.voice.name if isinstance(self.voice, PresetVoice) else ""
        return frozenset(filter(None, (self.name, self.stored.name if self.stored else "", below)))

    @property
    def kind(self) -> VoiceKind:
        return "cloned" if isinstance(self.voice, StoredVoice) else self.voice.kind

    def speaks(self, language: str) -> bool:
        """Any voice speaks the language that is left open."""
        return language in (AUTO, *self.info.languages)

    def speaking(self, language: str) -> "KnownVoice":
        """In a language that its caller put behind its name."""
        return replace(self, language=language, called=f"{self.name}-{language}")


class KnownVoices:
    """The engine's voices, then those of one's own that it can speak with: the settings' and the stored ones.

    Of one name, the engine's goes before the settings', and that before a stored one. Engine and library are asked anew
    each time, so that a voice added now is offered now.
    """

    def __init__(self, capabilities: Callable[[], Capabilities], library: VoiceLibrary | None) -> None:
        self._capabilities = capabilities
        self.library = library
        self.profiles = Profiles()
        """Of the settings"""
        self._listed_of: tuple[Capabilities, list[StoredVoice]] | None = None
        self._listed: tuple[KnownVoice, ...] = ()
        self._revision = 0

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine that speaks."""
        return self._capabilities()

    @property
    def stored(self) -> list[StoredVoice]:
        """All of one's own, whether or not they can speak now."""
        kept = self.library.voices if self.library else []
        if not self.profiles:
            return kept
        presets = {canonical(info.name) for info in self.capabilities.voices}
        profiles = [profile for profile in self.profiles if profile.id not in presets]
        return [*profiles, *(voice for voice in kept if voice.id not in self.profiles)]

    def find_stored(self, name: str) -> StoredVoice | None:
        """One of one's own by its id."""
        id = canonical(name)
        return self.profiles.get(id) or (self.library.find(id) if self.library else None)

    @property
    def all(self) -> Sequence[KnownVoice]:
        of = (self.capabilities, self.stored)
        if self._listed_of != of:  # a thousand stored voices take 16 ms
            presets = [KnownVoice(info, PresetVoice(info.name)) for info in self.capabilities.voices]
            kept = [known for stored in self.stored if (known := self.of_stored(stored)) is not None]
            self._listed_of, self._listed, self._revision = of, (*presets, *kept), next(_revisions)
        return self._listed

    @property
    def revision(self) -> int:
        """Another number after each change of what is kept, or of what the engine can do."""
        _ = self.all
        return self._revision

    @property
    def languages(self) -> list[str]:
        """What can be spoken by some voice, ISO 639-1, sorted."""
        spoken = {language for voice in self.all for language in voice.info.languages}
        return sorted(spoken or self.capabilities.languages)

    def speakers(self, language: str) -> list[KnownVoice]:
        """Those who speak it, the best first: the engine's before the stored, and those whose own language it is.

        Raises InvalidRequest if nobody does.
        """
        speaking = [voice for voice in self.all if language in voice.info.languages]
        if not speaking:
            raise InvalidRequest(f"no voice speaks {language}; name a voice", param="language")
        return sorted(speaking, key=lambda voice: (voice.stored is not None, voice.info.languages[0] != language))

    def of_stored(self, stored: StoredVoice, profiles: int = 0) -> KnownVoice | None:
        """None if nothing that is loaded speaks it. It is the base of so many `profiles`, one upon the other."""
        if stored.kind == "profile":
            return _profile(stored, self._base_of(stored, profiles))
        capabilities = self.capabilities
        if stored.kind not in capabilities.voice_kinds:
            return None
        languages = _own_first(capabilities.languages, stored.language)
        voice = stored if stored.kind == "cloned" else DesignedVoice(stored.design)
        known = _known(stored, languages, voice, stored.instruct, stored.seed)
        return replace(known, language=stored.language) if stored.language in languages else known

    def _base_of(self, profile: StoredVoice, profiles: int) -> KnownVoice | None:
        for info in self.capabilities.voices:
            if folded(info.name) == folded(profile.base):
                return KnownVoice(info, PresetVoice(info.name))
        base = self.find_stored(profile.base) or self.find_stored(slug(profile.base))
        return None if base is None or profiles >= _MOST_PROFILES_DEEP else self.of_stored(base, profiles + 1)


def _profile(stored: StoredVoice, base: KnownVoice | None) -> KnownVoice | None:
    """What it does not say is as with its base."""
    if base is None or (stored.language and stored.language not in base.info.languages):
        return None
    own = stored.language or base.language
    seed = base.seed if stored.seed is None else stored.seed
    languages = _own_first(base.info.languages, own)
    known = _known(stored, languages, base.voice, stored.instruct or base.instruct, seed)
    info = msgspec.structs.replace(known.info, gender=stored.gender or base.info.gender)
    text_layout = stored.text_layout or base.text_layout
    is_normalized = base.text_normalization if stored.text_normalization is None else stored.text_normalization
    return replace(
        known, info=info, language=own, speed=stored.speed * base.speed, gain_db=stored.gain_db + base.gain_db,
        text_layout=text_layout, text_normalization=is_normalized,
    )  # fmt: skip


def _known(
    stored: StoredVoice, languages: tuple[str, ...], voice: Voice | StoredVoice, instruct: str, seed: int | None
) -> KnownVoice:
    info = VoiceInfo(
        name=stored.id, languages=languages, description=stored.description or stored.name, gender=stored.gender
    )
    text_layout = stored.text_layout or "auto"
    return KnownVoice(
        info, voice, stored, instruct=instruct, speed=stored.speed, gain_db=stored.gain_db, seed=seed,
        text_layout=text_layout, text_normalization=stored.text_normalization,
    )  # fmt: skip


def _own_first(languages: Sequence[str], own: str) -> tuple[str, ...]:
    return tuple(sorted(languages, key=lambda language: language != own))
