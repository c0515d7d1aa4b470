"""The seam: an engine turns a request into an AudioStream, and leaving the stream's block cancels the work.

Rules of an AudioStream
1. Chunks come in order and without gaps: each starts at the sample where the one before ended.
2. After `cancel()` no chunk is delivered, whoever called it and whatever is in flight.
3. The end stays the end: reading on after it ends at once again; an error is raised once.
4. A producer may be `WINDOW_FRAMES` frames ahead of what the reader took (`StreamSource.taken`), then it pauses this
   stream and no other.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, Self

from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    QueuePosition,
    StreamEnd,
    SynthesisRequest,
    VoiceKind,
    VoicePrompt,
)
from qwen_tts.errors import InvalidRequest, SynthesisError

WINDOW_FRAMES = 64
"""Frames a stream may be ahead of its reader: 5 s at 80 ms."""


class StreamSource(Protocol):
    """The engine's side of one stream. Every call comes from the event loop and must not block."""

    def feed(self, text: str) -> None: ...
    def flush(self) -> None: ...
    def end_text(self) -> None: ...
    def cancel(self) -> None: ...
    def taken(self, samples: int) -> None:
        """The reader took `samples` more samples."""


class AudioStream:
    """The sound of one utterance. Leaving the `async with` block in any way cancels it."""

    def __init__(self, source: StreamSource, *, live: bool) -> None:
        self._source = source
        self.acks_on_read = True
        """Reading counts as taking; a relay that learns later what was taken sets False and calls `ack`."""
        self._loop = asyncio.get_running_loop()
        self._chunks: deque[AudioChunk] = deque()
        self._waiting: asyncio.Future[None] | None = None
        """The reader, for something to come; an Event would cost a chunk twice as much"""
        self._text_ended = not live
        self._ended = False
        self._is_over = False
        self._error: SynthesisError | None = None
        self.queue_position = QueuePosition(0)
        self.on_queue_position: Callable[[QueuePosition], None] | None = None
        """Called when it has changed."""
        self.end: StreamEnd | None = None
        """Set once the engine has finished and every chunk was read."""
        self._end: StreamEnd | None = None

    # -- the reader's side ---------------------------------------------------------------------------------

    async def feed(self, text: str) -> None:
        """Append live text."""
        self.feed_now(text)

    def feed_now(self, text: str) -> None:
        """`feed`, for who cannot wait: no engine makes anybody wait yet."""
        if self._text_ended:
            raise InvalidRequest("the text of this stream has ended", param="text")
        if not self._is_over:
            self._source.feed(text)

    def flush(self) -> None:
        """Speak what was fed, without waiting for more."""
        if not self._is_over:
            self._source.flush()

    def end_text(self) -> None:
        """No more text; idempotent."""
        if not self._text_ended:
            self._text_ended = True
            if not self._is_over:
                self._source.end_text()

    def cancel(self) -> None:
        """End the work now. Idempotent, synchronous, from any task of the loop; a waiting reader sees the end."""
        if self._is_over:
            return
        self._is_over = True
        self._chunks.clear()
        if not self._ended:
            self._source.cancel()
        self._wake_reader()

    def ack(self, samples: int) -> None:
        """The listener took `samples` more samples; only with `acks_on_read` off."""
        if not self._is_over:
            self._source.taken(samples)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AudioChunk:
        while not self._is_over:
            if self._chunks:
                chunk = self._chunks.popleft()
                if self.acks_on_read:
                    self._source.taken(chunk.samples)
                return chunk
            if self._ended:
                self._finish()
                break
            self._waiting = self._loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        raise StopAsyncIteration

    def _wake_reader(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _finish(self) -> None:
        self._is_over = True
        self.end = self._end
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    # -- the engine's side ---------------------------------------------------------------------------------

    def push(self, chunk: AudioChunk) -> None:
        """From the loop's own thread: one more chunk."""
        if not (self._is_over or self._ended):
            self._chunks.append(chunk)
            self._wake_reader()

    def tell_queue_position(self, position: QueuePosition) -> None:
        """From the loop's own thread: how far it has come in the engine's line."""
        if self._is_over or self._ended or position.place == self.queue_position.place:
            return
        self.queue_position = position
        if self.on_queue_position is not None:
            self.on_queue_position(position)

    def finish(self, outcome: StreamEnd | SynthesisError) -> None:
        """From the loop's own thread: the end, good or bad. The first outcome counts."""
        if self._ended:
            return
        self._ended = True
        if isinstance(outcome, SynthesisError):
            self._error = outcome
        else:
            self._end = outcome
        self._wake_reader()

    def call_from_thread(self, function: Callable[..., None], *args: object) -> None:
        """From an engine's thread: run `push` or `finish` on the loop; nothing happens if the loop has gone."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)


class SpeechEngine(Protocol):
    """Text in, sound out. Every method is called from one event loop."""

    @property
    def capabilities(self) -> Capabilities: ...

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """Queue the request. Raises InvalidRequest or EngineBusy at once, everything later through the stream."""

    def prepare(self, kind: VoiceKind) -> None:
        """A voice of this kind will be asked for soon: what it needs may be loaded meanwhile. Never raises."""

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """Make a voice of a recording; without transcript only the speaker embedding is used."""

    async def encode(self, audio: Audio) -> list[list[int]]:
        """The codec's tokens of a recording: [frames][codebooks]."""

    async def decode(self, codes: list[list[int]]) -> Audio:
        """The sound of codec tokens [frames][codebooks]."""

    async def load(self) -> None:
        """Load and warm up: afterwards the first request is as fast as the others. Called once, before `stream`."""

    async def sleep(self) -> None:
        """Give back the accelerator's memory; `wake` undoes it."""

    async def wake(self) -> None:
        """Be ready again after `sleep`."""

    async def close(self) -> None:
        """End every stream with ModelUnavailable and free everything."""
