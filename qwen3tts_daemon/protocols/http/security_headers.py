"""What browsers are told that our pages and answers may do."""

from collections.abc import Mapping, Sequence

from qwen3tts_daemon.access.auth import Principal
from qwen3tts_daemon.access.networks import LOOPBACK_NAMES, parse_address

_STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; worker-src blob:; font-src 'self' data:; base-uri 'none'; "
    "form-action 'none'"
)
_DOCS_PATHS = frozenset(("/docs", "/docs/oauth2-redirect", "/redoc"))
"""Swagger UI and ReDoc start from an inline script; they show our own text only."""


def security_headers(path: str, frame_ancestors: Sequence[str]) -> dict[str, str]:
    """For the answer to any request; `frame_ancestors` may show it in a frame."""
    are_docs = path in _DOCS_PATHS
    policy = _DOCS_POLICY if are_docs else _STRICT_POLICY
    framing = " ".join(frame_ancestors) or "'none'"
    return {
        "x-content-type-options": "nosniff",
        # What is tried out there is told to be our own page's.
        "referrer-policy": "same-origin" if are_docs else "no-referrer",
        "content-security-policy": f"{policy}; frame-ancestors {framing}",
    }


def isolation(principal: Principal) -> Mapping[str, str]:
    """For an answer to it: no page that opens ours has a hold on its window.

    Over plain http off this machine browsers do not heed it, and complain in their console.
    """
    address = parse_address(principal.host)
    is_here = principal.host in LOOPBACK_NAMES or (address is not None and address.is_loopback)
    return {"cross-origin-opener-policy": "same-origin"} if principal.is_secure or is_here else {}


BEFORE_ANYTHING = {
    **security_headers("", ()), "cross-origin-resource-policy": "same-origin", "cache-control": "no-store",
}  # fmt: skip
"""For the answer to what is no request: nothing is known of who asks."""
