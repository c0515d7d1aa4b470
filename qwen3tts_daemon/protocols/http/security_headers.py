"""What browsers are told that our pages and answers may do."""

from collections.abc import Sequence

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
