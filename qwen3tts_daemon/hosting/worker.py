"""The child process that hosts an engine: `python -m qwen3tts_daemon.hosting.worker FD`.

The only module of the daemon that imports an engine. It lives as long as its socket: when the daemon goes, by
whatever death, the socket ends and so does the worker, with all of its memory.
"""

import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from typing import Any

from qwen3tts_daemon.failures import describe
from qwen3tts_daemon.garbage import spare_what_is_here
from qwen3tts_daemon.hosting import ipc
from qwen3tts_daemon.log_lines import write_log
from qwen_tts import safeguards
from qwen_tts.api import EngineStatus, SynthesisRequest
from qwen_tts.cores import compute_here, usable_cores
from qwen_tts.errors import EngineFailed, OutOfMemory, SynthesisError, SynthesisFailed, is_lack_of_memory
from qwen_tts.hosting.lifecycle import BackgroundTasks, Mortal, Reporting
from qwen_tts.stream import AudioStream, SpeechEngine

logger = logging.getLogger(__name__)


def make_engine(factory: str, options: dict[str, Any]) -> SpeechEngine:
    """Call `module:function(**options)`."""
    module, _, function = factory.partition(":")
    engine: SpeechEngine = getattr(importlib.import_module(module), function)(**options)
    return engine


class WorkerSession:
    """Carries out the daemon's messages on one engine."""

    def __init__(self, link: ipc.Link[ipc.ToWorker], engine: SpeechEngine, imports: tuple[str, ...] = ()) -> None:
        self._link = link
        self._engine = engine
        self._streams: dict[int, AudioStream] = {}
        self._tasks = BackgroundTasks()
        self._relays: set[asyncio.Task[None]] = set()
        self._engine_failed = asyncio.Event()
        # Before it is asked to load: an import of seconds, which must not keep the heart from beating.
        self._imported = self._tasks.start(asyncio.to_thread(_import, imports))

    async def run(self) -> None:
        """Serve until the daemon says shutdown or goes away, or the engine can do nothing any more."""
        self._link.send(ipc.Welcome(ipc.PROTOCOL, self._engine.capabilities))
        if isinstance(self._engine, Mortal):
            self._tasks.start(self._watch(self._engine))
        self._tasks.start(self._beat())
        work = [asyncio.create_task(self._receive()), asyncio.create_task(self._say_how_streams_failed())]
        done, left = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        for task in done:
            task.result()
        await self._tasks.cancel()
        await self._engine.close()

    async def _watch(self, engine: Mortal) -> None:
        """Also when nobody has a stream."""
        await engine.died.wait()
        self._tell_failure()

    def _tell_failure(self) -> None:
        """First of all: whoever is told next that it failed may ask again at once, and not this engine."""
        if not self._engine_failed.is_set():
            self._engine_failed.set()
            self._link.send(ipc.State("failed"))

    async def _receive(self) -> None:
        while (message := await self._link.receive()) is not None:
            if isinstance(message, ipc.Shutdown):
                break
            await self._handle(message)

    async def _say_how_streams_failed(self) -> None:
        """An engine that failed ends all streams at once; the daemon learns of every one why, before this ends."""
        await self._engine_failed.wait()
        while self._relays:
            await asyncio.wait(self._relays)

    async def _load(self) -> None:
        self._link.send(ipc.State("loading"))
        try:
            await self._imported
            spare_what_is_here()  # before there are checkpoints, which come and go
            await self._engine.load()
        except Exception as error:  # noqa: BLE001  the edge of the process: the daemon gets the reason
            self._fail(error)
            self._link.send(ipc.State("failed"))
        else:
            self._link.send(ipc.State("ready"))

    async def _beat(self) -> None:
        while True:
            status = self._engine.status if isinstance(self._engine, Reporting) else EngineStatus()
            self._link.send(ipc.Stats(streams=len(self._streams), status=status))
            await asyncio.sleep(ipc.HEARTBEAT_S)

    async def _handle(self, message: ipc.ToWorker) -> None:
        match message:
            case ipc.Load():
                self._tasks.start(self._load())
            case ipc.Open(stream, request):
                self._open(stream, request)
            case ipc.Prepare(kind):
                self._engine.prepare(kind)
            case ipc.Text(stream) | ipc.End(stream) | ipc.Flush(stream) | ipc.Cancel(stream) | ipc.Ack(stream):
                # For a stream that has ended in the meantime there is nothing to do.
                if audio := self._streams.get(stream):
                    await self._tell(audio, message)
            case ipc.EncodeReference(call) | ipc.Encode(call) | ipc.Decode(call) | ipc.Sleep(call) | ipc.Wake(call):
                self._tasks.start(self._answer(call, message))

    async def _tell(self, audio: AudioStream, message: ipc.Text | ipc.End | ipc.Flush | ipc.Cancel | ipc.Ack) -> None:
        try:
            match message:
                case ipc.Text(_, text):
                    await audio.feed(text)
                case ipc.End():
                    audio.end_text()
                case ipc.Flush():
                    audio.flush()
                case ipc.Cancel():
                    audio.cancel()
                case ipc.Ack(_, samples):
                    audio.ack(samples)
        except Exception as error:  # noqa: BLE001  the edge of the process: one stream's fault ends that stream alone
            self._fail(error, stream=message.stream)
            audio.cancel()

    def _open(self, stream: int, request: SynthesisRequest) -> None:
        try:
            audio = self._engine.stream(request)
        except Exception as error:  # noqa: BLE001  the edge of the process
            self._fail(error, stream=stream)
            return
        audio.acks_on_read = False
        audio.on_queue_position = lambda position: self._link.send(ipc.Place(stream, position))
        self._streams[stream] = audio
        relay = self._tasks.start(self._relay(stream, audio))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, stream: int, audio: AudioStream) -> None:
        """Send a stream's chunks as they come, then how it ended."""
        try:
            async with audio:
                async for chunk in audio:
                    self._link.send(ipc.AudioData(stream, chunk.pcm, chunk.first_sample, chunk.segment, chunk.words))
            if audio.end is not None:
                self._link.send(ipc.Done(stream, audio.end))
        except Exception as error:  # noqa: BLE001  the edge of the process
            self._fail(error, stream=stream)
        finally:
            del self._streams[stream]

    async def _answer(self, call: int, message: ipc.ToWorker) -> None:
        try:
            self._link.send(await self._call(call, message))
        except Exception as error:  # noqa: BLE001  the edge of the process
            self._fail(error, call=call)

    async def _call(self, call: int, message: ipc.ToWorker) -> ipc.Encoded:
        match message:
            case ipc.EncodeReference(_, audio, transcript):
                prompt = await self._engine.encode_reference(audio, transcript)
                return ipc.Encoded(call, prompt=prompt.data)
            case ipc.Encode(_, audio):
                return ipc.Encoded(call, codes=await self._engine.encode(audio))
            case ipc.Decode(_, codes):
                return ipc.Encoded(call, audio=await self._engine.decode(codes))
            case ipc.Sleep():
                await self._engine.sleep()
                self._link.send(ipc.State("sleeping"))
            case ipc.Wake():
                await self._engine.wake()
                self._link.send(ipc.State("ready"))
        return ipc.Encoded(call)

    def _fail(self, error: Exception, *, stream: int | None = None, call: int | None = None) -> None:
        if isinstance(error, EngineFailed):
            self._tell_failure()
        if not isinstance(error, SynthesisError) and is_lack_of_memory(error):
            logger.error("there is no memory left: %s", error)
            error = OutOfMemory("the engine's process has no memory left for this", retry_after_s=5)
        if not isinstance(error, SynthesisError):
            logger.error("unexpected", exc_info=error)
            error = SynthesisFailed("the engine failed unexpectedly, see the log")
        self._link.send(ipc.Failed(error.code, error.message, stream, call, error.param, error.retry_after_s))


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        importlib.import_module(module)


