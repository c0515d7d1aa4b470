"""Whatever comes in through the HTTP port is admitted or refused here, and every error leaves from here.

An ASGI middleware round the whole application. Handlers raise; nothing else turns exceptions into answers.
What is not listed as open needs the scope `speak`: a new route is closed until somebody opens it.
"""

import asyncio
import logging
from collections.abc import Sequence

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qwen3tts_daemon.access.auth import Auth, Principal
from qwen3tts_daemon.access.headers import Headers
from qwen3tts_daemon.failures import Refusal, describe
from qwen3tts_daemon.limits import MAX_REF_AUDIO_CHARS
from qwen3tts_daemon.protocols.http.concurrency_limit import RequestLimit
from qwen3tts_daemon.protocols.http.cors import cors_headers, preflight_headers
from qwen3tts_daemon.protocols.http.multipart import MAX_FORM_BYTES
from qwen3tts_daemon.protocols.http.replies import HttpReply, abort_connection, describe_http, refuse_upgrade
from qwen3tts_daemon.protocols.http.request_body import PATHS_OF_SPEECH, RequestBody
from qwen3tts_daemon.protocols.http.request_state import request_id_of, set_principal, set_request_id
from qwen3tts_daemon.protocols.http.security_headers import isolation, security_headers
from qwen3tts_daemon.sparing_log import SparingLog

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset(("/", "/ui", "/service-worker.js", "/health", "/ready", "/v1/session"))
OPEN_PREFIXES = ("/web/", "/v1/audio/clips/")


class AdmissionMiddleware:
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
        """`max_requests_per_address`: see RequestLimit."""
        self._app = app
        self._auth = auth
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._requests = RequestLimit(max_requests_per_address)
        self._log = SparingLog(logger)
        self._frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_request_id(scope)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    # -- requests ------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = RequestBody(scope, receive, self._max_bytes(scope), self._body_timeout_s)
        asked = Headers(scope["headers"])
        headers = self._headers(scope, asked)
        reply = HttpReply(scope, send, body, headers)
        try:
            principal = self._admit(scope)
            headers |= isolation(principal)
            if permissions := preflight_headers(scope["method"], asked, self._auth.origins):
                await reply.answer(204, permissions)
                return
            if scope["path"] not in OPEN_PATHS and not scope["path"].startswith(OPEN_PREFIXES):
                principal.require("speak")
            body.check_head()
            _mount_below(principal.path_prefix, scope)
            # The server leaves out the body of the answer to HEAD; to us it is GET.
            inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            with self._requests.counted(scope, principal):
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

    def _max_bytes(self, scope: Scope) -> int:
        """Of the body."""
        if dict(scope["headers"]).get(b"content-type", b"").startswith(b"multipart/form-data"):
            return max(self._max_body_bytes, MAX_FORM_BYTES)
        if scope["path"] in PATHS_OF_SPEECH:
            return self._max_body_bytes + MAX_REF_AUDIO_CHARS
        return self._max_body_bytes

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
        principal = self._auth.admit(
            client[0] if client else None,
            scope["headers"],
            method="WEBSOCKET" if is_websocket else scope["method"],
            query=scope["query_string"].decode("latin-1"),
            scheme=scope["scheme"],
        )
        set_principal(scope, principal)
        return principal

    def _headers(self, scope: Scope, asked: Headers) -> dict[str, str]:
        return {
            **cors_headers(asked, self._auth.origins),
            **security_headers(scope["path"], self._frame_ancestors),
            "x-request-id": request_id_of(scope),
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
            principal = self._admit(scope)
            _mount_below(principal.path_prefix, scope)
            await self._app(scope, receive, send_on)
        except asyncio.CancelledError:
            abort_connection(scope)  # the server stops, this is the end of its task
        except Exception as error:
            if is_open:
                raise
            self._tell(scope, error)
            headers = self._headers(scope, Headers(scope["headers"]))
            await refuse_upgrade(scope, send, describe_http(error), headers)


def _mount_below(prefix: str, scope: Scope) -> None:
    """Links that the application makes itself then go through the proxy that we are behind."""
    if prefix:
        scope["root_path"] = prefix
        scope["path"] = prefix + scope["path"]
