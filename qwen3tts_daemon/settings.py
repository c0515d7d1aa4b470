"""Every option of the daemon, defined once: TOML file, environment, command line and docs come from here.

Order: command line, environment (`QWEN3TTS_HTTP__PORT=8766`), file (`[http] port = 8766`), default. On the command line
and in the environment a list has commas (`en,de`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, CliApp, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSettings

from qwen3tts_daemon import settings_errors, toml_lines
from qwen3tts_daemon.environment import (
    ENV_PREFIX,
    BadVariable,
    KnownVariables,
    OwnVariables,
    data_home,
    refuse_unknown,
    value_of,
)
from qwen3tts_daemon.limits import (
    CLIP_LIFETIME_S,
    GAIN_DB,
    LEAD_MS,
    LOUDNESS_LUFS,
    MAX_DESCRIPTION_CHARS,
    MAX_INSTRUCT_CHARS,
    MAX_NAME_CHARS,
    MAX_PHRASE_CHARS,
    MAX_PROFILES,
    MAX_STYLE_CHARS,
    MAX_STYLES,
    SILENCE_MS,
    SPEED,
)
from qwen3tts_daemon.server_url import parse_server_url
from qwen_tts.api import Gender, TextLayout, VoiceKind
from qwen_tts.config.engine import NICE, EngineOptions
from qwen_tts.config.languages import LanguageCode
from qwen_tts.limits import SEED

PRIVATE = "private"
"""In a list of networks: private addresses, and the IPv6 prefixes of this machine's own interfaces."""


class SettingsError(Exception):
    """The settings cannot be used; the message names the option and the way out."""


@dataclass(frozen=True, slots=True)
class OnPage:
    """Marks an option that whoever has the token may change on the page. No other can be changed while it runs."""

    at_once: bool = True
    """For the next utterance; else from the next start on"""
    is_voice: bool = False
    """Its text is a voice's name; of a table, each text"""


def _empty_is_unset(value: object) -> object:
    """A file has no None."""
    return None if value == "" else value


OptionalPath = Annotated[Path | None, BeforeValidator(_empty_is_unset)]


class Section(BaseModel):
    """Strict and immutable: a mistyped name stops the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class WyomingSettings(Section):
    """The Wyoming server, which Home Assistant talks to."""

    enabled: bool = True
    """Serve the Wyoming protocol."""
    host: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104  it speaks for a house; who may is decided by address
    """Addresses to listen on."""
    port: int = Field(default=10200, ge=0, le=65535)
    """TCP port; 0 takes a free one."""
    languages: tuple[LanguageCode, ...] = get_args(LanguageCode)
    """Languages that are listed; Home Assistant takes the alphabetically first one as its default."""
    streaming: bool = True
    """Offer streaming synthesis (text in pieces, sound before the text is complete)."""
    allow: tuple[str, ...] = (PRIVATE,)
    """Networks that may connect (Wyoming has no login); "private" is every private network and this machine's own."""
    max_connections: int = Field(default=192, ge=1)
    """Connections at once."""
    max_connections_per_address: int = Field(default=64, ge=1)
    """Connections at once from one address: more than the satellites that one Home Assistant speaks for."""
    idle_s: float = Field(default=600.0, gt=0)
    """A connection that says nothing for this long is closed."""
    dead_peer_s: float = Field(default=30.0, ge=2, le=600)
    """A client whose machine answers nothing for this long, or that takes nothing, is gone (Linux)."""


class HttpSettings(Section):
    """The HTTP port: page, REST, WebSocket."""

    enabled: bool = True
    """Serve HTTP and WebSocket."""
    host: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104  it speaks for a house; who may is decided by address
    """Addresses to listen on."""
    port: int = Field(default=8766, ge=0, le=65535)
    """TCP port; 0 takes a free one."""
    tls: Literal["off", "self-signed"] = "off"
    """"self-signed": https, with a certificate that is made here and kept in the data directory (docs/http.md)."""
    tls_certificate: OptionalPath = None
    """https with this certificate (PEM), and those that vouch for it behind it; read again when it changes."""
    tls_key: OptionalPath = None
    """Its key (PEM, without a password); empty: in the same file."""
    allowed_hosts: tuple[str, ...] = ()
    """More names that a request's Host header may carry, such as "voice.example.org"."""
    allowed_origins: tuple[str, ...] = ()
    """Pages of other sites that may use this daemon, such as "http://homeassistant.local:8123"."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-* headers are believed (Home Assistant ingress, a reverse proxy)."""
    frame_ancestors: tuple[str, ...] = ("'self'",)
    """Who may show the page in a frame (Content-Security-Policy)."""
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    """Largest JSON request; a recording in it (ref_audio) may come on top."""
    max_connections: int = Field(default=512, ge=1)
    """Connections at once, WebSockets too; one more takes the place of an idle one, or is closed at once."""
    max_connections_per_address: int = Field(default=256, ge=1)
    """Connections at once from one address; of an address behind a trusted proxy: requests at once."""
    dead_peer_s: float = Field(default=15.0, ge=2, le=600)
    """A client whose machine answers nothing for this long, or that takes nothing, is gone (Linux)."""
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")
    """How players reach this daemon, such as "http://192.168.1.5:8766"; empty: as the request for a clip did, or by
    this machine's address."""


