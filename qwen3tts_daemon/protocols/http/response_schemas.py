"""What the JSON answers hold: for who writes them, and by these names in the OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic takes typing's own from Python 3.12 on

from qwen3tts_daemon.config_file import FileState
from qwen3tts_daemon.downloads.background import DownloadState
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.hosting.models_directory import ObstacleCode
from qwen3tts_daemon.options import Kind, Place
from qwen3tts_daemon.protocols.http.character_times import CharacterAlignment
from qwen_tts.api import Gender, ModelState, TextLayout, VoiceKind
from qwen_tts.config.engine import Weights

EngineState = ModelState | Literal["draining"]
ModelType = Literal["custom_voice", "voice_design", "voice_clone"]
CheckpointState = Literal["loaded", "here", "incomplete", "missing"]


class Health(TypedDict):
    status: Literal["ok"]
    service: str
    version: NotRequired[str]
    engine: NotRequired[str]
    state: NotRequired[EngineState]
    preview: NotRequired[bool]
    active: NotRequired[int]
    reason: NotRequired[str]
    text_goes_to: NotRequired[str]


class Ready(TypedDict):
    status: Literal["ready"]


class Session(TypedDict):
    paired: bool
    command: str


class Invitation(TypedDict):
    code: str
    letters: str
    expires_in_s: float
    url: str | None
    link: str | None
    qr: str | None
    let_in: int


class LetIn(TypedDict):
    let_in: int


class Ticket(TypedDict):
    ticket: str
    expires_in_s: float


class _Voice(TypedDict):
    id: str
    name: str
    kind: VoiceKind | Literal["profile"]
    description: str
    gender: Gender


class KeptVoice(_Voice):
    """A voice of one's own, as it is stored."""

    language: str
    source: str
    consent: bool
    created_at: str
    transcript: str
    design: str
    base: str
    instruct: str
    speed: float
    gain_db: float
    seed: int | None
    text_layout: TextLayout | None
    text_normalization: bool | None


class ListedVoice(_Voice):
    """A voice; those of one's own have the fields of KeptVoice too, and only those if `available` is false."""

    available: bool
    in_settings: NotRequired[bool]
    """A profile of the settings: it is changed there"""
    preview: NotRequired[bool]
    languages: NotRequired[Sequence[str]]
    descriptions: NotRequired[Mapping[str, str]]
    accented: NotRequired[bool]
    takes_instruct: NotRequired[bool]
    has_sample: NotRequired[bool]
    language: NotRequired[str]
    source: NotRequired[str]
    consent: NotRequired[bool]
    created_at: NotRequired[str]
    transcript: NotRequired[str]
    design: NotRequired[str]
    base: NotRequired[str]
    instruct: NotRequired[str]
    speed: NotRequired[float]
    gain_db: NotRequired[float]
    seed: NotRequired[int | None]
    text_layout: NotRequired[TextLayout | None]
    text_normalization: NotRequired[bool | None]


class SpokenLanguage(TypedDict):
    code: str
    name: str
    native_name: str
    default_voice: str | None


class Voices(TypedDict):
    voices: list[ListedVoice]
    kinds: Sequence[VoiceKind]
    languages: list[SpokenLanguage]
    default_language: str
    styles: Sequence[str]
    """That voices which take instructions may be told by name"""
    preview: bool
    revision: int


class HeldTakes(TypedDict):
    takes: list[str]


class Reference(TypedDict):
    voice: str
    expires_in_s: float
    duration_s: float


class Clip(TypedDict):
    id: str
    url: str
    path: str
    format: str
    media_type: str
    expires_at: str
    voice: str
    captions: NotRequired[dict[str, str]]
    qr: NotRequired[str]


class Setting(TypedDict):
    name: str
    kind: Kind
    value: Any
    default: Any
    origin: Place
    variable: str | None
    is_locked: bool
    at_once: bool
    choices: list[str]
    minimum: float | None
    maximum: float | None
    is_whole: bool
    about: str
    toml: str


class SettingsFile(TypedDict):
    path: str | None
    state: FileState


class ChangeableSettings(TypedDict):
    file: SettingsFile
    settings: list[Setting]


class LexiconEntry(TypedDict):
    written: str
    say: str
    pinyin: str
    ipa: str
    language: str
    voice: str


class LexiconProblem(TypedDict):
    """`line`: of the file, if it is known."""

    message: str
    line: int | None


class KeptLexicon(TypedDict):
    """`problem`: with the file as it is now; the entries are those that it had before."""

    path: str
    problem: LexiconProblem | None
    entries: list[LexiconEntry]


