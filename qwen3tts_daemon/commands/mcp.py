"""A voice for assistants: a server of the Model Context Protocol, over standard input and output.

What an assistant says is spoken by a running daemon and heard on this machine, one text after the other.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from qwen3tts_daemon import __version__
from qwen3tts_daemon.commands import client
from qwen3tts_daemon.commands.client import NoDaemon, ServerAddress, Wishes
from qwen3tts_daemon.commands.playback import Player
from qwen3tts_daemon.commands.voices import rows_of
from qwen3tts_daemon.settings import SettingsError
from qwen_tts.api import PCM_BYTES
from qwen_tts.errors import SynthesisError

INSTRUCTIONS = (
    "Speaks aloud in the room where this computer is. Write numbers, units and times as people write them: they are "
    "read as a person would say them. Leave out formatting, which cannot be heard."
)

Text = Annotated[str, Field(min_length=1, description="What to say.")]
Voice = Annotated[str | None, Field(description="A name that `voices` tells; left out, the daemon's own choice.")]
Language = Annotated[str | None, Field(description="Such as en, de, zh-CN; left out, detected from the text.")]


class Mouth:
    """The loudspeaker, for one text at a time."""

    def __init__(self, address: ServerAddress, device: str | None) -> None:
        self._address, self._device = address, device
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[dict[str, Any]]] = set()

    async def speak(self, text: str, wishes: Wishes) -> dict[str, Any]:
        """Once it is heard to its end, or was stopped. Raises NoDaemon, NoPlayer, SynthesisError."""
        task = asyncio.create_task(self._speak(text, wishes))
        self._under_way.add(task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()  # the assistant may have given up
            self._under_way.discard(task)
        return {"end": "stopped"} if task.cancelled() else task.result()

    def stop(self) -> int:
        """What is spoken, and what waits for its turn -> how many texts."""
        return sum(task.cancel() for task in self._under_way)

    async def _speak(self, text: str, wishes: Wishes) -> dict[str, Any]:
        seconds = 0.0
        async with self._turn, Player.find(self._device) as player:

            async def hear(rate: int, pcm: bytes) -> None:
                nonlocal seconds
                seconds += len(pcm) / PCM_BYTES / rate
                await player.write(rate, pcm)

            end = await client.speak(self._address, text, hear, wishes)
        return {"end": end, "seconds": round(seconds, 2)}


async def serve(address: ServerAddress, device: str | None) -> None:
    """Until standard input ends. Raises SettingsError without the extra, NoPlayer where nothing would be heard."""
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError as error:
        raise SettingsError(f"{error}: pip install 'qwen3tts-daemon[mcp]'") from error
    Player.find(device)
    mouth = Mouth(address, device)
    server: MCPServer[Any] = MCPServer(
        "qwen3tts-daemon", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING"
    )

    @server.tool()
    async def speak(text: Text, voice: Voice = None, language: Language = None) -> dict[str, Any]:
        """Say something aloud. Answers when it has been heard: `end` is `done`, `stopped`, or `limit` if the voice came
        to no end."""
        try:
            return await mouth.speak(text, Wishes(voice, language))
        except (SynthesisError, NoDaemon) as error:
            raise ToolError(str(error)) from error

    @server.tool()
    async def stop() -> dict[str, int]:
        """Be silent at once; what waits to be said is dropped too."""
        return {"stopped": mouth.stop()}

    @server.tool()
    async def voices() -> list[dict[str, str]]:
        """Who can speak: names, languages, descriptions."""
        try:
            return [asdict(row) for row in rows_of(await client.ask_info(address))]
        except NoDaemon as error:
            raise ToolError(str(error)) from error

    await server.run_stdio_async()
