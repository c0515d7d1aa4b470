"""A connection of the HTTP port until it is a WebSocket: uvicorn's, with limits, and nothing left without an end.

- A connection that has not sent a whole request head within `head_timeout_s` is closed, silent or not.
- Its input is worked off at a pace (see pace.py): reading pauses beyond it.
- A broken request has one envelope, whoever finds it broken; so has an upgrade that cannot be one.
- An upgrade is handed to the WebSocket as h11 has read it: what one accepts the other cannot misread.

What is used of uvicorn beyond its documentation: of `H11Protocol` `conn`, `app_state`, `connections`, `cycle`, `flow`,
`handle_events`, `handle_websocket_upgrade`, `send_400_response`, `_should_upgrade`. If one of them changes, tests fail.
"""

import asyncio
import logging
import sys
import time
from dataclasses import dataclass
from typing import Any

import h11
import msgspec
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from qwen3tts_daemon.access.networks import NetworkAllowList, parse_address
from qwen3tts_daemon.failures import Failure
from qwen3tts_daemon.protocols.connection_quota import ConnectionQuota
from qwen3tts_daemon.protocols.http.security_headers import BEFORE_ANYTHING
from qwen3tts_daemon.protocols.http.websocket_connection import WebSocketConnection
from qwen3tts_daemon.protocols.listeners import WRITE_BUFFER_BYTES
from qwen3tts_daemon.protocols.pace import Pace
from qwen3tts_daemon.protocols.scope_state import ABORT, TRAILERS
from qwen3tts_daemon.rates import Rate
from qwen3tts_daemon.sparing_log import SparingLog

logger = logging.getLogger(__name__)


EVENTS = Rate(per_s=100, burst=200)
"""Of a connection's own: heads, chunks of bodies and ends, and the frames of a WebSocket."""
EVENTS_OF_AN_ADDRESS = Rate(per_s=2_000, burst=500)
"""What its connections share beyond that; a page with all its files, or an upload in small chunks, is far below it."""

_PARTING_S = 0.5
"""How long a refused client may take to stop sending."""
_OTHER_LANGUAGES = {
    b"\x16\x03": "https; this port has plain http: use http://, or see http.tls",
    b"{": "Wyoming; this is the port for http, see wyoming.port",
}
"""How what is no HTTP begins, and what to say of it."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Of a connection, and what it shares with the others."""

    head_timeout_s: float
    quota: ConnectionQuota
    proxies: NetworkAllowList
    log: SparingLog

    def address_of(self, peer: str) -> str | None:
        """By which its connections are counted; None for a proxy's: those behind it are counted by their requests."""
        return None if parse_address(peer) in self.proxies else peer


class _PacedConnection(h11.Connection):
    """Wants no more to be taken out of it when its turn is over; sends trailers, which uvicorn does not know."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(h11.SERVER)
        self._pace = pace
        self._takes_trailers = False
        self.is_held = False
        self.trailers: list[tuple[bytes, bytes]] = []

    def next_event(self) -> Any:
        if not self._pace.allows_more:
            self.is_held = True
            return h11.NEED_DATA
        event = super().next_event()
        if event is not h11.NEED_DATA and event is not h11.PAUSED:
            self._pace.count()
        if isinstance(event, h11.Request):
            self.trailers.clear()
            self._takes_trailers = event.http_version >= b"1.1" and event.method != b"HEAD"
        return event

    def send(self, event: Any) -> Any:
        if isinstance(event, h11.Response):
            self._takes_trailers &= not any(name == b"content-length" for name, _ in event.headers)
        elif isinstance(event, h11.EndOfMessage) and self._takes_trailers:
            event = h11.EndOfMessage(headers=self.trailers)
        return super().send(event)


class _Flow(FlowControl):
    """uvicorn's; while it is held nobody resumes the reading."""

    is_held = False

    def hold(self) -> None:
        self.is_held = True
        self._transport.pause_reading()

    def release(self) -> None:
        self.is_held = False
        if not self.read_paused:
            self._transport.resume_reading()

    def resume_reading(self) -> None:
        if self.is_held:
            self.read_paused = False
        else:
            super().resume_reading()


