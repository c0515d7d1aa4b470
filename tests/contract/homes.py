"""The homes an engine can have; each function starts one."""

from collections.abc import Awaitable, Callable

from qwen3tts_daemon.worker_client import EngineSpec, WorkerEngine
from qwen_tts.stream import SpeechEngine
from tests.fakes import ToneEngine

TONE = EngineSpec("tests.fakes:ToneEngine")


async def _tone() -> SpeechEngine:
    return ToneEngine()


async def _tone_in_a_worker() -> SpeechEngine:
    return await WorkerEngine.start(TONE)


HOMES: dict[str, Callable[[], Awaitable[SpeechEngine]]] = {
    "tone": _tone,
    "tone in a worker": _tone_in_a_worker,
}
