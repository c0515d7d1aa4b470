"""A recording in whatever format people have -> Audio, decoded in a process of its own; see upload_child.py.

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
from weakref import WeakKeyDictionary

from qwen3tts_daemon.failures import Refusal
from qwen_tts.api import PCM_BYTES, Audio
from qwen_tts.errors import BadReferenceAudio

logger = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("upload_child.py")
_REFUSED = 3
"""upload_child.REFUSED; importing it would load FFmpeg here."""
_RATE_BYTES = 4
_SAMPLE_RATES = range(4_000, 48_001)
_CHILDREN = 2

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""A semaphore belongs to the loop in which somebody first waited for it."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Where a recording is refused."""

    max_bytes: int = 20_000_000
    max_duration_s: float = 120.0
    max_channels: int = 8
    timeout_s: float = 15.0
    """From the start of the child to its answer."""
    memory_bytes: int = 512 * 2**20
    """Address space of the child; Python and FFmpeg take 121 MB of it before they have read anything."""

    @property
    def answer_bytes(self) -> int:
        return _RATE_BYTES + math.ceil(self.max_duration_s * _SAMPLE_RATES[-1]) * PCM_BYTES


async def decode_upload(data: bytes, limits: UploadLimits = UploadLimits(), *, param: str = "ref_audio") -> Audio:
    """At the file's own sample rate, at most 48 kHz; channels are mixed. Raises BadReferenceAudio and Refusal."""
    if not data:
        raise BadReferenceAudio("the recording is empty; record it again", param=param)
    if len(data) > limits.max_bytes:
        message = f"the recording has {len(data)} bytes, at most {limits.max_bytes} are taken; cut it or send it as MP3"
        raise Refusal("too_large", message, param=param)
    async with _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_CHILDREN)):
        try:
            async with asyncio.timeout(limits.timeout_s):
                status, answer = await _ask_child(data, limits)
        except TimeoutError:
            message = f"the recording took more than {limits.timeout_s:g} s to decode; send it as WAV"
            raise BadReferenceAudio(message, param=param) from None
    return _understood(status, answer, param)


async def _ask_child(data: bytes, limits: UploadLimits) -> tuple[int, bytes]:
    """Its exit status and answer. It has ended when this returns or raises."""
    arguments = (math.ceil(limits.timeout_s), limits.memory_bytes, limits.max_duration_s, limits.max_channels)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-sSP", str(_CHILD), *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        _, answer = await asyncio.gather(_feed(child, data), _read(child, limits.answer_bytes))
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


def _understood(status: int, answer: bytes, param: str) -> Audio:
    if status == _REFUSED:
        raise BadReferenceAudio(answer.decode(errors="replace"), param=param)
    sample_rate, pcm = int.from_bytes(answer[:_RATE_BYTES], "little"), answer[_RATE_BYTES:]
    if status or sample_rate not in _SAMPLE_RATES or not pcm or len(pcm) % PCM_BYTES:
        logger.warning("the decoder of an upload ended with status %d after %d bytes", status, len(answer))
        raise BadReferenceAudio("the recording cannot be decoded; export it as WAV and send that", param=param)
    return Audio(pcm=pcm, sample_rate=sample_rate)
