"""Bodies of requests that are JSON, read strictly."""

import asyncio
from typing import Any, TypeVar

from starlette.requests import Request

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.strict_json import MOST_VALUES, convert, is_text, load

T = TypeVar("T")

_LARGE_BYTES = 64 * 1024
"""Read beside the event loop."""


async def read_json(request: Request, kind: type[T], *, most_values: int = MOST_VALUES) -> T:
    """The body as `kind`. Raises Refusal, also for JSON that is none (see strict_json)."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and not (content_type == "application/json" or content_type.endswith("+json")):
        raise Refusal("bad_json", f"send application/json, not {content_type[:64]}")
    data = await request.body()
    if len(data) > _LARGE_BYTES:
        return convert(await asyncio.to_thread(_load, data, most_values), kind)
    return convert(_load(data, most_values), kind)


def _load(data: bytes, most_values: int) -> Any:
    try:
        value = load(data.decode("utf-8"), most_values=most_values)
    except UnicodeDecodeError:
        raise Refusal("bad_json", "not JSON: not UTF-8") from None
    if not is_text(value):
        raise Refusal("bad_json", "not JSON: half of a surrogate pair")
    return value
