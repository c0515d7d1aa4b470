"""Who listens to a daemon while something breaks in it: what is heard, what is told, and when."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection

from tests.fakes import tone
from tests.patience import PATIENCE_S
from tests.wire.patient import connect
from tests.wire.test_websocket import Client

AHEAD = {"lead_ms": 600_000}
"""Nobody waits for the clock."""


class Listener(Client):
    """Of voice.v1, to one live text after the other. A gap in the sound, or anything after a `done`, is a failure."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection)
        self._name = ""
        self._contexts = 0
        self._said = b""
        """The sound of what was said in this context"""

    @property
    def problems(self) -> list[dict[str, Any]]:
        """All that was told to it beside its sound."""
        return [message for message in self.log if message["type"] in ("error", "warning")]

    async def begin(self, text: str, **options: Any) -> None:
        """Have a new live text spoken."""
        self._contexts += 1
        self._name, self._said = f"text-{self._contexts}", b""
        await self.say_more(text, policy="parallel", **AHEAD, **options)

    async def say_more(self, text: str, **options: Any) -> None:
        """In the text that was begun, whatever comes of it."""
        await self.say("speak", ctx=self._name, text=f"{text} ", **options)
        await self.say("flush", ctx=self._name)

    async def hears(self, sentence: str) -> None:
        """Have one more sentence spoken, and hear all of it, and nothing else."""
        if self._name:
            await self.say_more(sentence)
        else:
            await self.begin(sentence)
        self._said += tone(sentence)
        async with asyncio.timeout(PATIENCE_S):
            while len(self._heard) < len(self._said):
                assert (await self.hear())["type"] not in ("error", "warning", "done"), self.log[-1]
        assert self._heard == self._said

    async def hears_begin(self, text: str) -> None:
        """Have a new text begun, and hear its first frame."""
        await self.begin(text)
        await self._until("frame")

    async def is_told(self, code: str) -> dict[str, Any]:
        """That the text is over because of this; its `error`. Nothing comes after its `done`."""
        error = await self._until("error")
        assert error["code"] == code, error
        done = await self._until("done")
        assert done["reason"] == "error"
        assert done["samples"] == len(self._heard) // 2
        self._name = ""
        return error

    async def finish(self) -> None:
        """No more text comes."""
        await self.say("end", ctx=self._name)

    async def ends(self) -> None:
        """The text; all that was said of it has been heard."""
        await self.finish()
        done = await self._until("done")
        assert done["reason"] == "complete", done
        assert self._heard == self._said
        self._name = ""

    async def hear(self) -> dict[str, Any]:
        over = {message["ctx"] for message in self.log if message["type"] == "done"}
        message = await super().hear()
        assert message.get("ctx") not in over, message
        return message

    @property
    def _heard(self) -> bytes:
        return self.sound.get(self._name, b"")

    async def _until(self, type: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.until(type, ctx=self._name)


@contextlib.asynccontextmanager
async def listener(http: int, ticket: str = "") -> AsyncIterator[Listener]:
    """On a socket of its own."""
    async with connect(f"ws://127.0.0.1:{http}/v1/tts?ticket={ticket}", max_queue=None) as connection:
        client = Listener(connection)
        await client.until("ready")
        yield client
