"""A language model's words, spoken while they come: some-llm | python stream_llm.py answer.wav

Needs the package websockets. Words go in as they are read, sound is written as it arrives; a sentence is spoken as soon
as it is finished, while the next one is still being thought of.
"""

import asyncio
import json
import os
import sys
import wave
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect

HOST = os.environ.get("VOICE_HOST", "localhost:8766")


async def tokens() -> AsyncIterator[str]:
    """Here: standard input, whatever comes. An API's stream of deltas looks the same."""
    while piece := await asyncio.to_thread(os.read, sys.stdin.fileno(), 256):
        yield piece.decode(errors="replace")


async def write(socket: ClientConnection) -> None:
    async for token in tokens():
        await socket.send(json.dumps({"type": "speak", "ctx": "answer", "text": token}))
    await socket.send(json.dumps({"type": "end", "ctx": "answer"}))


async def hear(socket: ClientConnection, path: str) -> None:
    with wave.open(path, "wb") as sound:
        sound.setparams((1, 2, 24_000, 0, "NONE", ""))
        async for message in socket:
            if isinstance(message, bytes):
                sound.writeframes(message[8:])  # after eight bytes of head
                continue
            told = json.loads(message)
            if told["type"] == "segment":
                print(told["text"], flush=True)
            elif told["type"] == "error":
                sys.exit(f"{told['code']}: {told['message']}")
            elif told["type"] == "done":
                return


async def main() -> None:
    async with connect(f"ws://{HOST}/v1/tts", subprotocols=["voice.v1"]) as socket, asyncio.TaskGroup() as group:
        group.create_task(write(socket))
        group.create_task(hear(socket, sys.argv[1] if len(sys.argv) > 1 else "answer.wav"))


if __name__ == "__main__":
    asyncio.run(main())
