"""The HTTP door on 127.0.0.1, as the daemon opens it, for tests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.live_settings import LiveSettings
from qwen3tts_daemon.protocols.elevenlabs.sockets import ElevenLabsSockets
from qwen3tts_daemon.protocols.http.app import build_app
from qwen3tts_daemon.protocols.http.server import HttpServer, ServerConfig
from qwen3tts_daemon.protocols.voice_v1.sockets import Sockets
from qwen3tts_daemon.settings import ClipsSettings, HttpSettings, Settings, WebSocketSettings
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_samples import VoiceSamples
from tests.fakes import ToneEngine
from tests.patience import PATIENCE_S

QUICK_TO_CLOSE = ServerConfig(grace_s=0.3)
DEFAULTS = HttpSettings()
NO_MODELS = ModelsDirectory(Path("/nonexistent/models"))
TOKEN = "correct-horse-battery-staple-0123456789"


async def until(condition: Callable[[], object]) -> None:
    """Wait for what tells nobody that it has happened."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


class GatedEngine(ToneEngine):
    """Makes the frames that it was allowed to make, and waits for more."""

    def __init__(self, *, rows: int = 512) -> None:
        super().__init__(rows=rows)
        self._allowed = asyncio.Semaphore(0)

    def allow(self, frames: int = 10_000) -> None:
        for _ in range(frames):
            self._allowed.release()

    async def work(self, text: str, due: float) -> float:
        await self._allowed.acquire()
        return await super().work(text, due)


@dataclass(frozen=True)
class Door:
    """An open door and a client for it."""

    server: HttpServer
    sockets: Sockets
    app: FastAPI
    auth: Auth
    client: httpx.AsyncClient

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def open_door(
    speech: Speech,
    metrics: Metrics,
    *,
    policy: Any = "lan",
    server: ServerConfig = QUICK_TO_CLOSE,
    config: HttpSettings = DEFAULTS,
    body_timeout_s: float = 30.0,
    auth: Auth | None = None,
    clips: Clips | None = None,
    models: ModelsDirectory | None = None,
    downloads: Downloads | None = None,
    settings: LiveSettings | None = None,
    samples: VoiceSamples | None = None,
) -> AsyncIterator[Door]:
    auth = auth or Auth(
        policy, TOKEN, allowed_hosts=config.allowed_hosts, allowed_origins=config.allowed_origins,
        trusted_proxies=config.trusted_proxies,
    )  # fmt: skip
    models = models or NO_MODELS
    downloads = downloads or Downloads(models.path, offline=True)
    sockets = Sockets(speech, WebSocketSettings(), models, downloads, samples)
    app = build_app(
        speech=speech, metrics=metrics, auth=auth, sockets=sockets,
        elevenlabs_sockets=ElevenLabsSockets(sockets, speech),
        kept_clips=clips or Clips(ClipsSettings()), models=models, downloads=downloads, samples=samples,
        live_settings=settings or LiveSettings(Settings()), config=config, version="9.8.7",
        body_timeout_s=body_timeout_s,
    )  # fmt: skip
    http_server = HttpServer(app, ("127.0.0.1",), 0, server)
    await http_server.start()
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{http_server.port}", verify=False, timeout=PATIENCE_S
        ) as client:
            yield Door(http_server, sockets, app, auth, client)
    finally:
        await http_server.close()
