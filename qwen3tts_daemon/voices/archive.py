"""An archive that another daemon exported -> a voice that can speak here, or the reason why not."""

import asyncio
from typing import Any

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.uploads.child_process import DEFAULT_LIMITS, UploadLimits
from qwen3tts_daemon.uploads.confinement import Refused
from qwen3tts_daemon.uploads.reader import Unpacked, unpack_upload
from qwen3tts_daemon.uploads.voice_files import PROMPT, REFERENCE
from qwen3tts_daemon.voices.stored_voice import StoredVoice, voice_of
from qwen_tts.api import Audio
from qwen_tts.audio.reference_audio import check_reference
from qwen_tts.checkpoint.prompt_file import read_prompt
from qwen_tts.config.languages import LANGUAGES
from qwen_tts.errors import InvalidRequest
from qwen_tts.json_decoding import decode_json


async def unpack(data: bytes, limits: UploadLimits = DEFAULT_LIMITS) -> tuple[StoredVoice, Audio | None, bytes | None]:
    """What `VoiceLibrary.export` packed: a voice, and of a cloned one recording and prompt. Raises Refusal."""
    try:
        unpacked = await unpack_upload(data, limits)
        voice = voice_of(decode_json(unpacked.card, dict[str, Any]))
        await asyncio.to_thread(_check, voice, unpacked)
    except (Refused, ValueError, InvalidRequest) as error:
        raise Refusal("bad_field", f"not an exported voice: {error}", param="file") from None
    return voice, unpacked.recording, unpacked.prompt


def _check(voice: StoredVoice, unpacked: Unpacked) -> None:
    """Raises ValueError and InvalidRequest for a voice that could never speak."""
    if voice.language and voice.language not in LANGUAGES:
        raise ValueError(f"there is no language {voice.language[:32]!r}")
    if voice.kind == "cloned":
        _check_clone(voice, unpacked)
    elif unpacked.recording is not None or unpacked.prompt is not None:
        raise ValueError(f"a {voice.kind} voice has neither {REFERENCE} nor {PROMPT}")
    elif not (voice.design if voice.kind == "designed" else voice.base).strip():
        raise ValueError(f"a {voice.kind} voice without {'design' if voice.kind == 'designed' else 'base'}")


def _check_clone(voice: StoredVoice, unpacked: Unpacked) -> None:
    if unpacked.recording is not None:
        check_reference(unpacked.recording, voice.transcript or None)
    elif unpacked.prompt is None:
        raise ValueError(f"{REFERENCE} is missing")
    if unpacked.prompt is not None:
        _check_prompt(unpacked.prompt, voice.prompt_family)


def _check_prompt(data: bytes, family: str) -> None:
    prompt = read_prompt(data)
    if not prompt.suits(family):
        raise ValueError(f"{PROMPT} is for {prompt.family}, and the voice says {family}")
