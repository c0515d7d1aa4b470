"""What clients are told of the engine: its state, and to who watches, what it holds, its voices and downloads."""

import math
from collections.abc import Callable, Sequence

import msgspec

from qwen3tts_daemon.downloads.background import Download, Downloads
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.real_time_words import in_values
from qwen3tts_daemon.protocols.voice_v1.daemon_messages import (
    DownloadMessage,
    StatusMessage,
    VoicesMessage,
    VoiceState,
    WatchedMessage,
    WatchedModel,
)
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from qwen_tts.api import ModelState, mebibytes

WATCH_S = 1.0
"""Who watches is told of a change after this time at most, and not more often."""

VOICE_STATES: dict[ModelState, VoiceState] = {
    "unloaded": "idle", "sleeping": "idle", "loading": "loading", "failed": "loading", "ready": "ready",
}  # fmt: skip


def status_of(speech: Speech, models: ModelsDirectory) -> StatusMessage:
    status = speech.manager.status
    watched = tuple(
        WatchedModel(
            name=model.name, kind=model.kind, state=model.state, active=model.active,
            memory_mb=mebibytes(model.memory_bytes),
        )
        for model in status.models
    )  # fmt: skip
    return StatusMessage(
        models=watched, device=status.device, total_mb=mebibytes(status.total_bytes),
        free_mb=mebibytes(status.free_bytes), rows=speech.capabilities.rows, active=speech.active,
        text_goes_to=speech.capabilities.text_goes_to, state=speech.manager.state,
        ready_in_s=None if (left_s := speech.manager.ready_in_s) is None else round(left_s, 1),
        stands_in=speech.stands_in, last_hour=speech.last_hour,
        real_time=None if models.verdict is None else in_values(models.verdict),
    )  # fmt: skip


def voices_of(speech: Speech, models: ModelsDirectory, samples: VoiceSamples | None) -> VoicesMessage:
    capabilities = speech.capabilities
    return VoicesMessage(
        revision=speech.voices.revision, voices=len(speech.voices.known), kinds=capabilities.voice_kinds,
        preview=capabilities.is_preview, samples=samples.made if samples else 0,
        checkpoints=models.names, problem=models.problem,
    )  # fmt: skip


def download_of(download: Download) -> DownloadMessage:
    return DownloadMessage(**msgspec.structs.asdict(download))


def all_of(
    speech: Speech, models: ModelsDirectory, downloads: Downloads, samples: VoiceSamples | None
) -> list[WatchedMessage]:
    """How things are now, for who watches."""
    told: list[WatchedMessage] = [voices_of(speech, models, samples), status_of(speech, models)]
    if downloads.last is not None:
        told.append(download_of(downloads.last))
    return told


class Watch:
    """Tells of changes while somebody watches."""

    def __init__(self, look: Callable[[], Sequence[WatchedMessage]]) -> None:
        """`look`: how things are now, a message for each."""
        self._look = look
        self._told: dict[type[WatchedMessage], WatchedMessage] = {}
        self.looks_at = math.inf
        """When it looks again."""

    def turn(self, now: float, *, on: bool) -> None:
        """The first look is for all of it."""
        self._told = {}
        self.looks_at = now if on else math.inf

    def news(self, now: float) -> list[WatchedMessage]:
        """What has changed, if it is time to look."""
        if now < self.looks_at:
            return []
        self.looks_at = now + WATCH_S
        changed = [message for message in self._look() if message != self._told.get(type(message))]
        self._told |= {type(message): message for message in changed}
        return changed
