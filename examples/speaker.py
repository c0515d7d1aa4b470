"""A speaker on the LAN: finds the daemon by itself and says every line of its input; a new line cuts off the old one.

    python speaker.py | aplay -q -t raw -f S16_LE -r 16000 -c 1        needs the packages websockets and zeroconf

Made as small as a microcontroller would have it: one socket, 16 kHz, no heads to parse (framing "raw"), and at most two
seconds of sound in memory, 64 KB, because the daemon sends no further ahead (lead_ms) than what was reported as played.
"""

import asyncio
import json
import os
import sys
import time

from websockets.asyncio.client import ClientConnection, connect
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

RATE, LEAD_MS = 16_000, 2_000
SERVICE = "_qwen3tts._tcp.local."


async def find() -> str:
    """HOST:PORT of the first daemon that answers on this network; VOICE_HOST goes before it."""
    if host := os.environ.get("VOICE_HOST"):
        return host
    names: asyncio.Queue[str] = asyncio.Queue()
    async with AsyncZeroconf() as network:

        def changed(name: str, state_change: ServiceStateChange, **_: object) -> None:
            if state_change is ServiceStateChange.Added:
                names.put_nowait(name)

        browser = AsyncServiceBrowser(network.zeroconf, SERVICE, handlers=[changed])
        try:
            while True:
                info = AsyncServiceInfo(SERVICE, await names.get())
                if await info.async_request(network.zeroconf, 3_000):
                    return f"{info.parsed_scoped_addresses()[0]}:{info.port}"
        finally:
            await browser.async_cancel()


class Player:
    """What is heard: here standard output, at the pace of a loudspeaker. `cut` drops what is not played yet."""

    def __init__(self) -> None:
        self._sound, self._more = bytearray(), asyncio.Event()
        self.played_ms = 0.0

    def add(self, sound: bytes) -> None:
        self._sound += sound
        self._more.set()

    def cut(self) -> None:
        self._sound.clear()
        self.played_ms = 0.0

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            while not self._sound:
                self._more.clear()
                await self._more.wait()
                due = time.monotonic()
            piece = bytes(self._sound[: RATE // 50 * 2])  # 20 ms
            del self._sound[: len(piece)]
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            self.played_ms += len(piece) / 2 / RATE * 1000
            due += len(piece) / 2 / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def speak_lines(socket: ClientConnection, player: Player) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        player.cut()  # barge in: here at once, and there by the policy
        await socket.send(json.dumps({"type": "speak", "text": line, "final": True, "policy": "preempt"}))


async def report(socket: ClientConnection, player: Player) -> None:
    """How much was heard, so that the daemon sends on; a report of what is over already is only warned of."""
    while True:
        await asyncio.sleep(0.2)
        if player.played_ms:
            await socket.send(json.dumps({"type": "played", "ms": int(player.played_ms)}))


async def hear(socket: ClientConnection, player: Player) -> None:
    async for message in socket:
        if isinstance(message, bytes):
            player.add(message)
        elif (told := json.loads(message))["type"] in ("segment", "done", "error"):
            print(told.get("text") or told.get("message") or told.get("reason"), file=sys.stderr, flush=True)


async def main() -> None:
    player = Player()
    async with connect(f"ws://{await find()}/v1/tts", subprotocols=["voice.v1"]) as socket:
        sound = {"encoding": "pcm_s16le", "sample_rate": RATE, "framing": "raw"}
        await socket.send(json.dumps({"type": "configure", "format": sound, "lead_ms": LEAD_MS}))
        tasks = [
            asyncio.create_task(work) for work in (player.run(), report(socket, player), speak_lines(socket, player))
        ]
        await hear(socket, player)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
