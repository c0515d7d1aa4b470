"""What tests say to daemons and are given by them, which no log may hold.

`listen` is called once for a run: the clients of tests then tell here what they send and get. A daemon's log is looked
through when it has ended (tests/wire/daemons.py), what is logged in a test's own process at once (tests/conftest.py).
"""

import functools
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import websockets.asyncio.client
import websockets.sync.client
import wyoming.client
from wyoming.event import Event

import qwen3tts_daemon
import qwen_tts

TEXTS = frozenset(("input", "text", "ref_text", "transcript", "instructions", "instruct", "style"))
"""Fields of what is said, at any depth"""
SECRETS = {"token": 12, "xi-api-key": 12, "xi_api_key": 12, "ticket": 12, "code": 12, "link": 12, "letters": 6}
"""Fields of what lets somebody in, and how short it may be"""
_WINDOW, _STRIDE = 14, 4
"""Of a text pieces are remembered; whatever holds 17 characters of it in a row holds one of them."""
_MOST_CHARS = 2_000
_SOURCES = [Path(package.__path__[0]) for package in (qwen3tts_daemon, qwen_tts)]
_COOKIE = re.compile(r"\d{10}\.[\w-]{22}\.[0-9a-f]{64}")
_KEY_IN_URL = re.compile(r"[?&#](?:ticket|token|code|key|api_key|xi-api-key)=[\w.-]{6,}")

_said: set[str] = set()
_secrets: set[str] = set()


def leaks_of(log: str, secrets: Iterable[str] = (), *, may_have_text: bool = False) -> list[str]:
    """The lines of a log that hold what they may not; `secrets` are some more."""
    known = {*_secrets, *(secret for secret in secrets if len(secret) >= SECRETS["token"])}
    return [line for line in log.splitlines() if _has_secret(line, known) or (not may_have_text and _has_text(line))]


def _has_secret(line: str, known: set[str]) -> bool:
    return bool(_COOKIE.search(line) or _KEY_IN_URL.search(line)) or any(secret in line for secret in known)


def _has_text(line: str) -> bool:
    pieces = (line[at : at + _WINDOW] for at in range(len(line) - _WINDOW + 1))
    return any(piece in _said and piece not in _own_words() for piece in pieces)


@functools.cache
def _own_words() -> str:
    """What the daemon itself may say: of its words in a log, some stand in the texts of tests too."""
    return "\n".join(path.read_text("utf-8") for root in _SOURCES for path in sorted(root.rglob("*.py")))


class Eavesdropper(logging.Handler):
    """Of a test's own process: what was logged that may not be."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("qwen", "uvicorn")):
            self.leaks += leaks_of(record.getMessage())


# -- what is sent and given --------------------------------------------------------------------------------------------


def remember(message: Any) -> None:
    """What JSON says under the names above."""
    for name, value in _fields(message):
        if name in TEXTS:
            text = value[:_MOST_CHARS]
            _said.update(text[at : at + _WINDOW] for at in range(0, len(text) - _WINDOW + 1, _STRIDE))
        elif len(value) >= SECRETS.get(name, len(value) + 1):
            _secrets.add(value)


def _fields(message: Any) -> Iterator[tuple[str, str]]:
    if isinstance(message, list):
        for one in message:
            yield from _fields(one)
    elif isinstance(message, dict):
        for name, value in message.items():
            if isinstance(value, str):
                yield name, value
            else:
                yield from _fields(value)


def _remember_json(data: Any) -> None:
    """What is none, and a message in parts, is passed over."""
    with suppress(ValueError, TypeError, RecursionError):
        remember(json.loads(data))


def _remember_request(request: httpx.Request) -> None:
    remember({name: values[-1] for name, values in parse_qs(request.url.query.decode("ascii", "replace")).items()})
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    remember({"token": token} if scheme == "Bearer" else {})
    remember({"xi-api-key": request.headers.get("xi-api-key", "")})
    with suppress(httpx.RequestNotRead):
        _remember_json(request.content)


def _remember_event(event: Event) -> None:
    remember(event.data)


# -- their clients -----------------------------------------------------------------------------------------------------


def listen() -> None:
    """To every client of this process, from now on."""
    _tell(httpx.Client, "send", _remember_request)
    _tell(httpx.AsyncClient, "send", _remember_request)
    _tell(websockets.asyncio.client.ClientConnection, "send", _remember_json)
    _tell(websockets.sync.client.ClientConnection, "send", _remember_json)
    _tell(wyoming.client.AsyncClient, "write_event", _remember_event)
    read = httpx.Response.json

    def telling(self: httpx.Response, **options: Any) -> Any:
        told = read(self, **options)
        if isinstance(told, dict):
            remember({name: value for name, value in told.items() if name in SECRETS})
        return told

    httpx.Response.json = telling  # type: ignore[method-assign]


def _tell(client: type, name: str, remember_it: Callable[[Any], None]) -> None:
    """Of each message that it sends by this method."""
    send = getattr(client, name)

    @functools.wraps(send)
    def telling(self: Any, *arguments: Any, **options: Any) -> Any:
        remember_it([*arguments, *options.values()][0])
        return send(self, *arguments, **options)

    setattr(client, name, telling)
