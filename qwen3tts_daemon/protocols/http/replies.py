"""How answers leave: each with our headers, a failure as its envelope, a cut answer with an end that shows it."""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from qwen3tts_daemon.failures import Failure, describe
from qwen3tts_daemon.protocols import elevenlabs_shape
from qwen3tts_daemon.protocols.http.cors import expose
from qwen3tts_daemon.protocols.http.request_body import RequestBody, wait_for_disconnect
from qwen3tts_daemon.protocols.http.request_state import request_id_of
from qwen3tts_daemon.protocols.scope_state import ABORT

_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}


class HttpReply:
    """The answer to one request: its headers, and what becomes of it when it fails."""

    def __init__(self, scope: Scope, send: Send, body: RequestBody, headers: dict[str, str]) -> None:
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
        failure = describe_http(error)
        if failure.code not in ("too_large", "timeout"):
            await self._body.skip()
        body, headers = envelope_of(failure, self._scope)
        if isinstance(error, HTTPException):
            headers |= error.headers or {}
        await self.answer(failure.http_status, headers, body)

    async def abort(self, receive: Receive) -> None:
        """An end that nobody can mistake for a complete body."""
        if abort_connection(self._scope):
            with contextlib.suppress(asyncio.CancelledError):
                await wait_for_disconnect(receive)


def describe_http(error: Exception) -> Failure:
    """`failures.describe`, and the router's own errors in the same words."""
    if isinstance(error, HTTPException):
        code = _STATUS_CODES.get(error.status_code, "bad_request")
        return Failure(code, error.detail, error.status_code)
    return describe(error)


def envelope_of(failure: Failure, scope: Scope) -> tuple[bytes, dict[str, str]]:
    body = msgspec.json.encode(_told(failure, scope))
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(failure.retry_after_s))
    if failure.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    return body, headers


def _told(failure: Failure, scope: Scope) -> dict[str, Any]:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if elevenlabs_shape.is_asked(path, frozenset(name.decode("latin-1").lower() for name, _ in scope["headers"])):
        return elevenlabs_shape.with_detail(failure, request_id_of(scope))
    return failure.envelope(request_id_of(scope))


async def refuse_upgrade(scope: Scope, send: Send, failure: Failure, headers: dict[str, str]) -> None:
    body, more = envelope_of(failure, scope)
    whole = {"cache-control": "no-store", **headers, **more}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in whole.items()]
    await send({"type": "websocket.http.response.start", "status": failure.http_status, "headers": raw})
    await send({"type": "websocket.http.response.body", "body": body})


def abort_connection(scope: Scope) -> bool:
    """End the connection, if the server can."""
    abort = scope["state"].get(ABORT)
    if abort is None:
        return False
    abort()
    return True
