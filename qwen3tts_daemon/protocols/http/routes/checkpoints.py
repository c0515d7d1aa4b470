"""The checkpoints of Qwen3-TTS: which are here, why they do not speak, and their download."""

import asyncio
import shutil
from pathlib import Path
from typing import cast

import msgspec
from fastapi import APIRouter
from starlette.requests import Request

from qwen3tts_daemon.downloads.background import Download, Downloads
from qwen3tts_daemon.downloads.manifest import SourceName
from qwen3tts_daemon.hosting.checkpoints import OFFICIAL, OfficialCheckpoint
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.hosting.real_time_words import in_values
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import json_body
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import Checkpoints, CheckpointState, DownloadProgress, RealTime
from qwen3tts_daemon.speech.service import Speech


class DownloadOrder(msgspec.Struct, frozen=True):
    """The request of POST /v1/checkpoints/download."""

    checkpoint: str
    """One of those that /v1/checkpoints lists."""
    source: SourceName = SourceName.HUGGINGFACE
    """Where it comes from."""


def router(speech: Speech, models: ModelsDirectory, downloads: Downloads) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Checkpoints"])

    @routes.get("/v1/checkpoints")
    async def list_checkpoints() -> Checkpoints:
        """The official ones, what of them is here, and how the last download goes or went."""
        hosted = {model.name for model in speech.manager.status.models}
        obstacle = models.obstacle()
        return {
            "checkpoints": [
                {
                    "name": one.short_name, "kind": one.kind or "codec", "bytes": one.bytes,
                    "state": _state(one, models, hosted), "command": models.download_command(one.name),
                }
                for one in OFFICIAL
            ],
            "directory": str(models.path),
            "free_bytes": await asyncio.to_thread(_free_bytes, models.path),
            "is_offline": downloads.is_offline,
            "obstacle": obstacle.code if obstacle else "",
            "way_out": obstacle.way_out if obstacle else "",
            "problem": models.problem,
            "real_time": _real_time(models),
            "download": None if downloads.last is None else _progress(downloads.last),
        }  # fmt: skip

    @routes.post("/v1/checkpoints/download", status_code=202, openapi_extra=json_body(DownloadOrder))
    async def download(request: Request) -> DownloadProgress:
        """Fetch one into the models directory, or go on with it; it runs on whoever goes."""
        principal_of(request.scope).require("manage")
        order = await read_json(request, DownloadOrder)
        return _progress(downloads.start(order.checkpoint, order.source))

    @routes.delete("/v1/checkpoints/download")
    async def cancel(request: Request) -> DownloadProgress | None:
        """Stop the download that runs, if one does; what has come of it is kept."""
        principal_of(request.scope).require("manage")
        await downloads.cancel()
        return None if downloads.last is None else _progress(downloads.last)

    return routes


def _state(one: OfficialCheckpoint, models: ModelsDirectory, hosted: set[str]) -> CheckpointState:
    if one.name in hosted:
        return "loaded"
    if one.name in models.names:
        return "here"
    return "incomplete" if any(broken.path.name == one.name for broken in models.found.broken) else "missing"


def _real_time(models: ModelsDirectory) -> RealTime | None:
    return None if models.verdict is None else cast(RealTime, msgspec.to_builtins(in_values(models.verdict)))


def _free_bytes(directory: Path) -> int | None:
    """On the disk that it is or will be on."""
    try:
        return shutil.disk_usage(
            next(path for path in (directory, *directory.absolute().parents) if path.exists())
        ).free
    except OSError:
        return None


def _progress(download: Download) -> DownloadProgress:
    return cast(DownloadProgress, msgspec.to_builtins(download))
