"""Recordings in whatever format people have, and archives of voices, read in a process of its own; see upload_child.py.

The child may crash, hang, grow or lie: it has limits, it sees nothing of our environment, and its answer is checked.
"""

import asyncio
import contextlib
import logging
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import (
    DECODED_SAMPLE_RATES,
    MAX_DECODED_SAMPLE_RATE,
    MAX_UPLOAD_BYTES,
    MAX_UPLOAD_CHANNELS,
    MAX_UPLOAD_S,
)
from qwen3tts_daemon.uploads.confinement import REFUSED, Refused
from qwen3tts_daemon.uploads.voice_files import MAX_BYTES, MAX_CARD_JSON_BYTES, PROMPT
from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.errors import BadReferenceAudio

logger = logging.getLogger(__name__)

Kind = Literal["recording", "archive"]

_CHILD = Path(__file__).with_name("child.py")
_NUMBER_BYTES = 4
"""Of a sample rate or a length in the child's answer."""
_CHILDREN = 2
_WAYS_OUT = {"recording": "export it as WAV and send that", "archive": "export the voice again"}

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""A semaphore belongs to the loop in which somebody first waited for it."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Where a recording is refused."""

    max_bytes: int = MAX_UPLOAD_BYTES
    max_duration_s: float = MAX_UPLOAD_S
    max_channels: int = MAX_UPLOAD_CHANNELS
    timeout_s: float = 15.0
    """From the start of the child to its answer."""
    memory_bytes: int = 512 * 2**20
    """Address space of the child; Python and FFmpeg take 121 MB of it before they have read anything."""

    @property
    def recording_bytes(self) -> int:
        """Of the child's longest answer to a recording."""
        return _NUMBER_BYTES + math.ceil(self.max_duration_s * MAX_DECODED_SAMPLE_RATE) * PCM_BYTES


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in an archive; the card is JSON, and what it and the prompt say is not checked yet."""

    card: bytes
    prompt: bytes | None
    recording: Audio | None


async def decode_upload(data: bytes, limits: UploadLimits = UploadLimits(), *, param: str = "ref_audio") -> Audio:
    """At the file's own sample rate, at most 48 kHz; channels are mixed. Raises BadReferenceAudio and Refusal."""
    if not data:
        raise BadReferenceAudio("the recording is empty; record it again", param=param)
    if len(data) > limits.max_bytes:
        message = f"the recording has {len(data)} bytes, at most {limits.max_bytes} are taken; cut it or send it as MP3"
        raise Refusal("too_large", message, param=param)
    try:
        return _sound(await _ask("recording", data, limits, limits.recording_bytes), "recording")
    except Refused as refused:
        raise BadReferenceAudio(str(refused), param=param) from None


async def unpack_upload(data: bytes, limits: UploadLimits = UploadLimits()) -> Unpacked:
    """An archive of a voice; its recording is decoded as any other. Raises Refused, and Refusal for too many bytes."""
    if len(data) > limits.max_bytes:
        message = f"the archive has {len(data)} bytes, at most {limits.max_bytes} are taken"
        raise Refusal("too_large", message, param="file")
    most = 2 * _NUMBER_BYTES + MAX_CARD_JSON_BYTES + MAX_BYTES[PROMPT] + limits.recording_bytes
    return _unpacked(await _ask("archive", data, limits, most))


async def _ask(kind: Kind, data: bytes, limits: UploadLimits, most: int) -> bytes:
    """The child's answer, of at most so many bytes. Raises Refused."""
    async with _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_CHILDREN)):
        try:
            async with asyncio.timeout(limits.timeout_s):
                status, answer = await _ask_child(kind, data, limits, most)
        except TimeoutError:
            raise Refused(f"the {kind} took more than {limits.timeout_s:g} s to decode; {_WAYS_OUT[kind]}") from None
    if status == REFUSED:
        raise Refused(answer.decode(errors="replace"))
    if status:
        raise _broken(kind, f"ended with status {status} after {len(answer)} bytes")
    return answer


def _broken(kind: Kind, what_happened: str) -> Refused:
    logger.warning("the decoder of an upload %s", what_happened)
    return Refused(f"the {kind} cannot be decoded; {_WAYS_OUT[kind]}")


def _sound(answer: bytes, kind: Kind) -> Audio:
    sample_rate, pcm = int.from_bytes(answer[:_NUMBER_BYTES], "little"), answer[_NUMBER_BYTES:]
    if sample_rate not in DECODED_SAMPLE_RATES or not pcm or len(pcm) % PCM_BYTES:
        raise _broken(kind, f"answered {len(pcm)} bytes of {sample_rate} Hz")
    return Audio(pcm=pcm, sample_rate=sample_rate)


def _unpacked(answer: bytes) -> Unpacked:
    lengths = (answer[:_NUMBER_BYTES], answer[_NUMBER_BYTES : 2 * _NUMBER_BYTES])
    card_bytes, prompt_bytes = (int.from_bytes(length, "little") for length in lengths)
    prompt_at = 2 * _NUMBER_BYTES + card_bytes
    sound_at = prompt_at + prompt_bytes
    if len(answer) < sound_at:
        raise _broken("archive", f"answered {len(answer)} bytes of {sound_at}")
    recording = _sound(answer[sound_at:], "archive") if len(answer) > sound_at else None
    return Unpacked(answer[2 * _NUMBER_BYTES : prompt_at], answer[prompt_at:sound_at] or None, recording)


async def _ask_child(kind: Kind, data: bytes, limits: UploadLimits, most: int) -> tuple[int, bytes]:
    """Its exit status and answer. It has ended when this returns or raises."""
    arguments = (kind, math.ceil(limits.timeout_s), limits.memory_bytes, limits.max_duration_s, limits.max_channels)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-sSP", str(_CHILD), *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        _, answer = await asyncio.gather(_feed(child, data), _read(child, most))
        return await child.wait(), answer
    finally:
        await _see_off(child)


async def _see_off(child: asyncio.subprocess.Process) -> None:
    """Its pipes are read to their ends, so that they close."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    child.stdin.close()
    while await child.stdout.read(2**16):
        pass
    await child.wait()


async def _feed(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended before it had read all
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()


async def _read(child: asyncio.subprocess.Process, most: int) -> bytes:
    """All that it says; a child that says more than `most` bytes is killed."""
    assert child.stdout is not None
    try:
        await child.stdout.readexactly(most + 1)
    except asyncio.IncompleteReadError as error:
        return error.partial
    child.kill()
    return b""
