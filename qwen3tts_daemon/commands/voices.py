"""Who can speak: asked of a running daemon, or of the engine itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from wyoming.info import Info

from qwen3tts_daemon.commands import client, local
from qwen3tts_daemon.commands.client import NoDaemon, ServerAddress
from qwen3tts_daemon.settings import Settings


@dataclass(frozen=True, slots=True)
class VoiceRow:
    name: str
    languages: str
    description: str


async def list_voices(address: ServerAddress | None, settings: Settings) -> list[VoiceRow]:
    """Raises NoDaemon if `address` was given and nothing answers there."""
    try:
        info = await client.ask_info(address or ServerAddress("127.0.0.1", settings.wyoming.port))
    except NoDaemon:
        if address is not None:
            raise
        async with local.local_speech(settings, preload=False) as speech:
            voices = speech.voices.voices
            return [VoiceRow(v.name, " ".join(v.languages), v.description) for v in voices]
    return rows_of(info)


def rows_of(info: Info) -> list[VoiceRow]:
    """What a server says of its voices."""
    return [
        VoiceRow(voice.name, " ".join(voice.languages), voice.description or "")
        for program in info.tts
        for voice in program.voices
    ]


def show(voices: Iterable[VoiceRow]) -> None:
    table = Table("voice", "languages", "description", box=None)
    for voice in voices:
        table.add_row(voice.name, voice.languages, voice.description)
    Console().print(table)
