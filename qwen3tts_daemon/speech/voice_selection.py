"""Who speaks an utterance, in which language and with which checkpoint: decided once, with its first words."""

import contextlib
import copy
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from qwen3tts_daemon.limits import GAIN_DB, SPEED
from qwen3tts_daemon.speech.engines import Engines
from qwen3tts_daemon.speech.request import Caller, Order
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.text.languages import detect_language
from qwen3tts_daemon.text.lexicon import Lexicon, Words
from qwen3tts_daemon.voices.catalogue import Choice, VoiceCatalogue, VoiceConfig
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.stored_prompts import voice_for
from qwen_tts.api import AUTO, Capabilities, ClonedVoice, DesignedVoice, SynthesisRequest, VoiceKind
from qwen_tts.errors import OtherVoice, UnsupportedLanguage
from qwen_tts.stream import SpeechEngine

_NOT_HEARD: Mapping[str, Any] = {
    "protocol": "", "voice": None, "language": None, "lead_silence_ms": None, "chime": None, "private": False,
    "streamed": True, "word_times": False,
}  # fmt: skip
"""What an order says that does not decide on how its words sound: the voice and the language are decided from it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Some words of a text were not spoken: why, and who could."""

    message: str
    instead: OtherVoice | None


class VoiceSelection:
    """Who speaks one utterance: first as far as its order says, then as decided."""

    def __init__(
        self, order: Order, caller: Caller, voices: VoiceCatalogue, engines: Engines, *, text_normalization: bool,
        lexicon: Lexicon,
    ) -> None:  # fmt: skip
        """`text_normalization`: where neither the order nor the voice says it. `lexicon`: how words are said.

        Raises InvalidRequest for what nobody can speak.
        """
        self._order, self._caller = order, caller
        self._text_normalization, self._lexicon = text_normalization, lexicon
        self._voices, self._engines = voices, engines
        self._choice = voices.check(order.voice, order.language)
        voices.check_instruct(self._choice.voice, order.instruct)
        self._style = order.text_style or voices.config.styles.instruction(order.style)
        self.leaves_out_style = False
        """Whether the voice could not be told the style, once it is decided"""
        self._known: KnownVoice | None = None
        self.language = ""
        self.model = ""
        """A checkpoint, or an engine without such"""
        self.speed, self.gain_db = 1.0, 0.0
        """What the order and the voice make of them together"""

    @property
    def voice(self) -> str:
        """Its name; "" until it is decided."""
        return "" if self._known is None else self._known.name

    @property
    def sound(self) -> str:
        """What tells how loud it is: who speaks, made when or of what, and with what; once it is decided."""
        known = self._known
        assert known is not None
        if known.stored is not None:
            return "/".join((self.model, known.name, known.stored.created_at))
        match known.voice:
            case ClonedVoice(prompt):
                return "/".join((self.model, hashlib.sha256(prompt.data).hexdigest()))
            case DesignedVoice(description):
                return "/".join((self.model, hashlib.sha256(description.encode()).hexdigest()))
        return f"{self.model}/{known.name}"

    @property
    def is_told_how(self) -> bool:
        """Whether the request or the text asks for another way to speak: softer or louder than the voice is."""
        return bool(self._order.instruct or self._style)

    @property
    def kind(self) -> VoiceKind:
        """Of its voice, once it is decided."""
        assert self._known is not None
        return self._known.kind

    @property
    def identity(self) -> str:
        """Whatever decides on how words sound: who speaks, and how; once it is decided."""
        order = replace(self._order, **_NOT_HEARD)
        return f"{self.model} {self.language} {self._known!r} {order!r} {self._style!r}"

    @property
    def is_repeatable(self) -> bool:
        """Whether it is the same voice each time, and not one that was sent along; once it is decided."""
        known = self._known
        assert known is not None
        if isinstance(known.voice, DesignedVoice):
            return known.seed is not None or self._order.sampling.seed is not None
        return not isinstance(known.voice, ClonedVoice)

    @property
    def description(self) -> str | None:
        """In words, of a designed voice."""
        voice = None if self._known is None else self._known.voice
        return voice.description if isinstance(voice, DesignedVoice) else None

    def going_on(self) -> "VoiceSelection":
        """For what the same voice says next, in the same language."""
        following = copy.copy(self)
        if self._known is not None and self._known in self._voices.known:
            following._choice = replace(self._choice, voice=self._known, language=self.language, absent="")
        return following

    def settle(self, text: str | None) -> str:
        """The voice that will speak, from now on whatever comes; "" if that cannot be told yet.

        `text`: the first words, None if they are to come.
        """
        known, language = self._voices.foretell(self._choice, text, request_id=self._caller.request_id)
        if known is None:
            return ""
        self._choice = replace(self._choice, voice=known, language=language, absent="")
        return known.name

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[SpeechEngine]:
        """The engine that will speak, until the block ends; it fetches what the voice needs. See ModelManager.lease."""
        kind = None if self._choice.voice is None else self._choice.voice.kind
        async with self._engines.for_kind(kind).lease() as engine:
            if kind is not None:
                engine.prepare(kind)
            yield engine

    async def decide(self, engine: SpeechEngine, text: str, *, is_live: bool) -> tuple[SynthesisRequest, TextReading]:
        """With the first words, and for good. `is_live`: somebody may still write. Raises SynthesisError, Refusal."""
        order, caller = self._order, self._caller
        voices, choice = self._on(engine)
        known, language = voices.decide(choice, text, request_id=caller.request_id)
        self._is_decided(known, language, self._engines.model_of(engine, known.kind))
        sampling = order.sampling
        if sampling.seed is None and known.seed is not None:
            sampling = msgspec.structs.replace(sampling, seed=known.seed)
        text_layout = known.text_layout if order.text_layout == "auto" else order.text_layout
        request = SynthesisRequest(
            voice=await voice_for(engine, known, voices.library), live=True, fed_at_once=not is_live,
            text_layout=text_layout, language=self.language, instruct=self._instruct(engine, known),
            sampling=sampling, limits=order.limits, request_id=caller.request_id, client=caller.address,
            word_times=order.word_times, streamed=order.streamed, passed_on_by=caller.passed_on_by,
        )  # fmt: skip
        return request, self._reading_by(known, self.language, engine.capabilities)

    def _instruct(self, engine: SpeechEngine, known: KnownVoice) -> str:
        """What the voice is told of how to speak: what the request says, else the voice's own, and behind it the style.
        That is left out where it cannot be told."""
        own = self._order.instruct or known.instruct
        self.leaves_out_style = bool(self._style) and known.kind not in engine.capabilities.instruct_kinds
        if not self._style or self.leaves_out_style:
            return own
        return f"{_sentence(own)} {self._style}".lstrip()

    def foresee(self, text: str) -> TextReading:
        """As `decide`, as far as no engine need be asked: by the one that the settings mean, whoever stands in now."""
        known, language = self._voices.decide(self._choice, text, request_id="")
        self._is_decided(known, language, self._engines.model_for(known.kind))
        return self._reading_by(known, language, self._engines.capabilities)

    def _is_decided(self, known: KnownVoice, language: str, model: str) -> None:
        order = self._order
        self._known, self.language, self.model = known, language, model
        self.speed, self.gain_db = SPEED.clamp(order.speed * known.speed), GAIN_DB.clamp(order.gain_db + known.gain_db)

    def _reading_by(self, known: KnownVoice, language: str, capabilities: Capabilities) -> TextReading:
        said = (self._order.text_normalization, known.text_normalization)
        is_on = next((is_on for is_on in said if is_on is not None), self._text_normalization)
        has_ipa = capabilities.phonemes == "ipa"
        return TextReading(language, is_on, Words(self._lexicon, language, known.names, has_ipa=has_ipa), has_ipa)

    def unreadable(self, text: str) -> UnsupportedLanguage:
        """The engine has made no sound of these words."""
        assert self._known is not None
        spoken = ", ".join(self._known.info.languages)
        instead = self._who_could(text)
        return UnsupportedLanguage(
            f"voice {self.voice!r} can read nothing of this text: it speaks {spoken}; {self._way_out(instead)}",
            param="text", instead=instead,
        )  # fmt: skip

    def left_out(self, text: str) -> LeftOut:
        """The engine could not read some words of the text, and has spoken the others."""
        instead = self._who_could(text)
        return LeftOut(f"voice {self.voice!r} left out what it cannot read; {self._way_out(instead)}", instead)

    def _who_could(self, text: str) -> OtherVoice | None:
        """Who speaks the language that most of it is in; None: nobody else."""
        assert self._known is not None
        voices = self._voices
        named = {language for voice in voices.voices for language in voice.languages}
        return voices.other_voice(self._known, detect_language(text, sorted(named), fallback=""))

    def _way_out(self, instead: OtherVoice | None) -> str:
        if instead is None:
            return f"there are voices for {', '.join(self._voices.languages)}"
        return f"voice {instead.voice!r} speaks {instead.language}"

    def _on(self, engine: SpeechEngine) -> tuple[VoiceCatalogue, Choice]:
        """The catalogue and the choice. An engine that stands in has voices of its own: one of the language speaks."""
        voices, choice = self._voices, self._choice
        if not self._engines.is_stand_in(engine):
            return voices, choice
        capabilities = engine.capabilities
        others = VoiceCatalogue(lambda: capabilities, VoiceConfig(default_language=voices.default_language))
        language = choice.language if choice.language in others.languages else AUTO
        return others, Choice(None, language, gender=choice.gender, absent=choice.absent)


def _sentence(words: str) -> str:
    """With its end, so that more may follow."""
    kept = words.rstrip()
    return kept if not kept or kept[-1] in ".!?;,:。！？；，" else f"{kept}."
