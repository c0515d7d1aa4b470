"""A request's body, as long and as slow as is allowed; and when its client has gone."""

import asyncio
import contextlib
from typing import Self

from starlette.types import Message, Receive, Scope

from qwen3tts_daemon.failures import Refusal

PATHS_OF_SPEECH = ("/v1/audio/speech", "/v1/audio/speech/batch", "/v1/audio/clips")
"""Their bodies may be longer, by a recording; see speech_bodies"""
_KEY = "request_body"
_SKIP_S = 1.0


class RequestBody:
    """Receives it, and knows whether the connection can be used again afterwards."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int, timeout_s: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._deadline = asyncio.get_running_loop().time() + timeout_s
        self._headers = dict(scope["headers"])
        self._bytes = 0
        self._is_complete = False
        scope.setdefault("state", {})[_KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """The one that is being received."""
        body = scope["state"][_KEY]
        assert isinstance(body, cls)
        return body

    def wait_longer(self, wait_s: float) -> None:
        """It had to wait for us."""
        self._deadline += wait_s

    @property
    def is_unread(self) -> bool:
        """More may come that nobody wants."""
        has_body = self._headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self._headers
        return has_body and not self._is_complete

    @property
    def ends_the_connection(self) -> bool:
        """It cannot be used again: what comes next may belong to this body."""
        return self.is_unread or self._has_two_lengths

    @property
    def _has_two_lengths(self) -> bool:
        return b"content-length" in self._headers and b"transfer-encoding" in self._headers

    def check_head(self) -> None:
        """Raises Refusal if the head alone says that the body will not do."""
        if self._has_two_lengths:
            raise Refusal("bad_request", "either Content-Length or Transfer-Encoding")
        self._check_size(int(self._headers.get(b"content-length", b"0")))

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise Refusal("too_large", f"a body takes at most {self._max_bytes} bytes")

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Refusal("timeout", f"the body did not come within {self._timeout_s:g} s") from None
        self._bytes += len(message.get("body", b""))
        self._check_size(self._bytes)
        self._is_complete = not message.get("more_body", False)
        return message

    async def skip(self) -> None:
        """Take what the client is sending: closing on it would reset the connection before it reads why."""
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + _SKIP_S)
        with contextlib.suppress(Refusal):
            while self.is_unread:
                await self.receive()


async def wait_for_disconnect(receive: Receive) -> None:
    """Until the client has gone; only once the body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
