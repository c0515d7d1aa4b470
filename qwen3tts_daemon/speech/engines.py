"""The engine, and another one that stands in for it while it is loaded."""

import asyncio

from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen_tts.api import Capabilities, VoiceKind
from qwen_tts.stream import SpeechEngine


class Engines:
    """The engine that the settings mean and, if there is one, who stands in for it."""

    def __init__(self, engine: ModelManager, stand_in: ModelManager | None = None) -> None:
        self._engine = engine
        self._stand_in = stand_in

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine, whoever speaks now."""
        return self._engine.capabilities

    async def start(self, *, preload: bool) -> None:
        """The engine; see ModelManager.start."""
        await self._engine.start(preload=preload)

    async def start_stand_in(self) -> None:
        """Loaded at once, whatever the engine does."""
        if self._stand_in is not None:
            await self._stand_in.start(preload=True)

    async def warm(self) -> None:
        """Wait until somebody can speak."""
        await (self._stand_in or self._engine).warm()

    async def close(self) -> None:
        """See ModelManager.close."""
        managers = [self._engine] if self._stand_in is None else [self._engine, self._stand_in]
        await asyncio.gather(*(manager.close() for manager in managers))

    @property
    def stands_in(self) -> bool:
        """Another engine would answer now, for the one that is not ready."""
        return self._stand_in is not None and self._stand_in.state == "ready" and self._engine.state != "ready"

    def for_kind(self, kind: VoiceKind | None) -> ModelManager:
        """Who speaks a voice of this kind now; None: any preset. The engine is loaded in any case."""
        if self._stand_in is None or self._engine.state == "ready" or kind not in (None, "preset"):
            return self._engine
        self._engine.prepare()
        return self._stand_in

    def is_stand_in(self, engine: SpeechEngine) -> bool:
        return self._stand_in is not None and engine.capabilities.engine != self.capabilities.engine

    def model_of(self, engine: SpeechEngine, kind: VoiceKind) -> str:
        """The checkpoint that speaks this kind of voices, or the name of an engine that has none."""
        name = engine.capabilities.engine
        models = self._engine.status.models if name == self.capabilities.engine else ()
        return next((model.name for model in models if model.kind == kind), name)
