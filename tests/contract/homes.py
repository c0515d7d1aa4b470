"""The homes an engine can have; each function starts one."""

import asyncio
import atexit
import contextlib
import functools
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.random_checkpoint import write_checkpoint
from qwen3tts_daemon.embedded.engine import create
from qwen3tts_daemon.hosting.worker_client import EngineSpec, WorkerEngine
from qwen3tts_daemon.http_engine.engine import HttpEngine
from qwen3tts_daemon.http_engine.options import ServerOptions
from qwen_tts.engine.engine import create as create_qwen
from qwen_tts.stream import SpeechEngine
from tests.fakes import ToneEngine
from tests.wire.daemons import embedded_daemon

TONE = EngineSpec("tests.fakes:ToneEngine", {"rows": 8, "word_times": True})


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


@functools.cache
def _checkpoint_dir() -> tempfile.TemporaryDirectory[str]:
    """A tiny checkpoint that draws no end of speech, and has no Chinese."""
    directory = tempfile.TemporaryDirectory()
    path = Path(directory.name)
    write_checkpoint("tiny-0.6B-CustomVoice", path, endless=True)
    config = json.loads((path / "config.json").read_text())
    del config["talker_config"]["codec_language_id"]["chinese"]
    (path / "config.json").write_text(json.dumps(config))
    return directory


def _qwen_options() -> dict[str, Any]:
    """Few rows, all of them in every step: the same sums whoever else speaks."""
    return {
        "checkpoint": _checkpoint_dir().name, "device": "cpu", "threads": 1, "rows": 3, "queue": 0, "buckets": [3],
        "kv_positions": 2048, "row_positions": 512, "guards": {"length_factor": 0.7, "spare_s": 0.64},
    }  # fmt: skip


async def _qwen() -> SpeechEngine:
    return create_qwen(**_qwen_options())


async def _qwen_in_a_worker() -> SpeechEngine:
    """One checkpoint of a host, as the daemon runs it."""
    options = _qwen_options()
    options["checkpoints"] = [options.pop("checkpoint")]
    return await WorkerEngine.start(EngineSpec("qwen_tts.hosting.host:create", options))


@functools.cache
def _another_daemon() -> str:
    """Host and port of one for the whole run, as users start it: in a process of its own, with the embedded voice."""
    until_exit = contextlib.ExitStack()
    atexit.register(until_exit.close)
    data = until_exit.enter_context(tempfile.TemporaryDirectory())
    options = ["--engine", "embedded", "--no-embedded.kokoro"]
    daemon = until_exit.enter_context(embedded_daemon(Path(data), *options))
    return f"127.0.0.1:{daemon.ready()[1]}"


async def _http() -> SpeechEngine:
    host = await asyncio.to_thread(_another_daemon)
    return HttpEngine(ServerOptions(base_url=f"http://{host}/v1", host=host, max_requests=4))


HOMES: dict[str, Callable[[], Awaitable[SpeechEngine]]] = {
    "tone": _tone,
    "tone in a worker": _tone_in_a_worker,
    "embedded": _embedded,
    "embedded in a worker": _embedded_in_a_worker,
    "qwen": _qwen,
    "qwen in a worker": _qwen_in_a_worker,
    "another daemon, over HTTP": _http,
}
