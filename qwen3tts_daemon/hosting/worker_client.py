"""The daemon's side of a worker: an engine whose work happens in a child process."""

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from qwen3tts_daemon.engine_package import check_engine_package
from qwen3tts_daemon.hosting import ipc
from qwen_tts.api import (
    Audio,
    AudioChunk,
    Capabilities,
    EngineStatus,
    StreamEnd,
    SynthesisRequest,
    VoiceKind,
    VoicePrompt,
)
from qwen_tts.errors import ModelUnavailable, OutOfMemory, SynthesisError, from_code
from qwen_tts.stream import WINDOW_FRAMES, AudioStream

logger = logging.getLogger(__name__)

_ACK_FRAMES = WINDOW_FRAMES // 8
"""Acks are sent in bundles: small against the window, large against the cost of a message."""
_SHUTDOWN_S = 2.0
_MOST_MISSED_BEATS = 20
"""Long enough for a library that holds the GIL while it loads."""

_WHY_KILLED: dict[int, str] = {
    signal.SIGKILL: "killed, as happens where memory runs out",
    signal.SIGBUS: "a file that it has in memory has become shorter",
}
"""What most likely ended a process, by the signal that did"""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine a worker makes: `factory` is `module:function`, called with `options`."""

    factory: str
    options: dict[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    """What takes long to import"""
    log_level: str = "info"
    nice: int | None = None
    """See ipc.Hello"""


class NoAnswer(ModelUnavailable):
    """A worker that was not up, for a reason that may pass: another one may do better."""


class _RemoteSource:
    """The engine's side of one stream, told to the worker by messages."""

    def __init__(
        self,
        send: Callable[[ipc.ToWorker], None],
        stream: int,
        ack_samples: int,
        streams: MutableMapping[int, AudioStream],
    ) -> None:
        self._send = send
        self._stream = stream
        self._ack_samples = ack_samples
        self._taken = 0
        self._streams = streams

    def feed(self, text: str) -> None:
        self._send(ipc.Text(self._stream, text))

    def flush(self) -> None:
        self._send(ipc.Flush(self._stream))

    def end_text(self) -> None:
        self._send(ipc.End(self._stream))

    def cancel(self) -> None:
        self._send(ipc.Cancel(self._stream))
        self._streams.pop(self._stream, None)

    def taken(self, samples: int) -> None:
        self._taken += samples
        if self._taken >= self._ack_samples:
            self._send(ipc.Ack(self._stream, self._taken))
            self._taken = 0


