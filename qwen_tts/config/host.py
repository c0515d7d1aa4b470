"""How several checkpoints share a device. No torch."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from qwen_tts.api import VoiceKind
from qwen_tts.config.engine import EngineConfig, EngineOptions


class HostConfig(EngineOptions):
    """Checkpoints of different kinds, each run with these options when somebody wants it."""

    checkpoints: tuple[Path, ...] = Field(min_length=1)
    """Checkpoint directories as released, one for a kind of voice; the first is loaded at start."""
    keep_loaded: tuple[VoiceKind, ...] = ()
    """Loaded at start too, and the last to be evicted when memory is short."""
    load_timeout_s: float = Field(default=120.0, gt=0)
    """How long a request waits for its checkpoint."""

    def engine_config(self, checkpoint: Path) -> EngineConfig:
        """For one of them; what was not asked for, its engine may choose."""
        asked = self.model_dump(exclude_unset=True, include=set(EngineOptions.model_fields))
        return EngineConfig(checkpoint=checkpoint, **asked)

    @model_validator(mode="after")
    def _check_checkpoints(self) -> Self:
        if len(set(self.checkpoints)) != len(self.checkpoints):
            raise ValueError("checkpoints must differ")
        return self
