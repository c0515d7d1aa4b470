"""The daemon with Qwen3-TTS on a card, as a home uses it: first audio, many listeners, sleep, switches, leaks.

    python -m benchmarks.home MODELS [--device cpu] [--runs 20] [--requests 200]

MODELS holds a CustomVoice, a Base and a VoiceDesign checkpoint that never end by themselves
(benchmarks.random_checkpoint --endless). One JSON line for each measurement. Real WebSocket, Wyoming and HTTP clients
on 127.0.0.1, in a process of their own; every loop is bounded.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import websockets
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from benchmarks.machine import children, rss_mb, summary
from qwen3tts_daemon.audio import to_wav
from qwen_tts.api import Audio

TEXT = "Good evening, the front door has been left open for ten minutes."
FEW_FRAMES = ("--qwen.guards.length-factor", "1.2", "--qwen.guards.spare-s", "0.8")
BYTES_A_SECOND = 48_000
RYAN = {"voice": "ryan"}
_IMPORT_S = 10.0
"""Until an idle process has imported PyTorch."""


class Home:
    """A running daemon, and its clients."""

    def __init__(self, process: asyncio.subprocess.Process, http: int, wyoming: int) -> None:
        self.process, self.http, self.wyoming = process, http, wyoming
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=120)

    async def status(self) -> dict[str, Any]:
        return dict((await self.client.get("/api/gpu-status")).json())

    async def until(self, state: str) -> None:
        """All of it, as far as it is loaded: the daemon says so before the card is free."""
        for _ in range(1200):
            status = await self.status()
            if status["state"] == state and not any(model["state"] == "ready" for model in status["models"]):
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"the daemon did not become {state}")

    async def websocket(
        self, order: dict[str, Any], *, cancel_after: int | None = None, address: str = "127.0.0.1"
    ) -> list[tuple[float, int]]:
        """When each piece of sound came, in seconds after the order, and its bytes. `address`: the client's."""
        url = f"ws://127.0.0.1:{self.http}/v1/tts"
        async with websockets.connect(url, subprotocols=["voice.v1"], local_addr=(address, 0)) as socket:
            await socket.recv()
            began, pieces = time.perf_counter(), []
            await socket.send(json.dumps({"type": "speak", "text": TEXT, "final": True, "lead_ms": 600_000, **order}))
            async for message in socket:
                if isinstance(message, bytes):
                    pieces.append((time.perf_counter() - began, len(message) - 8))
                    if len(pieces) == cancel_after:
                        await socket.send('{"type": "cancel", "all": true}')
                elif (event := json.loads(message))["type"] == "done":
                    if event["reason"] == "error":
                        raise RuntimeError(event)
                    return pieces
                elif event["type"] == "error":
                    raise RuntimeError(event)
        raise RuntimeError("the socket was closed")

    async def wyoming_first(self) -> float:
        async with AsyncTcpClient("127.0.0.1", self.wyoming) as client:
            began, first = time.perf_counter(), None
            await client.write_event(Synthesize(TEXT, voice=SynthesizeVoice(name="ryan")).event())
            while (event := await client.read_event()) is not None and event.type != "audio-stop":
                if first is None and AudioChunk.is_type(event.type):
                    first = time.perf_counter() - began
            assert first is not None
            return first

    async def rest_first(self, path: str, **body: Any) -> float:
        """From the request to the first sound; the rest is read."""
        began, first = time.perf_counter(), None
        async with self.client.stream("POST", path, **body) as answer:
            if answer.status_code != 200:
                raise RuntimeError(await answer.aread())
            async for _ in answer.aiter_raw():
                first = first or time.perf_counter() - began
        assert first is not None
        return first

    def worker_files(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in children(self.process.pid))

    def worker_mb(self) -> float:
        return round(sum(rss_mb(pid) for pid in children(self.process.pid)), 1)


