"""The HTTP application: health, metrics, voices, login, the page, API docs, and the doors to speech.

It is built of the parts that it is given, and knows no settings but its own section.
"""

import hashlib
import mimetypes
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket

from qwen3tts_daemon.auth import TICKET_S, Auth
from qwen3tts_daemon.clips import Clips
from qwen3tts_daemon.failures import HTTP_STATUS, Refusal, describe, draining
from qwen3tts_daemon.metrics import Metrics
from qwen3tts_daemon.protocols import batch, clips, openai, rest, say, voices
from qwen3tts_daemon.protocols.bodies import read_json
from qwen3tts_daemon.protocols.edge import Edge, visitor_of
from qwen3tts_daemon.protocols.websocket import Sockets, refuse
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech import Speech
from qwen3tts_daemon.voice_making import VoiceMaker

SERVICE = "qwen3tts-daemon"
_UNAUTHORIZED = 4401
_READY_STATES = ("ready", "sleeping", "unloaded")
"""Asleep or unloaded is ready too: the next request wakes it, and nothing else would."""


def build_app(
    *,
    speech: Speech,
    metrics: Metrics,
    auth: Auth,
    sockets: Sockets,
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
        Edge,
        auth=auth,
        max_body_bytes=config.max_body_bytes,
        body_timeout_s=body_timeout_s,
        frame_ancestors=config.frame_ancestors,
    )
    app.add_exception_handler(HTTPException, _to_the_edge)
    app.include_router(_status(speech, metrics, version))
    app.include_router(_login(auth))
    library = speech.voices.library
    app.include_router(voices.router(speech, VoiceMaker(speech, library) if library else None))
    app.include_router(rest.router(speech))
    app.include_router(openai.router(speech))
    app.include_router(batch.router(speech))
    app.include_router(say.router(speech))
    app.include_router(clips.router(speech, kept_clips, config))
    app.include_router(_page())
    app.include_router(_sockets(sockets))
    _describe_bodies(app)
    return app


async def _to_the_edge(request: Request, error: Exception) -> Response:
    """The router's 404 and 405 leave from where everything else leaves."""
    raise error


def _status(speech: Speech, metrics: Metrics, version: str) -> APIRouter:
    routes = APIRouter(tags=["Status"])

    @routes.get("/health")
    async def health(request: Request) -> dict[str, Any]:
        """The daemon lives, whatever its engine does. Who may not speak is told less."""
        answer: dict[str, Any] = {"status": "ok", "service": SERVICE}
        if "speak" in visitor_of(request.scope).granted:
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
    async def ready() -> dict[str, Any]:
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


class _Login(msgspec.Struct, frozen=True):
    token: str


def _login(auth: Auth) -> APIRouter:
    routes = APIRouter(tags=["Access"])

    @routes.post("/v1/session", status_code=204)
    async def open_session(request: Request) -> Response:
        """The token as {"token": "..."} for a cookie that a page cannot read."""
        login = await read_json(request, _Login)
        cookie = auth.open_session(login.token, is_secure=visitor_of(request.scope).is_secure)
        return Response(status_code=204, headers={"set-cookie": cookie})

    @routes.post("/v1/tickets")
    async def give_ticket() -> dict[str, Any]:
        """For one WebSocket of a client that can send no headers: /v1/tts?ticket=..."""
        return {"ticket": auth.give_ticket(), "expires_in_s": TICKET_S}

    return routes


def _sockets(sockets: Sockets) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/v1/tts")
    async def speak(websocket: WebSocket) -> None:
        visitor = visitor_of(websocket.scope)
        try:
            visitor.require("speak")
        except Refusal as refusal:
            await refuse(websocket, describe(refusal), _UNAUTHORIZED)
        else:
            await sockets.serve(websocket, address=str(visitor.address) if visitor.address else None)

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
        schemas.update({**openai.schemas(), **batch.schemas(), **clips.schemas(), **rest.schemas(), **voices.schemas()})
        schemas["Failure"] = _FAILURE_SCHEMA
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["responses"].setdefault("default", _FAILURE_RESPONSE)
        return document

    app.openapi = openapi_document  # type: ignore[method-assign]
