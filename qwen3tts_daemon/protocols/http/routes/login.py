"""What is given out for the daemon's token: a cookie for the page, a ticket for who can send no headers."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.access.auth import TICKET_S, Auth
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import json_body
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of
from qwen3tts_daemon.protocols.http.response_schemas import Ticket


class Login(msgspec.Struct, frozen=True):
    token: str


def router(auth: Auth) -> APIRouter:
    """The routes of this module."""
    routes = APIRouter(tags=["Access"])

    @routes.post("/v1/session", status_code=204, openapi_extra=json_body(Login))
    async def open_session(request: Request) -> Response:
        """The token as {"token": "..."} for a cookie that a page cannot read."""
        login = await read_json(request, Login)
        is_secure, address = principal_of(request.scope).is_secure, caller_of(request.scope).address
        cookie = auth.open_session(login.token, is_secure=is_secure, address=address)
        return Response(status_code=204, headers={"set-cookie": cookie})

    @routes.post("/v1/tickets")
    async def give_ticket(request: Request) -> Ticket:
        """For one WebSocket or GET of a client that can send no headers: /v1/tts?ticket=..."""
        return {"ticket": auth.issue_ticket(caller_of(request.scope).address), "expires_in_s": TICKET_S}

    return routes
