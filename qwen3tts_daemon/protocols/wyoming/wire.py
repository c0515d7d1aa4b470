"""Events on the wire: a line of JSON, then `data_length` bytes of JSON, then `payload_length` bytes.

The library's own reader takes any length and any shape; this one has limits, and says what is wrong.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
from wyoming.event import Event
from wyoming.version import __version__ as library_version

from qwen3tts_daemon.failures import Refusal
from qwen_tts.json_decoding import decode_json

HEADER_BYTES = 64 * 1024
"""Longest header line; also the limit that the StreamReader must have."""
DATA_BYTES = 256 * 1024
"""Largest data: more than the longest text in JSON's longest spelling."""
PAYLOAD_BYTES = 1024 * 1024
"""Largest payload. No event for a speech server has one: it is read past, not kept."""

_TLS = b"\x16"
"""The first byte of its handshake."""

_Length = Annotated[int, msgspec.Meta(ge=0)]


class _Header(msgspec.Struct):
    type: str
    data: dict[str, Any] | None = None
    data_length: _Length | None = None
    payload_length: _Length | None = None


def encode_event(event: Event) -> bytes:
    header: dict[str, Any] = {"type": event.type, "version": library_version}
    data = msgspec.json.encode(event.data) if event.data else b""
    payload = event.payload or b""
    if data:
        header["data_length"] = len(data)
    if payload:
        header["payload_length"] = len(payload)
    return b"".join((msgspec.json.encode(header), b"\n", data, payload))


async def read_event(
    reader: asyncio.StreamReader, *, idle_s: float, message_s: float, on_begin: Callable[[], None] = lambda: None
) -> Event | None:
    """The next event without its payload; None once the client has left. `on_begin` is called with its first byte.

    Raises TimeoutError if none begins within `idle_s`, Refusal for one that is malformed, too large, cut off
    or not complete within `message_s`, ConnectionError if the connection breaks.
    """
    async with asyncio.timeout(idle_s):
        with lost_if_broken():
            first = await reader.read(1)
    if not first:
        return None
    on_begin()
    try:
        async with asyncio.timeout(message_s):
            with lost_if_broken():
                return await _read_rest(reader, first)
    except TimeoutError:
        raise Refusal("timeout", f"an event was not complete after {message_s:g} s") from None
    except asyncio.IncompleteReadError:
        raise Refusal("bad_json", "the connection ended inside an event") from None
    except asyncio.LimitOverrunError:
        raise Refusal("too_large", f"a header line has at most {HEADER_BYTES} bytes") from None
    except msgspec.DecodeError as error:
        raise Refusal("bad_json", f"not a Wyoming event: {error}") from None


@contextlib.contextmanager
def lost_if_broken() -> Iterator[None]:
    """A connection that breaks is lost, whatever the system calls it: of a peer that has vanished it says TimeoutError
    (ETIMEDOUT), as asyncio does when our own time is over, or OSError (EHOSTUNREACH). Use it within a timeout."""
    try:
        yield
    except OSError as error:
        raise ConnectionResetError(error.errno, error.strerror) from error


async def _read_rest(reader: asyncio.StreamReader, first: bytes) -> Event:
    if first == _TLS:
        raise Refusal("bad_json", "this is TLS; the port speaks plain Wyoming, and pages are at http.port")
    line = first if first == b"\n" else first + await reader.readuntil(b"\n")
    if line.split(b" ")[-1].startswith(b"HTTP/"):
        raise Refusal("bad_json", "this is http; the port speaks Wyoming, and pages are at http.port")
    header: _Header = decode_json(line, _Header)
    data_length, payload_length = header.data_length or 0, header.payload_length or 0
    if data_length > DATA_BYTES:
        raise Refusal("too_large", f"an event's data has at most {DATA_BYTES} bytes")
    if payload_length > PAYLOAD_BYTES:
        raise Refusal("too_large", f"an event's payload has at most {PAYLOAD_BYTES} bytes")
    data = header.data or {}
    if data_length:
        data |= decode_json(await reader.readexactly(data_length), dict[str, Any])
    while payload_length:
        part = await reader.read(min(payload_length, HEADER_BYTES))
        if not part:
            raise asyncio.IncompleteReadError(b"", payload_length)
        payload_length -= len(part)
    return Event(header.type, data)
