"""EngineHost: every checkpoint on one device, behind one SpeechEngine.

A request goes to the checkpoint that speaks its kind of voice. One that is ready takes it at once; else it waits while
the checkpoint is brought, and its text waits with it. Rules of moving:

1. One move at a time, in the order in which checkpoints were first wanted; everybody who waits for one comes with it.
2. What is moved away is what nobody uses, longest unused first. If all are used, the one that was used least lately
   takes no new requests, and leaves when the last of its streams has ended: nobody is cut, and nobody waits for ever.
3. What it takes is measured when it is loaded; before that it is estimated from its files.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from qwen_tts.api import (
    Audio,
    Capabilities,
    EngineStatus,
    SynthesisRequest,
    VoiceKind,
    VoicePrompt,
)
from qwen_tts.config.checkpoint_types import type_speaking
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.host import HostConfig
from qwen_tts.config.languages import QWEN_NAMES
from qwen_tts.engine.fairness import check_may_wait
from qwen_tts.errors import (
    BadCheckpoint,
    InvalidRequest,
    ModelLoading,
    ModelUnavailable,
    SynthesisError,
    SynthesisFailed,
)
from qwen_tts.hosting.hosted_checkpoint import HostedCheckpoint, HostedEngine, Memory
from qwen_tts.hosting.pending_stream import PendingStream
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)

_HOST_SPARE_BYTES = 2 * 2**30
"""Of the machine's memory, left to others when weights are put there."""


def create(**options: Any) -> "EngineHost":
    """From the options of HostConfig; what a worker process calls."""
    return EngineHost(HostConfig.model_validate(options))


