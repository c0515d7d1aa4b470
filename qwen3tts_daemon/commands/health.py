"""Does a daemon answer and is it ready? For people and for containers."""

import asyncio
import http.client
from dataclasses import dataclass

from qwen3tts_daemon.access.lan_addresses import address_from_here
from qwen3tts_daemon.commands import admin, client
from qwen3tts_daemon.commands.client import NoDaemon, ServerAddress
from qwen3tts_daemon.settings import Settings
from qwen3tts_daemon.tls.client import own_fingerprint
from qwen3tts_daemon.uploads.child_process import lacking_here


@dataclass(frozen=True, slots=True)
class Check:
    """One port of the daemon, or what it does behind."""

    name: str
    ok: bool
    detail: str


async def check(settings: Settings) -> list[Check]:
    """Ask at every port that the settings open, and try on this machine what uploads are read with."""
    checks = []
    if settings.wyoming.enabled:
        checks.append(await _wyoming(ServerAddress(address_from_here(settings.wyoming.host), settings.wyoming.port)))
    if settings.http.enabled:
        checks.append(await asyncio.to_thread(_ready, settings))
        checks.append(await _uploads())
    return checks


async def _wyoming(address: ServerAddress) -> Check:
    try:
        info = await client.ask_info(address)
    except NoDaemon as error:
        return Check("wyoming", False, str(error))
    voices = sum(len(program.voices) for program in info.tts)
    return Check("wyoming", True, f"{address} offers {voices} voices")


async def _uploads() -> Check:
    """What a system lacks is told, and is no fault of the daemon's."""
    words = (await lacking_here()).words
    return Check(
        "uploads", True, f"are read without {words}" if words else "are read by a child that can do nothing else"
    )


def _ready(settings: Settings) -> Check:
    where = admin.where(settings)
    connection = admin.connection_to(settings)
    try:
        connection.request("GET", "/ready")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Check("http", False, f"no daemon at {where}: {error}")
    finally:
        connection.close()
    told = f"; SHA-256 {fingerprint}" if (fingerprint := own_fingerprint(settings)) else ""
    return Check("http", status == http.HTTPStatus.OK, f"{where}/ready answers {status}{told}")
