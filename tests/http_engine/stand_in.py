"""A speech server that is not ours, on 127.0.0.1, by another HTTP library: it answers as a test says."""

import asyncio
import contextlib
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.fakes import tone

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]

VOICES: dict[str, Any] = {"voices": ["vivian", "ryan"], "uploaded_voices": []}
"""As vLLM-Omni and sglang-omni list them."""


def sound(pcm: bytes, *, content_type: str = "audio/pcm", **headers: str) -> Answer:
    """All at once."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        given = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return web.Response(body=pcm, headers=given)

    return answer


def says(status: int, body: Any, **headers: str) -> Answer:
    """Not sound, but this: JSON, or text as it stands."""

    async def answer(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=given)

    return answer


async def speak(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """The tone of the text, streamed."""
    response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
    await response.prepare(request)
    pcm = tone(body["input"])
    for start in range(0, len(pcm), 1001):  # an odd number: samples are cut in two
        await response.write(pcm[start : start + 1001])
    return response


async def hang_up(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """The connection ends without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def breaks_off(pcm: bytes) -> Answer:
    """So much is sent, then the connection ends."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        await response.write(pcm)
        assert request.transport is not None
        request.transport.close()
        await asyncio.Event().wait()
        return response

    return answer


class Held:
    """Sends the first part, and the rest when it may; knows when its client has left."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()
        self.left = asyncio.Event()
        self.sent_bytes = 0

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self.begun.set()
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        try:
            await response.prepare(request)
            for number, part in enumerate(self._parts):
                if number == 1:
                    await self.go_on.wait()
                await response.write(part)
                self.sent_bytes += len(part)
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise
        return response


class StandIn:
    """Answers each request with the next of `answers`, or by speaking."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.voices: Answer = says(200, VOICES)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.port = 0
        self._last: web.BaseRequest | None = None

    @property
    def texts(self) -> list[str]:
        return [body["input"] for body in self.asked]

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        answer = self.answers.popleft() if self.answers else speak
        return await answer(request, body)

    async def _voices(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return await self.voices(request, {})

    @contextlib.asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator["StandIn"]:
        app = web.Application()
        app.router.add_post("/v1/audio/speech", self._speech)
        app.router.add_get("/v1/audio/voices", self._voices)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()
