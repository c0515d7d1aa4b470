"""The HTTP application: health, metrics, voices, login, the page, API docs, and the doors to speech.

It is built of the parts that it is given, and knows no settings but its own section.
"""

import hashlib
import mimetypes
from collections.abc import Callable, Coroutine, Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Protocol

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope
from starlette.websockets import WebSocket

from qwen3tts_daemon.access.auth import TICKET_S, Auth
from qwen3tts_daemon.failures import HTTP_STATUS, Refusal, draining
from qwen3tts_daemon.protocols.http.json_body import body_of, read_json, schemas_of
from qwen3tts_daemon.protocols.http.middleware import AccessMiddleware, caller_of, principal_of
from qwen3tts_daemon.protocols.http.response_schemas import Health, Ready, Ticket
from qwen3tts_daemon.protocols.http.routes import batch, clips, openai, say, voices, wrapper
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_making import VoiceMaker

SERVICE = "qwen3tts-daemon"
_READY_STATES = ("ready", "sleeping", "unloaded")
"""Asleep or unloaded is ready too: the next request wakes it, and nothing else would."""


class SocketDoor(Protocol):
    """Who speaks over the WebSockets that come through this port."""

    async def serve(self, websocket: WebSocket, *, address: str) -> None: ...
    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None: ...


def build_app(
    *,
    speech: Speech,
    metrics: Metrics,
    auth: Auth,
    sockets: SocketDoor,
    kept_clips: Clips,
    config: HttpSettings,
    version: str,
    body_timeout_s: float = 30.0,
) -> FastAPI:
    """The application, whole: the edge is round it. `speech` may still be loading its engine."""
    app = FastAPIOffline(
        title="Qwen3-TTS voice daemon", version=version, summary="Text in, speech out, streaming.",
        description="WebSocket clients connect to `/v1/tts` (voice.v1).",
    )  # fmt: skip
    app.add_middleware(
        AccessMiddleware,
        auth=auth,
        max_body_bytes=config.max_body_bytes,
        body_timeout_s=body_timeout_s,
        frame_ancestors=config.frame_ancestors,
        max_requests_per_address=config.max_connections_per_address,
    )
    library = speech.voices.library
    routers = (
        _status(speech, metrics, version),
        _login(auth),
        voices.router(speech, VoiceMaker(speech, library) if library else None),
        wrapper.router(speech),
        openai.router(speech),
        batch.router(speech),
        say.router(speech),
        clips.router(speech, kept_clips, config),
        _page(),
        _sockets(sockets),
    )
    for router in routers:
        app.include_router(router)
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    app.add_exception_handler(HTTPException, _to_the_edge(routes))
    _describe_bodies(app)
    return app


