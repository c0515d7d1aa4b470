"""The Hugging Face hub and ModelScope on 127.0.0.1: what `models download` uses of their HTTP, and their bad days.

Each says what files there are and sends one; a large one (LFS) by a redirect to /storage, as to its content network.
"""

import hashlib
import json
import re
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from qwen3tts_daemon.downloads.hub import Hub
from qwen3tts_daemon.downloads.modelscope import ModelScope
from qwen3tts_daemon.downloads.source import TIMEOUT_S, Source

COMMIT = "5ecd4d4e5ecd4d4e5ecd4d4e5ecd4d4e5ecd4d4e"


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    name: str = ""
    """Of the file that it is."""


@dataclass
class StandIn(ABC):
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
    hold_after: dict[str, int] = field(default_factory=dict)
    """Bytes after which it sends no more of this path until it is `released`; the rest is lost."""
    released: threading.Event = field(default_factory=threading.Event)
    tampered: set[str] = field(default_factory=set)
    """Paths whose last byte it sends wrong."""
    range_status: HTTPStatus | None = HTTPStatus.PARTIAL_CONTENT
    """Of the range that it sends; None sends the whole file instead."""
    content_range: str | None = None
    """What it says of every range instead; "" is nothing."""
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of files, by path."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of the requests."""
    is_silent: bool = False
    """It accepts requests and answers none before it stops."""
    stopped: threading.Event = field(default_factory=threading.Event)

    @abstractmethod
    def source(self, timeout_s: float = TIMEOUT_S) -> Source:
        """The product's way to it."""

    @abstractmethod
    def answer(self, path: str, query: dict[str, str]) -> Answer: ...

    def files(self, repository: str) -> Iterator[tuple[str, bytes]]:
        root = self.repositories[repository]
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            yield path.relative_to(root).as_posix(), path.read_bytes()

    def file(self, repository: str, name: str) -> Answer:
        if is_large(name):
            return Answer(HTTPStatus.FOUND, {"Location": f"/storage/{repository}/{quote(name)}"})
        return self.stored(repository, name)

    def stored(self, repository: str, name: str) -> Answer:
        return Answer(HTTPStatus.OK, {}, (self.repositories[repository] / name).read_bytes(), name)


