"""The homes an engine can have; each function starts one."""

import functools
import tempfile
from collections.abc import Awaitable, Callable

from qwen3tts_daemon.embedded.engine import create
from qwen3tts_daemon.worker_client import EngineSpec, WorkerEngine
from qwen_tts.stream import SpeechEngine
from tests.fakes import ToneEngine

TONE = EngineSpec("tests.fakes:ToneEngine", {"rows": 8})


async def _tone() -> SpeechEngine:
    return ToneEngine(rows=8)


async def _tone_in_a_worker() -> SpeechEngine:
    return await WorkerEngine.start(TONE)


@functools.cache
def _cache_dir() -> tempfile.TemporaryDirectory[str]:
    """One for the whole run: the joined model is 92 MB."""
    return tempfile.TemporaryDirectory()


async def _embedded() -> SpeechEngine:
    return create(_cache_dir().name, kokoro=False)


async def _embedded_in_a_worker() -> SpeechEngine:
    spec = EngineSpec("qwen3tts_daemon.embedded.engine:create", {"cache_dir": _cache_dir().name, "kokoro": False})
    return await WorkerEngine.start(spec)


HOMES: dict[str, Callable[[], Awaitable[SpeechEngine]]] = {
    "tone": _tone,
    "tone in a worker": _tone_in_a_worker,
    "embedded": _embedded,
    "embedded in a worker": _embedded_in_a_worker,
}