def _to_the_edge(routes: Sequence[BaseRoute]) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
    """The router's 404 and 405 leave from where everything else leaves.

    A route is one method of a path and knows no other: a 405 is told here which ones the path has.
    """

    async def pass_on(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            error.headers = {**(error.headers or {}), "Allow": ", ".join(_methods_of(request.scope, routes))}
        raise error

    return pass_on


def _methods_of(scope: Scope, routes: Sequence[BaseRoute]) -> list[str]:
    """Of the path that the first matching route has: what a later pattern would take too is hidden by it."""
    ours = [route for route in routes if isinstance(route, Route)]
    path = next((route.path for route in ours if route.matches(scope)[0] is not Match.NONE), None)
    methods = {method for route in ours if route.path == path for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def _status(speech: Speech, metrics: Metrics, version: str) -> APIRouter:
    routes = APIRouter(tags=["Status"])

    @routes.get("/health")
    async def health(request: Request) -> Health:
        """The daemon lives, whatever its engine does. Who may not speak is told less."""
        answer: Health = {"status": "ok", "service": SERVICE}
        if "speak" in principal_of(request.scope).granted:
            capabilities = speech.capabilities
            answer |= {
                "version": version,
                "engine": capabilities.engine,
                "state": "draining" if speech.is_draining else speech.manager.state,
                "preview": capabilities.is_preview,
                "active": speech.active,
            }
        return answer

    @routes.get("/ready")
    async def ready() -> Ready:
        """200 if a request would be spoken now, else 503."""
        if speech.is_draining:
            raise draining()
        if speech.manager.state not in _READY_STATES:
            raise Refusal("model_loading", f"the engine is {speech.manager.state}")
        return {"status": "ready"}

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def exposition() -> Response:
        """Prometheus' text format."""
        return Response(metrics.exposition(), headers={"content-type": CONTENT_TYPE_LATEST})

    return routes


class Login(msgspec.Struct, frozen=True):
    token: str


def _login(auth: Auth) -> APIRouter:
    routes = APIRouter(tags=["Access"])

    @routes.post("/v1/session", status_code=204, openapi_extra=body_of(Login))
    async def open_session(request: Request) -> Response:
        """The token as {"token": "..."} for a cookie that a page cannot read."""
        login = await read_json(request, Login)
        is_secure, address = principal_of(request.scope).is_secure, caller_of(request.scope).address
        cookie = auth.open_session(login.token, is_secure=is_secure, address=address)
        return Response(status_code=204, headers={"set-cookie": cookie})

    @routes.post("/v1/tickets")
    async def give_ticket(request: Request) -> Ticket:
        """For one WebSocket or GET of a client that can send no headers: /v1/tts?ticket=..."""
        return {"ticket": auth.give_ticket(caller_of(request.scope).address), "expires_in_s": TICKET_S}

    return routes


def _sockets(sockets: SocketDoor) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/v1/tts")
    async def speak(websocket: WebSocket) -> None:
        try:
            principal_of(websocket.scope).require("speak")
        except Refusal as refusal:
            await sockets.refuse(websocket, refusal)
        else:
            await sockets.serve(websocket, address=caller_of(websocket.scope).address)

    return routes


# -- the page ----------------------------------------------------------------------------------------------

_PAGE_SUFFIXES = (".css", ".js", ".svg")


def _page_files(folder: Traversable, prefix: str = "") -> Iterator[str]:
    """What /web/ serves; a name that is not among them does not exist, whatever lies beside it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _page_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_PAGE_SUFFIXES):
            yield prefix + entry.name


class _Asset:
    """A file of the page, read once."""

    def __init__(self, name: str) -> None:
        self._content = (resources.files("qwen3tts_daemon") / "web" / name).read_bytes()
        self._media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._etag = f'"{hashlib.sha256(self._content).hexdigest()[:32]}"'

    def answer(self, request: Request) -> Response:
        headers = {"etag": self._etag, "cache-control": "no-cache"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if self._etag in known:
            return Response(status_code=304, headers=headers)
        return Response(self._content, media_type=self._media_type, headers=headers)


def _page() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = _Asset("index.html")
    assets = {name: _Asset(name) for name in _page_files(resources.files("qwen3tts_daemon") / "web")}

    @routes.get("/")
    @routes.get("/ui")
    async def index(request: Request) -> Response:
        return page.answer(request)

    @routes.get("/web/{name:path}")
    async def asset(name: str, request: Request) -> Response:
        if name not in assets:
            raise Refusal("not_found", "no such file")
        return assets[name].answer(request)

    return routes


_FAILURE_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "param", "type", "request_id"],
            "properties": {
                "code": {"type": "string", "enum": sorted(HTTP_STATUS)},
                "message": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "type": {"type": "string"},
                "request_id": {"type": ["string", "null"]},
            },
        }
    },
}
_FAILURE_RESPONSE = {
    "description": "What went wrong; see docs/http.md",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
}


def _describe_bodies(app: FastAPI) -> None:
    """Put the bodies, which msgspec reads, and the one shape of errors into the OpenAPI document."""
    make_document = app.openapi

    def openapi_document() -> dict[str, Any]:
        document = make_document()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for room in (openai, batch, clips, wrapper, voices):
            schemas |= room.schemas()
        schemas |= {**schemas_of(Login), "Failure": _FAILURE_SCHEMA}
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["responses"].setdefault("default", _FAILURE_RESPONSE)
                operation["responses"].pop("422", None)  # FastAPI's own, which nothing here answers
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document

    app.openapi = openapi_document  # type: ignore[method-assign]
