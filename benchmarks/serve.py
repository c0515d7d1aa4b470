"""The daemon under real clients: first audio, describe under load, 200 listeners, stalled readers, memory, start.

python -m benchmarks.serve [NAME ...]      prints one JSON object; NAME is one of the functions in MEASUREMENTS

Everything stays on 127.0.0.1, every loop is bounded.
"""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice

from benchmarks.machine import children, cpu_s, machine, rss_mb, summary

CACHE = Path(tempfile.gettempdir()) / "qwen3tts-bench"
REPEATS = 8
_MOST_PHRASES = 256
_UNLOAD_S = 1.0

SHORT_CLAUSE = {  # the first clause ends within 30 characters
    "en": "Good evening, the front door has been left open for ten minutes.",
    "de": "Guten Abend, die Haustür steht seit zehn Minuten offen.",
    "fr": "Bonsoir, la porte d'entrée est ouverte depuis dix minutes.",
    "es": "Buenas tardes, la puerta está abierta desde hace diez minutos.",
    "zh": "晚上好，前门已经开了十分钟。",
}
LONG_CLAUSE = {
    "en": "The washing machine in the basement has finished its programme and is waiting to be emptied.",
    "de": "Die Waschmaschine im Keller ist fertig und wartet darauf ausgeräumt zu werden.",
    "fr": "La machine à laver du sous-sol a terminé son programme et attend que quelqu'un la vide.",
    "es": "La lavadora del sótano ha terminado su programa y espera que alguien la vacíe.",
    "zh": "地下室的洗衣机已经洗完了正在等人把衣服拿出来晾干。",
}


