"""What others notice while a CPU speaks: who asks the daemon, and other work on the machine; with and without niceness.

python -m benchmarks.beside [MODELS] [--nice 0 5 10] [--seconds 10]      prints one JSON object

With MODELS, a folder with a checkpoint, Qwen3-TTS speaks in 8 bits, else the preview voice, each with all its threads
and without a pause. Meanwhile a Wyoming client asks for the description and an HTTP client for the status; then one
thread more counts as fast as it can, as a home server has other things to do. Everything stays on 127.0.0.1.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import httpx
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info

from benchmarks.machine import children, cpu_s, machine, summary
from benchmarks.serve import Running, daemon

TEXT = "And so it went on and on, as it had done before, and nobody knew when it would come to an end. " * 4
_ASKS_EVERY_S = 0.02


def _preview(nice: int) -> list[str]:
    return ["--engine", "embedded", "--embedded.nice", str(nice)]


def _qwen(models: Path, nice: int) -> list[str]:
    return [
        "--engine", "qwen", "--models.dir", str(models), "--qwen.device", "cpu", "--qwen.weights", "int8",
        "--qwen.rows", "2", "--qwen.row-positions", "1024", "--qwen.kv-positions", "2048", "--qwen.nice", str(nice),
    ]  # fmt: skip


@contextlib.asynccontextmanager
async def speaking(running: Running, spoken_s: list[float], voice: str | None) -> AsyncIterator[None]:
    """Somebody wants one text after the other; `spoken_s` is told of each second of sound as it comes."""

    async def listen() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.http}", timeout=300) as client:
            body = {"input": TEXT, "response_format": "pcm", "stream": True} | ({"voice": voice} if voice else {})
            while True:
                async with client.stream("POST", "/v1/audio/speech", json=body) as answer:
                    answer.raise_for_status()
                    async for sound in answer.aiter_raw():
                        spoken_s.append(len(sound) / 48_000)

    listening = asyncio.create_task(listen())
    while not spoken_s and not listening.done():
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def asked(seconds: float, ask: Callable[[], Awaitable[object]]) -> dict[str, float]:
    await ask()  # the first answer is made, the others are kept
    times, ends_at = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < ends_at:
        await ask()
        times.append(time.perf_counter() - began)
        await asyncio.sleep(_ASKS_EVERY_S)
    return summary(times)


async def latencies(running: Running, seconds: float) -> dict[str, Any]:
    async with (
        AsyncTcpClient("127.0.0.1", running.wyoming) as wyoming,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.http}", timeout=60) as http,
    ):

        async def describe() -> None:
            await wyoming.write_event(Describe().event())
            event = await wyoming.read_event()
            assert event is not None
            assert Info.is_type(event.type)

        async def status() -> None:
            (await http.get("/api/gpu-status")).raise_for_status()

        return {"describe": await asked(seconds, describe), "status": await asked(seconds, status)}


def _count(counted: "Synchronized[int]") -> None:
    while True:
        for _ in range(10_000):
            pass
        counted.value += 1


async def other_work(seconds: float) -> float:
    """What one thread of another program gets done in a second."""
    counted = multiprocessing.Value("q", 0, lock=False)
    process = multiprocessing.Process(target=_count, args=(counted,), daemon=True)
    process.start()
    try:
        await asyncio.sleep(0.3)
        before, began = counted.value, time.perf_counter()
        await asyncio.sleep(seconds)
        return float((counted.value - before) / (time.perf_counter() - began))
    finally:
        process.kill()
        process.join()


async def measure(options: list[str], seconds: float, voice: str | None) -> dict[str, Any]:
    async with daemon("qwen3tts_daemon", "serve", *options) as running:
        spoken_s: list[float] = []
        idle = {**await latencies(running, seconds / 2), "other_work": await other_work(seconds / 2)}
        async with speaking(running, spoken_s, voice):
            before_s, began = sum(spoken_s), time.perf_counter()
            beside = await latencies(running, seconds)
            alone_rate = (sum(spoken_s) - before_s) / (time.perf_counter() - began)
            before_s, began = sum(spoken_s), time.perf_counter()
            done = await other_work(seconds)
            rate = (sum(spoken_s) - before_s) / (time.perf_counter() - began)
        engines = children(running.pid)
        await asyncio.sleep(0.5)
        before = sum(map(cpu_s, engines))
        await asyncio.sleep(seconds)
        at_rest_s = sum(map(cpu_s, engines)) - before
    return {
        "idle": idle["describe"], "describe": beside["describe"], "status": beside["status"],
        "x_realtime": round(alone_rate, 2), "x_realtime_beside_other_work": round(rate, 2),
        "other_work": round(done / idle["other_work"], 2), "cpu_s_at_rest": round(at_rest_s, 3),
    }  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="?")
    parser.add_argument("--nice", type=int, nargs="+", default=[0, 5, 10])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--voice")
    given = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    for nice in given.nice:
        options = _preview(nice) if given.models is None else _qwen(given.models, nice)
        result[f"nice {nice}"] = await measure(options, given.seconds, given.voice)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