class DownloadProgress(TypedDict):
    checkpoint: str
    source: SourceName
    state: DownloadState
    arrived_bytes: int
    total_bytes: int | None
    bytes_per_s: float | None
    seconds_left: float | None
    code: str
    message: str


class OfficialCheckpoint(TypedDict):
    """`bytes`: of its download, about."""

    name: str
    kind: VoiceKind | Literal["codec"]
    bytes: int
    state: CheckpointState
    command: str


class RealTime(TypedDict):
    """`frame_ms`: what 80 ms of sound take."""

    state: Literal["measuring", "in_time", "too_slow", "failed"]
    size: str
    weights: Weights
    frame_ms: float | None


class Checkpoints(TypedDict):
    """`obstacle`: why none of them could speak here now, with `way_out`; `problem`: why what has come does not;
    `real_time`: what this machine was measured to speak, where the choice goes by that."""

    checkpoints: list[OfficialCheckpoint]
    directory: str
    free_bytes: int | None
    is_offline: bool
    obstacle: ObstacleCode | Literal[""]
    way_out: str
    problem: str
    real_time: RealTime | None
    download: DownloadProgress | None


class OpenaiModel(TypedDict):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenaiModels(TypedDict):
    object: Literal["list"]
    data: list[OpenaiModel]


class NamedModel(TypedDict):
    id: str
    name: str


class NamedModels(TypedDict):
    models: list[NamedModel]


class Codes(TypedDict):
    codes: list[list[int]]
    num_frames: int


class Speaker(TypedDict):
    desc_en: str
    desc_zh: str
    descriptions: Mapping[str, str]
    native: str
    gender: Gender


class Speakers(TypedDict):
    speakers: list[str]
    details: dict[str, Speaker]


class Languages(TypedDict):
    languages: list[str]


class Models(TypedDict):
    models: dict[ModelType, str | None]
    current: ModelType | None
    ready: list[ModelType]


class LoadedModel(TypedDict):
    name: str
    type: ModelType
    size: str
    state: ModelState
    active: int
    memory_mb: int | None


class GpuStatus(TypedDict):
    loaded: bool
    state: EngineState
    model_type: ModelType | None
    model_name: str | None
    idle_seconds: float
    gpu_name: str | None
    memory_total_mb: int | None
    memory_free_mb: int | None
    memory_reserved_mb: int | None
    memory_allocated_mb: int | None
    active: int
    models: list[LoadedModel]


class Message(TypedDict):
    message: str


class KeptPhrases(TypedDict):
    """Sound that is kept so that it begins at once."""

    cache: Literal["off", "phrases", "all"]
    listed: int
    """Phrases in the settings."""
    count: int
    """Sounds that are kept."""
    bytes: int


class Costs(TypedDict):
    """Seconds; what is not known is not there."""

    time_load: NotRequired[float]
    time_gen: NotRequired[float]
    time_total: NotRequired[float]
    audio_duration: NotRequired[float]
    ttfa: NotRequired[float]
    rtf: NotRequired[float]


class Report(Costs):
    request_id: str
    end: str
    voice: str
    language: str
    chars: int
    samples: int
    unread: int
    cached: bool
    """It was spoken before, and no engine was asked."""


class ElevenLabsVoice(TypedDict):
    """As ElevenLabs' clients read it; they know more fields, which may be absent."""

    voice_id: str
    name: str
    category: Literal["premade", "cloned", "generated"]
    description: str
    labels: Mapping[str, str]
    preview_url: None
    settings: None


class ElevenLabsVoices(TypedDict):
    voices: Sequence[ElevenLabsVoice]


class FoundElevenLabsVoices(ElevenLabsVoices):
    has_more: bool
    total_count: int
    next_page_token: None


class ElevenLabsLanguage(TypedDict):
    language_id: str
    name: str


class ElevenLabsModel(TypedDict):
    model_id: str
    name: str
    description: str
    can_do_text_to_speech: bool
    can_do_voice_conversion: bool
    can_use_style: bool
    can_use_speaker_boost: bool
    max_characters_request_free_user: int
    max_characters_request_subscribed_user: int
    maximum_text_length_per_request: int
    languages: Sequence[ElevenLabsLanguage]


class TimedSound(TypedDict):
    """`alignment` is of the text as it was sent, and so is the other."""

    audio_base64: str
    alignment: CharacterAlignment | None
    normalized_alignment: CharacterAlignment | None
