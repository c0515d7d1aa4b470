"""A stream whose engine is still being loaded: text that comes meanwhile is kept, then fed to the engine's stream."""

import asyncio

from qwen_tts.api import SynthesisRequest
from qwen_tts.stream import AudioStream


class PendingStream:
    """See the module. A StreamSource."""

    def __init__(self, request: SynthesisRequest) -> None:
        self.request = request
        self.audio = AudioStream(self, live=request.live)
        self._texts: list[str | None] = []
        """None: a flush"""
        self._text_ended = False
        self._stream: AudioStream | None = None
        """The engine's, once there is one"""
        self._task: asyncio.Task[None] | None = None

    def run(self, task: asyncio.Task[None]) -> None:
        """`task` loads the engine and calls `relay`; it is cancelled with the stream."""
        self._task = task

    async def relay(self, stream: AudioStream) -> None:
        """Feed the engine's stream what has come, then pass its sound on to its end. Raises what it raises."""
        stream.acks_on_read = False
        stream.on_queue_position = self.audio.tell_queue_position
        async with stream:
            for text in self._texts:
                if text is None:
                    stream.flush()
                else:
                    stream.feed_now(text)
            if self._text_ended:
                stream.end_text()
            self._stream = stream
            async for chunk in stream:
                self.audio.push(chunk)
        if stream.end is not None:
            self.audio.finish(stream.end)

    # -- the stream's calls -----------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        if self._stream is not None:
            self._stream.feed_now(text)
        else:
            self._texts.append(text)

    def flush(self) -> None:
        if self._stream is not None:
            self._stream.flush()
        else:
            self._texts.append(None)

    def end_text(self) -> None:
        self._text_ended = True
        if self._stream is not None:
            self._stream.end_text()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def taken(self, samples: int) -> None:
        if self._stream is not None:
            self._stream.ack(samples)
