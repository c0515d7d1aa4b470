"""What clients are told of the engine: its state, and to who watches, what it holds."""

import math
from collections.abc import Callable

from qwen3tts_daemon.protocols.voice_v1.daemon_messages import StatusMessage, VoiceState, WatchedModel
from qwen3tts_daemon.speech.service import Speech
from qwen_tts.api import ModelState, mebibytes

WATCH_S = 1.0
"""Who watches is told of a change after this time at most, and not more often."""

VOICE_STATES: dict[ModelState, VoiceState] = {
    "unloaded": "idle", "sleeping": "idle", "loading": "loading", "failed": "loading", "ready": "ready",
}  # fmt: skip


def status_of(speech: Speech) -> StatusMessage:
    status = speech.manager.status
    models = tuple(
        WatchedModel(
            name=model.name, kind=model.kind, state=model.state, active=model.active,
            memory_mb=mebibytes(model.memory_bytes),
        )
        for model in status.models
    )  # fmt: skip
    return StatusMessage(
        models=models, device=status.device, total_mb=mebibytes(status.total_bytes),
        free_mb=mebibytes(status.free_bytes), rows=speech.capabilities.rows, active=speech.active,
        text_goes_to=speech.capabilities.text_goes_to, state=speech.manager.state,
        ready_in_s=None if (left_s := speech.manager.ready_in_s) is None else round(left_s, 1),
        stands_in=speech.stands_in, last_hour=speech.last_hour,
    )  # fmt: skip


class StatusWatch:
    """Tells of changes while somebody watches."""

    def __init__(self, status: Callable[[], StatusMessage]) -> None:
        self._status = status
        self._told: StatusMessage | None = None
        self.looks_at = math.inf
        """When it looks again."""

    def turn(self, now: float, *, on: bool) -> None:
        """The first look is for all of it."""
        self._told = None
        self.looks_at = now if on else math.inf

    def news(self, now: float) -> StatusMessage | None:
        """The status, if it is time to look and something has changed."""
        if now < self.looks_at:
            return None
        self.looks_at = now + WATCH_S
        status = self._status()
        if status == self._told:
            return None
        self._told = status
        return status
