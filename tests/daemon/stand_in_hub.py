"""A Hugging Face hub on 127.0.0.1: as much of its HTTP as `models download` uses, and its bad days.

GET /api/models/REPOSITORY?blobs=true         the files with their sizes and hashes
GET /REPOSITORY/resolve/COMMIT/PATH           a file; a large one (LFS) by a redirect, as to the hub's storage
"""

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "5ecd4d4e5ecd4d4e5ecd4d4e5ecd4d4e5ecd4d4e"


@dataclass
class StandInHub:
    """What it offers and how it behaves; may be changed while it runs."""

    repositories: dict[str, Path]
    endpoint: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    """What it says instead of a file's true size, by path."""
    names: dict[str, str] = field(default_factory=dict)
    """What it calls a file instead of its path."""
    statuses: dict[str, HTTPStatus] = field(default_factory=dict)
    """What it answers instead, by the beginning of the request's path; "" is every path."""
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """Bytes after which the next connections break that send this path."""
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of files, by path."""
    is_silent: bool = False
    """It accepts requests and answers none before it stops."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def describe(self, repository: str) -> dict[str, Any]:
        root = self.repositories[repository]
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return {"id": repository, "sha": COMMIT, "siblings": [self._sibling(root, path) for path in files]}

    def _sibling(self, root: Path, path: Path) -> dict[str, Any]:
        name, content = path.relative_to(root).as_posix(), path.read_bytes()
        size = self.sizes.get(name, len(content))
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        described: dict[str, Any] = {"rfilename": self.names.get(name, name), "size": size, "blobId": blob}
        if _is_large(name):
            described["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 134}
        return described


@contextmanager
def stand_in_hub(repositories: dict[str, Path]) -> Iterator[StandInHub]:
    hub = StandInHub(repositories)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, hub))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, hub: StandInHub, *arguments: Any) -> None:
        self._hub = hub
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        status = next((s for start, s in self._hub.statuses.items() if path.startswith(start)), None)
        if self._hub.is_silent:
            self._hub.stopped.wait()
        elif status is not None:
            self._answer(status)
        elif found := re.fullmatch("/api/models/([^/]+/[^/]+)", path):
            self._answer_description(found[1])
        elif found := re.fullmatch(f"/([^/]+/[^/]+)/(resolve|storage)/{COMMIT}/(.+)", path):
            self._answer_file(*found.groups())
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _answer_description(self, repository: str) -> None:
        if repository not in self._hub.repositories:
            self._answer(HTTPStatus.NOT_FOUND, {"X-Error-Code": "RepoNotFound"})
        else:
            self._answer(HTTPStatus.OK, body=json.dumps(self._hub.describe(repository)).encode())

    def _answer_file(self, repository: str, place: str, name: str) -> None:
        if _is_large(name) and place == "resolve":
            self._answer(HTTPStatus.FOUND, {"Location": f"/{repository}/storage/{COMMIT}/{name}"})
            return
        content = (self._hub.repositories[repository] / name).read_bytes()
        if found := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start = int(found[1])
            range_of = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self._answer(HTTPStatus.PARTIAL_CONTENT, range_of, content[start:], name)
        else:
            self._answer(HTTPStatus.OK, {}, content, name)

    def _answer(
        self, status: HTTPStatus, headers: dict[str, str] | None = None, body: bytes = b"", name: str = ""
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), "X-Repo-Commit": COMMIT, **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if cuts := self._hub.cut_after.get(name):
            body = body[: cuts.pop(0)]
        self.wfile.write(body)
        if name:
            self._hub.sent[name] += len(body)

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""


def _is_large(name: str) -> bool:
    return name.endswith(".safetensors")
