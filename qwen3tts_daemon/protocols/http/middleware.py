"""The edge of the HTTP port: whatever comes in is admitted or refused here, and every error leaves from here.

An ASGI middleware round the whole application. Handlers raise; nothing else turns exceptions into answers.
What is not listed as open needs the scope `speak`: a new route is closed until somebody opens it.
"""

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qwen3tts_daemon.access.auth import Auth, Principal
from qwen3tts_daemon.access.headers import Headers
from qwen3tts_daemon.access.networks import Address, parse_address
from qwen3tts_daemon.failures import Failure, Refusal, describe
from qwen3tts_daemon.protocols.http.cors import answer_headers, expose, preflight_headers
from qwen3tts_daemon.protocols.http.json_body import wait_for_disconnect
from qwen3tts_daemon.protocols.http.multipart import MAX_FORM_BYTES
from qwen3tts_daemon.protocols.scope_state import ABORT
from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.speech.request import Caller, new_request_id

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset(("/", "/ui", "/health", "/ready", "/v1/session"))
OPEN_PREFIXES = ("/web/", "/v1/audio/clips/")

_STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; worker-src blob:; font-src 'self' data:; base-uri 'none'; "
    "form-action 'none'"
)
_DOCS_PATHS = frozenset(("/docs", "/docs/oauth2-redirect", "/redoc"))
"""Swagger UI and ReDoc start from an inline script; they show our own text only."""

_SKIP_S = 1.0

_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}


def principal_of(scope: Scope) -> Principal:
    """Who asks, as the edge found out."""
    visitor = scope["state"]["visitor"]
    assert isinstance(visitor, Principal)
    return visitor


def refuse_foreign_pages(request: HTTPConnection) -> None:
    """For a GET that speaks; what changes something the edge refuses by itself."""
    principal_of(request.scope).refuse_foreign_pages()


def request_id_of(scope: Scope) -> str:
    """The id that is in the answer's X-Request-ID, in the log and in every error."""
    return str(scope["state"]["request_id"])


def caller_of(scope: Scope) -> Caller:
    """Who orders: behind proxies that are trusted the address that they name, else that of the connection."""
    peer = scope.get("client")
    address = principal_of(scope).address or (parse_address(peer[0]) if peer else None)
    return Caller(request_id_of(scope), str(address or ""))


