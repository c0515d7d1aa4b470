"""The JSON messages of voice.v1: a client's, the daemon's, and how a client's text becomes a message.

Unknown fields are ignored, so that clients may be newer than the daemon; everything else is checked here, and
what is wrong is told with the name of the field and the `id` of the message.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.limits import FRAME_MS, LEAD_MS, OUTPUT_SAMPLE_RATES, Description, Instruct, Speed, within
from qwen3tts_daemon.protocols.strict_json import convert, infinite_field, is_text, load
from qwen_tts.api import Sampling
from qwen_tts.limits import MAX_TEXT_CHARS

Policy = Literal["queue", "preempt", "parallel"]
Framing = Literal["tagged", "raw"]
Encoding = Literal["pcm_s16le", "mulaw", "alaw"]
State = Literal["loading", "ready", "idle", "draining"]
DoneReason = Literal["complete", "cancelled", "preempted", "limit", "error"]

ENCODINGS: tuple[Encoding, ...] = ("pcm_s16le", "mulaw", "alaw")

Id = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53), le=2**53)] | None
ContextName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}\Z")]
Milliseconds = Annotated[float, Meta(ge=0, le=1e9)]


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How sound travels: samples, and how they are packed into binary messages."""

    encoding: Encoding = "pcm_s16le"
    sample_rate: int = 24_000
    framing: Framing = "tagged"
    frame_ms: Annotated[int, within(FRAME_MS)] = 80


# -- from the client ---------------------------------------------------------------------------------------


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What can be configured. A field that is absent keeps its value, null takes the daemon's default."""

    voice: Annotated[str, Meta(max_length=256)] | UnsetType | None = UNSET
    mode: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    design: Description | UnsetType | None = UNSET
    """How the voice sounds, in words; with the mode `design`."""
    language: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    instruct: Instruct | UnsetType | None = UNSET
    speed: Speed | UnsetType | None = UNSET
    sampling: dict[str, Any] | UnsetType | None = UNSET
    """Fields of Sampling; they change only themselves."""
    format: dict[str, Any] | UnsetType | None = UNSET
    """Fields of Format; they change only themselves."""
    split: Literal["sentence", "clause", "none"] | UnsetType | None = UNSET
    words: bool | UnsetType | None = UNSET
    policy: Policy | UnsetType | None = UNSET
    lead_ms: Annotated[int, within(LEAD_MS)] | UnsetType | None = UNSET

    def given(self) -> dict[str, Any]:
        """The options that the client named."""
        return {name: value for name in OPTIONS if (value := getattr(self, name)) is not UNSET}


OPTIONS = Options.__struct_fields__


class Configure(Options, frozen=True, tag_field="type", tag="configure"):
    """New defaults for the contexts that are opened from now on."""

    id: Id = None


class Speak(Options, frozen=True, tag_field="type", tag="speak"):
    """Text to append; opens its context. Without `ctx` it belongs to the implicit context."""

    id: Id = None
    ctx: ContextName | None = None
    text: str = ""
    final: bool = False


