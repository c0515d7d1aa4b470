"""What a context is asked for: the fields, their defaults, and what a client's changes make of them.

A socket has options, which `configure` changes; a context begins with those of its socket, and what its first `speak`
names changes them for it alone.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import LEAD_MS, Description, Gain, Instruct, Silence, Speed, within
from qwen3tts_daemon.protocols.strict_json import convert
from qwen3tts_daemon.protocols.voice_v1.formats import SoundFormat, format_of_engine
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.text.segments import Split
from qwen3tts_daemon.text.sent_text import TextFormat
from qwen3tts_daemon.voices.catalogue import VoiceCatalogue
from qwen_tts.api import AUTO, Capabilities, DesignedVoice, Sampling, TextLayout, VoiceKind

ContextPolicy = Literal["queue", "preempt", "parallel"]

_MODES: dict[VoiceKind, str] = {"preset": "preset", "designed": "design", "cloned": "clone"}
"""By the kind of voice that the engine must be able to speak with."""


class OptionChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a client names. A field that is absent keeps its value, null takes the daemon's default."""

    voice: Annotated[str, Meta(max_length=256)] | UnsetType | None = UNSET
    mode: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    design: Description | UnsetType | None = UNSET
    """How the voice sounds, in words; with the mode `design`."""
    language: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    instruct: Instruct | UnsetType | None = UNSET
    style: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    speed: Speed | UnsetType | None = UNSET
    gain_db: Gain | UnsetType | None = UNSET
    lead_silence_ms: Silence | UnsetType | None = UNSET
    tail_silence_ms: Silence | UnsetType | None = UNSET
    sentence_silence_ms: Silence | UnsetType | None = UNSET
    chime: bool | UnsetType | None = UNSET
    sampling: dict[str, Any] | UnsetType | None = UNSET
    """Fields of Sampling; they change only themselves."""
    format: dict[str, Any] | UnsetType | None = UNSET
    """Fields of SoundFormat; they change only themselves."""
    split: Split | UnsetType | None = UNSET
    text_layout: TextLayout | UnsetType | None = UNSET
    text_normalization: bool | UnsetType | None = UNSET
    markup: bool | UnsetType | None = UNSET
    text_format: TextFormat | UnsetType | None = UNSET
    private: bool | UnsetType | None = UNSET
    words: bool | UnsetType | None = UNSET
    policy: ContextPolicy | UnsetType | None = UNSET
    lead_ms: Annotated[int, within(LEAD_MS)] | UnsetType | None = UNSET

    def given(self) -> dict[str, Any]:
        """The options that the client named."""
        return {name: value for name in _OPTIONS if (value := getattr(self, name)) is not UNSET}


_OPTIONS = OptionChanges.__struct_fields__


class ContextOptions(msgspec.Struct, frozen=True, kw_only=True):
    """All options, with the daemon's defaults filled in; a null voice is chosen by language."""

    voice: str | None = None
    mode: str
    design: str = ""
    language: str = AUTO
    instruct: str = ""
    style: str = ""
    """The name of one; left out by voices that take no instructions"""
    speed: float = 1.0
    gain_db: float = 0.0
    lead_silence_ms: int | None = None
    """null: as the settings say, and so below"""
    tail_silence_ms: int | None = None
    sentence_silence_ms: int | None = None
    chime: bool | None = None
    sampling: Sampling = Sampling()
    format: SoundFormat
    split: Split = "sentence"
    text_layout: TextLayout = "auto"
    text_normalization: bool | None = None
    """null: as the voice or the settings say"""
    markup: bool | None = None
    """null: as the settings say"""
    text_format: TextFormat | None = None
    """null: a text that begins with <speak is SSML"""
    private: bool = False
    words: bool = False
    """Whether it is told when each word is heard"""
    policy: ContextPolicy = "queue"
    lead_ms: int

    @property
    def is_parallel(self) -> bool:
        return self.policy == "parallel"

    @property
    def order(self) -> Order:
        """What speech is asked for."""
        return Order(
            protocol="websocket", voice=DesignedVoice(self.design) if self.mode == "design" else self.voice,
            language=self.language, instruct=self.instruct, style=self.style, speed=self.speed, gain_db=self.gain_db,
            lead_silence_ms=self.lead_silence_ms, tail_silence_ms=self.tail_silence_ms,
            sentence_silence_ms=self.sentence_silence_ms, chime=self.chime, split=self.split,
            text_layout=self.text_layout, text_normalization=self.text_normalization, markup=self.markup,
            text_format=self.text_format, private=self.private, word_times=self.words, sampling=self.sampling,
        )  # fmt: skip