class StandInHub(StandIn):
    """GET /api/models/REPOSITORY?blobs=true and GET /REPOSITORY/resolve/COMMIT/PATH."""

    def source(self, timeout_s: float = TIMEOUT_S) -> Source:
        return Hub(self.endpoint, timeout_s)

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if found := re.fullmatch("/api/models/([^/]+/[^/]+)", path):
            return self._listing(found[1])
        if found := re.fullmatch(f"/([^/]+/[^/]+)/resolve/{COMMIT}/(.+)", path):
            return self.file(*found.groups())
        return Answer(HTTPStatus.NOT_FOUND)

    def _listing(self, repository: str) -> Answer:
        if repository not in self.repositories:
            return Answer(HTTPStatus.NOT_FOUND, {"X-Error-Code": "RepoNotFound"})
        siblings = [self._sibling(name, content) for name, content in self.files(repository)]
        return as_json({"id": repository, "sha": COMMIT, "siblings": siblings})

    def _sibling(self, name: str, content: bytes) -> dict[str, Any]:
        size = self.sizes.get(name, len(content))
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        described: dict[str, Any] = {"rfilename": self.names.get(name, name), "size": size, "blobId": blob}
        if is_large(name):
            described["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 134}
        return described


@dataclass
class StandInModelScope(StandIn):
    """GET /api/v1/models/REPOSITORY/repo/files and /api/v1/models/REPOSITORY/repo, as ModelScope's own library asks.

    A file is sent at the commit that changed it last and at no other, so that nobody gets what a branch has become.
    """

    entries: dict[str, dict[str, object]] = field(default_factory=dict)
    """What it says otherwise of a file, by path."""
    listing: bytes | None = None
    """What it says instead of its list."""

    def source(self, timeout_s: float = TIMEOUT_S) -> Source:
        return ModelScope(self.endpoint, timeout_s)

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        found = re.fullmatch("/api/v1/models/([^/]+/[^/]+)/repo(/files)?", path)
        if found is None or found[1] not in self.repositories:
            message = {"Code": 10010205001, "Message": "获取模型目录树失败，信息：record not found", "Success": False}
            return as_json(message, HTTPStatus.NOT_FOUND)
        if not found[2]:
            name = query["FilePath"]
            at_commit = query["Revision"] == commit_of(name)
            return self.file(found[1], name) if at_commit else Answer(HTTPStatus.NOT_FOUND)
        if self.listing is not None:
            return Answer(HTTPStatus.OK, {}, self.listing)
        is_known = query == {"Revision": "master", "Recursive": "True"}
        tree = {"Files": list(self._tree(found[1])) if is_known else None, "IsVisual": 0}
        return as_json({"Code": 200, "Data": tree, "Message": "success", "RequestId": "8c2a", "Success": True})

    def _tree(self, repository: str) -> Iterator[dict[str, object]]:
        directories = {str(Path(name).parent) for name, _ in self.files(repository)} - {"."}
        for name in sorted(directories):
            yield {"Path": name, "Type": "tree", "Size": 0, "Sha256": "", "IsLFS": False, "Mode": "16384"}
        for name, content in self.files(repository):
            described = {
                "CommitMessage": "upload", "CommittedDate": 1726842501, "CommitterName": "qwen", "InCheck": False,
                "IsLFS": is_large(name), "Mode": "33188", "Name": Path(name).name, "Path": self.names.get(name, name),
                "Revision": commit_of(name), "Sha256": hashlib.sha256(content).hexdigest(),
                "Size": self.sizes.get(name, len(content)), "Type": "blob",
            }  # fmt: skip
            yield described | self.entries.get(name, {})


Running = TypeVar("Running", bound=StandIn)


@contextmanager
def running(stand_in: Running) -> Iterator[Running]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, stand_in))
    stand_in.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, stand_in: StandIn, *arguments: Any) -> None:
        self._stand_in = stand_in
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._stand_in.headers.append(dict(self.headers))
        if self._stand_in.is_silent:
            self._stand_in.stopped.wait()
            return
        url = urlsplit(self.path)
        status = next((s for start, s in self._stand_in.statuses.items() if url.path.startswith(start)), None)
        if status is not None:
            self._send(Answer(status))
        elif found := re.fullmatch("/storage/([^/]+/[^/]+)/(.+)", url.path):
            self._send(self._range_of(self._stand_in.stored(found[1], unquote(found[2]))))
        else:
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            self._send(self._range_of(self._stand_in.answer(unquote(url.path), query)))

    def _range_of(self, answer: Answer) -> Answer:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not answer.name or not asked or self._stand_in.range_status is None:
            return answer
        start, size = int(asked[1]), len(answer.body)
        said = self._stand_in.content_range
        headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}" if said is None else said}
        return Answer(self._stand_in.range_status, headers, answer.body[start:], answer.name)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Length": str(len(answer.body)), "X-Repo-Commit": COMMIT, **answer.headers}
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        body = answer.body
        if cuts := self._stand_in.cut_after.get(answer.name):
            body = body[: cuts.pop(0)]
        if answer.name in self._stand_in.tampered:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if (held := self._stand_in.hold_after.get(answer.name)) is not None:
            body = body[:held]
        with suppress(ConnectionError):  # the other side has heard enough
            self.wfile.write(body)
            self.wfile.flush()
        if answer.name:
            self._stand_in.sent[answer.name] += len(body)
        if held is not None:
            while not (self._stand_in.released.wait(0.01) or self._stand_in.stopped.is_set()):
                pass
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Not on the terminal."""


def as_json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, {}, json.dumps(content).encode())


def commit_of(name: str) -> str:
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith(".safetensors")