@contextlib.asynccontextmanager
async def home(models: Path, data: Path, *options: str) -> AsyncIterator[tuple[Home, float]]:
    """And the seconds until it was ready."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "qwen3tts_daemon", "serve", "--engine", "qwen", "--models.dir", str(models),
        "--data-dir", str(data), "--http.host", "127.0.0.1", "--http.port", "0", "--wyoming.host", "127.0.0.1",
        "--wyoming.port", "0", "--no-zeroconf.enabled", *FEW_FRAMES, *options, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    ports: dict[str, int] = {}
    while "ready" not in ports:
        line = (await process.stderr.readline()).decode()
        if not line:
            raise RuntimeError("the daemon did not start")
        sys.stderr.write(line)
        for door in ("http", "wyoming"):
            if f"{door} listens on port" in line:
                ports[door] = int(line.partition("on port ")[2].split()[0])
        if line.endswith("qwen3tts_daemon.daemon ready\n"):
            ports["ready"] = 1
    ready_s = time.perf_counter() - began
    reading = asyncio.create_task(_copy(process.stderr))
    running = Home(process, ports["http"], ports["wyoming"])
    try:
        yield running, ready_s
    finally:
        await running.client.aclose()
        process.terminate()
        await process.wait()
        await reading


async def _copy(log: asyncio.StreamReader) -> None:
    while line := await log.readline():
        sys.stderr.write(line.decode())


def card_mb() -> int | None:
    """Used memory of the card, everybody's."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0])


def starved_ms(pieces: list[tuple[float, int]]) -> float:
    """The longest silence of a listener who plays from the first piece on."""
    worst, start, played_s = 0.0, pieces[0][0], 0.0
    for came_s, size in pieces:
        late = came_s - (start + played_s)
        if late > 0:
            worst, start = max(worst, late), start + late
        played_s += size / BYTES_A_SECOND
    return round(worst * 1000, 1)


def report(what: str, **figures: Any) -> None:
    print(json.dumps({"what": what, **figures}), flush=True)


async def listeners(home: Home, runs: int) -> None:
    report("first audio of the first utterance", ms=round((await home.websocket(RYAN))[0][0] * 1000, 1))
    one = [(await home.websocket(RYAN))[0][0] for _ in range(runs)]
    report("first audio, WebSocket, 1 listener", **summary(one))
    await home.wyoming_first()
    report("first audio, Wyoming, 1 listener", **summary([await home.wyoming_first() for _ in range(runs)]))
    await asyncio.gather(*(home.websocket(RYAN) for _ in range(16)))
    report("first audio, WebSocket, 16 at once", **await at_once(home, runs, [RYAN] * 16))


