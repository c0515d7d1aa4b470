"""The daemon that a soak looks into: it tells what it holds and how late its loop is, its worker which rows are taken.

python -m benchmarks.soak.watched_daemon '{"engine": "tone", "options": {}, "census": "/path"}' --http.port 0 ...

`engine`: "tone", with its options, or "chosen", as the settings choose it.
"""

import asyncio
import gc
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting.engine_selection import EngineChoice, choose_engine
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import Settings, load_settings
from qwen_tts.stream import SpeechEngine
from tests.fakes import ToneEngine
from tests.hostile.watched_daemon import CarefulEngine, tell_on_signals

_TICK_S = 0.01


class LoopLag:
    """How late the event loop comes to what is due. It is watched from the first time on that it is told."""

    def __init__(self) -> None:
        self._late_us: list[int] = []
        self._ticking: asyncio.Task[None] | None = None

    def told(self, *, with_objects: bool) -> dict[str, int]:
        """Since it was told last, in microseconds."""
        self._ticking = self._ticking or asyncio.create_task(self._tick())
        late, self._late_us = sorted(self._late_us), []
        told = _spared(with_objects=with_objects)
        if not late:
            return told
        at = {"p50": len(late) // 2, "p99": int(0.99 * len(late)), "max": len(late) - 1}
        return told | {f"lag {name} us": late[index] for name, index in at.items()}

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self._late_us.append(round((loop.time() - due) * 1e6))


def _spared(*, with_objects: bool) -> dict[str, int]:
    """What the garbage collector does not look at."""
    return {"spared": gc.get_freeze_count()} if with_objects else {}


# -- in the worker ---------------------------------------------------------------------------------------------------


class EngineInStep(CarefulEngine):
    """All rows get their next frame in the same moment."""

    async def work(self, text: str, due: float) -> float:
        now = asyncio.get_running_loop().time()
        due = (math.floor(now / self.frame_s) + 1) * self.frame_s
        await asyncio.sleep(due - now)
        return due


def tone(census: str, *, in_step: bool = False, **options: Any) -> ToneEngine:
    """A ToneEngine that tells how many rows are taken, and how many chunks it has made."""
    engine = (EngineInStep if in_step else CarefulEngine)(**options)

    def told(*, with_objects: bool) -> dict[str, int]:
        return {"rows": engine.active, "chunks": engine.frames_made, **_spared(with_objects=with_objects)}

    tell_on_signals(_worker_file(census), told)
    return engine


def chosen(census: str, factory: str, options: dict[str, Any]) -> SpeechEngine:
    """The engine of the settings; of Qwen3-TTS it is told what its rows hold."""
    tell_on_signals(_worker_file(census), _row_memory)
    module, _, name = factory.partition(":")
    engine: SpeechEngine = getattr(importlib.import_module(module), name)(**options)
    return engine


def _row_memory(*, with_objects: bool) -> dict[str, int]:
    """What is taken of it, apart from beginnings of prompts that are kept."""
    if not with_objects:
        return {}
    from qwen_tts.engine.row_memory import RowMemory  # it imports PyTorch, which another engine does not need

    found = [one for one in gc.get_objects() if type(one) is RowMemory]
    return {
        "rows": sum(one.rows - one.free_rows for one in found),
        "pages": sum(one.pages.pages - one.pages.free - one.prefixes.held for one in found),
        "text slots": sum(one.text_slots.pages - one.text_slots.free for one in found),
    }


def _worker_file(census: str) -> Path:
    return Path(census).with_suffix(".worker")


# -- the daemon ------------------------------------------------------------------------------------------------------


def _choice(wanted: dict[str, Any], settings: Settings) -> EngineChoice:
    census = {"census": wanted["census"]}
    if wanted["engine"] == "tone":
        spec = EngineSpec("benchmarks.soak.watched_daemon:tone", census | wanted["options"])
        return EngineChoice(spec, ManagerConfig(), preload=True)
    choice = choose_engine(settings)
    assert isinstance(choice.spec, EngineSpec)
    options = census | {"factory": choice.spec.factory, "options": choice.spec.options}
    spec = EngineSpec(
        "benchmarks.soak.watched_daemon:chosen", options, choice.spec.imports, choice.spec.log_level, choice.spec.nice
    )
    return EngineChoice(spec, choice.config, choice.preload)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    settings = load_settings(sys.argv[2:])
    tell_on_signals(Path(wanted["census"]).with_suffix(".daemon"), LoopLag().told)
    sys.exit(daemon.run(settings, _choice(wanted, settings), sys.argv[2:]))
