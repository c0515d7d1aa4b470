"""EngineHost: every checkpoint on one device, behind one SpeechEngine.

A request goes to the checkpoint that speaks its kind of voice. One that is ready takes it at once; else it waits while
the checkpoint is loaded, and its text waits with it. What is loaded when, and what makes room: checkpoint_loader.py.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from qwen_tts.api import Audio, Capabilities, EngineStatus, SynthesisRequest, VoiceKind, VoicePrompt
from qwen_tts.config.checkpoint_types import type_speaking
from qwen_tts.config.engine import EngineConfig
from qwen_tts.config.host import HostConfig
from qwen_tts.engine.fairness import check_may_wait
from qwen_tts.errors import BadCheckpoint, InvalidRequest, ModelUnavailable, SynthesisError, SynthesisFailed
from qwen_tts.hosting.checkpoint_loader import CheckpointLoader, Memory
from qwen_tts.hosting.hosted_checkpoint import HostedCheckpoint, HostedEngine
from qwen_tts.hosting.joint_capabilities import joint_capabilities
from qwen_tts.hosting.lifecycle import BackgroundTasks
from qwen_tts.hosting.pending_stream import PendingStream
from qwen_tts.stream import AudioStream

logger = logging.getLogger(__name__)


def create(**options: Any) -> "EngineHost":
    """From the options of HostConfig; what a worker process calls.

    Raises BadCheckpoint, and ModelUnavailable if the attention that was asked for cannot run here: whoever starts it
    should learn at once of a choice that cannot be met.
    """
    config = HostConfig.model_validate(options)
    if config.attention in ("triton", "flash"):
        from qwen_tts.runtime.backends import check_backend  # imports torch; nobody else should wait for that

        for checkpoint in config.checkpoints:
            check_backend(config.engine_config(checkpoint))
    return EngineHost(config)


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
        checkpoints = [HostedCheckpoint(config.engine_config(path), make or _engine) for path in config.checkpoints]
        self._checkpoints = {checkpoint.kind: checkpoint for checkpoint in checkpoints}
        if len(self._checkpoints) < len(checkpoints):
            raise BadCheckpoint("two of the checkpoints speak the same kind of voice; name one of them")
        self._capabilities = joint_capabilities([checkpoint.capabilities for checkpoint in checkpoints])
        self._first = checkpoints[0]

        async def open_memory() -> Memory:
            return await asyncio.to_thread(_device_memory, config.device) if memory is None else memory

        self._loader = CheckpointLoader(checkpoints, open_memory, keep_loaded=config.keep_loaded)
        self._pending: set[PendingStream] = set()
        self._tasks = BackgroundTasks()
        self._is_closing = False
        self.died = self._loader.died
        """Set when one of its engines has failed for good."""

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def status(self) -> EngineStatus:
        name, total, free = self._loader.device or ("", None, None)
        models = tuple(checkpoint.status for checkpoint in self._checkpoints.values())
        return EngineStatus(models=models, device=name, total_bytes=total, free_bytes=free)

    # -- speaking ---------------------------------------------------------------------------------------------------

    def stream(self, request: SynthesisRequest) -> AudioStream:
        """See SpeechEngine."""
        checkpoint = self._speaking(request.voice.kind)
        self._check_open()
        if checkpoint.is_available:
            checkpoint.leases.touch()
            return checkpoint.engine.stream(request)
        own = sum(one.request.client == request.client for one in self._pending)
        check_may_wait(request.client, own, self._config.queue - len(self._pending))
        pending = PendingStream(request)
        self._pending.add(pending)
        speaking = self._tasks.start(self._speak_when_loaded(checkpoint, pending))
        # Also of one that is cancelled before its first step.
        speaking.add_done_callback(lambda _: self._pending.discard(pending))
        pending.run(speaking)
        return pending.audio

    async def _speak_when_loaded(self, checkpoint: HostedCheckpoint, pending: PendingStream) -> None:
        try:
            async with self._lease(checkpoint) as engine:
                stream = engine.stream(pending.request)
            self._pending.discard(pending)
            await pending.relay(stream)
        except SynthesisError as error:
            pending.audio.finish(error)
        except Exception as error:  # nobody else would tell who waits for its sound
            logger.error("unexpected", exc_info=error)
            pending.audio.finish(SynthesisFailed("the engine failed unexpectedly, see the log"))
        finally:
            pending.audio.finish(ModelUnavailable("the engine is closing"))  # no other end has come

    def prepare(self, kind: VoiceKind) -> None:
        """See SpeechEngine."""
        checkpoint = self._checkpoints.get(kind)
        if checkpoint is not None and not checkpoint.is_available and not self._is_closing:
            self._tasks.start(self._prepare(checkpoint))

    async def _prepare(self, checkpoint: HostedCheckpoint) -> None:
        with suppress(SynthesisError):  # told to those who speak
            async with self._lease(checkpoint):
                pass

    def _speaking(self, kind: VoiceKind) -> HostedCheckpoint:
        if (checkpoint := self._checkpoints.get(kind)) is None:
            raise InvalidRequest(
                f"no checkpoint here speaks {kind} voices: "
                f"qwen3tts-daemon models download {type_speaking(kind).official}",
                param="voice",
            )
        return checkpoint

    # -- voices and codes -------------------------------------------------------------------------------------------

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        """See SpeechEngine."""
        async with self._lease(self._speaking("cloned")) as engine:
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
        return next((one for one in self._checkpoints.values() if one.is_available), self._first)

    # -- life -------------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """See SpeechEngine. The first checkpoint, and those that are to be kept loaded."""
        kept = [one for kind, one in self._checkpoints.items() if kind in self._config.keep_loaded]
        for checkpoint in dict.fromkeys([self._first, *kept]):
            await self._load(checkpoint)

    async def sleep(self) -> None:
        """See SpeechEngine."""
        await self._loader.evict_all()

    async def wake(self) -> None:
        """See SpeechEngine. The one that was used last; the others come when they are wanted."""
        await self._load(max(self._checkpoints.values(), key=lambda one: one.leases.last_used_s))

    async def close(self) -> None:
        """See SpeechEngine."""
        self._is_closing = True
        await self._tasks.cancel()
        await self._loader.close()

    async def _load(self, checkpoint: HostedCheckpoint) -> None:
        """However long it takes."""
        async with self._lease(checkpoint, has_limit=False):
            pass

    @asynccontextmanager
    async def _lease(self, checkpoint: HostedCheckpoint, *, has_limit: bool = True) -> AsyncIterator[HostedEngine]:
        """Its engine, ready, and not evicted before the block ends. Raises what CheckpointLoader.acquire raises."""
        self._check_open()
        engine = await self._loader.acquire(checkpoint, self._config.load_timeout_s if has_limit else None)
        try:
            yield engine
        finally:
            checkpoint.leases.release()

    def _check_open(self) -> None:
        if self._is_closing or self.died.is_set():
            raise ModelUnavailable("the engine is closed")


def _engine(config: EngineConfig) -> HostedEngine:
    from qwen_tts.engine.engine import Engine  # what can be done is told before PyTorch is there, which takes seconds

    return Engine(config)


def _device_memory(device: str | None) -> Memory:
    from qwen_tts.hosting.device_memory import DeviceMemory  # see _engine

    return DeviceMemory(device)
