"""What the middleware found out about a request, for whoever answers it."""

from starlette.requests import HTTPConnection
from starlette.types import Scope

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.headers import Headers
from qwen3tts_daemon.limits import PASSED_ON_BY
from qwen3tts_daemon.speech.request import Caller, new_request_id

_MOST_DAEMONS = 32
"""More do not pass on one text."""


def set_request_id(scope: Scope) -> None:
    """Give the request its id."""
    scope.setdefault("state", {})["request_id"] = new_request_id()


def set_principal(scope: Scope, principal: Principal) -> None:
    """Keep who asks."""
    scope["state"]["principal"] = principal


def principal_of(scope: Scope) -> Principal:
    """Who asks, by address and credentials."""
    principal = scope["state"]["principal"]
    assert isinstance(principal, Principal)
    return principal


def refuse_foreign_pages(request: HTTPConnection) -> None:
    """For a GET that speaks; what changes something is refused before."""
    principal_of(request.scope).refuse_foreign_pages()


def request_id_of(scope: Scope) -> str:
    """The id that is in the answer's X-Request-ID, in the log and in every error."""
    return str(scope["state"]["request_id"])


def caller_of(scope: Scope) -> Caller:
    """Who is served: behind proxies that are trusted the client that they name, else that of the connection."""
    passed_on_by = Headers(scope["headers"]).items(PASSED_ON_BY)[:_MOST_DAEMONS]
    return Caller(request_id_of(scope), principal_of(scope).client, tuple(passed_on_by))
