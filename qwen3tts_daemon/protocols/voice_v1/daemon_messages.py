"""The JSON messages of the daemon. A field that is not known is absent, if nothing else is said of it."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from qwen3tts_daemon.downloads.background import DownloadState
from qwen3tts_daemon.failures import describe
from qwen3tts_daemon.hosting.real_time_words import RealTime
from qwen3tts_daemon.protocols.voice_v1.client_messages import MessageId, tag_of
from qwen3tts_daemon.protocols.voice_v1.formats import OfferedFormats, SoundFormat
from qwen3tts_daemon.protocols.voice_v1.options import ContextOptions
from qwen_tts.api import Guard, ModelState
from qwen_tts.errors import OtherVoice
from qwen_tts.limits import MAX_TEXT_CHARS

VoiceState = Literal["loading", "ready", "idle", "draining"]
DoneReason = Literal["complete", "cancelled", "preempted", "limit", "error"]


class _FromDaemon(msgspec.Struct, kw_only=True, tag_field="type", tag=tag_of, omit_defaults=True):
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


class ReadyMessage(_FromDaemon, kw_only=True):
    """Always the first message."""

    protocol: str
    session: str
    server: Server
    limits: SocketLimits
    formats: OfferedFormats
    modes: tuple[str, ...]
    state: VoiceState


class ConfiguredMessage(ContextOptions, frozen=True, kw_only=True, tag_field="type", tag=tag_of):
    """The answer to `configure`."""

    id: MessageId = None


class StartedMessage(_FromDaemon, kw_only=True, omit_defaults=False):
    """A context is open: its channel, and how many contexts are before it."""

    ctx: str
    ch: int
    request_id: str
    format: SoundFormat
    position: int
    voice: str | UnsetType = UNSET
    """Who will speak, and what; absent as long as the text may decide it. Each segment tells them"""
    language: str | UnsetType = UNSET


class QueuedMessage(_FromDaemon, kw_only=True):
    """A waiting context has moved up."""

    ctx: str
    position: int
    """Contexts of this socket that are before it; 0: it runs"""
    place: int | None = None
    """One that runs, in the line of all clients: 1 is next, 0 has its turn"""
    wait_s: float | None = None
    """About how long it will wait there, where the engine knows"""


class SegmentMessage(_FromDaemon, kw_only=True):
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


class TimedWord(msgspec.Struct, frozen=True, kw_only=True):
    """Characters of the context's text, and the samples in which they are heard."""

    text: str
    char_start: int
    char_end: int
    sample: int
    sample_end: int


class WordsMessage(_FromDaemon, kw_only=True):
    """When words of a segment are heard, in their order; each is told once."""

    ctx: str
    index: int
    """Of the segment"""
    words: list[TimedWord]
    estimated: bool = False
    """They were told from the sound, by an engine that does not say when it speaks which word"""


class FlushedMessage(_FromDaemon, kw_only=True):
    """The answer to `flush`; what was sent so far ends at `sample`."""

    ctx: str
    id: MessageId = None
    sample: int


class DoneMetrics(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a context cost; a figure that is not known is absent."""

    queue_ms: float
    load_ms: float
    audio_ms: float
    ttfa_ms: float | None = None
    gen_ms: float | None = None
    rtf: float | None = None
    guards: dict[Guard, int] = {}
    """What had to be done against a model's mistakes, and how often"""
    cached: bool = False
    """It was spoken before, and no engine was asked"""


class DoneMessage(_FromDaemon, kw_only=True):
    """The last thing that is said of a context."""

    ctx: str
    reason: DoneReason
    samples: int
    chars_spoken: int
    metrics: DoneMetrics


class PongMessage(_FromDaemon, kw_only=True):
    """The answer to `ping`."""

    id: MessageId = None
    t: float | int | None = None
    server_ms: int


class WarningMessage(_FromDaemon, kw_only=True):
    """Something that the client may want to know; nothing has stopped."""

    code: str
    message: str
    ctx: str | None = None
    id: MessageId = None
    instead: OtherVoice | None = None
    """Of `unread`: who could read the text"""


class ErrorMessage(_FromDaemon, kw_only=True):
    """Something was not done; after a fatal one the socket closes."""

    code: str
    message: str
    fatal: bool
    param: str | None = None
    ctx: str | None = None
    id: MessageId = None
    retry_after_ms: int | None = None
    instead: OtherVoice | None = None
    """Of `unsupported_language`: who could speak the text"""


class StateMessage(_FromDaemon, kw_only=True):
    """What the voice is doing."""

    state: VoiceState


class WatchedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint; what is not known is null."""

    name: str
    kind: str
    state: str
    active: int
    memory_mb: int | None


class StatusMessage(_FromDaemon, kw_only=True, omit_defaults=False):
    """What the engine holds; memory is the device's, in MiB, null where there is none."""

    models: tuple[WatchedModel, ...]
    device: str
    total_mb: int | None
    free_mb: int | None
    rows: int
    active: int
    state: ModelState
    """Of the engine: what the next context finds"""
    ready_in_s: float | None
    """How long it would wait for the engine, by what that took the last time; null if nobody can tell"""
    stands_in: bool
    """Another voice answers until the engine is ready"""
    last_hour: int
    """Utterances begun, on all wires"""
    text_goes_to: str
    """The host that texts are sent to; empty if they stay on the daemon's machine"""
    real_time: RealTime | None
    """What this machine was measured to speak of Qwen3-TTS; null where the choice does not depend on it"""


class VoicesMessage(_FromDaemon, kw_only=True, omit_defaults=False):
    """The list of voices is another one; GET /v1/audio/voices has it."""

    revision: int
    """Another number after each change"""
    voices: int
    """That can be asked for"""
    kinds: tuple[str, ...]
    """Of voices that can be spoken"""
    preview: bool
    samples: int
    """Made since the daemon's start: with each one, a voice more `has_sample`; the list has no other revision for it"""
    checkpoints: tuple[str, ...]
    """That lie on the daemon's disk, whole"""
    problem: str
    """Why one that came does not speak; empty if nothing is wrong"""


class DownloadMessage(_FromDaemon, kw_only=True, omit_defaults=False):
    """How the download of a checkpoint goes, or went; what is not known is null."""

    checkpoint: str
    source: str
    state: DownloadState
    arrived_bytes: int
    total_bytes: int | None
    bytes_per_s: float | None
    seconds_left: float | None
    code: str
    message: str
    """Of what failed, and empty if nothing did"""


WatchedMessage = StatusMessage | VoicesMessage | DownloadMessage
"""Told to who watches, and again when it has changed."""

DaemonMessage = (
    ReadyMessage | ConfiguredMessage | StartedMessage | QueuedMessage | SegmentMessage | WordsMessage | FlushedMessage
    | DoneMessage | PongMessage | WarningMessage | ErrorMessage | StateMessage | WatchedMessage
)  # fmt: skip


def error_message(
    error: Exception, *, ctx: str | None = None, id: MessageId = None, fatal: bool = False
) -> ErrorMessage:
    """Any exception, in the words of failures.py."""
    failure = describe(error)
    retry_after_ms = None if failure.retry_after_s is None else round(failure.retry_after_s * 1000)
    return ErrorMessage(
        code=failure.code, message=failure.message, fatal=fatal, param=failure.param, ctx=ctx, id=id,
        retry_after_ms=retry_after_ms, instead=failure.instead,
    )  # fmt: skip


_encoder = msgspec.json.Encoder()


def encode_message(message: DaemonMessage) -> str:
    return _encoder.encode(message).decode()