async def at_once(home: Home, runs: int, orders: list[dict[str, Any]]) -> dict[str, Any]:
    firsts, worst, rates = [], 0.0, []
    for _ in range(max(1, runs // 4)):
        began = time.perf_counter()
        heard = await asyncio.gather(*map(home.websocket, orders))
        took_s = time.perf_counter() - began
        firsts += [pieces[0][0] for pieces in heard]
        worst = max(worst, *map(starved_ms, heard))
        rates.append(sum(size for pieces in heard for _, size in pieces) / BYTES_A_SECOND / took_s)
    return {**summary(firsts), "worst_starvation_ms": worst, "x_realtime": round(max(rates), 1)}


async def crowd(home: Home, runs: int) -> None:
    """A client with more long texts than there are rows, and one who wants a sentence now and then."""
    for who, address in (("of another client", "127.0.0.2"), ("of the same client", "127.0.0.1")):
        firsts = []
        for _ in range(max(1, runs // 5)):
            texts = [{"voice": "ryan", "text": " ".join([TEXT] * (4 + number % 9))} for number in range(28)]
            speaking = [asyncio.create_task(home.websocket(text)) for text in texts]
            await asyncio.sleep(0.5)
            firsts.append((await home.websocket(RYAN, address=address))[0][0])
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
        report(f"first audio beside 28 long texts, {who}", **summary(firsts))


async def sleep_and_wake(home: Home) -> None:
    awake = card_mb()
    await home.until("sleeping")
    asleep = card_mb()
    report("sleep", card_mb_awake=awake, card_mb_asleep=asleep)
    first = (await home.websocket(RYAN))[0][0]
    report("first audio after sleep", ms=round(first * 1000, 1))


async def switch(home: Home, prompt: bytes) -> None:
    path, form = "/api/tts/voice-clone-from-prompt/stream", {"text": TEXT}
    files = {"voice_prompt": ("prompt.safetensors", prompt)}
    first = await home.rest_first(path, data=form, files=files)
    report("first audio after a switch CustomVoice -> Base", ms=round(first * 1000, 1), card_mb=card_mb())
    first = await home.rest_first(path, data=form, files=files)
    report("first audio, Base, REST", ms=round(first * 1000, 1))
    body = {"text": TEXT, "instruct": "A deep, calm man."}
    first = await home.rest_first("/api/tts/voice-design/stream", json=body)
    report("first audio after a switch to VoiceDesign", ms=round(first * 1000, 1), card_mb=card_mb())


async def two_checkpoints(home: Home, runs: int) -> None:
    orders = [RYAN, {"mode": "design", "design": "An old sailor."}] * 8
    await asyncio.gather(*map(home.websocket, orders))
    report("first audio, WebSocket, 16 at once of two checkpoints", **await at_once(home, runs, orders))


async def restart(home: Home, token: str) -> None:
    before, ended = card_mb(), set(children(home.process.pid))
    await home.client.post("/api/gpu-offload", headers={"Authorization": f"Bearer {token}"})
    await home.until("unloaded")
    while ended & set(children(home.process.pid)):
        await asyncio.sleep(0.05)
    await asyncio.sleep(_IMPORT_S)
    report("unload", card_mb_before=before, card_mb_after=card_mb(), successor_mb=home.worker_mb())
    first = (await home.websocket(RYAN))[0][0]
    report("first audio from an ended worker", ms=round(first * 1000, 1))
    for pid in children(home.process.pid):
        os.kill(pid, signal.SIGKILL)
    await home.until("loading")
    first = (await home.websocket(RYAN))[0][0]
    report("first audio from a killed worker", ms=round(first * 1000, 1))


async def mixed(home: Home, prompt: bytes, requests: int) -> None:
    """Kinds in turn, some cancelled, 24 at a time: nothing is left behind."""
    draw = random.Random(1)
    await _mixed(home, prompt, 24, draw)
    before = {"card_mb": card_mb(), "files": home.worker_files(), "worker_mb": home.worker_mb()}
    began = time.perf_counter()
    cancelled = await _mixed(home, prompt, requests, draw)
    took_s = time.perf_counter() - began
    after = {"card_mb": card_mb(), "files": home.worker_files(), "worker_mb": home.worker_mb()}
    active = sum(model["active"] for model in (await home.status())["models"])
    report("mixed requests", requests=requests, cancelled=cancelled, seconds=round(took_s, 1), active_rows=active,
           before=before, after=after)  # fmt: skip


async def _mixed(home: Home, prompt: bytes, requests: int, draw: random.Random) -> int:
    places, cancelled = asyncio.Semaphore(24), 0

    async def one(number: int, cancel: bool) -> None:
        async with places:
            if number % 4 == 3:
                files = {"voice_prompt": ("prompt.safetensors", prompt)}
                await home.rest_first("/api/tts/voice-clone-from-prompt/stream", data={"text": TEXT}, files=files)
            else:
                order = {"mode": "design", "design": "An old sailor."} if number % 4 == 2 else {"voice": "ryan"}
                await home.websocket(order, cancel_after=3 if cancel else None)

    cancels = [draw.random() < 0.1 and number % 4 != 3 for number in range(requests)]
    cancelled = sum(cancels)
    await asyncio.gather(*(one(number, cancel) for number, cancel in enumerate(cancels)))
    await asyncio.sleep(1.5)  # the status is told once a second
    return cancelled


def recording() -> bytes:
    """Four seconds of a tone that swells and fades, as WAV."""
    rate = 24_000
    samples = [
        round(9_000 * math.sin(2 * math.pi * 160 * n / rate) * (1 + math.sin(2 * math.pi * 3 * n / rate)))
        for n in range(4 * rate)
    ]
    pcm = struct.pack(f"<{len(samples)}h", *samples)
    return to_wav(Audio(pcm=pcm, sample_rate=rate))


async def measure(options: argparse.Namespace, data: Path) -> None:
    device = ("--qwen.device", options.device) if options.device else ()
    async with home(options.models, data, *device) as (running, ready_s):
        report("start, whatever is cached", ready_s=round(ready_s, 2), card_mb=card_mb())
        files = {"ref_audio": ("tone.wav", recording())}
        answer = await running.client.post("/api/voice-prompt/save", data={"ref_text": "Some words."}, files=files)
        prompt = answer.raise_for_status().content
        await running.rest_first("/api/tts/voice-design/stream", json={"text": TEXT, "instruct": "A deep, calm man."})
    async with home(options.models, data, *device, "--qwen.sleep-s", "3") as (running, ready_s):
        report("start, kernels cached", ready_s=round(ready_s, 2), card_mb=card_mb())
        await sleep_and_wake(running)
    async with home(options.models, data, *device) as (running, _):
        await listeners(running, options.runs)
        await crowd(running, options.runs)
        await switch(running, prompt)
        await two_checkpoints(running, options.runs)
        await mixed(running, prompt, options.requests)
        await restart(running, (data / "token").read_text().strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--device")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(measure(options, Path(data)))


if __name__ == "__main__":
    main()
