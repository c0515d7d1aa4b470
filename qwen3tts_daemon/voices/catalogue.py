"""The voices that can be asked for, and which voice and language an utterance gets."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from qwen3tts_daemon.hosting.checkpoints import way_to_voices
from qwen3tts_daemon.settings import SettingsError
from qwen3tts_daemon.text.languages import detect_language, parse_language
from qwen3tts_daemon.text.styles import Styles
from qwen3tts_daemon.voices.aliases import Aliases, AnyVoice
from qwen3tts_daemon.voices.default_voices import DefaultVoices
from qwen3tts_daemon.voices.known_voices import KnownVoice, KnownVoices
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.name_resolver import NameResolver
from qwen3tts_daemon.voices.profiles import Profiles
from qwen3tts_daemon.voices.settings_problems import profile_problems, voice_problems
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.voices.trial_references import PREFIX, TrialReferences
from qwen_tts.api import AUTO, Capabilities, ClonedVoice, Gender, PresetVoice, Voice, VoiceInfo
from qwen_tts.errors import InvalidRequest, ModelLoading, OtherVoice, UnknownVoice, UnsupportedLanguage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller asked for, checked; what is left open is decided with the first words of the text."""

    voice: KnownVoice | None
    """None: the default voice of the text's language"""
    language: str
    """AUTO: the text's"""
    asked_voice: str | None = None
    """The name that finds the voice again; None if the caller named none"""
    asked_language: str = AUTO
    """As the caller named it: `language` may be the voice's own"""
    among: tuple[str, ...] = ()
    """Languages that the text may be in; empty: all"""
    gender: Gender = ""
    """Wanted of a default voice"""
    absent: str = ""
    """A name that was asked for and no voice has: another one speaks"""


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """What the settings say of all requests."""

    default_voice: str | None = None
    default_language: str = "en"
    aliases: Aliases = field(default_factory=Aliases)
    substitute: bool = True
    """Names of other products mean any voice."""
    profiles: Profiles = field(default_factory=Profiles)
    styles: Styles = field(default_factory=Styles)


