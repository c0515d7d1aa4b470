"""The HTTP application, put together of the parts that it is given; it knows no settings but its own section."""

from functools import partial

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from qwen3tts_daemon.access.auth import Auth
from qwen3tts_daemon.downloads.background import Downloads
from qwen3tts_daemon.hosting.models_directory import ModelsDirectory
from qwen3tts_daemon.live_settings import LiveSettings
from qwen3tts_daemon.own_command import PROGRAM
from qwen3tts_daemon.protocols.http.middleware import AdmissionMiddleware
from qwen3tts_daemon.protocols.http.openapi import complete_document
from qwen3tts_daemon.protocols.http.routes import (
    batch,
    checkpoints,
    clips,
    elevenlabs,
    lexicon,
    login,
    new_voices,
    openai,
    page,
    phrases,
    say,
    settings,
    status,
    text,
    voices,
    websocket,
    wrapper_models,
    wrapper_speech,
)
from qwen3tts_daemon.protocols.http.routes.elevenlabs import ElevenLabsDoor
from qwen3tts_daemon.protocols.http.routes.websocket import SocketDoor
from qwen3tts_daemon.protocols.http.routing_errors import pass_on_routing_errors, pass_on_wrong_query
from qwen3tts_daemon.protocols.http.speech_bodies import SpeechBodies
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.speech.clips import Clips
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from qwen3tts_daemon.speech.voice_making import VoiceMaker
from qwen3tts_daemon.speech.voice_samples import VoiceSamples


def build_app(
    *,
    speech: Speech,
    metrics: Metrics,
    auth: Auth,
    sockets: SocketDoor,
    elevenlabs_sockets: ElevenLabsDoor,
    kept_clips: Clips,
    models: ModelsDirectory,
    downloads: Downloads,
    live_settings: LiveSettings,
    samples: VoiceSamples | None = None,
    config: HttpSettings,
    version: str,
    pair_command: str = f"{PROGRAM} pair",
    body_timeout_s: float = 30.0,
) -> FastAPI:
    """The application, whole: the middleware is round it. `speech` may still be loading its engine."""
    app = FastAPIOffline(
        title="Qwen3-TTS voice daemon", version=version, summary="Text in, speech out, streaming.",
        description="WebSocket clients connect to `/v1/tts` (voice.v1).",
    )  # fmt: skip
    app.add_middleware(
        AdmissionMiddleware,
        auth=auth,
        max_body_bytes=config.max_body_bytes,
        body_timeout_s=body_timeout_s,
        frame_ancestors=config.frame_ancestors,
        max_requests_per_address=config.max_connections_per_address,
    )
    library, bodies = speech.voices.library, SpeechBodies(speech, config.max_body_bytes)
    routers = (
        status.router(speech, metrics, version),
        login.router(auth, config, pair_command, partial(sockets.revoke, {"pairing"})),
        *([new_voices.router(VoiceMaker(speech, library))] if library else []),  # before /{id}: /import is its own path
        voices.router(speech, library, samples),
        wrapper_speech.router(speech),
        wrapper_models.router(speech),
        checkpoints.router(speech, models, downloads),
        *elevenlabs.routers(speech, elevenlabs_sockets),  # before openai: /v1/models is its own for who sends its key
        openai.router(speech, bodies),
        batch.router(speech, bodies),
        say.router(speech),
        text.router(speech),
        lexicon.router(speech),
        settings.router(live_settings),
        phrases.router(speech),
        clips.router(speech, kept_clips, config, bodies),
        page.router(),
        websocket.router(sockets),
    )
    for router in routers:
        app.include_router(router)
    routes = [*app.routes, *(route for router in routers for route in router.routes)]
    app.add_exception_handler(HTTPException, pass_on_routing_errors(routes))
    app.add_exception_handler(RequestValidationError, pass_on_wrong_query)
    complete_document(app, routes)
    return app
