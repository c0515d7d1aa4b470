"""The page: index.html and the files that it loads."""

import hashlib
import mimetypes
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.failures import Refusal

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

    def response(self, request: Request) -> Response:
        headers = {"etag": self._etag, "cache-control": "no-cache"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if self._etag in known:
            return Response(status_code=304, headers=headers)
        return Response(self._content, media_type=self._media_type, headers=headers)


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    page = _Asset("index.html")
    assets = {name: _Asset(name) for name in _page_files(resources.files("qwen3tts_daemon") / "web")}

    @routes.get("/")
    @routes.get("/ui")
    async def index(request: Request) -> Response:
        return page.response(request)

    @routes.get("/web/{name:path}")
    async def asset(name: str, request: Request) -> Response:
        if name not in assets:
            raise Refusal("not_found", "no such file")
        return assets[name].response(request)

    return routes
