"""The daemon's token: where it is, and another one in its place."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from qwen3tts_daemon.access.token_file import replace_token
from qwen3tts_daemon.commands import admin
from qwen3tts_daemon.commands.client import NoDaemon
from qwen3tts_daemon.settings import Settings, SettingsError

_PATIENCE_S = 10.0
_PERIOD_S = 0.25


@dataclass(frozen=True, slots=True)
class Rotated:
    """There is another token."""

    path: Path
    is_running: bool
    """A daemon has it already; else it will when it starts."""


def path_of(settings: Settings) -> Path:
    """Where it lies. Raises SettingsError if it does not."""
    path = settings.data_path / "token"
    if not path.exists():
        raise SettingsError(f"there is no {path}: start the daemon first, or give the --data-dir that it has")
    return path


async def rotate(settings: Settings) -> Rotated:
    """Put another one in its place, and wait until the daemon of these settings has it, if one runs.

    Raises SettingsError if it cannot be written, or if that daemon has its token elsewhere.
    """
    path = path_of(settings)
    try:
        token = await asyncio.to_thread(replace_token, path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}; run this as the daemon's user") from error
    gives_up_at = time.monotonic() + _PATIENCE_S
    while settings.http.enabled:
        try:
            status, content = await asyncio.to_thread(admin.request, "GET", "/v1/session", settings, token=token)
        except NoDaemon:
            break
        if status == admin.OK and msgspec.json.decode(content)["paired"]:
            return Rotated(path, is_running=True)
        if time.monotonic() > gives_up_at:
            raise SettingsError(
                f"{path} has another token, but the daemon that runs does not take it: give the --data-dir that it has"
            )
        await asyncio.sleep(_PERIOD_S)
    return Rotated(path, is_running=False)