class HttpConnection(H11Protocol):
    """One of a class for each server, which has its `limits`."""

    limits: ConnectionLimits
    flow: _Flow
    conn: _PacedConnection

    def __init__(self, config: uvicorn.Config, server_state: Any, app_state: dict[str, Any], *rest: Any, **more: Any):
        super().__init__(config, server_state, {**app_state, ABORT: self._abort}, *rest, **more)
        self.access_log = False  # its lines have whole URLs in them
        self._pace: Pace
        self._head_timer: asyncio.TimerHandle | None = None
        self._next_turn: asyncio.Handle | None = None
        self._has_spoken = False
        self._is_parting = False
        self._address: str | None = None
        self.idle_since = time.monotonic()

    # -- its place -----------------------------------------------------------------------------------------

    @property
    def has_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def is_closing(self) -> bool:
        return self._is_parting or self.transport.is_closing()

    def dismiss(self) -> None:
        self.transport.close()

    # -- its life ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            self._address = self.limits.address_of(self.client[0])
        if not self.limits.quota.acquire(self, self._address):
            self.connections.discard(self)  # now, not when it is closed: the server waits for those that it knows
            transport.close()
            return
        self.flow = _Flow(transport)
        self._pace = self.limits.quota.pace_of(self._address, EVENTS)
        self.conn = _PacedConnection(self._pace)
        self.app_state[TRAILERS] = self.conn.trailers
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        if self._next_turn is not None:
            self._next_turn.cancel()
        self.limits.quota.release(self, self._address)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Whatever state it is in: the server ends them all one after the other."""
        try:
            super().shutdown()
        except h11.LocalProtocolError:
            self._abort()

    def _abort(self) -> None:
        self.transport.abort()

    # -- what comes in -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._is_parting:
            return
        if not self._has_spoken:
            self._has_spoken = True
            self._tell_other_languages(data)
        if self._next_turn is not None:
            self.conn.receive_data(data)
            return
        self._pace.begin_turn()
        super().data_received(data)
        self._watch_head()

    def handle_events(self) -> None:
        super().handle_events()
        if self.conn.is_held and self._next_turn is None and not self.is_closing:
            self.flow.hold()
            self._next_turn = self.loop.call_later(self._pace.wait_s(), self._take_turn)

    def _take_turn(self) -> None:
        self._next_turn = None
        self.conn.is_held = False
        if self.is_closing:
            return
        self._pace.begin_turn()
        self.flow.release()
        self.handle_events()
        self._watch_head()

    def _tell_other_languages(self, data: bytes) -> None:
        for beginning, advice in _OTHER_LANGUAGES.items():
            if data.startswith(beginning):
                self.limits.log.warning(
                    "%s speaks %s", self.client[0] if self.client else "somebody", advice, kind=advice
                )

    def on_response_complete(self) -> None:
        self.idle_since = time.monotonic()
        super().on_response_complete()

    # -- the head's time -----------------------------------------------------------------------------------

    def _watch_head(self) -> None:
        """The timer runs from the first moment of waiting for a head, however often a byte of it comes."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_timeout_s, self.transport.close)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    # -- upgrades ------------------------------------------------------------------------------------------

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection to a WebSocket, or say why not; its head is not read a second time."""
        sizes = [value for name, value in self.headers if name in (b"content-length", b"transfer-encoding")]
        if event.http_version != b"1.1" or sizes not in ([], [b"0"]):
            self._refuse(400, "an upgrade is a GET of HTTP/1.1 without a body")
            return
        quota, address = self.limits.quota, self._address
        call = WebSocketConnection(
            self.config, self.server_state, self.app_state,
            quota=quota, address=address, pace=quota.pace_of(address, EVENTS),
        )  # fmt: skip
        if (refusal := call.refusal_of(event, self.headers)) is not None:
            self._refuse(refusal.status_code, (refusal.body or b"").decode().strip(), dict(refusal.headers.raw_items()))
            return
        self._stop_head_timer()
        self.connections.discard(self)
        quota.release(self, address)
        quota.acquire(call, address)
        self.transport.set_protocol(call)
        call.begin(self.transport, self.conn.trailing_data[0])

    # -- refusals ------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Called while a RemoteProtocolError is handled, which knows better than 400."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self._abort()
            return
        error = sys.exception()
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(status, msg)

    def _refuse(self, status: int, message: str, more: dict[str, str] | None = None) -> None:
        """The envelope, before the application has seen anything; and the end of the connection."""
        body = msgspec.json.encode(Failure("bad_request", message, status).envelope(None))
        headers = [
            *BEFORE_ANYTHING.items(),
            ("content-type", "application/json"),
            ("connection", "close"),
            ("content-length", str(len(body))),
            *((name.lower(), value) for name, value in (more or {}).items() if name.lower() in ("allow", "upgrade")),
        ]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        self._part()

    def _part(self) -> None:
        """Close so that the answer arrives: a close with input unread, or still to come, would overtake it."""
        self._stop_head_timer()
        self._is_parting = True
        if self.limits.quota.may_linger and self.transport.can_write_eof():  # TLS cannot: its close waits by itself
            self.transport.write_eof()
            self.loop.call_later(_PARTING_S, self.transport.close)
        else:
            self.transport.close()
