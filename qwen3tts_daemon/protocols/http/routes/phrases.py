"""Sound that is kept so that it begins at once: how much there is, and none of it any more; with the token."""

from fastapi import APIRouter
from starlette.requests import Request

from qwen3tts_daemon.protocols.http.request_state import principal_of
from qwen3tts_daemon.protocols.http.response_schemas import KeptPhrases
from qwen3tts_daemon.speech.service import Speech


def router(speech: Speech) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Settings"])

    @routes.get("/v1/phrases")
    async def tell(request: Request) -> KeptPhrases:
        """How many sounds are kept, and their bytes. What they say is not told: nobody knows."""
        principal_of(request.scope).require("manage")
        return _told(speech)

    @routes.delete("/v1/phrases")
    async def clear(request: Request) -> KeptPhrases:
        """Delete all of them; phrases of the list are made again while nobody speaks. Answers as GET does."""
        principal_of(request.scope).require("manage")
        await speech.phrases.clear()
        return _told(speech)

    return routes


def _told(speech: Speech) -> KeptPhrases:
    phrases = speech.phrases
    return {
        "cache": phrases.config.mode, "listed": len(phrases.config.phrases),
        "count": phrases.count, "bytes": phrases.total_bytes,
    }  # fmt: skip
