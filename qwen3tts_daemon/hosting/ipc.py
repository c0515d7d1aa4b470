"""The messages between the daemon and a worker, and the link that carries them.

A message is a msgpack map behind its length (4 bytes, little-endian), over a Unix socket pair that the worker inherits.
The daemon opens with `Hello`; the worker answers with its own, `Welcome`, and sends `State` as it loads. Streams are
numbered by the daemon; every `Open` is answered by `AudioData`* and exactly one `Done` or `Failed`, unless it is
cancelled. Calls (`EncodeReference`, `Encode`, `Decode`, `Sleep`, `Wake`) are numbered too and answered once. `Stats`
once a second is the worker's heartbeat.

Import the module, not its names: `ipc.Open` is a message to a worker, `Open` may be another protocol's.
"""

import asyncio
import socket
from typing import Any, Generic, TypeVar

import msgspec

from qwen_tts.api import (
    Audio,
    Capabilities,
    EngineStatus,
    ModelState,
    QueuePosition,
    StreamEnd,
    SynthesisRequest,
    VoiceKind,
    WordTime,
)

PROTOCOL = 3
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
HEARTBEAT_S = 1.0
_LENGTH_BYTES = 4
_READ_BYTES = 64 * 1024
"""At once: some sixteen chunks"""
_BUFFER_BYTES = 512 * 1024
"""What may wait to be read: the chunks of one moment"""

Incoming = TypeVar("Incoming")


# -- to the worker -----------------------------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    protocol: int
    factory: str
    """`module:function` that makes the engine from `options`."""
    options: dict[str, Any]
    imports: tuple[str, ...]
    """Modules that the engine will need: they are imported while nobody has asked it to load."""
    log_level: str
    nice: int | None
    """How far the process gives way to other work, and it stays on fast cores; None: its engine sees to that."""


class Load(msgspec.Struct, frozen=True, tag_field="type", tag="load"):
    pass


class Open(msgspec.Struct, frozen=True, tag_field="type", tag="open"):
    stream: int
    request: SynthesisRequest


class Text(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    stream: int
    text: str


class End(msgspec.Struct, frozen=True, tag_field="type", tag="end"):
    stream: int


class Flush(msgspec.Struct, frozen=True, tag_field="type", tag="flush"):
    stream: int


class Cancel(msgspec.Struct, frozen=True, tag_field="type", tag="cancel"):
    stream: int


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    stream: int
    samples: int
    """Samples taken since the last ack."""


class Prepare(msgspec.Struct, frozen=True, tag_field="type", tag="prepare"):
    kind: VoiceKind


class EncodeReference(msgspec.Struct, frozen=True, tag_field="type", tag="encode_reference"):
    call: int
    audio: Audio
    transcript: str | None


class Encode(msgspec.Struct, frozen=True, tag_field="type", tag="encode"):
    call: int
    audio: Audio


class Decode(msgspec.Struct, frozen=True, tag_field="type", tag="decode"):
    call: int
    codes: list[list[int]]


class Sleep(msgspec.Struct, frozen=True, tag_field="type", tag="sleep"):
    call: int


class Wake(msgspec.Struct, frozen=True, tag_field="type", tag="wake"):
    call: int


class Shutdown(msgspec.Struct, frozen=True, tag_field="type", tag="shutdown"):
    pass


ToWorker = (
    Hello
    | Load
    | Open
    | Text
    | End
    | Flush
    | Cancel
    | Ack
    | Prepare
    | EncodeReference
    | Encode
    | Decode
    | Sleep
    | Wake
    | Shutdown
)


# -- from the worker ---------------------------------------------------------------------------------------


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    protocol: int
    capabilities: Capabilities


class State(msgspec.Struct, frozen=True, tag_field="type", tag="state"):
    state: ModelState


class AudioData(msgspec.Struct, frozen=True, tag_field="type", tag="audio", omit_defaults=True):
    stream: int
    pcm: bytes
    first_sample: int
    segment: int
    words: tuple[WordTime, ...] = ()


class Place(msgspec.Struct, frozen=True, tag_field="type", tag="place"):
    stream: int
    position: QueuePosition


class Done(msgspec.Struct, frozen=True, tag_field="type", tag="done"):
    stream: int
    end: StreamEnd


class Failed(msgspec.Struct, frozen=True, tag_field="type", tag="failed"):
    code: str
    message: str
    stream: int | None = None
    call: int | None = None
    param: str | None = None
    retry_after_s: float | None = None


class Encoded(msgspec.Struct, frozen=True, tag_field="type", tag="encoded"):
    """The answer to a call: what it made, or nothing where there is nothing to give."""

    call: int
    prompt: bytes | None = None
    codes: list[list[int]] | None = None
    audio: Audio | None = None


class Stats(msgspec.Struct, frozen=True, tag_field="type", tag="stats"):
    streams: int
    status: EngineStatus


FromWorker = Welcome | State | AudioData | Place | Done | Failed | Encoded | Stats


class Link(Generic[Incoming]):
    """One end of the socket pair. `send` never waits: acks bound what is in flight."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: msgspec.msgpack.Decoder[Incoming]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = incoming
        self._unread = bytearray()
        self._read = 0
        """Bytes of it that have been given"""

    def send(self, message: ToWorker | FromWorker) -> None:
        """Queue a message; nothing happens if the other side has gone (reading tells that)."""
        if self._writer.is_closing():
            return
        body = self._encoder.encode(message)
        self._writer.write(len(body).to_bytes(_LENGTH_BYTES, "little") + body)

    async def receive(self) -> Incoming | None:
        """The next message; None when the other side has gone. Raises msgspec.DecodeError for nonsense."""
        while (message := self._next()) is None:
            try:
                more = await self._reader.read(_READ_BYTES)
            except ConnectionError:
                return None
            if not more:
                return None
            del self._unread[: self._read]
            self._read = 0
            self._unread += more
        return message

    def _next(self) -> Incoming | None:
        """The next one of those that are here; None if it is not here as a whole."""
        begins = self._read + _LENGTH_BYTES
        if len(self._unread) < begins:
            return None
        size = int.from_bytes(self._unread[self._read : begins], "little")
        if size > MAX_MESSAGE_BYTES:
            raise msgspec.ValidationError(f"a message of {size} bytes is over {MAX_MESSAGE_BYTES}")
        if len(self._unread) < begins + size:
            return None
        self._read = begins + size
        try:
            with memoryview(self._unread) as unread:
                return self._decoder.decode(unread[begins : self._read])
        except RecursionError:
            raise msgspec.DecodeError("nested too deeply") from None

    def close(self) -> None:
        self._writer.close()


async def daemon_link(sock: socket.socket) -> Link[FromWorker]:
    """The daemon's end."""
    reader, writer = await asyncio.open_unix_connection(sock=sock, limit=_BUFFER_BYTES)
    return Link(reader, writer, msgspec.msgpack.Decoder(FromWorker))


async def worker_link(sock: socket.socket) -> Link[ToWorker]:
    """The worker's end."""
    reader, writer = await asyncio.open_unix_connection(sock=sock, limit=_BUFFER_BYTES)
    return Link(reader, writer, msgspec.msgpack.Decoder(ToWorker))
