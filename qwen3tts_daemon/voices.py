"""The voices that can be asked for, and which voice and language an utterance gets."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.references import PREFIX, References
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.voice_library import StoredVoice, VoiceLibrary
from qwen_tts.api import (
    AUTO,
    Capabilities,
    ClonedVoice,
    DesignedVoice,
    PresetVoice,
    Voice,
    VoiceInfo,
    VoiceKind,
    VoicePrompt,
)
from qwen_tts.errors import InvalidRequest, UnknownVoice, UnsupportedLanguage
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)

BRING_QWEN = "qwen3tts-daemon models download"
"""The one command that brings Qwen3-TTS; whoever shows a preview voice names it."""

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
        match self.voice:
            case PresetVoice():
                return "preset"
            case DesignedVoice():
                return "designed"
        return "cloned"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller asked for, checked: a voice or None for the language's own; a language or "auto"."""

    voice: KnownVoice | None
    language: str
    given: str = AUTO
    """The language without the voice's own."""


class VoiceCatalogue:
    """The engine's voices and the stored ones. Asked anew each time, so that a voice added now is offered now."""

    def __init__(
        self,
        capabilities: Callable[[], Capabilities],
        *,
        default_voice: str | None,
        default_language: str,
        library: VoiceLibrary | None = None,
    ) -> None:
        self._capabilities = capabilities
        self._default_voice = default_voice
        self._default_language = default_language
        self.library = library
        self.references = References()

    @property
    def known(self) -> list[KnownVoice]:
        """The engine's voices, then the stored ones that it can speak with."""
        presets = [KnownVoice(info, PresetVoice(info.name)) for info in self._capabilities().voices]
        stored = self.library.voices if self.library else []
        return presets + [known for voice in stored if (known := self._of_stored(voice)) is not None]

    @property
    def voices(self) -> Sequence[VoiceInfo]:
        return [known.info for known in self.known]

    @property
    def languages(self) -> list[str]:
        """What can be spoken by some voice, ISO 639-1, sorted."""
        spoken = {language for voice in self.voices for language in voice.languages}
        return sorted(spoken or self._capabilities().languages)

    @property
    def default_language(self) -> str:
        languages = self.languages
        return self._default_language if self._default_language in languages else languages[0]

    def find(self, name: str) -> KnownVoice:
        """By name, whatever its case, or by name and language: "ryan-de". Raises UnknownVoice."""
        if name.startswith(PREFIX):
            return self._of_reference(name)
        folded = name.casefold()
        for known in self.known:
            if known.name.casefold() == folded:
                return known
        base, _, language = folded.rpartition("-")
        for known in self.known:
            if known.name.casefold() == base and language in known.info.languages:
                return replace(known, language=language, called=f"{known.name}-{language}")
        raise UnknownVoice(f"no voice {name[:64]!r}{self._why_not(folded)}", param="voice")

    def can_speak(self, stored: StoredVoice) -> bool:
        """With what is loaded."""
        return self._of_stored(stored) is not None

    def check_stored(self, stored: StoredVoice) -> None:
        """Raises InvalidRequest if what is loaded speaks it, and could not with its instruction."""
        if (known := self._of_stored(stored)) is not None:
            self.check_instruct(known)

    def _of_reference(self, name: str) -> KnownVoice:
        reference = self.references.get(name)
        if reference.family != self._capabilities().voice_prompts:
            raise UnknownVoice("this reference was made for another checkpoint; send it again", param="voice")
        return self._unnamed(ClonedVoice(reference.prompt), name)

    def _why_not(self, id: str) -> str:
        stored = self.library.find(id) if self.library else None
        if stored is None:
            return "; see the list of voices"
        if stored.kind == "profile":
            return f" here: it is stored, and nothing that is loaded speaks its voice {stored.base!r}"
        kinds = " or ".join(self._capabilities().voice_kinds)
        return f" here: it is stored, and what is loaded speaks {kinds} voices only; {BRING_QWEN}"

    def check(self, voice: str | Voice | None, language: str | None) -> Choice:
        """What was asked for, before there is text. Raises UnknownVoice, UnknownLanguage, UnsupportedLanguage."""
        asked = voice or self._default_voice
        known = None if asked is None else self.find(asked) if isinstance(asked, str) else self._unnamed(asked)
        given = code = parse_language(language) if language else AUTO
        if code == AUTO and known:
            code = known.language
        spoken = known.info.languages if known else self.languages
        if code != AUTO and code not in spoken:
            who = f"voice {known.name!r} speaks" if known else "there are voices for"
            raise UnsupportedLanguage(f"{who} {', '.join(spoken)}, not {code}", param="language")
        return Choice(known, code, given)

    def check_instruct(self, known: KnownVoice | None, instruct: str = "") -> None:
        """Raises InvalidRequest for a voice that cannot be told how to speak, by the caller or by its own card.

        The preview voice takes no notice. Without a voice a preset speaks, if there is any.
        """
        capabilities = self._capabilities()
        given = instruct or (known.instruct if known else "")
        kinds = (known.kind,) if known else ("preset",) if capabilities.voices else capabilities.voice_kinds
        if not given or capabilities.is_preview or set(kinds) & set(capabilities.instruct_kinds):
            return
        rule = "takes no instruction, as no cloned voice does and no 0.6B checkpoint"
        if instruct:
            who = f"voice {known.name!r}" if known else "what is loaded"
            raise InvalidRequest(f"{who} {rule}; leave it empty", param="instruct")
        assert known is not None
        raise InvalidRequest(
            f"voice {known.name!r} is stored with an instruction, and {rule}; change it", param="voice"
        )

    def decide(self, choice: Choice, text: str, *, request_id: str) -> tuple[KnownVoice, str]:
        """The voice and language of an utterance: given, else the voice's own, else detected from its text."""
        among = choice.voice.info.languages if choice.voice else self.languages
        language = among[0] if len(among) == 1 else choice.language
        if language == AUTO:
            fallback = self.default_language if self.default_language in among else among[0]
            language = detect_language(text, among, fallback)
        elif (looks_like := detect_language(text, self.languages, language)) != language:
            logger.info("speech id=%s looks like %s and is spoken as %s", request_id, looks_like, language)
        return choice.voice or self.find(self.default_for(language).name), language

    def default_for(self, language: str) -> VoiceInfo:
        """The first voice whose own language it is, else the first that speaks it; the engine's before the stored."""
        speaking = [voice for voice in self._capabilities().voices if language in voice.languages]
        speaking = speaking or [voice for voice in self.voices if language in voice.languages]
        if not speaking:
            raise InvalidRequest(f"no voice speaks {language}; name a voice", param="language")
        return next((voice for voice in speaking if voice.languages[0] == language), speaking[0])

    async def for_engine(self, known: KnownVoice, engine: SpeechEngine) -> Voice:
        """What to ask the engine for. A clone that was made for other checkpoints is made again, and kept."""
        if not isinstance(known.voice, StoredVoice):
            return known.voice
        assert self.library is not None
        voice, library, family = known.voice, self.library, engine.capabilities.voice_prompts
        prompt = await asyncio.to_thread(library.prompt, voice.id)
        if prompt is None or voice.prompt_family != family:
            reference = await asyncio.to_thread(library.reference, voice.id)
            prompt = (await engine.encode_reference(reference, voice.transcript or None)).data
            try:
                await asyncio.to_thread(library.set_prompt, voice.id, prompt, family)
            except Refusal as error:  # it can speak all the same
                logger.warning("the prompt of voice %s is not kept: %s", voice.id, error)
        return ClonedVoice(VoicePrompt(prompt))

    # -- inside --------------------------------------------------------------------------------------------

    def _unnamed(self, voice: Voice, name: str = "") -> KnownVoice:
        """A voice that is in the request itself."""
        if isinstance(voice, PresetVoice):
            return self.find(voice.name)
        kind = "designed" if isinstance(voice, DesignedVoice) else "cloned"
        if kind not in self._capabilities().voice_kinds:
            kinds = " or ".join(self._capabilities().voice_kinds)
            raise InvalidRequest(f"what is loaded speaks {kinds} voices, not {kind}; {BRING_QWEN}", param="voice")
        return KnownVoice(VoiceInfo(name=name or kind, languages=self._capabilities().languages), voice)

    def _of_stored(self, stored: StoredVoice, depth: int = 0) -> KnownVoice | None:
        """None if nothing that is loaded speaks it."""
        if stored.kind == "profile":
            return self._of_profile(stored, depth)
        if stored.kind not in self._capabilities().voice_kinds:
            return None
        languages = sorted(self._capabilities().languages, key=lambda language: language != stored.language)
        voice = stored if stored.kind == "cloned" else DesignedVoice(stored.design)
        known = _stored(stored, tuple(languages), voice, stored.instruct, stored.seed)
        return replace(known, language=stored.language) if stored.language in languages else known

    def _of_profile(self, stored: StoredVoice, depth: int) -> KnownVoice | None:
        """What it does not say is as with its base."""
        base = self._base_of(stored, depth)
        if base is None or (stored.language and stored.language not in base.info.languages):
            return None
        own = stored.language or base.language
        languages = sorted(base.info.languages, key=lambda language: language != own)
        seed = base.seed if stored.seed is None else stored.seed
        known = _stored(stored, tuple(languages), base.voice, stored.instruct or base.instruct, seed)
        return replace(known, language=own, speed=stored.speed * base.speed)

    def _base_of(self, stored: StoredVoice, depth: int) -> KnownVoice | None:
        for info in self._capabilities().voices:
            if info.name.casefold() == stored.base.casefold():
                return KnownVoice(info, PresetVoice(info.name))
        base = self.library.find(stored.base) if self.library else None
        return None if base is None or depth >= _MOST_PROFILES_DEEP else self._of_stored(base, depth + 1)


def _stored(
    stored: StoredVoice, languages: tuple[str, ...], voice: Voice | StoredVoice, instruct: str, seed: int | None
) -> KnownVoice:
    info = VoiceInfo(
        name=stored.id, languages=languages, description=stored.description or stored.name, gender=stored.gender
    )
    return KnownVoice(info, voice, stored, instruct=instruct, speed=stored.speed, seed=seed)
