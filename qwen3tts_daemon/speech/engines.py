"""The engine, and another one that stands in for it while it is loaded: whom an utterance keeps to its end."""

import asyncio

from qwen3tts_daemon.hosting.model_manager import ModelManager
from qwen_tts.api import Capabilities, VoiceKind
from qwen_tts.stream import SpeechEngine


class Engines:
    """The engine that the settings mean and, if there is one, who stands in for it."""

    def __init__(self, engine: ModelManager, stand_in: ModelManager | None = None, *, made_of: str = "") -> None:
        """`made_of`: whatever decides on the engine's sound, beside the names of its checkpoints."""
        self.engine = engine
        self.stand_in = stand_in
        self.made_of = made_of

    @property
    def capabilities(self) -> Capabilities:
        """Of the engine, whoever speaks now."""
        return self.engine.capabilities

    async def start(self, *, preload: bool) -> None:
        """The engine; see ModelManager.start."""
        await self.engine.start(preload=preload)

    async def start_stand_in(self) -> None:
        """Loaded at once, whatever the engine does."""
        if self.stand_in is not None:
            await self.stand_in.start(preload=True)

    async def warm(self) -> None:
        """Wait until somebody can speak."""
        await (self.stand_in or self.engine).warm()

    async def close(self) -> None:
        """See ModelManager.close."""
        await asyncio.gather(*(manager.close() for manager in self._managers))

    def retire(self) -> None:
        """Others speak from now on; see ModelManager.retire."""
        for manager in self._managers:
            manager.retire()

    @property
    def _managers(self) -> list[ModelManager]:
        return [self.engine] if self.stand_in is None else [self.engine, self.stand_in]

    @property
    def stands_in(self) -> bool:
        """Another engine would answer now, for the one that is not ready."""
        return self.stand_in is not None and self.stand_in.state == "ready" and self.engine.state != "ready"

    def for_kind(self, kind: VoiceKind | None) -> ModelManager:
        """Who speaks a voice of this kind now; None: any preset. The engine is loaded in any case."""
        if self.stand_in is None or self.engine.state == "ready" or kind not in (None, "preset"):
            return self.engine
        self.engine.prepare()
        return self.stand_in

    def is_stand_in(self, engine: SpeechEngine) -> bool:
        return self.stand_in is not None and engine.capabilities.engine != self.capabilities.engine

    def model_for(self, kind: VoiceKind) -> str:
        """What speaks this kind of voices, once it is loaded: a checkpoint, or the name of an engine without such."""
        return self._model(self.capabilities.engine, kind)

    def model_of(self, engine: SpeechEngine, kind: VoiceKind) -> str:
        """The same, of the engine or of the one that stands in."""
        return self._model(engine.capabilities.engine, kind)

    def _model(self, name: str, kind: VoiceKind) -> str:
        models = self.engine.status.models if name == self.capabilities.engine else ()
        return next((model.name for model in models if model.kind == kind), name)
