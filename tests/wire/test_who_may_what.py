"""Every operation of the OpenAPI document is asked for by a stranger and by a neighbour, who have no token."""

import re

from qwen3tts_daemon.speech.metrics import Metrics
from qwen3tts_daemon.speech.service import Speech
from tests.wire.http_door import Door, open_door

OPEN = {"GET /health", "GET /ready", "GET /v1/session", "POST /v1/session", "GET /v1/audio/clips/{name}"}
"""To everybody"""
MANAGE = {
    "GET /v1/settings", "PATCH /v1/settings", "GET /v1/lexicon", "PUT /v1/lexicon", "DELETE /v1/lexicon",
    "GET /v1/invitations", "POST /v1/invitations", "DELETE /v1/sessions",
    "POST /v1/audio/voices", "POST /v1/audio/voices/import", "PATCH /v1/audio/voices/{id}",
    "DELETE /v1/audio/voices/{id}", "GET /v1/audio/voices/{id}/export", "GET /v1/audio/voices/{id}/prompt",
    "POST /v1/checkpoints/download", "DELETE /v1/checkpoints/download", "POST /api/gpu-offload",
    "GET /v1/phrases", "DELETE /v1/phrases",
}  # fmt: skip
"""With the token, or paired, wherever one is"""
QUERY = {"/v1/lexicon": "?written=x"}
"""Without which a request is none"""


def operations_of(door: Door) -> dict[str, tuple[str, str]]:
    """Each by its name: method and path, with something in place of each parameter."""
    document = door.app.openapi()
    return {
        f"{method.upper()} {path}": (method, re.sub(r"\{.*?\}", "tone", path) + QUERY.get(path, ""))
        for path, methods in document["paths"].items()
        for method in methods
    }


async def refused(door: Door) -> set[str]:
    """What is answered with 401."""
    found = set()
    for name, (method, path) in operations_of(door).items():
        async with door.client.stream(method, path) as answer:
            found |= {name} if answer.status_code == 401 else set()
    return found


async def test_a_neighbour_may_do_all_but_manage(speech: Speech, metrics: Metrics) -> None:
    async with open_door(speech, metrics, policy="lan") as door:
        assert await refused(door) == MANAGE


async def test_a_stranger_may_do_what_is_open(speech: Speech, metrics: Metrics) -> None:
    for policy in ("lan", "token"):
        async with open_door(speech, metrics, policy=policy) as door:
            door.client.headers["X-Forwarded-For"] = "1.2.3.4"  # of a proxy that nobody has listed
            assert operations_of(door).keys() - await refused(door) == OPEN
