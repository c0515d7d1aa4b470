"""Who is meant by a name."""

from collections.abc import Iterator, Sequence

from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN, way_to_voices
from qwen3tts_daemon.voices.aliases import Aliases, AnyVoice, any_voice
from qwen3tts_daemon.voices.known_voices import KnownVoice, KnownVoices
from qwen3tts_daemon.voices.names import MOST_CHARS, canonical, folded, in_language, labels, some_of
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen_tts.api import AUTO, Gender, VoiceInfo
from qwen_tts.errors import UnknownVoice


class NameResolver:
    """A name -> a voice, or that any voice is meant; else an error that says why not."""

    def __init__(
        self, known: KnownVoices, aliases: Aliases, *, substitute: bool, former: Sequence[VoiceInfo] = ()
    ) -> None:
        """`substitute`: names of other products mean any voice, and so do those of `former`, an engine's before."""
        self._known = known
        self._aliases = aliases
        self._substitute = substitute
        self._former: dict[str, Gender] = {folded(voice.name): voice.gender for voice in former}

    def resolve(self, name: str, language: str = AUTO) -> KnownVoice | AnyVoice:
        """A voice's own name comes first, then the aliases, then what else it is seen as. Raises UnknownVoice.

        Of several that are seen as this, one that speaks `language` is meant.
        """
        if len(name) > MOST_CHARS:
            raise self._unknown(name)
        if (voice := voice_called(self._known.all, name)) is not None:
            return voice
        if (meant := self._aliases.voice(name)) is None:
            return self._resolve_unaliased(name, language)
        try:
            return self._resolve_unaliased(meant, language)
        except UnknownVoice as error:
            raise UnknownVoice(f"{name[:64]!r} is an alias of {meant[:64]!r}: {error}", param="voice") from error

    def find(self, name: str) -> KnownVoice:
        """As `resolve`, but for names that mean any voice. Raises UnknownVoice."""
        meant = self.resolve(name)
        if isinstance(meant, AnyVoice):
            raise self._unknown(name)
        return meant

    def is_stored(self, name: str) -> bool:
        """Whether a stored voice is meant, even if it cannot speak now."""
        return self._stored_seen_as(self._aliases.voice(name) or name) is not None

    def _resolve_unaliased(self, name: str, language: str) -> KnownVoice | AnyVoice:
        known = self._known.all
        if (voice := voice_called(known, name)) is not None:
            return voice
        if self._stored_called(name) is None:
            meant = voice_seen_as(known, name, language) or self._any_voice(name)
            if meant is not None:
                return meant
        stored = self._stored_seen_as(name)
        raise self._unknown(name) if stored is None else self._silent(name, stored)

    def _any_voice(self, name: str) -> AnyVoice | None:
        is_preview = self._known.capabilities.is_preview
        return any_voice(name, is_preview=is_preview, substitute=self._substitute, former=self._former)

    def _stored_called(self, name: str) -> StoredVoice | None:
        return self._known.find_stored(name)

    def _stored_seen_as(self, name: str) -> StoredVoice | None:
        seen = folded(name)
        named = (voice for voice in self._known.stored if seen in (folded(voice.id), folded(voice.name)))
        return self._stored_called(name) or next(named, None)

    def _unknown(self, name: str) -> UnknownVoice:
        names = [voice.name for voice in self._known.all]
        there = f"there are {some_of(names, name)}" if names else f"there is none; {DOWNLOAD_QWEN}"
        return UnknownVoice(f"no voice {name[:64]!r}; {there}", param="voice")

    def _silent(self, name: str, stored: StoredVoice) -> UnknownVoice:
        """Nothing that is loaded speaks it."""
        there = "in the settings" if stored.id in self._known.profiles else "stored"
        if stored.kind == "profile":
            reason = f"it is {there}, and nothing that is loaded speaks its voice {stored.base!r}"
        else:
            capabilities = self._known.capabilities
            kinds = " or ".join(capabilities.voice_kinds)
            reason = f"it is {there}, and what is loaded speaks {kinds} voices only; {way_to_voices(capabilities)}"
        return UnknownVoice(f"no voice {name[:64]!r} here; {reason}", param="voice")


def voice_called(voices: Sequence[KnownVoice], name: str) -> KnownVoice | None:
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


def voice_seen_as(voices: Sequence[KnownVoice], name: str, language: str = AUTO) -> KnownVoice | None:
    """By what people see in a list. Of several the first that speaks the language, else the first."""
    told = labels([voice.info for voice in voices])
    seen = [(voice, {folded(text) for text in (*_seen_as(voice), told[voice.name])}) for voice in voices]
    found = [voice for voice, names in seen if folded(name) in names]
    if found:
        return min(found, key=lambda voice: (folded(voice.name) != folded(name), not voice.speaks(language)))
    base, spoken = in_language(name)
    return next(
        (voice.speaking(spoken) for voice, names in seen if folded(base) in names and voice.speaks(spoken)), None
    )


def _seen_as(voice: KnownVoice) -> Iterator[str]:
    yield voice.name
    if voice.info.description:
        yield voice.info.description
    if voice.stored is not None:
        yield voice.stored.name
    elif title := voice.info.description.partition(",")[0]:
        yield title