class ClipsSettings(Section):
    """Clips: sound that is kept for a while, for players that fetch a URL."""

    expires_s: Annotated[float, OnPage()] = Field(default=600.0, ge=CLIP_LIFETIME_S.low, le=CLIP_LIFETIME_S.high)
    """How long a clip is kept if the request does not say."""
    max_clips: int = Field(default=64, ge=1)
    """Clips at once; a new one takes the place of the oldest finished one that nobody fetches."""
    max_per_address: int = Field(default=16, ge=1)
    """Clips of one client address that are being made at once."""
    max_bytes: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024)
    """Memory of all clips together."""


class WebSocketSettings(Section):
    """Limits of the WebSocket protocol voice.v1."""

    lead_ms: int = Field(default=10_000, ge=LEAD_MS.low)
    """Sound may be this far ahead of what the client has played."""
    max_contexts: int = Field(default=4, ge=1, le=64)
    """Open contexts per socket."""
    max_sockets_per_address: int = Field(default=32, ge=1)
    """Sockets per client address."""
    message_bytes: int = Field(default=65_536, ge=1024)
    """Largest message from a client."""
    messages_per_10s: int = Field(default=200, ge=10)
    """Messages a client may send in ten seconds."""
    idle_s: float = Field(default=300.0, gt=0)
    """A socket without a context is closed after this time."""
    send_timeout_s: float = Field(default=10.0, gt=0)
    """A client that takes no data for this long is cut off."""
    slow_consumer_s: float = Field(default=30.0, gt=0)
    """A context that cannot be sent for this long ends."""
    auto_flush_s: float = Field(default=5.0, gt=0)
    """Unfinished text that got no addition for this long is spoken."""


class ZeroconfSettings(Section):
    """Announcement on the local network."""

    enabled: bool = True
    """Announce the daemon so that Home Assistant and speakers find it."""
    name: str = ""
    """Instance name; empty means "qwen3-tts-<host name>"."""
    interfaces: tuple[str, ...] = ()
    """Addresses of the interfaces to announce on; empty means all that the servers listen on."""


class SpeechSettings(Section):
    """How text becomes speech, whatever the protocol."""

    idle_flush_ms: int = Field(default=300, ge=50)
    """A finished sentence is spoken when no more text came for this long."""
    text_normalization: Annotated[bool, OnPage()] = True
    """Put numbers, units, signs and abbreviations into words before a voice gets them (docs/text.md); a request or a
    stored voice may say otherwise."""
    markup: Annotated[bool, OnPage()] = True
    """Take [pause 500ms], [whisper] and, where a line begins, [voice: anna] in a text for what it says (docs/text.md);
    a request may say otherwise."""
    styles: Annotated[dict[str, Annotated[str, Field(max_length=MAX_STYLE_CHARS)]], OnPage()] = Field(
        default={}, max_length=MAX_STYLES
    )
    """Ways to speak beside the built-in ones, by what a text calls them in brackets: {butler="Speak like a butler."};
    empty text takes a style out. For voices that take instructions (docs/voices.md)."""
    loudness_lufs: Annotated[float | None, BeforeValidator(_empty_is_unset), OnPage()] = Field(
        default=None, ge=LOUDNESS_LUFS.low, le=LOUDNESS_LUFS.high
    )
    """How loud every voice is heard, in LUFS (EBU R128), such as -20; empty: as loud as each voice is. A voice is
    measured while it speaks for the first time, and is brought there from the next time on."""
    lead_silence_ms: Annotated[int, OnPage()] = Field(default=0, ge=SILENCE_MS.low, le=SILENCE_MS.high)
    """Silence before the first word, for speakers that wake slowly."""
    tail_silence_ms: Annotated[int, OnPage()] = Field(default=0, ge=SILENCE_MS.low, le=SILENCE_MS.high)
    """Silence after the last word, for players that cut the end."""
    chime: Annotated[str, OnPage()] = Field(default="", max_length=4096)
    """A chime before all that is said: "ding", "ding-dong", "gong" or the path of a sound file; empty: none. A request
    may say otherwise, and a text that begins with [chime] has one, "ding" if none is set here."""
    sentence_silence_ms: Annotated[int | None, BeforeValidator(_empty_is_unset), OnPage()] = Field(
        default=None, ge=SILENCE_MS.low, le=SILENCE_MS.high
    )
    """Silence between sentences, exactly; empty: as each voice pauses by itself."""
    requests_per_min: int = Field(default=3_000, ge=1)
    """Requests of one client address in a minute, over all doors; one more is refused (rate_limited)."""
    chars_per_min: int = Field(default=600_000, ge=1)
    """Characters of one client address in a minute: eleven hours of speech."""