@dataclass(frozen=True)
class Running:
    """A daemon process and its ports."""

    pid: int
    wyoming: int
    http: int
    started_s: float
    """From the start of the process to the open Wyoming port."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.asynccontextmanager
async def daemon(*program: str) -> AsyncIterator[Running]:
    wyoming, http = free_port(), free_port()
    options = [
        "--wyoming.host", "127.0.0.1", "--wyoming.port", str(wyoming), "--http.host", "127.0.0.1",
        "--http.port", str(http), "--data-dir", str(CACHE), "--no-zeroconf.enabled", "--log-level", "warning",
        "--websocket.max-sockets-per-address", "1000", "--wyoming.max-connections", "1000",
        "--wyoming.max-connections-per-address", "1000", "--http.max-connections-per-address", "1000",
    ]  # fmt: skip
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", *program, *options]) as process:
        try:
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", wyoming), timeout=1).close()
                    break
                if process.poll() is not None or time.perf_counter() - began > 120:
                    raise RuntimeError("the daemon did not start")
                await asyncio.sleep(0.02)
            yield Running(process.pid, wyoming, http, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(10)


def real() -> contextlib.AbstractAsyncContextManager[Running]:
    return daemon("qwen3tts_daemon", "serve")


def tone(**options: float) -> contextlib.AbstractAsyncContextManager[Running]:
    return daemon("tests.tone_daemon", json.dumps(options))


async def first_audio_s(running: Running, text: str, voice: str | None, *, streaming: bool) -> float:
    """From the request to its first chunk with sound; the rest is read to the end."""
    async with AsyncTcpClient("127.0.0.1", running.wyoming) as client:
        wanted = SynthesizeVoice(name=voice) if voice else None
        began = time.perf_counter()
        if streaming:
            await client.write_event(SynthesizeStart(voice=wanted).event())
            await client.write_event(SynthesizeChunk(text).event())
            await client.write_event(SynthesizeStop().event())
            last = SynthesizeStopped.is_type
        else:
            await client.write_event(Synthesize(text, voice=wanted).event())
            last = "audio-stop".__eq__
        first = None
        while (event := await client.read_event()) is not None and not last(event.type):
            if first is None and AudioChunk.is_type(event.type):
                first = time.perf_counter() - began
            if event.type == "error":
                raise RuntimeError(event.data)
    assert first is not None
    return first


async def ttfa() -> dict[str, Any]:
    """First audio through Wyoming, warm, one request at a time."""
    async with real() as running:
        # Kokoro is loaded beside the English voice, which may speak meanwhile; its first answer says that it is there.
        await first_audio_s(running, SHORT_CLAUSE["de"], None, streaming=False)
        result: dict[str, Any] = {}
        for streaming in (False, True):
            mode = "streaming" if streaming else "plain"
            cases = [("hibari en", SHORT_CLAUSE["en"], "heart"), ("hibari en long", LONG_CLAUSE["en"], "heart")]
            for kind, texts in (("short clause", SHORT_CLAUSE), ("long", LONG_CLAUSE)):
                cases += [
                    (f"kokoro {code} {kind}", text, "af_heart" if code == "en" else None)
                    for code, text in texts.items()
                ]
            for name, text, voice in cases:
                await first_audio_s(running, text, voice, streaming=streaming)
                times = [await first_audio_s(running, text, voice, streaming=streaming) for _ in range(REPEATS)]
                result[f"{name} {mode}"] = summary(times)
        return result


async def phrases() -> dict[str, Any]:
    """First audio of a phrase that is kept, while the voice is loaded and while it is not, of a text that is not kept,
    and what it costs other texts that phrases are listed."""
    kept, other = SHORT_CLAUSE["en"], LONG_CLAUSE["en"]
    listed = json.dumps([kept, *(f"{other} {number}" for number in range(_MOST_PHRASES - 1))])
    result: dict[str, Any] = {}
    async with daemon(
        "qwen3tts_daemon", "serve", "--phrases.list", listed, "--embedded.idle-unload-s", str(_UNLOAD_S)
    ) as running:
        result["kept, spoken now"] = await first_audio_s(running, kept, "heart", streaming=False)
        for streaming in (False, True):
            mode = "streaming" if streaming else "plain"
            for name, text in (("not kept", SHORT_CLAUSE["en"] + " Really."), ("kept", kept)):
                times = [await first_audio_s(running, text, "heart", streaming=streaming) for _ in range(REPEATS * 4)]
                result[f"{name}, {mode}"] = summary(times)
        await asyncio.sleep(_UNLOAD_S * 3)
        times = [await first_audio_s(running, kept, "heart", streaming=True) for _ in range(REPEATS * 4)]
        result["kept, voice unloaded, streaming"] = summary(times)
        assert not children(running.pid), "nobody has loaded it"
    for name, options in (("none listed", ()), (f"{_MOST_PHRASES} listed", ("--phrases.list", listed))):
        async with daemon("tests.tone_daemon", "{}", *options) as running:
            times = [await first_audio_s(running, other, "tone", streaming=True) for _ in range(200)]
            result[f"another text, an engine that costs nothing, {name}"] = summary(times)
    return result


async def describe_under_load() -> dict[str, Any]:
    """describe on new connections while four streams are being spoken."""
    async with real() as running:
        text = " ".join(LONG_CLAUSE["en"] for _ in range(20))
        speaking = [
            asyncio.create_task(first_audio_s(running, text, voice, streaming=True))
            for voice in ("heart", "af_heart", "heart", "am_michael")
        ]
        times = []
        for _ in range(500):
            began = time.perf_counter()
            async with AsyncTcpClient("127.0.0.1", running.wyoming) as client:
                await client.write_event(Describe().event())
                event = await client.read_event()
                assert event is not None
                assert Info.is_type(event.type)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
        still_speaking = sum(not task.done() for task in speaking)
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        return {**summary(times), "streams_at_the_end": still_speaking}


async def listen(running: Running, seconds: int, lateness: list[float]) -> None:
    """One listener that plays in real time: how late each chunk is against a clock started by the first."""
    text = "x" * int(seconds * 1000 / 60)
    async with websockets.connect(f"ws://127.0.0.1:{running.http}/v1/tts", compression=None, max_queue=None) as ws:
        await ws.send(json.dumps({"type": "speak", "text": text, "final": True}))
        started: float | None = None
        samples = 0
        async for message in ws:
            now = time.perf_counter()
            if isinstance(message, str):
                if json.loads(message)["type"] == "done":
                    return
                continue
            if started is None:
                started = now
            lateness.append(now - started - samples / 24_000)
            samples += (len(message) - 8) // 2


async def listeners() -> dict[str, Any]:
    """200 WebSocket listeners in real time on a ToneEngine that makes a frame every 80 ms."""
    count, seconds = 200, 20
    async with tone(frame_s=0.08) as running:
        await listen(running, 1, [])
        lateness: list[float] = []
        worker = children(running.pid)[0]
        before, worker_before, began = cpu_s(running.pid), cpu_s(worker), time.perf_counter()
        await asyncio.gather(*(listen(running, seconds, lateness) for _ in range(count)))
        wall_s = time.perf_counter() - began
        return {
            "listeners": count, "chunks": len(lateness), "wall_s": round(wall_s, 1),
            "daemon_core_percent": round(100 * (cpu_s(running.pid) - before) / wall_s, 1),
            "worker_core_percent": round(100 * (cpu_s(worker) - worker_before) / wall_s, 1),
            "lateness": summary(lateness), "rss_mb": round(rss_mb(running.pid), 1),
        }  # fmt: skip


async def stalled() -> dict[str, Any]:
    """Memory that clients cost who ask for a long text and then stop reading, WebSocket and Wyoming."""
    count = 30
    result: dict[str, Any] = {}
    text = "x" * 7_000
    async with tone() as running:
        await listen(running, 1, [])
        for kind in ("websocket", "wyoming"):
            before = rss_mb(running.pid)
            stalls = [await _stall(running, kind, text) for _ in range(count)]
            await asyncio.sleep(5)
            result[f"{kind}_mb_per_client"] = round((rss_mb(running.pid) - before) / count, 3)
            for stall in stalls:
                stall.close()
    return {"clients": count, **result}


async def _stall(running: Running, kind: str, text: str) -> socket.socket:
    """A raw socket that asks and never reads again."""
    port = running.http if kind == "websocket" else running.wyoming
    sock = socket.create_connection(("127.0.0.1", port))
    if kind == "wyoming":
        data = json.dumps({"text": text}).encode()
        sock.sendall(json.dumps({"type": "synthesize", "data_length": len(data)}).encode() + b"\n" + data)
        return sock
    sock.sendall(
        b"GET /v1/tts HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await asyncio.to_thread(sock.recv, 16_384)
    message = json.dumps({"type": "speak", "text": text, "final": True}).encode()
    sock.sendall(b"\x81\xfe" + len(message).to_bytes(2, "big") + bytes(4) + message)
    return sock


async def size_and_start() -> dict[str, Any]:
    """Resident memory of the daemon without its worker, and the time until Wyoming answers, with a warm cache."""
    times, memory, workers = [], 0.0, 0.0
    async with real():
        pass
    for _ in range(3):
        async with real() as running:
            times.append(running.started_s)
            await first_audio_s(running, SHORT_CLAUSE["en"], None, streaming=False)
            memory = max(memory, rss_mb(running.pid))
            workers = max(workers, sum(rss_mb(child) for child in children(running.pid)))
    return {
        "start_s": [round(t, 2) for t in times],
        "daemon_rss_mb": round(memory, 1),
        "worker_rss_mb": round(workers, 1),
    }


MEASUREMENTS: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
    function.__name__: function for function in (ttfa, phrases, describe_under_load, listeners, stalled, size_and_start)
}


async def main(names: list[str]) -> None:
    result: dict[str, Any] = {"machine": machine()}
    for name in names or MEASUREMENTS:
        result[name] = await MEASUREMENTS[name]()
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
