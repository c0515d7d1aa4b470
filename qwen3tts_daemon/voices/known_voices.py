"""The voices that can be spoken with, and which of them is called so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qwen3tts_daemon.voices.library import StoredVoice, VoiceLibrary
from qwen3tts_daemon.voices.names import canonical, folded, in_language, labels
from qwen_tts.api import AUTO, Capabilities, DesignedVoice, PresetVoice, Voice, VoiceInfo, VoiceKind

_MOST_PROFILES_DEEP = 3


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice that can be spoken with, and what it adds to a request that does not say otherwise."""

    info: VoiceInfo
    voice: Voice | StoredVoice
    """What the engine is asked for; a cloned voice's prompt is fetched when it speaks."""
    stored: StoredVoice | None = None
    instruct: str = ""
    language: str = AUTO
    speed: float = 1.0
    seed: int | None = None
    called: str = ""
    """If it has its language of its caller: the name that says so, such as "ryan-de"."""

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def kind(self) -> VoiceKind:
        return "cloned" if isinstance(self.voice, StoredVoice) else self.voice.kind

    def speaking(self, language: str) -> "KnownVoice":
        """In a language that its caller put behind its name."""
        return replace(self, language=language, called=f"{self.name}-{language}")


# -- which there are -------------------------------------------------------------------------------------------


def offered(capabilities: Capabilities, library: VoiceLibrary | None) -> tuple[KnownVoice, ...]:
    """The engine's voices, then the stored ones that it can speak with."""
    presets = [KnownVoice(info, PresetVoice(info.name)) for info in capabilities.voices]
    kept = (of_stored(voice, capabilities, library) for voice in (library.voices if library else []))
    return (*presets, *(known for known in kept if known is not None))


def of_stored(
    stored: StoredVoice, capabilities: Capabilities, library: VoiceLibrary | None, depth: int = 0
) -> KnownVoice | None:
    """None if nothing that is loaded speaks it."""
    if stored.kind == "profile":
        return _of_profile(stored, _base_of(stored, capabilities, library, depth))
    if stored.kind not in capabilities.voice_kinds:
        return None
    languages = sorted(capabilities.languages, key=lambda language: language != stored.language)
    voice = stored if stored.kind == "cloned" else DesignedVoice(stored.design)
    known = _known(stored, tuple(languages), voice, stored.instruct, stored.seed)
    return replace(known, language=stored.language) if stored.language in languages else known


def _of_profile(stored: StoredVoice, base: KnownVoice | None) -> KnownVoice | None:
    """What it does not say is as with its base."""
    if base is None or (stored.language and stored.language not in base.info.languages):
        return None
    own = stored.language or base.language
    languages = sorted(base.info.languages, key=lambda language: language != own)
    seed = base.seed if stored.seed is None else stored.seed
    known = _known(stored, tuple(languages), base.voice, stored.instruct or base.instruct, seed)
    return replace(known, language=own, speed=stored.speed * base.speed)


def _base_of(
    stored: StoredVoice, capabilities: Capabilities, library: VoiceLibrary | None, depth: int
) -> KnownVoice | None:
    for info in capabilities.voices:
        if info.name.casefold() == stored.base.casefold():
            return KnownVoice(info, PresetVoice(info.name))
    base = library.find(stored.base) if library else None
    return None if base is None or depth >= _MOST_PROFILES_DEEP else of_stored(base, capabilities, library, depth + 1)


def _known(
    stored: StoredVoice, languages: tuple[str, ...], voice: Voice | StoredVoice, instruct: str, seed: int | None
) -> KnownVoice:
    info = VoiceInfo(
        name=stored.id, languages=languages, description=stored.description or stored.name, gender=stored.gender
    )
    return KnownVoice(info, voice, stored, instruct=instruct, speed=stored.speed, seed=seed)


def speakers(voices: Sequence[KnownVoice], language: str) -> list[KnownVoice]:
    """Those who speak it, the best first: the engine's before the stored, and those whose own language it is."""
    speaking = [voice for voice in voices if language in voice.info.languages]
    return sorted(speaking, key=lambda voice: (voice.stored is not None, voice.info.languages[0] != language))


# -- which is called so ----------------------------------------------------------------------------------------


def called(voices: Sequence[KnownVoice], name: str) -> KnownVoice | None:
    """By its own name, or by that and a language."""
    exact = canonical(name)
    for voice in voices:
        if canonical(voice.name) == exact:
            return voice
    base, language = in_language(name)
    for voice in voices:
        if canonical(voice.name) == base and language in voice.info.languages:
            return voice.speaking(language)
    return None


def shown(voices: Sequence[KnownVoice], name: str, language: str = AUTO) -> KnownVoice | None:
    """By what people see in a list. Of several the first that speaks the language, else the first."""
    told = labels([voice.info for voice in voices])
    seen = [(voice, {folded(text) for text in (*_shown_as(voice), told[voice.name])}) for voice in voices]
    found = [voice for voice, names in seen if folded(name) in names]
    if found:
        return min(found, key=lambda voice: (folded(voice.name) != folded(name), not _speaks(voice, language)))
    base, spoken = in_language(name)
    return next(
        (voice.speaking(spoken) for voice, names in seen if folded(base) in names and _speaks(voice, spoken)), None
    )


def _shown_as(voice: KnownVoice) -> Iterator[str]:
    yield voice.name
    if voice.info.description:
        yield voice.info.description
    if voice.stored is not None:
        yield voice.stored.name
    elif title := voice.info.description.partition(",")[0]:
        yield title


def _speaks(voice: KnownVoice, language: str) -> bool:
    return language in (AUTO, *voice.info.languages)
