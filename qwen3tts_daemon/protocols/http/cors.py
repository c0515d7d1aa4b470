"""What pages of the origins in http.allowed_origins are told they may do (CORS). All others are told nothing.

A page sends its token in a header, or is near; cookies are never invited. So "you may" can go with every answer, also
with refusals, which the page can read then.
"""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders

from qwen3tts_daemon.access.headers import Headers
from qwen3tts_daemon.access.origins import Origins, page_of, parse_origin

_ALLOW_ORIGIN = "access-control-allow-origin"
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_FORGET_AFTER_S = 600


def cors_headers(request: Headers, allowed: Origins) -> dict[str, str]:
    """For the answer to any request: who may use it."""
    headers = {"cross-origin-resource-policy": "cross-origin" if page_of(request) in allowed else "same-origin"}
    if allowed:
        headers["vary"] = "Origin"
    if origin := _allowed_origin(request, allowed):
        headers[_ALLOW_ORIGIN] = origin
    return headers


def expose(headers: MutableHeaders) -> None:
    """Let the page that may read this answer read all of its headers."""
    if _ALLOW_ORIGIN in headers:
        headers["access-control-expose-headers"] = ", ".join(sorted(set(headers)))


def preflight_headers(method: str, request: Headers, allowed: Origins) -> Mapping[str, str] | None:
    """What a browser asks before it lets a page send more than a form could; None if this is no such question."""
    if method != "OPTIONS" or not request.all("access-control-request-method") or not _allowed_origin(request, allowed):
        return None
    headers = {
        "access-control-allow-methods": _METHODS,
        # Whatever it wants to send: OpenAI's client has a dozen headers of its own.
        "access-control-allow-headers": ", ".join(request.items("access-control-request-headers")),
        "access-control-max-age": str(_FORGET_AFTER_S),
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
    }
    if request.all("access-control-request-private-network") == ["true"]:
        headers["access-control-allow-private-network"] = "true"
    return headers


def _allowed_origin(request: Headers, allowed: Origins) -> str:
    """As the browser writes it, for it compares letters; "" if it is not listed."""
    origins = request.all("origin")
    return origins[0] if len(origins) == 1 and parse_origin(origins[0]) in allowed else ""
