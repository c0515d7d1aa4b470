"""Does the daemon live, would it speak now, and what has it done?"""

from typing import cast

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from qwen3tts_daemon.failures import Refusal, draining
from qwen3tts_daemon.protocols.http.audio_responses import cost_headers
from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import Costs, Health, Ready, Report
from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech

SERVICE = "qwen3tts-daemon"
_READY_STATES = ("ready", "sleeping", "unloaded")
"""Asleep or unloaded is ready too: the next request wakes it, and nothing else would."""


def router(speech: Speech, metrics: Metrics, version: str) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Status"])

    @routes.get("/health")
    async def health(request: Request) -> Health:
        """The daemon lives, whatever its engine does. Who may not speak is told less."""
        answer: Health = {"status": "ok", "service": SERVICE}
        if "speak" in principal_of(request.scope).granted:
            capabilities = speech.capabilities
            answer |= {
                "version": version,
                "engine": capabilities.engine,
                "state": "draining" if speech.is_draining else speech.manager.state,
                "preview": capabilities.is_preview,
                "active": speech.active,
            }
            if reason := speech.manager.reason:
                answer["reason"] = reason
            if capabilities.text_goes_to:
                answer["text_goes_to"] = capabilities.text_goes_to
        return answer

    @routes.get("/ready")
    async def ready() -> Ready:
        """200 if a request would be spoken now, else 503."""
        if speech.is_draining:
            raise draining()
        if speech.manager.state not in _READY_STATES:
            raise Refusal("model_loading", f"the engine is {speech.manager.state}")
        return {"status": "ready"}

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def exposition() -> Response:
        """Prometheus' text format."""
        return Response(metrics.exposition(), headers={"content-type": CONTENT_TYPE_LATEST})

    @routes.get("/v1/audio/requests/{request_id}")
    async def how_it_went(request_id: str) -> Report:
        """What an utterance cost: the headers that a stream could not have."""
        if (report := speech.reports.get(request_id)) is None:
            raise Refusal("not_found", "no such request among the last ones, or it is still spoken")
        costs = {name.removeprefix("x-").replace("-", "_"): float(value)
                 for name, value in cost_headers(report.measures).items()}  # fmt: skip
        return {
            **cast(Costs, costs),
            "request_id": request_id, "end": report.end, "voice": report.voice, "language": report.language,
            "chars": report.measures.chars, "samples": report.measures.samples,
            "unread": report.measures.unread, "cached": report.measures.is_cached,
        }  # fmt: skip

    return routes
