"""The whole daemon with two workers: the engine's, `qwen`, and that of the preview voice, `preview`, which speaks while
the engine is brought. Both make tones, and wait or fail where a file says so; or the engine is Qwen3-TTS on the CPU.

python -m tests.chaos.two_workers '{"steering": "/path", "engine": {"frame_s": 0.08}}' --http.port 0 ...
python -m tests.chaos.two_workers '{"steering": "/path", "checkpoint": "/path"}' --http.port 0 ...
"""

import asyncio
import errno
import json
import logging
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from qwen3tts_daemon import daemon
from qwen3tts_daemon.hosting import model_manager, worker_client
from qwen3tts_daemon.hosting.engine_selection import EngineChoice
from qwen3tts_daemon.hosting.model_manager import ManagerConfig
from qwen3tts_daemon.hosting.worker_client import EngineSpec
from qwen3tts_daemon.settings import load_settings
from qwen_tts.api import Audio, VoicePrompt
from qwen_tts.hosting.lifecycle import Backoff
from tests.fakes import ToneEngine, _Tones

logger = logging.getLogger(__name__)

MORE_MEMORY = 16 * 2**20
"""What a worker may still take that is to run out of it"""


class SteeredEngine(ToneEngine):
    """At its `start`, before its first word, and at its `load` it looks for a file `NAME.STAGE` in `steering`: while
    that holds "wait" it goes no further, if it holds "memory" there is none left.

    A text with `[greedy]` and every recording take all memory that there is: the text ends the engine for everybody, as
    in Qwen3-TTS, the recording is refused. `NAME.pid` says which process it is.
    """

    def __init__(self, *, name: str, steering: str, **options: object) -> None:
        self._name, self._steering = name, Path(steering)
        self._told = set[str]()
        """Of which stages the log tells"""
        (self._steering / f"{name}.pid").write_text(str(os.getpid()))
        while self._is_held("start"):
            time.sleep(0.01)
        super().__init__(**options)  # type: ignore[arg-type]
        self._capabilities = msgspec.structs.replace(
            self._capabilities, engine=name, is_preview=name == "preview"
        )  # fmt: skip

    def _is_held(self, stage: str) -> bool:
        try:
            what = (self._steering / f"{self._name}.{stage}").read_text()
        except FileNotFoundError:
            return False
        if stage not in self._told:
            self._told.add(stage)
            logger.info("%s is held at its %s", self._name, stage)
        if what == "memory":
            raise MemoryError
        return True

    async def load(self) -> None:
        while self._is_held("load"):
            await asyncio.sleep(0.01)
        await super().load()

    async def work(self, text: str, due: float) -> float:
        if "[hang]" in text:
            logger.info("%s hangs", self._name)
        if "[greedy]" in text:
            take_all_memory()
        return await super().work(text, due)

    async def _run(self, tones: _Tones) -> None:
        try:
            await super()._run(tones)
        except MemoryError:
            self._broken()

    async def encode_reference(self, audio: Audio, transcript: str | None) -> VoicePrompt:
        take_all_memory()
        return await super().encode_reference(audio, transcript)


def take_all_memory() -> None:
    """Until the system gives no more, which it is told to do soon. Raises MemoryError; the memory is there again."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MORE_MEMORY, before[1]))
    taken = []
    try:
        while True:
            taken.append(bytearray(2**20))
    finally:
        taken.clear()
        resource.setrlimit(resource.RLIMIT_AS, before)


def hurry(most_missed_beats: int) -> None:
    """What a test may not wait for: many missed beats, and growing delays between two starts."""
    worker_client._MOST_MISSED_BEATS = most_missed_beats
    model_manager.restart_backoff = lambda: Backoff(first_s=0.1, longest_s=0.2)


def start_nothing_while(is_held: Path) -> None:
    """While this file is there, the system lets nobody start a process or a thread, as behind `ulimit -u`."""
    fork, start_thread = subprocess._fork_exec, threading._start_new_thread

    def forked(*arguments: object) -> object:
        if is_held.exists():
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork(*arguments)

    def started(*arguments: object) -> object:
        if is_held.exists():
            raise RuntimeError("can't start new thread")
        return start_thread(*arguments)

    subprocess._fork_exec, threading._start_new_thread = forked, started


def choice(steering: str, engine: dict[str, object], checkpoint: str) -> EngineChoice:
    spec, stand_in = (
        EngineSpec("tests.chaos.two_workers:SteeredEngine", {"name": name, "steering": steering, **engine})
        for name in ("qwen", "preview")
    )
    if checkpoint:
        few = {"device": "cpu", "threads": 1, "rows": 2, "kv_positions": 2048}
        spec = EngineSpec("qwen_tts.hosting.host:create", {"checkpoints": [checkpoint], **few})
    return EngineChoice(spec, ManagerConfig(has_spare=True), preload=True, stand_in=stand_in)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    if "most_missed_beats" in wanted:
        hurry(wanted["most_missed_beats"])
    start_nothing_while(Path(wanted["steering"]) / "nothing.starts")
    chosen = choice(wanted["steering"], wanted["engine"], wanted["checkpoint"])
    sys.exit(daemon.run(load_settings(sys.argv[2:]), chosen, sys.argv[2:]))
