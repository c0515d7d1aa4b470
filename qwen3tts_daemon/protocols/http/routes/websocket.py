"""Where a WebSocket comes in."""

from typing import Protocol

from fastapi import APIRouter
from starlette.websockets import WebSocket

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of


class SocketDoor(Protocol):
    """Who speaks over the WebSockets that come through this port."""

    async def serve(self, websocket: WebSocket, *, address: str, is_revocable: bool) -> None: ...
    async def refuse(self, websocket: WebSocket, refusal: Refusal) -> None: ...
    def revoke(self) -> None: ...


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
            await sockets.serve(
                websocket, address=caller_of(websocket.scope).address, is_revocable=principal.is_revocable
            )

    return routes
