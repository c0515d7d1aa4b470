"""The voice prompt of a stored voice: as it is kept, or made again from its recording."""

import asyncio
import logging

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.voices.known_voices import KnownVoice
from qwen3tts_daemon.voices.library import VoiceLibrary
from qwen3tts_daemon.voices.stored_voice import StoredVoice
from qwen3tts_daemon.write_threads import in_write_thread
from qwen_tts.api import ClonedVoice, Voice, VoicePrompt
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.errors import InvalidRequest
from qwen_tts.stream import SpeechEngine

logger = logging.getLogger(__name__)


async def voice_for(engine: SpeechEngine, known: KnownVoice, library: VoiceLibrary | None) -> Voice:
    """What to ask the engine for. Of a stored cloned voice this needs its prompt.

    A prompt that is missing, damaged or made for other checkpoints is made again, and kept. Raises UnknownVoice if
    the voice is gone, Refusal if its recording is, and what `SpeechEngine.encode_reference` raises.
    """
    if not isinstance(known.voice, StoredVoice):
        return known.voice
    assert library is not None
    stored, family = known.voice, engine.capabilities.voice_prompts
    prompt = await asyncio.to_thread(_usable_prompt, library, stored, family)
    if prompt is None:
        prompt = await _made_again(engine, library, stored)
        await _keep(library, stored, prompt, family)
    return ClonedVoice(VoicePrompt(prompt))


def _usable_prompt(library: VoiceLibrary, stored: StoredVoice, family: str) -> bytes | None:
    """The kept one, if checkpoints of this family can use it."""
    prompt = library.prompt(stored.id)
    if prompt is None or stored.prompt_family != family:
        return None
    try:
        fits = read_prompt(prompt).suits(family)
    except InvalidRequest as error:
        logger.warning("the kept prompt of voice %s is damaged: %s", stored.id, error)
        return None
    return prompt if fits else None


async def _made_again(engine: SpeechEngine, library: VoiceLibrary, stored: StoredVoice) -> bytes:
    logger.info("the prompt of voice %s is made again from its recording", stored.id)
    recording = await asyncio.to_thread(library.reference, stored.id)
    return (await engine.encode_reference(recording, stored.transcript or None)).data


async def _keep(library: VoiceLibrary, stored: StoredVoice, prompt: bytes, family: str) -> None:
    """A full disk is no reason to say nothing: it can speak all the same."""
    try:
        await in_write_thread(library.set_prompt, stored.id, prompt, family)
    except Refusal as error:
        logger.warning("the prompt of voice %s is not kept: %s", stored.id, error)
