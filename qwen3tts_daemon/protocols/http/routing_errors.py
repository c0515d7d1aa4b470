"""What the framework refuses by itself, told as every other failure: the router's 404 and 405, and wrong queries."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from qwen3tts_daemon.failures import Refusal


def pass_on_routing_errors(
    routes: Sequence[BaseRoute],
) -> Callable[[Request, Exception], Coroutine[Any, Any, Response]]:
    """The router's 404 and 405 leave from where everything else leaves.

    A route is one method of a path and knows no other: a 405 is told here which ones the path has.
    """

    async def pass_on(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            error.headers = {**(error.headers or {}), "Allow": ", ".join(_methods_of(request.scope, routes))}
        raise error

    return pass_on


async def pass_on_wrong_query(request: Request, error: Exception) -> Response:
    """What pydantic reads: parameters of paths and queries."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    raise Refusal("bad_field", f"{name}: {first['msg']}", param=name)


def _methods_of(scope: Scope, routes: Sequence[BaseRoute]) -> list[str]:
    """Of the path that the first matching route has: what a later pattern would take too is hidden by it."""
    ours = [route for route in routes if isinstance(route, Route)]
    path = next((route.path for route in ours if route.matches(scope)[0] is not Match.NONE), None)
    methods = {method for route in ours if route.path == path for method in route.methods or ()}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