class PhraseSettings(Section):
    """A phrase of the list; in the file its text alone is enough."""

    text: str = Field(min_length=1, max_length=MAX_PHRASE_CHARS, pattern=r"\S")
    """What is said."""
    voice: str = ""
    """Who says it; empty: the voice of requests that name none."""
    language: LanguageCode | None = None
    """Which language it is in; without it the voice's own, else the text's."""


def _text_is_phrase(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class PhrasesSettings(Section):
    """Phrases that are said again and again: their sound is kept, so that it begins at once and needs no engine."""

    cache: Annotated[Literal["off", "phrases", "all"], OnPage()] = "phrases"
    """Whose sound is kept in the data directory: that of the phrases of `list`, of "all" that is said, which means that
    whoever can read the directory can hear what the household has heard, or of nothing ("off"). Text never is."""
    list: tuple[Annotated[PhraseSettings, BeforeValidator(_text_is_phrase)], ...] = Field(default=(), max_length=256)
    """The phrases: ["Dinner is ready.", {text="Das Essen ist fertig.", voice="vivian", language="de"}]. They are made
    while nobody speaks. In the environment and on the command line it is JSON."""
    max_mb: Annotated[int, OnPage()] = Field(default=64, ge=1, le=10_000)
    """Megabytes of sound that are kept, 22 minutes in 64; what was not wanted for longest goes first."""
    max_age_days: Annotated[int, OnPage()] = Field(default=30, ge=1, le=3_650)
    """What is older is deleted; phrases of `list` are made again."""


class ProfileSettings(Section):
    """Another voice, spoken in a way of its own; what is not said is as with that one."""

    base: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    """The voice that speaks."""
    name: str = Field(default="", max_length=MAX_NAME_CHARS)
    """What people are shown; empty: what its table is called."""
    description: str = Field(default="", max_length=MAX_DESCRIPTION_CHARS)
    gender: Gender = ""
    language: Annotated[LanguageCode | None, BeforeValidator(_empty_is_unset)] = None
    """Its own."""
    instruct: str = Field(default="", max_length=MAX_INSTRUCT_CHARS)
    """How it speaks, in words."""
    speed: float = Field(default=1.0, ge=SPEED.low, le=SPEED.high)
    gain_db: float = Field(default=0.0, ge=GAIN_DB.low, le=GAIN_DB.high)
    seed: int | None = Field(default=None, ge=SEED.low, le=SEED.high)
    text_layout: Annotated[TextLayout | None, BeforeValidator(_empty_is_unset)] = None
    text_normalization: bool | None = None


class LexiconSettings(Section):
    """How words are said (docs/text.md)."""

    file: OptionalPath = None
    """The file that says it, which must be there then; empty means lexicon.toml in the data directory. It is read again
    whenever it has changed."""


class VoicesSettings(Section):
    """What voices are called, and voices that are made of others ([voices.md](voices.md))."""

    aliases: Annotated[dict[str, str], OnPage(is_voice=True)] = Field(default={}, max_length=256)
    """Other names for voices, and voices for languages: {butler="am_michael", fr="ff_siwis"}. In the environment and on
    the command line it is a JSON object."""
    substitute: Annotated[bool, OnPage()] = True
    """Speak requests for the voice "default", for ElevenLabs' ids, and on the preview voice for one of Qwen's, with the
    voice of the language; off refuses them."""
    samples: Annotated[bool, OnPage()] = True
    """Make a short sample of each voice while nobody speaks, so that trying one is instant and needs no engine; off
    makes none. They are kept in the data directory, 32 MB at most."""
    profiles: dict[str, ProfileSettings] = Field(default={}, max_length=MAX_PROFILES)
    """Voices that are others, spoken in a way of their own, as JSON in the environment and on the command line; in a
    file each is a table [voices.NAME]: base (the voice that speaks), name, description, gender, language, instruct,
    speed, gain_db, seed, text_layout, text_normalization."""

    @model_validator(mode="before")
    @classmethod
    def _take_tables(cls, given: Any) -> Any:
        return _with_profiles(given)


def _with_profiles(voices: Any) -> Any:
    """What [voices] has: a table below it that is no option is a profile. Raises SettingsError for one in an option's
    place; what `aliases` has may be an alias "base"."""
    if not isinstance(voices, dict):
        return voices
    options = VoicesSettings.model_fields.keys()
    for name in options & voices.keys():
        value = voices[name]
        is_profile = isinstance(value, dict) and isinstance(value.get("base"), str)
        if name == "aliases":
            is_profile = is_profile and len(value) > 1 and value.keys() <= ProfileSettings.model_fields.keys()
        if is_profile or (isinstance(value, dict) and name not in ("aliases", "profiles")):
            raise SettingsError(f"voices.{name} is an option of its own: give the profile another name")
    tables = {name: value for name, value in voices.items() if name not in options and isinstance(value, dict)}
    profiles = voices.get("profiles", {})
    if not tables or not isinstance(profiles, dict):
        return voices
    together = profiles | {name: {**profiles.get(name, {}), **table} for name, table in tables.items()}
    return {name: value for name, value in voices.items() if name not in tables} | {"profiles": together}


class EmbeddedSettings(Section):
    """The CPU preview voice."""

    threads: int = Field(default=0, ge=0)
    """Threads of one synthesis; 0 takes one for each fast core that the daemon may use, four at most."""
    nice: int = Field(default=NICE, ge=0, le=19)
    """How far it gives way to other work of the machine, from 0, not at all, to 19."""
    idle_unload_s: float = Field(default=0.0, ge=0)
    """End the voice's process after this idle time; 0 keeps it."""
    kokoro: bool = True
    """Offer every language; off leaves English alone, in a quarter of the memory."""
    preload: bool = True
    """Load at start, so that the first request is fast; the ports that wait for a warm voice open then."""


class ModelsSettings(Section):
    """The Qwen3-TTS checkpoints."""

    dir: OptionalPath = None
    """Where they lie; empty means ./models if there is one, else "models" in the data directory."""
    offline: bool = False
    """Fetch nothing: `models download` only says whether what is there is whole."""


class QwenSettings(EngineOptions):
    """Qwen3-TTS."""

    checkpoints: tuple[str, ...] = ()
    """Which checkpoints speak, one for a kind of voice: folder names in models.dir, of which the first is loaded at
    start; empty means the best of each kind."""
    keep_loaded: tuple[VoiceKind, ...] = ()
    """Kinds of voices (preset, cloned, designed) whose checkpoints are loaded at start too, and leave the card last."""
    sleep_s: Annotated[float, OnPage()] = Field(default=600.0, ge=0)
    """Give the card's memory back after this idle time; the weights stay in the machine's memory. 0: never."""
    idle_unload_s: float = Field(default=0.0, ge=0)
    """End the engine's process after this idle time; 0 keeps it. Another one then waits with PyTorch imported and
    nothing on the card, so that the next request need not wait for that."""
    load_timeout_s: float = Field(default=120.0, gt=0)
    """How long a request waits for the engine."""
    while_loading: Annotated[Literal["wait", "embedded"], OnPage(at_once=False)] = "wait"
    """What a request for a preset voice meets while the engine starts or wakes: "wait": it waits; "embedded": the
    preview voice speaks it, in a process of its own."""
    preload: bool = True
    """Load at start, so that the first request is fast; the ports that wait for a warm voice open then."""
    auto_rtf: float = Field(default=0.8, gt=0)
    """With engine "auto" and no GPU: speak where a second of sound takes this many seconds at most. That is measured
    once, while the preview voice speaks; `qwen3tts-daemon bench` measures anew."""

    @property
    def engine_options(self) -> dict[str, Any]:
        """What was asked for, for the engine: what was not, it may choose."""
        return self.model_dump(mode="json", exclude_unset=True, include=set(EngineOptions.model_fields))


class HttpEngineSettings(Section):
    """A speech server elsewhere, in OpenAI's shape, such as another daemon; text leaves this machine."""

    url: str = ""
    """Where it is, such as "http://gpu-box:8766"; with or without /v1."""
    token_file: OptionalPath = None
    """A file with its token (API key) and nothing else. Without https it is sent into private networks only."""
    ca_file: OptionalPath = None
    """A file with certificates (PEM) that vouch for the server, beside those that this machine trusts."""
    model: str = ""
    """What requests call its model; empty: they do not. OpenAI insists on one."""
    voices: tuple[str, ...] = ()
    """Its voices, if it does not list them at /v1/audio/voices or some are enough; the first that speaks a language is
    that language's default."""
    languages: tuple[LanguageCode, ...] = get_args(LanguageCode)
    """What its voices speak if it does not say that of them."""
    sample_rate: Literal[8000, 16000, 22050, 24000, 44100, 48000] = 24_000
    """Of its sound, in Hz. Where an answer says another one, it is changed to this."""
    max_requests: int = Field(default=16, ge=1, le=256)
    """Requests at once."""
    connect_timeout_s: float = Field(default=5.0, gt=0)
    """How long a connection may take."""
    read_timeout_s: float = Field(default=30.0, gt=0)
    """How long it may send nothing, before the first sound and afterwards."""
    openai_fields_only: bool = False
    """Send no fields but OpenAI's own, for servers that refuse others: no language, no seed, no sampling."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        try:
            if value:
                parse_server_url(value)
            return value
        except ValueError as error:  # pydantic would show the value, and a password may be in it
            raise SettingsError(f"http_engine.url: {error}") from None


class _ConfigFile(PydanticBaseSettingsSource):
    """Lowest source: the TOML file that `config` names, whole."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # the file is read whole, in __call__

    def __call__(self) -> dict[str, Any]:
        path = self.current_state.get("config")
        return read_config_file(Path(path)) if path else {}


def read_config_file(path: Path) -> dict[str, Any]:
    """The file's values, profiles of voices among `voices.profiles`. Raises SettingsError if it is missing, no TOML,
    has a profile in an option's place, or a switch in a number's."""
    try:
        values = toml_lines.parse(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except toml_lines.UnreadableToml as error:
        raise SettingsError(error.told(path)) from error
    if "voices" in values:
        values["voices"] = _with_profiles(values["voices"])
    for name in settings_errors.switches_for_numbers(Settings, values):
        raise SettingsError(f"{name}: a number is wanted, not true or false")
    return values


class Settings(BaseSettings):
    """Voice daemon for Qwen3-TTS. Order: command line, environment, --config file, defaults."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True,
        env_prefix=ENV_PREFIX, env_nested_delimiter="__",
        cli_prog_name="qwen3tts-daemon serve", cli_kebab_case=True, cli_avoid_json=True, cli_exit_on_error=False,
    )  # fmt: skip

    config: OptionalPath = None
    """TOML file with the same names as these options."""
    data_dir: OptionalPath = None
    """Where token, voices and caches live; empty means $XDG_DATA_HOME/qwen3tts-daemon."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged, to standard error."""
    log_text: bool = False
    """Log what is spoken. Off by default: what a household says is private."""
    engine: Literal["auto", "embedded", "qwen", "http"] = "auto"
    """Who speaks: "qwen": Qwen3-TTS; "embedded": the preview voice; "http": a speech server elsewhere, which text is
    sent to; "auto": Qwen3-TTS if there is a checkpoint, and a GPU or a CPU that was measured to speak in time, else
    the preview voice."""
    voice: Annotated[str | None, BeforeValidator(_empty_is_unset), OnPage(is_voice=True)] = None
    """Voice of requests that name none; empty means the best one for the language."""
    language: Annotated[LanguageCode, OnPage()] = "en"
    """Language of texts too short or too mixed to tell."""
    auth: Literal["lan", "token", "none"] = "lan"
    """Who may use HTTP: "lan": private networks speak freely; "token": everything needs the token; "none": open."""
    drain_s: float = Field(default=3.0, ge=0, le=60)
    """How long running sentences may go on after SIGTERM."""
    wyoming: WyomingSettings = WyomingSettings()
    http: HttpSettings = HttpSettings()
    clips: ClipsSettings = ClipsSettings()
    websocket: WebSocketSettings = WebSocketSettings()
    zeroconf: ZeroconfSettings = ZeroconfSettings()
    speech: SpeechSettings = SpeechSettings()
    phrases: PhrasesSettings = PhrasesSettings()
    lexicon: LexiconSettings = LexiconSettings()
    voices: VoicesSettings = VoicesSettings()
    models: ModelsSettings = ModelsSettings()
    qwen: QwenSettings = QwenSettings()
    embedded: EmbeddedSettings = EmbeddedSettings()
    http_engine: HttpEngineSettings = HttpEngineSettings()

    @property
    def data_path(self) -> Path:
        """The data directory, with its default filled in."""
        if self.data_dir is not None:
            return self.data_dir
        return data_home() / "qwen3tts-daemon"

    @property
    def lexicon_path(self) -> Path:
        """The lexicon's file, with its default filled in."""
        return self.lexicon.file or self.data_path / "lexicon.toml"

    @property
    def models_path(self) -> Path:
        """The models directory, with its default filled in."""
        if self.models.dir is not None:
            return self.models.dir
        here = Path("models")
        return here if here.is_dir() else self.data_path / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, OwnVariables(settings_cls), KnownVariables(settings_cls), _ConfigFile(settings_cls)


def load_settings(arguments: list[str]) -> Settings:
    """The effective settings. Raises SettingsError naming the place and the option, SystemExit for --help."""
    words, file = list(_with_values(arguments)), None
    try:
        file = _config_file(words)
        _refuse_unknown(words)
        refuse_unknown(Settings.model_fields)
        return CliApp.run(Settings, cli_args=words)
    except ValidationError as error:
        raise SettingsError(settings_errors.told(error, Settings, words, file)) from error
    except SettingsError as error:
        raise SettingsError(settings_errors.placed(str(error), words, file)) from error
    except BadVariable as error:
        raise SettingsError(str(error)) from error
    except UnreadableSettings as error:
        raise SettingsError(f"the command line: {_of_parser(str(error))}") from error


def placed(message: str, settings: Settings, arguments: list[str]) -> str:
    """What is wrong with an option, with the place before it where these settings have it from."""
    return settings_errors.placed(message, list(_with_values(arguments)), settings.config)


def _config_file(words: list[str]) -> Path | None:
    """The one that the settings are read from."""
    given = [value for name, value in pairwise([*words, ""]) if name == "--config"]
    given += [word.removeprefix("--config=") for word in words if word.startswith("--config=")]
    path = given[-1] if given else value_of("config")
    return Path(path) if path else None


def _refuse_unknown(words: list[str]) -> None:
    """Two hundred lines that tell how to use it would hide what is wrong. Raises SettingsError."""
    known = ["--help", *(f"--{name.replace('_', '-')}" for name in settings_errors.names_of(Settings))]
    for word in words:
        name = word.partition("=")[0]
        if name.startswith("--") and name not in known:
            near = settings_errors.did_you_mean(name, known)
            raise SettingsError(f"the command line: there is no option {name}{near}")


def _of_parser(message: str) -> str:
    """As short as it can be."""
    for words in ("error parsing CLI: ", "Parsing error encountered for "):
        message = message.removeprefix(words)
    return message


def _with_values(arguments: list[str]) -> Iterator[str]:
    """For a boolean option, `--x` alone is `--x true` and `--no-x` is `--x false`. Names may be those of the file."""
    switches = {f"--{name}" for name in _booleans(Settings)}
    for argument, next_argument in zip_longest(arguments, arguments[1:], fillvalue="--"):
        word = _dashed(argument)
        denied = word.replace("--no-", "--", 1)
        if denied != word and denied in switches:
            yield from (denied, "false")
        elif word in switches and next_argument.startswith("-"):
            yield from (word, "true")
        else:
            yield word


def _dashed(argument: str) -> str:
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument.partition("=")
    return f"{name.replace('_', '-')}{equals}{value}"


def _booleans(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """As they are written on the command line."""
    for name, info in model.model_fields.items():
        option = prefix + name.replace("_", "-")
        if info.annotation is bool:
            yield option
        elif isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _booleans(info.annotation, f"{option}.")
