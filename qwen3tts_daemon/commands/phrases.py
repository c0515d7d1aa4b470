"""Sound that a running daemon keeps so that it begins at once: how much, and none of it any more."""

import asyncio

import msgspec

from qwen3tts_daemon.commands import admin
from qwen3tts_daemon.settings import Settings


class Kept(msgspec.Struct):
    """How much there is."""

    cache: str
    listed: int
    """Phrases in the settings"""
    count: int
    bytes: int

    def __str__(self) -> str:
        told = f"sounds kept: {self.count}, {self.bytes / 1_000_000:.1f} MB"
        return f"{told}; cache = {self.cache}, phrases listed: {self.listed}"


async def kept(settings: Settings) -> Kept:
    """Raises NoDaemon, SettingsError if its token is not here."""
    return await _ask("GET", settings)


async def clear(settings: Settings) -> Kept:
    """Delete all. Raises as `kept`."""
    return await _ask("DELETE", settings)


async def _ask(method: str, settings: Settings) -> Kept:
    return msgspec.json.decode(await asyncio.to_thread(admin.ask, method, "/v1/phrases", settings), type=Kept)