async def _serve(fd: int) -> None:
    link = await ipc.worker_link(socket.socket(fileno=fd))
    hello = await link.receive()
    if not isinstance(hello, ipc.Hello):
        return
    write_log(hello.log_level, "worker ")
    if hello.protocol != ipc.PROTOCOL:
        link.send(ipc.Failed("model_unavailable", f"the worker speaks protocol {ipc.PROTOCOL}, not {hello.protocol}"))
        return
    if hello.nice is not None:  # no card
        safeguards.take_no_privileges()
        compute_here(usable_cores(), hello.nice)
    try:
        engine = make_engine(hello.factory, hello.options)
    except Exception as error:  # noqa: BLE001  the edge of the process: the daemon gets the reason
        code = OutOfMemory.code if is_lack_of_memory(error) else describe(error).code
        link.send(ipc.Failed(code, f"cannot make the engine {hello.factory}: {str(error) or type(error).__name__}"))
        link.close()
        return
    await WorkerSession(link, engine, hello.imports).run()


def main() -> None:
    """Serve on the inherited socket. Signals that every process of the service gets are the daemon's to handle."""
    # SIGTTOU: its log goes to a terminal whose foreground is the daemon.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    safeguards.write_no_core()
    safeguards.refuse_pickles()
    asyncio.run(_serve_and_exit(int(sys.argv[1])))


async def _serve_and_exit(fd: int) -> None:
    await _serve(fd)
    logging.shutdown()
    # An import may be on its way, and native libraries may keep threads; nothing is left to save, and the daemon waits
    # for the memory.
    os._exit(0)


if __name__ == "__main__":
    main()
