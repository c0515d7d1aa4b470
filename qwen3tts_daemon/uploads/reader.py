"""Recordings in whatever format people have, and archives of voices, read in a process of their own; see child.py."""

import math
from dataclasses import dataclass

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import DECODED_SAMPLE_RATES, MAX_DECODED_SAMPLE_RATE
from qwen3tts_daemon.uploads.child_process import DEFAULT_LIMITS, UploadKind, UploadLimits, ask_child, not_decoded
from qwen3tts_daemon.uploads.confinement import Refused
from qwen3tts_daemon.uploads.voice_files import MAX_BYTES, MAX_CARD_JSON_BYTES, PROMPT
from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.errors import BadReferenceAudio

_NUMBER_BYTES = 4
"""Of a sample rate or a length in the child's answer."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in an archive; the card is JSON, and what it and the prompt say is not checked yet."""

    card: bytes
    prompt: bytes | None
    recording: Audio | None


async def decode_upload(data: bytes, limits: UploadLimits = DEFAULT_LIMITS, *, param: str = "ref_audio") -> Audio:
    """At the file's own sample rate, at most 48 kHz; channels are mixed. Raises BadReferenceAudio and Refusal."""
    if not data:
        raise BadReferenceAudio("the recording is empty; record it again", param=param)
    if len(data) > limits.max_bytes:
        message = f"the recording has {len(data)} bytes, at most {limits.max_bytes} are taken; cut it or send it as MP3"
        raise Refusal("too_large", message, param=param)
    try:
        return _sound(await ask_child("recording", data, limits, _max_recording_bytes(limits)), "recording")
    except Refused as refused:
        raise BadReferenceAudio(str(refused), param=param) from None


async def unpack_upload(data: bytes, limits: UploadLimits = DEFAULT_LIMITS) -> Unpacked:
    """An archive of a voice; its recording is decoded as any other. Raises Refused, and Refusal for too many bytes or
    where no process can be started."""
    if len(data) > limits.max_bytes:
        message = f"the archive has {len(data)} bytes, at most {limits.max_bytes} are taken"
        raise Refusal("too_large", message, param="file")
    max_bytes = 2 * _NUMBER_BYTES + MAX_CARD_JSON_BYTES + MAX_BYTES[PROMPT] + _max_recording_bytes(limits)
    return _unpacked(await ask_child("archive", data, limits, max_bytes))


def _max_recording_bytes(limits: UploadLimits) -> int:
    """Of the child's answer to a recording."""
    return _NUMBER_BYTES + math.ceil(limits.max_duration_s * MAX_DECODED_SAMPLE_RATE) * PCM_BYTES


def _sound(answer: bytes, kind: UploadKind) -> Audio:
    sample_rate, pcm = int.from_bytes(answer[:_NUMBER_BYTES], "little"), answer[_NUMBER_BYTES:]
    if sample_rate not in DECODED_SAMPLE_RATES or not pcm or len(pcm) % PCM_BYTES:
        raise not_decoded(kind, f"answered {len(pcm)} bytes of {sample_rate} Hz")
    return Audio(pcm=pcm, sample_rate=sample_rate)


def _unpacked(answer: bytes) -> Unpacked:
    lengths = (answer[:_NUMBER_BYTES], answer[_NUMBER_BYTES : 2 * _NUMBER_BYTES])
    card_bytes, prompt_bytes = (int.from_bytes(length, "little") for length in lengths)
    prompt_at = 2 * _NUMBER_BYTES + card_bytes
    sound_at = prompt_at + prompt_bytes
    if len(answer) < sound_at:
        raise not_decoded("archive", f"answered {len(answer)} bytes of {sound_at}")
    recording = _sound(answer[sound_at:], "archive") if len(answer) > sound_at else None
    return Unpacked(answer[2 * _NUMBER_BYTES : prompt_at], answer[prompt_at:sound_at] or None, recording)