class AccessMiddleware:
    """See the module."""

    def __init__(
        self,
        app: ASGIApp,
        auth: Auth,
        *,
        max_body_bytes: int,
        body_timeout_s: float = 30.0,
        frame_ancestors: Sequence[str] = ("'self'",),
        max_requests_per_address: int = 256,
    ) -> None:
        """`max_requests_per_address`: at once, behind trusted proxies; all others are counted by their connections."""
        self._app = app
        self._auth = auth
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._max_requests_per_address = max_requests_per_address
        self._under_way = Counter[Address]()
        self._log = SparingLog(logger)
        self._framing = "; frame-ancestors " + (" ".join(frame_ancestors) or "'none'")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["request_id"] = new_request_id()
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    # -- requests ------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_form = dict(scope["headers"]).get(b"content-type", b"").startswith(b"multipart/form-data")
        most = max(self._max_body_bytes, MAX_FORM_BYTES) if is_form else self._max_body_bytes
        body = _Body(scope, receive, most, self._body_timeout_s)
        asked = Headers(scope["headers"])
        reply = _Reply(scope, send, body, self._headers(scope, asked))
        try:
            visitor = self._admit(scope)
            if permissions := preflight_headers(scope["method"], asked, self._auth.origins):
                await reply.answer(204, permissions)
                return
            if scope["path"] not in OPEN_PATHS and not scope["path"].startswith(OPEN_PREFIXES):
                visitor.require("speak")
            body.check_head()
            _mount_below(visitor.path_prefix, scope)
            # The server leaves out the body of the answer to HEAD; to us it is GET.
            inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            with self._counted(scope, visitor):
                await self._app(inner, body.receive, reply.send)
        except asyncio.CancelledError:
            await reply.abort(receive)  # the server stops, this is the end of its task
        except ClientDisconnect:
            logger.debug("request %s was left before it was complete", request_id_of(scope))
        except Exception as error:  # noqa: BLE001  the protocol's edge
            if reply.has_started:
                logger.info("request %s was cut: %s", request_id_of(scope), describe(error).code)
                await reply.abort(receive)
            else:
                self._tell(scope, error)
                await reply.fail(error)

    @contextlib.contextmanager
    def _counted(self, scope: Scope, visitor: Principal) -> Iterator[None]:
        """Raises Refusal for one request too many of an address behind a proxy."""
        address = visitor.address
        if address is None or (scope.get("client") and address == parse_address(scope["client"][0])):
            yield
            return
        if self._under_way[address] >= self._max_requests_per_address:
            limit = self._max_requests_per_address
            raise Refusal("rate_limited", f"at most {limit} requests at once; see http.max_connections_per_address")
        self._under_way[address] += 1
        try:
            yield
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]

    def _tell(self, scope: Scope, error: Exception) -> None:
        """The log, of what its client is not shown: browsers hide refused upgrades, and refusals of other sites."""
        what = "a WebSocket" if scope["type"] == "websocket" else "a page"
        if not isinstance(error, Refusal) or error.code == "unknown_host":  # which is told with its way out
            return
        if scope["type"] == "websocket" or error.code == "forbidden_origin":
            client = scope["client"][0] if scope.get("client") else "somebody"
            self._log.warning("%s from %s was refused: %s", what, client, error.message, kind=f"{what} {error.code}")

    def _admit(self, scope: Scope) -> Principal:
        is_websocket = scope["type"] == "websocket"
        client = scope.get("client")
        visitor = self._auth.admit(
            client[0] if client else None,
            scope["headers"],
            method="WEBSOCKET" if is_websocket else scope["method"],
            query=scope["query_string"].decode("latin-1"),
            scheme=scope["scheme"],
        )
        scope["state"]["visitor"] = visitor
        return visitor

    def _headers(self, scope: Scope, asked: Headers) -> dict[str, str]:
        are_docs = scope["path"] in _DOCS_PATHS
        policy = _DOCS_POLICY if are_docs else _STRICT_POLICY
        return {
            **answer_headers(asked, self._auth.origins),
            "x-request-id": request_id_of(scope),
            "x-content-type-options": "nosniff",
            # What is tried out there is told to be our own page's.
            "referrer-policy": "same-origin" if are_docs else "no-referrer",
            "content-security-policy": policy + self._framing,
        }

    # -- sockets -------------------------------------------------------------------------------------------

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Host and Origin are refused before the upgrade; a bad token is the protocol's to answer."""
        is_open = False

        async def send_on(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.close" and not is_open:
                raise Refusal("not_found", f"no WebSocket at {scope['path'][:200]}")
            is_open = True
            await send(message)

        try:
            visitor = self._admit(scope)
            _mount_below(visitor.path_prefix, scope)
            await self._app(scope, receive, send_on)
        except asyncio.CancelledError:
            _abort(scope)  # the server stops, this is the end of its task
        except Exception as error:
            if is_open:
                raise
            self._tell(scope, error)
            headers = self._headers(scope, Headers(scope["headers"]))
            await _refuse_upgrade(scope, send, _describe(error), headers)


class _Reply:
    """The answer to one request: its headers, and what becomes of it when it fails."""

    def __init__(self, scope: Scope, send: Send, body: "_Body", headers: dict[str, str]) -> None:
        self._scope = scope
        self._send = send
        self._body = body
        self._headers = headers
        self.has_started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
            if self._body.ends_the_connection:
                headers["connection"] = "close"
            expose(headers)
        await self._send(message)

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """All at once."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})

    async def fail(self, error: Exception) -> None:
        """The envelope."""
        failure = _describe(error)
        if failure.code not in ("too_large", "timeout"):
            await self._body.skip()
        body, headers = _envelope(failure, self._scope)
        if isinstance(error, HTTPException):
            headers |= error.headers or {}
        await self.answer(failure.http_status, headers, body)

    async def abort(self, receive: Receive) -> None:
        """An end that nobody can mistake for a complete body."""
        if _abort(self._scope):
            with contextlib.suppress(asyncio.CancelledError):
                await wait_for_disconnect(receive)


class _Body:
    """The request's body, as long and as slow as is allowed."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int, timeout_s: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._deadline = asyncio.get_running_loop().time() + timeout_s
        self._headers = dict(scope["headers"])
        self._bytes = 0
        self._is_complete = False

    @property
    def is_unread(self) -> bool:
        """More may come that nobody wants."""
        has_body = self._headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self._headers
        return has_body and not self._is_complete

    @property
    def ends_the_connection(self) -> bool:
        """It cannot be used again: what comes next may belong to this body."""
        return self.is_unread or self._has_two_lengths

    @property
    def _has_two_lengths(self) -> bool:
        return b"content-length" in self._headers and b"transfer-encoding" in self._headers

    def check_head(self) -> None:
        """Raises Refusal if the head alone says that the body will not do."""
        if self._has_two_lengths:
            raise Refusal("bad_request", "either Content-Length or Transfer-Encoding")
        self._check_size(int(self._headers.get(b"content-length", b"0")))

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise Refusal("too_large", f"a body takes at most {self._max_bytes} bytes")

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Refusal("timeout", f"the body did not come within {self._timeout_s:g} s") from None
        self._bytes += len(message.get("body", b""))
        self._check_size(self._bytes)
        self._is_complete = not message.get("more_body", False)
        return message

    async def skip(self) -> None:
        """Take what the client is sending: closing on it would reset the connection before it reads why."""
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + _SKIP_S)
        with contextlib.suppress(Refusal):
            while self.is_unread:
                await self.receive()


def _describe(error: Exception) -> Failure:
    """`failures.describe`, and the router's own errors in the same words."""
    if isinstance(error, HTTPException):
        code = _STATUS_CODES.get(error.status_code, "bad_request")
        return Failure(code, error.detail, error.status_code)
    return describe(error)


def _envelope(failure: Failure, scope: Scope) -> tuple[bytes, dict[str, str]]:
    body = msgspec.json.encode(failure.envelope(request_id_of(scope)))
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after_s))
    if failure.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    return body, headers


async def _refuse_upgrade(scope: Scope, send: Send, failure: Failure, headers: dict[str, str]) -> None:
    body, more = _envelope(failure, scope)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers | more).items()]
    await send({"type": "websocket.http.response.start", "status": failure.http_status, "headers": raw})
    await send({"type": "websocket.http.response.body", "body": body})


def _mount_below(prefix: str, scope: Scope) -> None:
    """Links that the application makes itself then go through the proxy that we are behind."""
    if prefix:
        scope["root_path"] = prefix
        scope["path"] = prefix + scope["path"]


def _abort(scope: Scope) -> bool:
    """End the connection, if the server can."""
    abort = scope["state"].get(ABORT)
    if abort is None:
        return False
    abort()
    return True
