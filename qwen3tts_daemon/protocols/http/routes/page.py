"""The page: index.html, the files that it loads, and the worker that keeps them for when the daemon is away."""

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.failures import Refusal

_FILES = resources.files("qwen3tts_daemon") / "web"
_PAGE_SUFFIXES = (".css", ".js", ".png", ".svg", ".webmanifest")
_WORKER = "service-worker.js"
"""It rules over the paths below its own, so it lies beside the page and not in /web/."""


def _page_files(folder: Traversable, prefix: str = "") -> Iterator[str]:
    """What /web/ serves; a name that is not among them does not exist, whatever lies beside it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _page_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_PAGE_SUFFIXES) and entry.name != _WORKER:
            yield prefix + entry.name


class _Asset:
    """A file of the page; `tag` changes with its content."""

    def __init__(self, name: str, content: bytes, tag: str = "") -> None:
        self._content = content
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._media_type = f"{media_type}; charset=utf-8" if media_type.endswith("+xml") else media_type
        self.tag = tag or hashlib.sha256(content).hexdigest()[:32]

    def response(self, request: Request) -> Response:
        headers = {"etag": f'"{self.tag}"', "cache-control": "no-cache"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if headers["etag"] in known:
            return Response(status_code=304, headers=headers)
        return Response(self._content, media_type=self._media_type, headers=headers)


def _version(files: Mapping[str, bytes]) -> str:
    """Another one as soon as any file is another."""
    names_and_contents = json.dumps([(name, hashlib.sha256(files[name]).hexdigest()) for name in sorted(files)])
    return hashlib.sha256(names_and_contents.encode()).hexdigest()[:32]


def router() -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(include_in_schema=False)
    contents = {name: (_FILES / name).read_bytes() for name in _page_files(_FILES)}
    markup, script = (_FILES / "index.html").read_bytes(), (_FILES / _WORKER).read_bytes()
    version = _version({**contents, "index.html": markup, _WORKER: script})
    shell = {"version": version, "files": ["", *(f"web/{name}" for name in sorted(contents))]}
    # The worker compares its version with the page's tag.
    page = _Asset("index.html", markup, tag=version)
    worker = _Asset(_WORKER, f"self.shell = {json.dumps(shell)};\n".encode() + script)
    assets = {name: _Asset(name, content) for name, content in contents.items()}

    @routes.get("/")
    @routes.get("/ui")
    async def index(request: Request) -> Response:
        return page.response(request)

    @routes.get(f"/{_WORKER}")
    async def service_worker(request: Request) -> Response:
        return worker.response(request)

    @routes.get("/web/{name:path}")
    async def asset(name: str, request: Request) -> Response:
        if name not in assets:
            raise Refusal("not_found", "no such file")
        return assets[name].response(request)

    return routes