class WorkerEngine:
    """A SpeechEngine in a child process. Its death fails every stream at once and sets `died`."""

    def __init__(
        self, process: asyncio.subprocess.Process, link: ipc.Link[ipc.FromWorker], capabilities: Capabilities
    ) -> None:
        self._process = process
        self._link = link
        self._capabilities = capabilities
        self._numbers = itertools.count()
        self._streams: dict[int, AudioStream] = {}
        self._calls: dict[int, asyncio.Future[ipc.Encoded]] = {}
        self._loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._has_spoken = False
        """Since somebody last looked"""
        self._closing = False
        self._is_failing = False
        """Its engine has failed for good: it tells every stream why, and ends by itself"""
        self.status = EngineStatus()
        """As of the last heartbeat"""
        self.died = asyncio.Event()
        """Set when its engine has failed, or its process has ended; after `close` that has ended for sure."""
        self._reading = asyncio.create_task(self._read())
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, spec: EngineSpec, *, timeout_s: float = 30.0) -> "WorkerEngine":
        """Spawn the worker and greet it. Raises ModelUnavailable with its reason, NoAnswer if it gives none."""
        try:
            check_engine_package()  # somebody may have installed another since the daemon has begun
            process, link = await _start_process()
        except ImportError as error:
            raise ModelUnavailable(str(error)) from error
        except OSError as error:
            raise NoAnswer(f"the engine's process did not start: {error.strerror}") from error
        link.send(ipc.Hello(ipc.PROTOCOL, spec.factory, spec.options, spec.imports, spec.log_level, spec.nice))
        try:
            answer = await _first_message(process, link, timeout_s)
        except BaseException:
            await _discard(process, link)
            raise
        if isinstance(answer, ipc.Welcome):
            return cls(process, link, answer.capabilities)
        await _discard(process, link)
        kind = NoAnswer if answer.code == OutOfMemory.code else ModelUnavailable
        raise kind(f"the engine's process did not start: {answer.message}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def stream(self, request: SynthesisRequest) -> AudioStream:
        if self.died.is_set() or self._closing:
            raise ModelUnavailable("the engine's process has ended")
        number = next(self._numbers)
        ack_samples = _ACK_FRAMES * self._capabilities.samples_per_frame
        source = _RemoteSource(self._link.send, number, ack_samples, self._streams)
        audio = self._streams[number] = AudioStream(source, live=request.live)
        self._link.send(ipc.Open(number, request))
        return audio

    def prepare(self, kind: VoiceKind) -> None:
        self._link.send(ipc.Prepare(kind))

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        encoded = await self._call(lambda call: ipc.EncodeReference(call, audio, transcript))
        assert encoded.prompt is not None
        return VoicePrompt(encoded.prompt)

    async def encode(self, audio: Audio) -> list[list[int]]:
        encoded = await self._call(lambda call: ipc.Encode(call, audio))
        assert encoded.codes is not None
        return encoded.codes

    async def decode(self, codes: list[list[int]]) -> Audio:
        encoded = await self._call(lambda call: ipc.Decode(call, codes))
        assert encoded.audio is not None
        return encoded.audio

    async def load(self) -> None:
        """Let the worker load, and wait until it has. Raises what made it fail."""
        self._link.send(ipc.Load())
        await asyncio.shield(self._loaded)

    async def sleep(self) -> None:
        await self._call(ipc.Sleep)

    async def wake(self) -> None:
        await self._call(ipc.Wake)

    async def close(self) -> None:
        """End the worker: asked first, then killed. Idempotent."""
        self._closing = True
        if not self._is_failing:
            self._link.send(ipc.Shutdown())
        await self._wait_or_kill()
        await self._reading

    # -- inside --------------------------------------------------------------------------------------------

    async def _call(self, make: Callable[[int], ipc.ToWorker]) -> ipc.Encoded:
        if self.died.is_set():
            raise ModelUnavailable("the engine's process has ended")
        call = next(self._numbers)
        future: asyncio.Future[ipc.Encoded] = asyncio.get_running_loop().create_future()
        self._calls[call] = future
        self._link.send(make(call))
        try:
            return await future
        finally:
            del self._calls[call]

    async def _watch(self) -> None:
        """Kill a worker that has stopped beating; reading then sees its end.

        Only time that this process has seen go by counts: where both were stopped, as in a container that is paused,
        no beat was missed.
        """
        missed = 0
        while missed < _MOST_MISSED_BEATS:
            self._has_spoken = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ipc.HEARTBEAT_S):
                    await self.died.wait()
                    return
            missed = 0 if self._has_spoken else missed + 1
        logger.error("worker pid=%d gave no sign for %.0f s, killing it", self.pid, missed * ipc.HEARTBEAT_S)
        _kill(self._process)

    async def _read(self) -> None:
        try:
            while (message := await self._link.receive()) is not None:
                self._has_spoken = True
                self._handle(message)
        except msgspec.DecodeError as error:
            logger.error("worker pid=%d sent what is no message: %s", self.pid, error)
        finally:
            self._link.close()
            await self._end_all_work()

    async def _end_all_work(self) -> None:
        """The link has ended: every stream and call fails at once; then wait until the process has ended."""
        error = ModelUnavailable("the engine's process has ended; it is being restarted, try again")
        for audio in self._streams.values():
            audio.finish(error)
        self._streams.clear()
        for call in self._calls.values():
            if not call.done():
                call.set_exception(error)
        self._fail_load(error)
        self.died.set()
        await self._wait_or_kill()
        if not self._closing:
            logger.error("worker pid=%d ended unexpectedly, %s", self.pid, _how_ended(self._process.returncode))

    async def _wait_or_kill(self) -> None:
        try:
            async with asyncio.timeout(_SHUTDOWN_S):
                await self._process.wait()
        except TimeoutError:
            # It may still hold memory that the next one needs.
            _kill(self._process)
            await self._process.wait()

    def _handle(self, message: ipc.FromWorker) -> None:
        match message:
            case ipc.AudioData(stream, pcm, first_sample, segment, words):
                if audio := self._streams.get(stream):
                    chunk = AudioChunk(
                        pcm=pcm, first_sample=first_sample, sample_rate=self._capabilities.sample_rate,
                        segment=segment, words=words,
                    )  # fmt: skip
                    audio.push(chunk)
            case ipc.Place(stream, position):
                if audio := self._streams.get(stream):
                    audio.tell_queue_position(position)
            case ipc.Done(stream, end):
                self._finish(stream, end)
            case ipc.Failed(code, text, stream, call, param, retry_after_s):
                self._failed(from_code(code, text, param=param, retry_after_s=retry_after_s), stream, call)
            case ipc.Encoded(call):
                # An answer may cross with the cancelling of its call.
                if (future := self._calls.get(call)) and not future.done():
                    future.set_result(message)
            case ipc.State("ready"):
                if not self._loaded.done():
                    self._loaded.set_result(None)
            case ipc.State("failed") if self._loaded.done() and self._loaded.exception() is None:
                logger.error("worker pid=%d: its engine has failed for good", self.pid)
                self._is_failing = True
                self.died.set()
            case ipc.Stats(status=status):
                self.status = status
            case _:
                pass  # other states: receiving them was the point

    def _failed(self, error: SynthesisError, stream: int | None, call: int | None) -> None:
        if stream is not None:
            self._finish(stream, error)
        elif call is not None:
            if (future := self._calls.get(call)) and not future.done():
                future.set_exception(error)
        else:
            self._fail_load(error)

    def _fail_load(self, error: SynthesisError) -> None:
        if not self._loaded.done():
            self._loaded.set_exception(error)
            self._loaded.exception()  # nobody may be waiting for it

    def _finish(self, stream: int, outcome: StreamEnd | SynthesisError) -> None:
        if audio := self._streams.pop(stream, None):
            audio.finish(outcome)


