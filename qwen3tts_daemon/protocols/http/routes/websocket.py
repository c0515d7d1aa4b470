"""Where a WebSocket comes in."""

from collections.abc import Collection
from typing import Protocol

from fastapi import APIRouter
from starlette.websockets import WebSocket

from qwen3tts_daemon.access.auth import Claim
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.http.request_state import principal_of


class SocketDoor(Protocol):
    """Who speaks over the WebSockets that come through this port."""

    async def serve(self, websocket: WebSocket, *, address: str, claim: Claim) -> None: ...
    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None: ...
    def revoke(self, claims: Collection[Claim]) -> None: ...


def router(sockets: SocketDoor) -> APIRouter:
    """The route of this module."""
    routes = APIRouter()

    @routes.websocket("/v1/tts")
    async def speak(websocket: WebSocket) -> None:
        principal = principal_of(websocket.scope)
        try:
            principal.require("speak")
        except Refusal as refusal:
            await sockets.refuse(websocket, refusal)
        else:
            await sockets.serve(websocket, address=principal.client, claim=principal.claim)

    return routes