class EngineHost:
    """See the module, and SpeechEngine."""

    def __init__(
        self,
        config: HostConfig,
        *,
        make: Callable[[EngineConfig], HostedEngine] | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Raises BadCheckpoint."""
        self._config = config
        self._memory = memory
        residents = [HostedCheckpoint(config.engine_config(path), make or _engine) for path in config.checkpoints]
        self._residents = {resident.kind: resident for resident in residents}
        if len(self._residents) < len(residents):
            raise BadCheckpoint("two of the checkpoints speak the same kind of voice; name one of them")
        self._capabilities = _all_of([resident.capabilities for resident in residents])
        self._first = residents[0]
        self._wanted: deque[HostedCheckpoint] = deque()
        self._mover: asyncio.Task[None] | None = None
        self._still = asyncio.Lock()
        """Held while something moves"""
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[PendingStream] = set()
        self._watches: dict[VoiceKind, asyncio.Task[None]] = {}
        """Of those that are ready"""
        self._closing = False
        self._device: tuple[str, int, int] | None = None
        self.died = asyncio.Event()
        """Set when one of its engines has failed for good: the device is not trusted any more."""

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def status(self) -> EngineStatus:
        name, total, free = self._device or ("", None, None)
        models = tuple(resident.status for resident in self._residents.values())
        return EngineStatus(models=models, device=name, total_bytes=total, free_bytes=free)

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """See SpeechEngine."""
        resident = self._speaker_of(request.voice.kind)
        self._check_open()
        if resident.is_open:
            resident.used()
            return resident.engine.stream(request)
        own = sum(one.request.client == request.client for one in self._waiting)
        check_may_wait(request.client, own, self._config.queue - len(self._waiting))
        postponed = PendingStream(request)
        self._waiting.add(postponed)
        speaking = self._spawn(self._speak_later(resident, postponed))
        # Also of one that is cancelled before its first step.
        speaking.add_done_callback(lambda _: self._waiting.discard(postponed))
        postponed.run(speaking)
        return postponed.audio

    async def _speak_later(self, resident: HostedCheckpoint, postponed: PendingStream) -> None:
        """Until its checkpoint has come; from then on its sound is handed through."""
        try:
            async with self._lease(resident) as engine:
                stream = engine.stream(postponed.request)
            self._waiting.discard(postponed)
            await postponed.hand_through(stream)
        except SynthesisError as error:
            postponed.audio.finish(error)
        except Exception as error:  # nobody else would tell who waits for its sound
            logger.error("unexpected", exc_info=error)
            postponed.audio.finish(SynthesisFailed("the engine failed unexpectedly, see the log"))
        finally:
            postponed.audio.finish(ModelUnavailable("the engine is closing"))  # no other end has come

    def prepare(self, kind: VoiceKind) -> None:
        """See SpeechEngine."""
        resident = self._residents.get(kind)
        if resident is not None and not resident.is_open and not self._closing:
            self._spawn(self._fetch(resident))

    async def _fetch(self, resident: HostedCheckpoint) -> None:
        with suppress(SynthesisError):  # whoever asks for it is told
            async with self._lease(resident):
                pass

    def _speaker_of(self, kind: VoiceKind) -> HostedCheckpoint:
        if (resident := self._residents.get(kind)) is None:
            raise InvalidRequest(
                f"no checkpoint here speaks {kind} voices: "
                f"qwen3tts-daemon models download {type_speaking(kind).official}",
                param="voice",
            )
        return resident

    def _check_open(self) -> None:
        if self._closing or self.died.is_set():
            raise ModelUnavailable("the engine is closed")

    # -- voices and codes -------------------------------------------------------------------------------------------

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine."""
        async with self._lease(self._speaker_of("cloned")) as engine:
            return await engine.encode_reference(audio, transcript)

    async def encode(self, audio: Audio) -> list[list[int]]:
        """See SpeechEngine."""
        async with self._lease(self._any()) as engine:
            return await engine.encode(audio)

    async def decode(self, codes: list[list[int]]) -> Audio:
        """See SpeechEngine."""
        async with self._lease(self._any()) as engine:
            return await engine.decode(codes)

    def _any(self) -> HostedCheckpoint:
        """They all have the same codec."""
        return next((one for one in self._residents.values() if one.is_open), self._first)

    @asynccontextmanager
    async def _lease(self, resident: HostedCheckpoint, *, has_limit: bool = True) -> AsyncIterator[HostedEngine]:
        """Its engine, ready, which does not leave before the block has ended. Raises what made loading it fail."""
        self._check_open()
        if resident.is_open:
            resident.enter()
            engine = resident.engine
        else:
            engine = await self._wait_for(resident, self._config.arrival_timeout_s if has_limit else None)
        try:
            yield engine
        finally:
            resident.leave()

    async def _wait_for(self, resident: HostedCheckpoint, limit_s: float | None) -> HostedEngine:
        """Entered already when it comes, so that nothing can move it away before."""
        loop = asyncio.get_running_loop()
        resident.check(loop.time())
        arrival: asyncio.Future[HostedEngine] = loop.create_future()
        resident.waiting.append(arrival)
        if resident not in self._wanted:
            self._wanted.append(resident)
        if self._mover is None or self._mover.done():
            self._mover = self._spawn(self._move())
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.shield(arrival)
        except BaseException as error:
            self._give_up(resident, arrival)
            if isinstance(error, TimeoutError):
                raise ModelLoading(f"{resident.name} is still loading, try again", retry_after_s=5) from None
            raise

    def _give_up(self, resident: HostedCheckpoint, arrival: asyncio.Future[HostedEngine]) -> None:
        if arrival in resident.waiting:
            resident.waiting.remove(arrival)
        elif not arrival.cancelled() and arrival.exception() is None:
            resident.leave()

    # -- moving -----------------------------------------------------------------------------------------------------

    async def _move(self) -> None:
        """Bring what is wanted, one after the other."""
        while self._wanted:
            async with self._still:
                resident = self._wanted[0]
                error = await self._bring(resident)
                self._wanted.popleft()
                if error is not None:
                    resident.refuse(error)
                else:
                    resident.welcome()

    async def _bring(self, resident: HostedCheckpoint) -> SynthesisError | None:
        """Make it ready; what went wrong."""
        if resident.is_open or not resident.waiting:
            return None
        try:
            await self._see_device()
            if not await self._make_room(resident):
                return None
            before = self._look()
            was_asleep = resident.state == "sleeping"
            await resident.arrive()
            self._measure(resident, before, was_asleep)
        except Exception as error:  # noqa: BLE001  the edge of an engine's life: told to those who wait, tried again later
            return self._failed(resident, error)
        logger.info("%s is ready", resident.name)
        self._watches[resident.kind] = self._spawn(self._watch(resident.engine))
        return None

    def _failed(self, resident: HostedCheckpoint, error: Exception) -> SynthesisError:
        foreseen = isinstance(error, SynthesisError)
        logger.error("%s could not be loaded: %s", resident.name, error, exc_info=None if foreseen else error)
        told = error if isinstance(error, SynthesisError) else ModelUnavailable("it could not be loaded, see the log")
        resident.fail(told, asyncio.get_running_loop().time())
        return told

    async def _see_device(self) -> None:
        if self._memory is None:
            self._memory = await asyncio.to_thread(_device_memory, self._config.device)

    async def _make_room(self, resident: HostedCheckpoint) -> bool:
        """False if nobody wants it any more."""
        while (free := self._look()) is not None and free < resident.needs_bytes:
            leaving = self._next_to_leave(resident)
            if leaving is None:
                break  # its engine makes itself smaller, or says what it lacks
            leaving.is_leaving = True
            await leaving.until_idle()
            if not resident.waiting:
                leaving.is_leaving = False
                return False
            await self._put_away(leaving)
        return True

    def _next_to_leave(self, wanted: HostedCheckpoint) -> HostedCheckpoint | None:
        others = [one for one in self._residents.values() if one is not wanted and one.state == "ready"]
        keep = self._config.keep_loaded
        return min(others, key=lambda one: (one.kind in keep, one.is_busy, one.last_used_s), default=None)

    async def _put_away(self, resident: HostedCheckpoint) -> None:
        resident.is_leaving = True
        free = None if self._memory is None else self._memory.host_free()
        await resident.depart(keep_weights=free is None or free > resident.needs_bytes + _HOST_SPARE_BYTES)
        self._watches.pop(resident.kind).cancel()
        self._look()

    def _look(self) -> int | None:
        """Free bytes of the device, from now on also in the status."""
        self._device = None if self._memory is None else self._memory.device()
        return None if self._device is None else self._device[2]

    def _measure(self, resident: HostedCheckpoint, before: int | None, was_asleep: bool) -> None:
        after = self._look()
        if before is not None and after is not None and not was_asleep:
            resident.measured_bytes = max(0, before - after)

    async def _watch(self, engine: HostedEngine) -> None:
        await engine.died.wait()
        if not self._closing:
            self.died.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- life -------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """See SpeechEngine. The first checkpoint, and those that are to be kept loaded."""
        wanted = [self._first, *(one for kind, one in self._residents.items() if kind in self._config.keep_loaded)]
        for resident in dict.fromkeys(wanted):
            async with self._lease(resident, has_limit=False):
                pass

    async def sleep(self) -> None:
        """See SpeechEngine."""
        async with self._still:
            for resident in self._residents.values():
                if resident.state == "ready":
                    await self._put_away(resident)

    async def wake(self) -> None:
        """See SpeechEngine. The one that was used last; the others come when they are wanted."""
        async with self._lease(max(self._residents.values(), key=lambda one: one.last_used_s), has_limit=False):
            pass

    async def close(self) -> None:
        """See SpeechEngine."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # what moves stands still before anything is ended
        for resident in self._residents.values():
            resident.refuse(ModelUnavailable("the engine is closing"))
            await resident.close()


def _engine(config: EngineConfig) -> HostedEngine:
    from qwen_tts.engine.engine import Engine  # what can be done is told before PyTorch is there, which takes seconds

    return Engine(config)


def _device_memory(device: str | None) -> Memory:
    from qwen_tts.hosting.device_memory import DeviceMemory  # see _engine

    return DeviceMemory(device)


def _all_of(capabilities: list[Capabilities]) -> Capabilities:
    """What can be done by one or the other. Raises BadCheckpoint if their sounds differ."""
    first = capabilities[0]
    if any((one.sample_rate, one.samples_per_frame) != (first.sample_rate, first.samples_per_frame)
           for one in capabilities):  # fmt: skip
        raise BadCheckpoint("the checkpoints have codecs of different sample rates")
    spoken = {language for one in capabilities for language in one.languages}
    return Capabilities(
        engine=first.engine, sample_rate=first.sample_rate, samples_per_frame=first.samples_per_frame,
        languages=tuple(language for language in QWEN_NAMES if language in spoken),
        voice_kinds=tuple(kind for one in capabilities for kind in one.voice_kinds),
        voices=tuple(voice for one in capabilities for voice in one.voices),
        instruct_kinds=tuple(kind for one in capabilities for kind in one.instruct_kinds),
        live_text=first.live_text, rows=first.rows,
        voice_prompts=next((one.voice_prompts for one in capabilities if one.voice_prompts), ""),
    )  # fmt: skip