async def _start_process() -> tuple[asyncio.subprocess.Process, ipc.Link[ipc.FromWorker]]:
    """A worker and the link to it. Raises OSError; leaves nothing behind then, nor if it is cancelled."""
    ours, theirs = socket.socketpair()
    with theirs:
        link = await ipc.daemon_link(ours)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "qwen3tts_daemon.hosting.worker", str(theirs.fileno()),
                pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL,
                process_group=0,  # what comes from the terminal is the daemon's to handle, from the first moment
            )  # fmt: skip
        except BaseException:
            link.close()
            raise
    return process, link


async def _first_message(
    process: asyncio.subprocess.Process, link: ipc.Link[ipc.FromWorker], timeout_s: float
) -> ipc.Welcome | ipc.Failed:
    """A new worker says that it is up, or why it cannot start. Raises NoAnswer."""
    try:
        async with asyncio.timeout(timeout_s):
            answer = await link.receive()
            if answer is None:
                how = _how_ended(await process.wait())
                raise NoAnswer(f"the engine's process ended before it was up, {how}")
    except TimeoutError:
        raise NoAnswer(f"the engine's process was not up after {timeout_s:g} s") from None
    except msgspec.DecodeError as error:
        raise NoAnswer(f"the engine's process sent what is no message: {error}") from None
    if not isinstance(answer, ipc.Welcome | ipc.Failed):
        raise NoAnswer(f"the engine's process began with {type(answer).__name__}")
    return answer


def _how_ended(status: int | None) -> str:
    why = _WHY_KILLED.get(-status) if status else None
    return f"status={status}" + (f" ({why})" if why else "")


async def _discard(process: asyncio.subprocess.Process, link: ipc.Link[ipc.FromWorker]) -> None:
    """End a worker that was never used."""
    link.close()
    _kill(process)
    await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