class VoiceCatalogue:
    """The engine's voices, profiles of the settings and stored voices, asked anew each time: a voice that is added can
    be asked for at once."""

    def __init__(
        self,
        capabilities: Callable[[], Capabilities],
        config: VoiceConfig | None = None,
        *,
        library: VoiceLibrary | None = None,
        has_stand_in: bool = False,
        before: "VoiceCatalogue | None" = None,
    ) -> None:
        """`has_stand_in`: another engine, with voices of its own, speaks while this one is loaded. `before`: of the
        engine that spoke before; whoever asks for one of its voices gets one of the language, if `substitute`."""
        self.library = library
        self.references: TrialReferences = before.references if before else TrialReferences()
        self.former: tuple[VoiceInfo, ...] = (*before.former, *before.engine_voices) if before else ()
        """Voices of engines before"""
        self._has_stand_in = has_stand_in
        self._known = KnownVoices(capabilities, library)
        self.use(config or VoiceConfig())

    def use(self, config: VoiceConfig) -> None:
        """From now on. What has been decided of an utterance stays."""
        self.config = config
        self._known.profiles = config.profiles
        self._names = self._names_by(config, self.former)
        self._defaults = DefaultVoices(
            self._known, self._names, default_voice=config.default_voice, of_languages=config.aliases.languages
        )

    def _names_by(self, config: VoiceConfig, former: Sequence[VoiceInfo] = ()) -> NameResolver:
        return NameResolver(self._known, config.aliases, substitute=config.substitute, former=former)

    # -- what there is -------------------------------------------------------------------------------------

    @property
    def known(self) -> Sequence[KnownVoice]:
        """The engine's voices, then those of one's own that it can speak with."""
        return self._known.all

    @property
    def stored(self) -> Sequence[StoredVoice]:
        """All of one's own, whether or not they can speak now: the settings' profiles, then those that are kept."""
        return self._known.stored

    @property
    def voices(self) -> Sequence[VoiceInfo]:
        return [known.info for known in self.known]

    @property
    def engine_voices(self) -> Sequence[VoiceInfo]:
        """Without the stored ones."""
        return self._known.capabilities.voices

    @property
    def revision(self) -> int:
        """Another number after each change of the voices, the stored ones that cannot speak now among them."""
        return self._known.revision

    @property
    def languages(self) -> list[str]:
        """What can be spoken by some voice, ISO 639-1, sorted."""
        return self._known.languages

    @property
    def default_language(self) -> str:
        languages = self.languages
        language = self.config.default_language
        return language if language in languages else languages[0]

    @property
    def defaults(self) -> dict[str, str]:
        """By language, the name of the voice that speaks it if none is named."""
        return {language: self.default_for(language).name for language in self.languages} if self.known else {}

    def default_for(self, language: str) -> VoiceInfo:
        """Who speaks it if none is named, for lists of what there is."""
        return self._defaults.listed(language)

    def other_voice(self, known: KnownVoice, language: str) -> OtherVoice | None:
        """Who speaks this language instead of one who does not; None if it does itself, or nobody does."""
        if language in known.info.languages or language not in self.languages:
            return None
        return OtherVoice(self.default_for(language).name, language)

    def find(self, name: str) -> KnownVoice:
        """By any name that people see, or by name and language: "ryan-de". Raises UnknownVoice."""
        return self._trial_voice(name) if name.startswith(PREFIX) else self._names.find(name)

    def is_listed(self, name: str) -> bool:
        """Whether `find` finds it, and not only for whoever has brought it along."""
        if name.startswith(PREFIX):
            return False
        try:
            self.find(name)
        except InvalidRequest:
            return False
        return True

    def styles_of(self, known: KnownVoice) -> tuple[str, ...]:
        """Names of the styles that it can speak in."""
        return self.config.styles.names if known.kind in self._known.capabilities.instruct_kinds else ()

    def can_speak(self, stored: StoredVoice) -> bool:
        """With what is loaded."""
        return self._known.of_stored(stored) is not None

    # -- what is refused -----------------------------------------------------------------------------------

    def check_settings(self) -> None:
        """Raises SettingsError for a profile, a default voice or an alias of what is no voice; voices are known by now.

        A former voice is none: the next start would not know it.
        """
        for problem in self._problems(self.config):
            raise SettingsError(problem)

    def check_change(self, config: VoiceConfig) -> None:
        """Raises SettingsError for what is wrong there and not yet now: a voice that is named may have been deleted."""
        if self._known.capabilities.knows_voices:
            now = set(self._problems(self.config))
            for problem in self._problems(config):
                if problem not in now:
                    raise SettingsError(problem)

    def _problems(self, config: VoiceConfig) -> Iterator[str]:
        names = self._names_by(config)
        yield from profile_problems(self._known, names)
        for profile in self._known.profiles:
            try:
                self.check_stored(profile)
            except InvalidRequest as error:
                yield f"{self._known.profiles.option(profile, 'instruct')}: {error}"
        yield from voice_problems(self._known, names, config.aliases, config.default_voice)

    def check_stored(self, stored: StoredVoice) -> None:
        """Raises InvalidRequest if what is loaded speaks it, and could not with its instruction."""
        if (known := self._known.of_stored(stored)) is not None:
            self.check_instruct(known)

    def check_instruct(self, known: KnownVoice | None, instruct: str = "") -> None:
        """Raises InvalidRequest for a voice that cannot be told how to speak, by the caller or by its own card.

        The preview voice takes no notice. Without a voice a preset speaks, if there is any.
        """
        capabilities = self._known.capabilities
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

    def check(self, voice: str | Voice | None, language: str | None) -> Choice:
        """What was asked for, before there is text. Raises UnknownVoice, UnknownLanguage, UnsupportedLanguage,
        ModelLoading."""
        asked_language = parse_language(language) if language else AUTO
        if voice:
            self._check_known()
        asked = self._asked_voice(voice, asked_language)
        speaker = asked
        if asked is None or (isinstance(asked, AnyVoice) and not asked.gender):
            speaker = self._defaults.settled(_first_set(asked_language, _own_language(asked)))
        spoken = _first_set(asked_language, _own_language(asked), _own_language(speaker))
        known = speaker if isinstance(speaker, KnownVoice) else None
        self._check_language(known, spoken)
        return Choice(
            known, spoken, asked_voice=_name_of(asked), asked_language=asked_language,
            among=self._defaults.text_languages() if speaker is None and spoken == AUTO else (),
            gender=speaker.gender if isinstance(speaker, AnyVoice) else "",
            absent=asked.name if isinstance(asked, AnyVoice) else "",
        )  # fmt: skip

    def _check_known(self) -> None:
        """Raises ModelLoading while nobody can tell whether there is such a voice."""
        capabilities = self._known.capabilities
        if not capabilities.knows_voices:
            host = capabilities.text_goes_to
            raise ModelLoading(f"the speech server {host} has not told its voices yet, try again", retry_after_s=2)

    def _check_language(self, known: KnownVoice | None, language: str) -> None:
        spoken = known.info.languages if known else self.languages
        if language not in (AUTO, *spoken):
            who = f"voice {known.name!r} speaks" if known else "there are voices for"
            instead = self.other_voice(known, language) if known else None
            raise UnsupportedLanguage(f"{who} {', '.join(spoken)}, not {language}", param="language", instead=instead)

    # -- what an utterance gets ----------------------------------------------------------------------------

    def decide(self, choice: Choice, text: str, *, request_id: str) -> tuple[KnownVoice, str]:
        """The voice and language of an utterance: given, else the voice's own, else detected from its text.

        What is striking of it is logged, unless `request_id` is "": then it is only foreseen."""
        among = self._text_languages(choice)
        language = among[0] if len(among) == 1 else choice.language
        if language == AUTO:
            fallback = self.default_language if self.default_language in among else among[0]
            language = detect_language(text, among, fallback)
        elif request_id and (looks_like := detect_language(text, self.languages, language)) != language:
            logger.info("speech id=%s looks like %s and is spoken as %s", request_id, looks_like, language)
        known = choice.voice or self._defaults.speaker(language, choice.gender)
        if choice.absent and request_id:
            logger.info("speech id=%s asks for %.64r, and %s speaks", request_id, choice.absent, known.name)
        return known, language

    def foretell(self, choice: Choice, text: str | None, *, request_id: str) -> tuple[KnownVoice | None, str]:
        """What `decide` will say, as far as that is settled; `text` is what it will be told, None if it is to come."""
        if self._has_stand_in and (choice.voice is None or choice.voice.kind == "preset"):
            return None, AUTO
        if text is None and choice.language == AUTO and len(self._text_languages(choice)) > 1:
            return choice.voice, AUTO
        return self.decide(choice, text or "", request_id=request_id)

    def _text_languages(self, choice: Choice) -> Sequence[str]:
        return choice.voice.info.languages if choice.voice else choice.among or self.languages

    # -- what a request's voice means ----------------------------------------------------------------------

    def _asked_voice(self, voice: str | Voice | None, language: str) -> KnownVoice | AnyVoice | None:
        if not voice:
            return None
        if not isinstance(voice, str):
            return self._sent_voice(voice)
        return self._trial_voice(voice) if voice.startswith(PREFIX) else self._names.resolve(voice, language)

    def _sent_voice(self, voice: Voice, name: str = "") -> KnownVoice:
        """One that is in the request itself, and has no name that others could use."""
        if isinstance(voice, PresetVoice):
            return self.find(voice.name)
        capabilities = self._known.capabilities
        if voice.kind not in capabilities.voice_kinds:
            kinds = " or ".join(capabilities.voice_kinds)
            reason = f"what is loaded speaks {kinds} voices, not {voice.kind}"
            raise InvalidRequest(f"{reason}; {way_to_voices(capabilities)}", param="voice")
        return KnownVoice(VoiceInfo(name=name or voice.kind, languages=capabilities.languages), voice)

    def _trial_voice(self, name: str) -> KnownVoice:
        """Of a recording that was uploaded to be tried."""
        reference = self.references.get(name)
        if reference.family != self._known.capabilities.voice_prompts:
            raise UnknownVoice("this reference was made for another checkpoint; send it again", param="voice")
        return self._sent_voice(ClonedVoice(reference.prompt), name)


def _first_set(*languages: str) -> str:
    """The first that is not left open."""
    return next((language for language in languages if language != AUTO), AUTO)


def _own_language(meant: KnownVoice | AnyVoice | None) -> str:
    return AUTO if meant is None else meant.language


def _name_of(asked: KnownVoice | AnyVoice | None) -> str | None:
    """That finds it again."""
    if isinstance(asked, KnownVoice):
        return asked.called or asked.name
    return None if asked is None else asked.name