class _FromClient(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    id: Id = None


class Flush(_FromClient, frozen=True, kw_only=True):
    """Speak what is there without waiting for the end of the sentence."""

    ctx: ContextName | None = None


class End(_FromClient, frozen=True, kw_only=True):
    """No more text."""

    ctx: ContextName | None = None


class Cancel(_FromClient, frozen=True, kw_only=True):
    """Stop a context, all of them, or the implicit ones."""

    ctx: ContextName | None = None
    all: bool = False
    played_ms: Milliseconds | None = None


class Played(_FromClient, frozen=True, kw_only=True):
    """How much of a context the listener has heard; from then on it replaces the wall clock."""

    ctx: ContextName | None = None
    ms: Milliseconds


class Ping(_FromClient, frozen=True, kw_only=True):
    """Answered with `pong`: a page cannot see the pings of the WebSocket itself."""

    t: Annotated[float, Meta(ge=-1e18, le=1e18)] | int | None = None


class Watch(_FromClient, frozen=True, kw_only=True):
    """Be told what the engine holds: now, and when it changes."""

    on: bool = True


ClientMessage = Configure | Speak | Flush | End | Cancel | Played | Ping | Watch
_KINDS: dict[str, type[ClientMessage]] = {
    "configure": Configure, "speak": Speak, "flush": Flush, "end": End,
    "cancel": Cancel, "played": Played, "ping": Ping, "watch": Watch,
}  # fmt: skip


class BadMessage(Exception):
    """A message that cannot be obeyed, with what is known of it."""

    def __init__(self, refusal: Refusal, *, id: Any = None, opens: str | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.id: Id = id
        self.opens = opens
        """The context that a `speak` would have opened or continued."""


def parse(text: str) -> ClientMessage:
    """Raises BadMessage."""
    try:
        fields = load(text, allow_infinite=True)
    except Refusal as refusal:
        raise BadMessage(refusal) from None
    if not isinstance(fields, dict):
        raise BadMessage(Refusal("bad_json", "a message is a JSON object"))
    try:
        return _message(fields, may_have_surrogates="\\ud" in text.lower())
    except Refusal as refusal:
        opens = _checked(fields.get("ctx"), ContextName) if fields.get("type") == "speak" else None
        raise BadMessage(refusal, id=_checked(fields.get("id"), Id), opens=opens) from None


def _message(fields: dict[str, Any], may_have_surrogates: bool) -> ClientMessage:
    kind = fields.get("type")
    if not isinstance(kind, str):
        raise Refusal("bad_field", "type must be a string", param="type")
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise Refusal("unknown_type", f"unknown type {kind[:64]!a}; there are {known}", param="type")
    if may_have_surrogates:
        _refuse_half_characters(fields, kind)
    if (name := infinite_field(fields)) is not None:
        raise Refusal("bad_field", f"{name}: NaN and numbers too large are no JSON", param=name)
    message: ClientMessage = convert(fields, _KINDS[kind])
    return message


def _refuse_half_characters(fields: dict[str, Any], kind: str) -> None:
    """JSON can spell half of a UTF-16 pair; such a string cannot be sent back nor spoken."""
    for name in _KINDS[kind].__struct_fields__:
        if not is_text(fields.get(name)):
            raise Refusal("bad_field", f"{name}: half of a surrogate pair", param=name)


def _checked(value: Any, kind: Any) -> Any:
    try:
        checked = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
    return checked if is_text(checked) else None


# -- from the daemon ---------------------------------------------------------------------------------------


class _FromDaemon(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower, omit_defaults=True):
    pass


class Server(msgspec.Struct, frozen=True):
    """Who answers."""

    name: str
    version: str


class SocketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may do on one socket."""

    text_chars: int = MAX_TEXT_CHARS
    contexts: int
    message_bytes: int
    messages_per_10s: int
    idle_s: float


class Formats(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked for in `format`."""

    encodings: tuple[Encoding, ...] = ENCODINGS
    sample_rates: tuple[int, ...] = OUTPUT_SAMPLE_RATES
    framings: tuple[Framing, ...] = ("tagged", "raw")
    frame_ms: tuple[int, int] = (int(FRAME_MS.low), int(FRAME_MS.high))


class Ready(_FromDaemon, kw_only=True):
    """Always the first message."""

    protocol: str
    session: str
    server: Server
    limits: SocketLimits
    formats: Formats
    modes: tuple[str, ...]
    state: State


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a context, with the daemon's defaults filled in; a null voice is chosen by language."""

    voice: str | None = None
    mode: str = "preset"
    design: str = ""
    language: str = "auto"
    instruct: str = ""
    speed: float = 1.0
    sampling: Sampling = Sampling()
    format: Format = Format()
    split: Literal["sentence", "clause", "none"] = "sentence"
    words: bool = False
    policy: Policy = "queue"
    lead_ms: int = 10_000


class Configured(Effective, frozen=True, kw_only=True, tag_field="type", tag="configured"):
    """The answer to `configure`."""

    id: Id = None


class Started(_FromDaemon, kw_only=True, omit_defaults=False):
    """A context is open: its channel, and how many contexts are before it."""

    ctx: str
    ch: int
    request_id: str
    format: Format
    position: int
    voice: str | UnsetType = UNSET
    """Who will speak, and what; absent as long as the text may decide it. Each segment tells them"""
    language: str | UnsetType = UNSET


class Queued(_FromDaemon, kw_only=True):
    """A waiting context has moved up."""

    ctx: str
    position: int
    """Contexts of this socket that are before it; 0: it runs"""
    place: int | None = None
    """One that runs, in the line of all clients: 1 is next, 0 has its turn"""


class SegmentMessage(_FromDaemon, kw_only=True, tag="segment"):
    """The sound from `sample` on speaks these characters of the context's text."""

    ctx: str
    index: int
    text: str
    char_start: int
    char_end: int
    sample: int
    voice: str = ""
    """Who speaks, and what"""
    language: str = ""


class Flushed(_FromDaemon, kw_only=True):
    """The answer to `flush`; what was sent so far ends at `sample`."""

    ctx: str
    id: Id = None
    sample: int


class DoneMetrics(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a context cost; a figure that is not known is absent."""

    queue_ms: float
    load_ms: float
    audio_ms: float
    ttfa_ms: float | None = None
    gen_ms: float | None = None
    rtf: float | None = None


class DoneMessage(_FromDaemon, kw_only=True, tag="done"):
    """The last thing that is said of a context."""

    ctx: str
    reason: DoneReason
    samples: int
    chars_spoken: int
    metrics: DoneMetrics


class Pong(_FromDaemon, kw_only=True):
    """The answer to `ping`."""

    id: Id = None
    t: float | int | None = None
    server_ms: int


class WarningMessage(_FromDaemon, kw_only=True, tag="warning"):
    """Something that the client may want to know; nothing has stopped."""

    code: str
    message: str
    ctx: str | None = None
    id: Id = None


class ErrorMessage(_FromDaemon, kw_only=True, tag="error"):
    """Something was not done; after a fatal one the socket closes."""

    code: str
    message: str
    fatal: bool
    param: str | None = None
    ctx: str | None = None
    id: Id = None
    retry_after_ms: int | None = None


class StateMessage(_FromDaemon, kw_only=True, tag="state"):
    """What the voice is doing."""

    state: State


class WatchedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint; what is not known is null."""

    name: str
    kind: str
    state: str
    active: int
    memory_mb: int | None


class StatusMessage(_FromDaemon, kw_only=True, tag="status", omit_defaults=False):
    """What the engine holds; memory is the device's, in MiB, null where there is none."""

    models: tuple[WatchedModel, ...]
    device: str
    total_mb: int | None
    free_mb: int | None
    rows: int
    active: int


DaemonMessage = (
    Ready | Configured | Started | Queued | SegmentMessage | Flushed | DoneMessage | Pong | WarningMessage
    | ErrorMessage | StateMessage | StatusMessage
)  # fmt: skip


def error_message(error: Exception, *, ctx: str | None = None, id: Id = None, fatal: bool = False) -> ErrorMessage:
    """Any exception, in the words of failures.py."""
    failure = describe(error)
    retry_after_ms = None if failure.retry_after_s is None else round(failure.retry_after_s * 1000)
    return ErrorMessage(
        code=failure.code, message=failure.message, fatal=fatal, param=failure.param, ctx=ctx, id=id,
        retry_after_ms=retry_after_ms,
    )  # fmt: skip


_encoder = msgspec.json.Encoder()


def encode(message: DaemonMessage) -> str:
    return _encoder.encode(message).decode()
