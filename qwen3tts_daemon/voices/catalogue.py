"""The voices that can be asked for, and which voice and language an utterance gets."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwen3tts_daemon.hosting.checkpoints import DOWNLOAD_QWEN
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.voices.known_voices import KnownVoice, called, of_stored, offered, shown, speakers
from qwen3tts_daemon.voices.library import StoredVoice, VoiceLibrary
from qwen3tts_daemon.voices.names import (
    MOST_CHARS,
    Aliases,
    Gender,
    StandIn,
    canonical,
    folded,
    some_of,
    stand_in,
)
from qwen3tts_daemon.voices.trial_references import PREFIX, TrialReferences
from qwen_tts.api import (
    AUTO,
    Capabilities,
    ClonedVoice,
    PresetVoice,
    Voice,
    VoiceInfo,
)
from qwen_tts.errors import InvalidRequest, UnknownVoice, UnsupportedLanguage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the caller asked for, checked: a voice or None for the language's own; a language or "auto"."""

    voice: KnownVoice | None
    language: str
    given: str = AUTO
    """The language without the voice's own."""
    asked: str | None = None
    """The name that finds the voice again; None if none was named."""
    among: tuple[str, ...] = ()
    """Languages that the text may be in; all if there are none."""
    gender: Gender = ""
    """Of whoever speaks where no voice is given."""
    absent: str = ""
    """A name that was asked for and no voice has: another one speaks."""


