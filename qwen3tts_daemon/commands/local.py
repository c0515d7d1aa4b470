"""A voice without a daemon: the same engine, worker and use case, for the length of one command."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, AsyncIterator

from qwen3tts_daemon.commands.client import Hear
from qwen3tts_daemon.data_dir import format as data_format
from qwen3tts_daemon.hosting.engine_selection import choose_engine
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.speech_server import where_text_goes
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.speech.request import Order
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.utterance import Utterance
from qwen3tts_daemon.speech_setup import make_speech
from qwen_tts.api import AudioChunk

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def local_speech(settings: Settings, *, preload: bool) -> AsyncIterator[Speech]:
    """A Speech of its own; its worker ends with the block. Raises ModelUnavailable, SettingsError."""
    data_format.check(settings.data_path)
    speech = make_speech(settings, choose_engine(settings), ModelsDirectory(settings.models_path))
    if where := where_text_goes(settings):
        logger.warning("%s", where)
    try:
        await speech.start(preload=preload)
        if not speech.capabilities.knows_voices:
            async with speech.manager.lease():
                pass  # a server elsewhere has told them by now
        yield speech
    finally:
        await speech.close()


async def speak(speech: Speech, order: Order, pieces: AsyncIterable[str], hear: Hear, *, is_live: bool = True) -> str:
    """Speak text while it comes, or all of it that is there. Returns how it has ended: `done` or `limit`.

    Raises SynthesisError.
    """
    async with speech.utterance(order, is_live=is_live) as utterance, asyncio.TaskGroup() as group:
        group.create_task(_write(utterance, pieces))
        async for part in utterance:
            if isinstance(part, AudioChunk):
                await hear(part.sample_rate, part.pcm)
    return utterance.end


async def _write(utterance: Utterance, pieces: AsyncIterable[str]) -> None:
    async for piece in pieces:
        utterance.feed(piece)
    utterance.end_text()
