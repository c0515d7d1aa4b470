"""Answers that are spoken while they are sent.

What fails before the first byte is an ordinary error; what fails later cuts the connection, for a clean end would say
that the sound is complete. Among server-sent events it is an event.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen3tts_daemon.audio import ENCODE_MS, to_wav
from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.protocols.http.request_body import wait_for_disconnect
from qwen3tts_daemon.protocols.http.sound_bodies import Framing
from qwen3tts_daemon.protocols.scope_state import TRAILERS
from qwen3tts_daemon.speech.report import Measures
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech.word_times import WordsTold
from qwen_tts.api import PCM_BYTES, Audio, AudioChunk
from qwen_tts.errors import SynthesisError

_SEND_TIMEOUT_S = 30.0
"""A client that takes nothing for so long is cut off."""

_TRAILERS = ("X-End", "X-Audio-Duration", "X-TTFA", "X-RTF")
"""Announced before a streamed body, sent after it: what its headers could not say yet."""

Names = Mapping[str, str]
"""How a protocol calls our fields: ours -> theirs."""


@contextlib.contextmanager
def their_names(names: Names) -> Iterator[None]:
    """An error names the field as the caller wrote it."""
    try:
        yield
    except SynthesisError as error:
        error.param = names.get(error.param or "", error.param)
        raise


@contextlib.asynccontextmanager
async def _cancelled_on_disconnect(utterance: Utterance, receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is done when the client has gone; the utterance is cancelled then, whatever it waits for."""
    disconnect = asyncio.create_task(wait_for_disconnect(receive))
    disconnect.add_done_callback(lambda _: utterance.cancel())
    try:
        yield disconnect
    finally:
        disconnect.cancel()


def _was_cancelled(utterance: Utterance, disconnect: asyncio.Task[None]) -> bool:
    """Whether it has no end because its client has gone. Raises Refusal if that was not the reason."""
    if utterance.end != "cancelled":
        return False
    if not disconnect.done():
        raise draining()
    return True


class StreamedAudioResponse(Response):
    """Speaks while it is sent; a client that leaves cancels the utterance, whatever it waits for."""

    def __init__(
        self, utterance: Utterance, framing: Framing, names: Names, headers: Mapping[str, str] | None = None
    ) -> None:
        given = {"x-accel-buffering": "no", "trailer": ", ".join(_TRAILERS), **(headers or {})}
        super().__init__(media_type=framing.media_type, headers=given)
        del self.headers["content-length"]
        self._utterance = utterance
        self._framing = framing
        self._names = names
        self._has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._utterance as utterance, _cancelled_on_disconnect(utterance, receive) as disconnect:
            try:
                await self._speak(send)
                if _was_cancelled(utterance, disconnect):
                    return
                await self._write(self._framing.end(utterance), send)
            except Exception as error:
                event = self._framing.error(error, utterance.caller.request_id) if self._has_started else None
                if event is None:
                    raise
                await self._write(event, send)
        # Who has it all may ask at once how it went: the utterance has been left by then.
        told = end_headers(utterance)
        scope["state"].get(TRAILERS, []).extend((name.encode(), value.encode()) for name, value in told.items())
        await self._finish(send)

    async def _speak(self, send: Send) -> None:
        with their_names(self._names):
            async for part in self._utterance:
                if isinstance(part, AudioChunk):
                    for pcm in pieces(part):
                        await self._write(self._framing.sound(pcm), send)
                elif isinstance(part, WordsTold):
                    await self._write(self._framing.words(part), send)

    async def _write(self, data: bytes, send: Send) -> None:
        if not data:
            return
        await self._start(send)
        await self._send_in_time(data, send, more=True)

    async def _start(self, send: Send) -> None:
        if not self._has_started:
            self._has_started = True
            self.headers.update(speaker_headers(self._utterance.voice, self._utterance.model))
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

    async def _finish(self, send: Send) -> None:
        await self._start(send)
        await self._send_in_time(b"", send, more=False)

    async def _send_in_time(self, data: bytes, send: Send, *, more: bool) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise Refusal("slow_consumer", "the sound was not taken") from None


class WholeAudioResponse(Response):
    """A whole WAV with its end and its cost in the headers; a client that leaves before cancels the utterance."""

    def __init__(self, utterance: Utterance, sample_rate: int, names: Names, filename: str) -> None:
        super().__init__(media_type="audio/wav")
        self._utterance = utterance
        self._sample_rate = sample_rate
        self._names = names
        self._filename = filename

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._utterance as utterance, _cancelled_on_disconnect(utterance, receive) as disconnect:
            with their_names(self._names):
                pcm = b"".join([part.pcm async for part in utterance if isinstance(part, AudioChunk)])
            if disconnect.done() or _was_cancelled(utterance, disconnect):
                return
        body = to_wav(Audio(pcm=pcm, sample_rate=self._sample_rate))
        headers = {"content-disposition": f'attachment; filename="{self._filename}"'}
        headers |= end_headers(utterance)
        headers |= speaker_headers(utterance.voice, utterance.model)
        await Response(body, media_type=self.media_type, headers=headers)(scope, receive, send)


def speaker_headers(voice: str, model: str = "") -> dict[str, str]:
    """Who spoke; what is not known is not there. Headers are ASCII: other letters are UTF-8 with %."""
    spoken_by = {"x-voice": voice, "x-model": model}
    return {name: quote(value, safe=":/ ") for name, value in spoken_by.items() if value}


def end_headers(utterance: Utterance) -> dict[str, str]:
    """How it has ended, what it cost, and whether it was kept and needed no engine."""
    is_cached = {"x-cached": "1"} if utterance.measures.is_cached else {}
    return {"x-end": utterance.end} | cost_headers(utterance.measures) | is_cached


def cost_headers(measures: Measures) -> dict[str, str]:
    """Seconds; what is not known is not there."""
    seconds = {
        "x-time-load": measures.load_s, "x-time-gen": measures.synthesis_s,
        "x-time-total": measures.load_s + measures.queue_s + (measures.synthesis_s or 0.0),
        "x-audio-duration": measures.audio_s, "x-ttfa": measures.ttfa_s, "x-rtf": measures.rtf,
    }  # fmt: skip
    return {name: f"{value:.3f}" for name, value in seconds.items() if value is not None}


def pieces(chunk: AudioChunk) -> Iterator[bytes]:
    step = chunk.sample_rate * ENCODE_MS // 1000 * PCM_BYTES
    for start in range(0, len(chunk.pcm), step):
        yield chunk.pcm[start : start + step]