class SessionOptions:
    """The options of one socket: checked against the voices and modes that there are when they change."""

    def __init__(
        self, voices: Callable[[], VoiceCatalogue], capabilities: Callable[[], Capabilities], *, lead_ms: int
    ) -> None:
        self._voices = voices
        self._capabilities = capabilities
        self._lead_ms = lead_ms
        self.current = self._defaults()

    @property
    def modes(self) -> tuple[str, ...]:
        """Those that the engine can speak in now."""
        kinds = self._capabilities().voice_kinds
        return tuple(mode for kind, mode in _MODES.items() if kind in kinds)

    def changed(self, changes: OptionChanges) -> ContextOptions:
        """With a client's changes; they do not stay. Raises Refusal or InvalidRequest."""
        values = self._values(changes)
        if self.current.mode not in self.modes:
            values = {"mode": self._defaults().mode} | values  # another engine has come since
        options = msgspec.structs.replace(self.current, **values)
        if options.mode not in self.modes:
            raise Refusal("bad_field", f"mode must be one of: {', '.join(self.modes)}", param="mode")
        if options.is_parallel and options.format.framing == "raw":
            raise Refusal("bad_field", "contexts in parallel need the framing tagged", param="policy")
        self._voices().config.styles.instruction(options.style)
        return self._designed(options) if options.mode == "design" else self._voiced(options)

    def settled(self, options: ContextOptions, text: str | None, *, request_id: str) -> tuple[ContextOptions, str, str]:
        """With the voice and the language that will speak, as far as they can be told now; then they stay so.

        `text`: the first words, if no more come. Gives also the names of both, empty where they cannot be told.
        """
        order = options.order
        choice = self._voices().check(order.voice, order.language)
        known, language = self._voices().foretell(choice, text, request_id=request_id)
        if known is None:
            return options, "", ""
        if text is not None or choice.voice is None:
            voice = known.name if options.mode != "design" else None
            options = msgspec.structs.replace(options, voice=voice, language=language)
        return options, known.name, "" if language == AUTO else language

    def _defaults(self) -> ContextOptions:
        modes = self.modes
        return ContextOptions(
            mode=modes[0] if modes else "preset", format=format_of_engine(self._capabilities()), lead_ms=self._lead_ms
        )

    def _values(self, changes: OptionChanges) -> dict[str, Any]:
        """What the changes make of the fields that they name."""
        defaults, given = self._defaults(), changes.given()
        for name, value in given.items():
            if value is None:
                given[name] = getattr(defaults, name)
        if isinstance(sampling := given.get("sampling"), dict):
            fields = {**msgspec.structs.asdict(self.current.sampling), **sampling}
            given["sampling"] = convert(fields, Sampling, "sampling")
        if isinstance(format := given.get("format"), dict):
            given["format"] = self.current.format.changed(format)
        return given

    def _voiced(self, options: ContextOptions) -> ContextOptions:
        choice = self._voices().check(options.voice, options.language)
        if options.mode == "clone" and (choice.voice is None or choice.voice.kind != "cloned"):
            raise Refusal("bad_field", "the mode clone needs a cloned voice, or an uploaded reference", param="voice")
        self._voices().check_instruct(choice.voice, options.instruct)
        # A language of the voice's own goes with the voice, and does not stay for the next one.
        return msgspec.structs.replace(options, voice=choice.asked_voice, language=choice.asked_language)

    def _designed(self, options: ContextOptions) -> ContextOptions:
        if not options.design.strip():
            raise Refusal("bad_field", "the mode design needs the voice in words", param="design")
        choice = self._voices().check(DesignedVoice(options.design), options.language)
        self._voices().check_instruct(choice.voice, options.instruct)
        return msgspec.structs.replace(options, voice=None, language=choice.language)
