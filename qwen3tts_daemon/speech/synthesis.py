"""A passage's work in the engine: a lease, a stream, and the text that goes into it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Self

from qwen3tts_daemon.speech.incoming_text import IncomingText
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.speakers import Speakers
from qwen3tts_daemon.speech.text_reading import TextReading
from qwen3tts_daemon.text.directions import Direction
from qwen3tts_daemon.text.segments import Segment
from qwen_tts.api import AudioChunk, StreamEnd
from qwen_tts.stream import AudioStream, SpeechEngine


class Synthesis:
    """Holds the engine for one passage of a text, opens its stream with the first segment and feeds it the others.

    Iterate it for the engine's chunks. Raises what leasing, opening, feeding and speaking raise.
    """

    def __init__(
        self,
        text: IncomingText,
        first: int,
        measures: Measures,
        speakers: Speakers,
        open_stream: Callable[[SpeechEngine, Segment], Awaitable[tuple[AudioStream, TextReading]]],
    ) -> None:
        """The passage begins with segment `first`. `open_stream` says also how it is read, once it is known in which
        language."""
        self.end: StreamEnd | None = None
        """Set once the engine has ended by itself and every chunk was read."""
        self._text, self._first = text, first
        self._measures = measures
        self._speakers = speakers
        self._open_stream = open_stream
        self._stream: asyncio.Future[AudioStream | None] = asyncio.get_running_loop().create_future()
        """None: it was cancelled before there was one."""
        self._running: asyncio.Task[None] | None = None
        self._feed_error: Exception | None = None
        self._engine: SpeechEngine | None = None

    def start(self) -> None:
        """Ask for the engine now, while the text is still coming."""
        if not self._stream.done():
            self._running = asyncio.create_task(self._run())

    def cancel(self) -> None:
        """End the work now, also before it is started; idempotent, from any task. A waiting reader sees the end."""
        if self._running is not None:
            self._running.cancel()
        if not self._stream.done():
            self._stream.set_result(None)
        elif self._stream.exception() is None and (stream := self._stream.result()):
            stream.cancel()

    async def _run(self) -> None:
        """Ends by being cancelled: the engine is held as long as somebody may read."""
        try:
            async with AsyncExitStack() as held:
                engine, segment = await self._hold(held)
                self._engine = engine
                stream, reading = await self._open_stream(engine, segment)
                self._stream.set_result(stream)
                as_words = engine.capabilities.live_text == "words"
                await self._text.feed_to(stream, reading, self._first, as_words=as_words)
                await asyncio.Event().wait()
        except Exception as error:  # noqa: BLE001  handed to the reader, whose protocol describes it
            if not self._stream.done():
                self._stream.set_exception(error)
            elif (opened := self._stream.result()) is not None:
                self._feed_error = error
                opened.cancel()

    def prepare(self, before: Sequence[Direction]) -> None:
        """Another voice will speak soon, behind these directions: what it needs may be loaded meanwhile."""
        kind = self._speakers.kind_after(before)
        if kind is not None and self._engine is not None:
            self._engine.prepare(kind)

    async def _hold(self, held: AsyncExitStack) -> tuple[SpeechEngine, Segment]:
        """The engine of who speaks, and the first segment. If that is still to come the engine wakes meanwhile."""
        is_first = self._first == 0
        if len(self._text.segments) > self._first:
            segment = self._text.segments[self._first]
            self._speakers.go_on(segment.before, is_first=is_first)
            return await self._lease(held), segment
        engine = await self._lease(held)
        segment = await self._text.segment(self._first)
        if self._speakers.go_on(segment.before, is_first=is_first):
            engine = await self._lease(held)
        return engine, segment

    async def _lease(self, held: AsyncExitStack) -> SpeechEngine:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        engine = await held.enter_async_context(self._speakers.now.lease())
        self._measures.load_s += loop.time() - asked_at
        return engine

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AudioChunk:
        stream = self._stream.result() if self._stream.done() else await asyncio.shield(self._stream)
        try:
            if stream is None:
                raise StopAsyncIteration
            return await anext(stream)
        except StopAsyncIteration:
            if self._feed_error is not None:
                raise self._feed_error from None
            self.end = None if stream is None else stream.end
            raise
