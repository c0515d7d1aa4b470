"""One child process for one upload.

It may crash, hang, grow or lie: it has limits, it sees nothing of our environment, and its answer is bounded.
"""

import asyncio
import contextlib
import functools
import logging
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.limits import MAX_UPLOAD_BYTES, MAX_UPLOAD_CHANNELS, MAX_UPLOAD_S
from qwen3tts_daemon.sparing_log import SparingLog
from qwen3tts_daemon.uploads.confinement import REFUSED, Lacking, Refused

logger = logging.getLogger(__name__)
log = SparingLog(logger)

UploadKind = Literal["recording", "archive"]

_CHILD = Path(__file__).with_name("child.py")
_MOST_CHILDREN = 2
_WAYS_OUT = {"recording": "export it as WAV and send that", "archive": "export the voice again"}

_free_children: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""Of each loop: a semaphore belongs to the one in which somebody first waited for it."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Where an upload is refused."""

    max_bytes: int = MAX_UPLOAD_BYTES
    max_duration_s: float = MAX_UPLOAD_S
    max_channels: int = MAX_UPLOAD_CHANNELS
    timeout_s: float = 15.0
    """From the start of the child to its answer."""
    memory_bytes: int = 512 * 2**20
    """Address space of the child; Python and FFmpeg take 121 MB of it before they have read anything."""


DEFAULT_LIMITS = UploadLimits()


async def ask_child(kind: UploadKind, data: bytes, limits: UploadLimits, max_answer_bytes: int) -> bytes:
    """What the child answers to an upload. Raises Refused, and Refusal if none can be started now."""
    async with _free_children.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MOST_CHILDREN)):
        try:
            async with asyncio.timeout(limits.timeout_s):
                status, answer = await _run_child(kind, data, limits, max_answer_bytes)
        except TimeoutError:
            raise Refused(f"the {kind} took more than {limits.timeout_s:g} s to decode; {_WAYS_OUT[kind]}") from None
    lacking, answer = answer[:1], answer[1:]
    if lacking:
        _tell_once(lacking[0])
    if status == REFUSED:
        raise Refused(answer.decode(errors="replace"))
    if status:
        raise not_decoded(kind, f"ended with status {status} after {len(answer)} bytes")
    return answer


def not_decoded(kind: UploadKind, what_happened: str) -> Refused:
    """What is to be raised where the child itself went wrong."""
    log.warning("the decoder of an upload %s", what_happened)
    return Refused(f"the {kind} cannot be decoded; {_WAYS_OUT[kind]}")


async def lacking_here() -> Lacking:
    """What a child would lack on this machine."""
    confined = "import sys; from qwen3tts_daemon.uploads.confinement import confine; sys.exit(confine(1, 2**29))"
    child = await asyncio.create_subprocess_exec(sys.executable, "-sSP", "-c", confined, env=_environment())
    return Lacking(await child.wait())


@functools.cache
def _tell_once(lacking: int) -> None:
    if words := Lacking(lacking).words:
        logger.warning("uploads are read without %s: this system has none", words)


async def _run_child(kind: UploadKind, data: bytes, limits: UploadLimits, max_answer_bytes: int) -> tuple[int, bytes]:
    """Its exit status and answer. It has ended when this returns or raises."""
    arguments = (kind, math.ceil(limits.timeout_s), limits.memory_bytes, limits.max_duration_s, limits.max_channels)
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-sSP", str(_CHILD), *map(str, arguments),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=_environment(),
        )  # fmt: skip
    except OSError as error:
        log.warning("no process can be started for an upload: %s", error.strerror)
        message = f"no process can be started that reads the {kind}: {error.strerror}"
        raise Refusal("queue_full", message, retry_after_s=5) from error
    try:
        _, answer = await asyncio.gather(_feed(child, data), _read(child, 1 + max_answer_bytes))
        return await child.wait(), answer
    finally:
        await _see_off(child)


def _environment() -> dict[str, str]:
    """A child's: nothing of ours, but where its modules are."""
    return {"PYTHONPATH": os.pathsep.join(sys.path)}


async def _see_off(child: asyncio.subprocess.Process) -> None:
    assert child.stdin is not None
    _kill(child)
    child.stdin.close()
    await _read_to_the_end(child)
    await child.wait()


def _kill(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended
        child.kill()


async def _read_to_the_end(child: asyncio.subprocess.Process) -> None:
    """asyncio waits for an ended child until its pipes are closed, and reads no pipe whose bytes nobody takes."""
    assert child.stdout is not None
    while await child.stdout.read(2**16):
        pass


async def _feed(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended before it had read all
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()


async def _read(child: asyncio.subprocess.Process, max_bytes: int) -> bytes:
    """All that it says; a child that says more than `max_bytes` is killed."""
    assert child.stdout is not None
    try:
        await child.stdout.readexactly(max_bytes + 1)
    except asyncio.IncompleteReadError as error:
        return error.partial
    _kill(child)
    await _read_to_the_end(child)
    return b""
