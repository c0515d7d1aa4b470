"""Answers the requests of one Wyoming client, one after the other.

After the `error` to a plain request the connection ends, as it does with the reference server: older versions of Home
Assistant, and others, know no `error` and wait for the end. Not while there is more to answer, though.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from wyoming.event import Event

from qwen3tts_daemon.failures import Refusal, describe, draining
from qwen3tts_daemon.protocols.wyoming.answer_events import Answer
from qwen3tts_daemon.protocols.wyoming.request_queue import PendingRequest, RequestQueue
from qwen3tts_daemon.speech.request import Caller
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import AudioChunk
from qwen_tts.errors import TextEmpty


class SlowReader(Refusal):
    """The client takes nothing."""

    def __init__(self, limit_s: float) -> None:
        super().__init__("slow_consumer", f"nothing was read for {limit_s:g} s")


class Answerer:
    """`send` waits until the client takes the events; it raises ConnectionError or SlowReader."""

    def __init__(
        self,
        requests: RequestQueue,
        speech: Speech,
        send: Callable[[Iterable[Event]], Awaitable[None]],
        *,
        address: str,
        afterthought_s: float,
        is_receiving: Callable[[], bool],
    ) -> None:
        """`is_receiving`: an event is on its way, which may be one more request."""
        self._requests = requests
        self._speech = speech
        self._send = send
        self._address = address
        self._afterthought_s = afterthought_s
        self._is_receiving = is_receiving
        self.idle_since = asyncio.get_running_loop().time()
        """When the last answer ended."""

    async def run(self) -> None:
        """Until a plain request failed and nothing follows it. Raises what `send` raises."""
        has_failed = False
        while (request := await self._next(has_failed=has_failed)) is not None:
            try:
                has_failed = not await self._answer(request) and not request.is_stream
            finally:
                request.over()
            self._requests.unanswered -= 1
            self.idle_since = asyncio.get_running_loop().time()

    async def _next(self, *, has_failed: bool) -> PendingRequest | None:
        """The next request; None if there is none soon after one that failed, and none on its way."""
        while True:
            try:
                async with asyncio.timeout(self._afterthought_s if has_failed else None):
                    return await self._requests.next()
            except TimeoutError:
                if not self._requests.unanswered and not self._is_receiving():
                    return None

    async def _answer(self, request: PendingRequest) -> bool:
        """Whether it could be spoken."""
        answer = Answer(is_stream=request.is_stream, sample_rate=self._speech.capabilities.sample_rate)
        try:
            last = answer.finish(await self._speak(request, answer))
        except TextEmpty:
            last = answer.finish()
        except (ConnectionError, SlowReader):
            raise
        except Exception as error:  # noqa: BLE001  the protocol's edge
            await self._send(answer.fail(describe(error)))
            return False
        await self._send(last)
        return True

    async def _speak(self, request: PendingRequest, answer: Answer) -> str:
        """How it has ended."""
        caller = Caller(address=self._address)
        async with self._speech.utterance(request.order, caller, is_live=request.is_stream) as utterance:
            request.speak_with(utterance)
            async for item in utterance:
                if isinstance(item, AudioChunk):
                    await self._send(answer.sound(item.pcm, item.sample_rate))
            request.check()
            if utterance.end == "cancelled":
                raise draining()
        return utterance.end
