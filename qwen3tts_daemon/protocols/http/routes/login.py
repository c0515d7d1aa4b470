"""How a client comes to be allowed more: a session by token or invitation, invitations, tickets."""

from collections.abc import Callable

import msgspec
from fastapi import APIRouter
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from qwen3tts_daemon.access.auth import TICKET_S, Auth
from qwen3tts_daemon.access.invitations import INVITATION_S
from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.own_command import PROGRAM
from qwen3tts_daemon.protocols.http import response_schemas
from qwen3tts_daemon.protocols.http.json_body import read_json
from qwen3tts_daemon.protocols.http.openapi import json_body, schemas_of
from qwen3tts_daemon.protocols.http.own_url import page_url, qr_code
from qwen3tts_daemon.protocols.http.request_state import caller_of, principal_of
from qwen3tts_daemon.settings import HttpSettings
from qwen3tts_daemon.write_threads import in_write_thread


class Login(msgspec.Struct, frozen=True):
    """One of the two."""

    token: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    """Of an invitation: its letters, or what its link holds."""


_ONE_OF_THEM = [{"required": ["token"]}, {"required": ["code"]}]
_LOGIN = {"Login": schemas_of(Login)["Login"] | {"anyOf": _ONE_OF_THEM}}


def router(auth: Auth, config: HttpSettings, pair_command: str, revoke: Callable[[], None]) -> APIRouter:
    """The routes of this module. `pair_command`: what makes an invitation on the daemon's machine; `revoke` ends what
    is open of browsers that are forgotten.
    """
    routes = APIRouter(tags=["Access"])

    @routes.get("/v1/session")
    async def show_session(request: Request) -> response_schemas.Session:
        """Whether this browser is paired, and what to type on the daemon's machine if it is not."""
        principal = principal_of(request.scope)
        principal.refuse_guesses()
        granted = principal.granted
        # Where the program lies is nobody's business who may not even speak.
        return {"paired": "manage" in granted, "command": pair_command if granted else f"{PROGRAM} pair"}

    @routes.post("/v1/session", status_code=204, openapi_extra=json_body(Login, _LOGIN))
    async def open_session(request: Request) -> Response:
        """The token, or the code of an invitation, for a cookie that a page cannot read."""
        login = await read_json(request, Login)
        principal = principal_of(request.scope)
        if login.token is not UNSET:
            cookie = auth.open_session(login.token, client=principal.client, is_secure=principal.is_secure)
        elif login.code is UNSET:
            raise Refusal("bad_field", "give the token, or the code of an invitation", param="token")
        elif "manage" in principal.granted:
            return Response(status_code=204)  # paired already: another browser may take the invitation
        else:
            cookie = auth.accept_invitation(login.code, is_secure=principal.is_secure)
        return Response(status_code=204, headers={"set-cookie": cookie})

    @routes.delete("/v1/sessions", status_code=204)
    async def forget(request: Request) -> Response:
        """Every browser that was paired has to be paired anew."""
        principal_of(request.scope).require("manage")
        await in_write_thread(auth.forget_browsers)
        revoke()
        return Response(status_code=204)

    @routes.post("/v1/invitations", status_code=201)
    async def invite(request: Request) -> response_schemas.Invitation:
        """Lets one more browser in, by a link or by six letters: once, within five minutes, instead of any before."""
        principal = principal_of(request.scope)
        principal.require("manage")
        invitation = auth.invitations.issue()
        url = page_url(principal, config)
        link = f"{url}#code={invitation.link_code}" if url else None
        return {
            "code": invitation.link_code, "letters": invitation.letters, "expires_in_s": INVITATION_S,
            "url": url, "link": link, "qr": qr_code(link) if link else None, "let_in": auth.invitations.let_in,
        }  # fmt: skip

    @routes.get("/v1/invitations")
    async def show_let_in(request: Request) -> response_schemas.LetIn:
        """How many browsers came in by an invitation: one more than `let_in` was, and it was taken."""
        principal_of(request.scope).require("manage")
        return {"let_in": auth.invitations.let_in}

    @routes.post("/v1/tickets")
    async def give_ticket(request: Request) -> response_schemas.Ticket:
        """For one WebSocket or GET of a client that can send no headers: /v1/tts?ticket=..."""
        return {"ticket": auth.issue_ticket(caller_of(request.scope).address), "expires_in_s": TICKET_S}

    return routes