class VoiceCatalogue:
    """The engine's voices and the stored ones. Asked anew each time, so that a voice added now is offered now."""

    def __init__(
        self,
        capabilities: Callable[[], Capabilities],
        *,
        default_voice: str | None,
        default_language: str,
        library: VoiceLibrary | None = None,
        aliases: Aliases | None = None,
        substitute: bool = True,
        has_stand_in: bool = False,
    ) -> None:
        """`has_stand_in`: another engine, with voices of its own, speaks while this one is brought."""
        self._capabilities = capabilities
        self._default_voice = default_voice
        self._default_language = default_language
        self.library = library
        self._aliases = aliases or Aliases()
        self._substitute = substitute
        self._has_stand_in = has_stand_in
        self.references = TrialReferences()
        self._known_of: tuple[Capabilities, list[StoredVoice]] | None = None
        self._known: tuple[KnownVoice, ...] = ()

    @property
    def known(self) -> Sequence[KnownVoice]:
        """The engine's voices, then the stored ones that it can speak with."""
        of = (self._capabilities(), self.library.voices if self.library else [])
        if self._known_of != of:  # a thousand stored voices take 16 ms
            self._known_of, self._known = of, offered(self._capabilities(), self.library)
        return self._known

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
        """By any name that people see, or by name and language: "ryan-de". Raises UnknownVoice."""
        meant = self._meant(name)
        if isinstance(meant, StandIn):
            raise UnknownVoice(f"no voice {name[:64]!r}; {self._there(self.known, name)}", param="voice")
        return meant

    def can_speak(self, stored: StoredVoice) -> bool:
        """With what is loaded."""
        return of_stored(stored, self._capabilities(), self.library) is not None

    def check_stored(self, stored: StoredVoice) -> None:
        """Raises InvalidRequest if what is loaded speaks it, and could not with its instruction."""
        if (known := of_stored(stored, self._capabilities(), self.library)) is not None:
            self.check_instruct(known)

    def _of_reference(self, name: str) -> KnownVoice:
        reference = self.references.get(name)
        if reference.family != self._capabilities().voice_prompts:
            raise UnknownVoice("this reference was made for another checkpoint; send it again", param="voice")
        return self._unnamed(ClonedVoice(reference.prompt), name)

    def check_settings(self) -> None:
        """Raises SettingsError for a default voice or an alias that is no voice; voices are known by now."""
        self._check_setting("voice", self._default_voice)
        for name in self._aliases.names:
            if called(self.known, name) is not None:
                logger.warning("voices.aliases: %s is a voice's own name, and stays that voice", name)
            else:
                self._check_setting("voices.aliases", name)
        for language, voice in self._aliases.languages.items():
            meant = self._check_setting(f"voices.aliases: {language}", voice)
            if isinstance(meant, KnownVoice) and language not in meant.info.languages:
                spoken = ", ".join(meant.info.languages)
                raise SettingsError(f"voices.aliases: {language}: voice {meant.name!r} speaks {spoken}")

    def _check_setting(self, option: str, voice: str | None) -> KnownVoice | StandIn | None:
        """None if none is set, or one that is kept and cannot speak now: who asks for it is told."""
        if voice is None:
            return None
        try:
            return self._meant(voice)
        except UnknownVoice as error:
            if self._kept(self._aliases.voice(voice) or voice) is None:
                raise SettingsError(f"{option}: {error}") from error
            logger.warning("%s: %s", option, error)
            return None

    def check(self, voice: str | Voice | None, language: str | None) -> Choice:
        """What was asked for, before there is text. Raises UnknownVoice, UnknownLanguage, UnsupportedLanguage."""
        given = parse_language(language) if language else AUTO
        asked = self._asked(voice, given)
        speaker = asked
        if asked is None or (isinstance(asked, StandIn) and not asked.gender):
            speaker = self._house(given if given != AUTO else _own_language(asked))
        code = given if given != AUTO else _own_language(asked, speaker)
        known = speaker if isinstance(speaker, KnownVoice) else None
        spoken = known.info.languages if known else self.languages
        if code != AUTO and code not in spoken:
            who = f"voice {known.name!r} speaks" if known else "there are voices for"
            raise UnsupportedLanguage(f"{who} {', '.join(spoken)}, not {code}", param="language")
        return Choice(
            known, code, given, asked=_name_of(asked),
            among=self._house_languages() if speaker is None and code == AUTO else (),
            gender=speaker.gender if isinstance(speaker, StandIn) else "",
            absent=asked.name if isinstance(asked, StandIn) else "",
        )  # fmt: skip

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
        among = self._among(choice)
        language = among[0] if len(among) == 1 else choice.language
        if language == AUTO:
            fallback = self.default_language if self.default_language in among else among[0]
            language = detect_language(text, among, fallback)
        elif (looks_like := detect_language(text, self.languages, language)) != language:
            logger.info("speech id=%s looks like %s and is spoken as %s", request_id, looks_like, language)
        known = choice.voice or self._speaker(language, choice.gender)
        if choice.absent:
            logger.info("speech id=%s asks for %.64r, and %s speaks", request_id, choice.absent, known.name)
        return known, language

    def foretell(self, choice: Choice, text: str | None, *, request_id: str) -> tuple[KnownVoice | None, str]:
        """What `decide` will say, as far as that is settled; `text` is what it will be told, None if it is to come."""
        if self._has_stand_in and (choice.voice is None or choice.voice.kind == "preset"):
            return None, AUTO
        if text is None and choice.language == AUTO and len(self._among(choice)) > 1:
            return choice.voice, AUTO
        return self.decide(choice, text or "", request_id=request_id)

    def _among(self, choice: Choice) -> Sequence[str]:
        """The languages that its text may be in."""
        return choice.voice.info.languages if choice.voice else choice.among or self.languages

    def default_for(self, language: str) -> VoiceInfo:
        """Who speaks it if none is named; if that one is gone, for the lists of what there is: who would without."""
        try:
            return self._speaker(language).info
        except UnknownVoice:
            return self._speakers(language)[0].info

    @property
    def defaults(self) -> dict[str, str]:
        """By language, the name of the voice that speaks it if none is named."""
        return {language: self.default_for(language).name for language in self.languages} if self.known else {}

    # -- names ---------------------------------------------------------------------------------------------

    def _asked(self, voice: str | Voice | None, language: str) -> KnownVoice | StandIn | None:
        if isinstance(voice, str):
            return self._meant(voice, language) if voice else None
        return None if voice is None else self._unnamed(voice)

    def _meant(self, name: str, language: str = AUTO) -> KnownVoice | StandIn:
        """A voice's own name comes first, then the aliases, then what else it is seen as. Raises UnknownVoice."""
        if name.startswith(PREFIX):
            return self._of_reference(name)
        known = self.known
        if len(name) > MOST_CHARS:
            raise UnknownVoice(f"no voice {name[:64]!r}; {self._there(known, name)}", param="voice")
        if (found := called(known, name)) is not None:
            return found
        if (voice := self._aliases.voice(name)) is None:
            return self._named(known, name, language)
        try:
            return self._named(known, voice, language)
        except UnknownVoice as error:
            raise UnknownVoice(f"{name[:64]!r} is an alias of {voice[:64]!r}: {error}", param="voice") from error

    def _named(self, known: Sequence[KnownVoice], name: str, language: str) -> KnownVoice | StandIn:
        """Not by an alias."""
        if (found := called(known, name)) is not None:
            return found
        if self._kept_by_id(name) is None:
            preview = self._capabilities().is_preview
            meant = shown(known, name, language) or stand_in(name, is_preview=preview, substitute=self._substitute)
            if meant is not None:
                return meant
        kept = self._kept(name)
        reason = self._there(known, name) if kept is None else self._why_silent(kept)
        raise UnknownVoice(f"no voice {name[:64]!r}{' here' if kept else ''}; {reason}", param="voice")

    @staticmethod
    def _there(known: Sequence[KnownVoice], name: str) -> str:
        names = [voice.name for voice in known]
        return f"there are {some_of(names, name)}" if names else f"there is none; {DOWNLOAD_QWEN}"

    def _kept_by_id(self, name: str) -> StoredVoice | None:
        return self.library.find(canonical(name)) if self.library else None

    def _kept(self, name: str) -> StoredVoice | None:
        """One that is stored, whether or not it can speak now."""
        stored = self.library.voices if self.library else []
        seen = folded(name)
        named = (voice for voice in stored if seen in (folded(voice.id), folded(voice.name)))
        return self._kept_by_id(name) or next(named, None)

    def _why_silent(self, stored: StoredVoice) -> str:
        if stored.kind == "profile":
            return f"it is stored, and nothing that is loaded speaks its voice {stored.base!r}"
        kinds = " or ".join(self._capabilities().voice_kinds)
        return f"it is stored, and what is loaded speaks {kinds} voices only; {DOWNLOAD_QWEN}"

    # -- who speaks if none is named -----------------------------------------------------------------------

    def _house(self, language: str) -> KnownVoice | StandIn | None:
        """The setting's voice, if it is settled that it speaks: a language may have another one."""
        if self._default_voice is None:
            return None
        house = self._meant(self._default_voice)
        own = self._aliases.languages
        if isinstance(house, StandIn):
            return house
        language = house.language if language == AUTO else language
        if language == AUTO:
            return None if own else house
        return house if language in house.info.languages and language not in own else None

    def _house_languages(self) -> tuple[str, ...]:
        """That a text may be in, if it is for the setting's voice or that of a language; all: ()."""
        if self._default_voice is None:
            return ()
        house = self._meant(self._default_voice)
        own = () if isinstance(house, StandIn) else (*house.info.languages, *self._aliases.languages)
        return tuple(dict.fromkeys(own))

    def _speaker(self, language: str, gender: Gender = "") -> KnownVoice:
        """Raises InvalidRequest if nobody speaks it, UnknownVoice if who should is gone."""
        own = self._aliases.languages.get(language) or self._default_voice
        chosen = self._meant(own) if own else None
        if isinstance(chosen, StandIn):
            gender, chosen = gender or chosen.gender, None
        if chosen is not None and language not in chosen.info.languages:
            chosen = None
        speaking = self._speakers(language)
        first = [*([chosen] if chosen else []), *speaking]
        return next((voice for voice in first if gender and voice.info.gender == gender), first[0])

    def _speakers(self, language: str) -> list[KnownVoice]:
        if speaking := speakers(self.known, language):
            return speaking
        raise InvalidRequest(f"no voice speaks {language}; name a voice", param="language")

    # -- inside --------------------------------------------------------------------------------------------

    def _unnamed(self, voice: Voice, name: str = "") -> KnownVoice:
        """A voice that is in the request itself."""
        if isinstance(voice, PresetVoice):
            return self.find(voice.name)
        if voice.kind not in self._capabilities().voice_kinds:
            kinds = " or ".join(self._capabilities().voice_kinds)
            reason = f"what is loaded speaks {kinds} voices, not {voice.kind}"
            raise InvalidRequest(f"{reason}; {DOWNLOAD_QWEN}", param="voice")
        return KnownVoice(VoiceInfo(name=name or voice.kind, languages=self._capabilities().languages), voice)


def _own_language(*meant: KnownVoice | StandIn | None) -> str:
    """The first that one of them has."""
    return next((one.language for one in meant if one is not None and one.language != AUTO), AUTO)


def _name_of(asked: KnownVoice | StandIn | None) -> str | None:
    """That finds it again."""
    if isinstance(asked, KnownVoice):
        return asked.called or asked.name
    return None if asked is None else asked.name
