"""What the settings say of voices that there are not; voices are known by now. Each begins with its option."""

import logging
from collections.abc import Iterator

from qwen3tts_daemon.voices.aliases import Aliases, AnyVoice
from qwen3tts_daemon.voices.known_voices import KnownVoice, KnownVoices
from qwen3tts_daemon.voices.name_resolver import NameResolver, voice_called
from qwen3tts_daemon.voices.names import canonical
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AUTO
from qwen_tts.errors import UnknownVoice

logger = logging.getLogger(__name__)


def voice_problems(
    known: KnownVoices, names: NameResolver, aliases: Aliases, default_voice: str | None
) -> Iterator[str]:
    """Of a default voice and aliases."""
    if default_voice is not None:
        yield from _problem(names, "voice", default_voice)
    for name in aliases.names:
        if voice_called(known.all, name) is not None:
            logger.warning("voices.aliases: %s is a voice's own name, and stays that voice", name)
        else:
            yield from _problem(names, "voices.aliases", name)
    for language, voice in aliases.languages.items():
        yield from _problem(names, f"voices.aliases: {language}", voice, language)


def _problem(names: NameResolver, option: str, voice: str, language: str = AUTO) -> Iterator[str]:
    """That there is no such voice, or that it does not speak the language. A stored voice that cannot speak now is
    none: who asks for it is told."""
    try:
        meant = names.resolve(voice)
    except UnknownVoice as error:
        if not names.is_stored(voice):
            yield f"{option}: {error}"
        else:
            logger.warning("%s: %s", option, error)
        return
    if isinstance(meant, KnownVoice) and not meant.speaks(language):
        yield f"{option}: voice {meant.name!r} speaks {', '.join(meant.info.languages)}"


def profile_problems(known: KnownVoices, names: NameResolver) -> Iterator[str]:
    """Of profiles. Of one that has another voice's name it is logged who goes before."""
    presets = {canonical(info.name) for info in known.capabilities.voices}
    for profile in known.profiles:
        option = known.profiles.option(profile)
        if profile.id in presets:
            logger.warning("%s: the engine has a voice of this name, which goes before; rename the profile", option)
            continue
        if known.library and known.library.find(profile.id):
            logger.warning("%s: goes before the stored voice of this name; rename one of them", option)
        if known.of_stored(profile) is None:
            yield from _base_problem(known, names, profile)


def _base_problem(known: KnownVoices, names: NameResolver, profile: StoredVoice) -> Iterator[str]:
    """Why nobody speaks it. A base that is stored or would be spoken by another voice may come back, and is no problem:
    who asks for the profile is told."""
    option = known.profiles.option(profile, "base")
    try:
        base = names.resolve(profile.base)
    except UnknownVoice as error:
        if not names.is_stored(profile.base):
            yield f"{option}: {error}"
        else:
            logger.warning("%s: %s", option, error)
        return
    if isinstance(base, AnyVoice):
        logger.warning("%s: nothing that is loaded speaks voice %r", option, profile.base)
    elif not base.speaks(profile.language or AUTO):
        spoken = ", ".join(base.info.languages)
        yield f"{known.profiles.option(profile, 'language')}: voice {base.name!r} speaks {spoken}"
    elif known.find_stored(profile.base) is not None:
        yield f"{option}: {profile.base!r} is a profile of too many others; name the voice below"
    else:
        yield f"{option}: write the voice's own name, {base.name!r}"
