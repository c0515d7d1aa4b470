"""Bodies of requests that are JSON, read strictly."""

import asyncio
from typing import Any, TypeVar

from starlette.requests import Request

from qwen3tts_daemon.failures import Refusal
from qwen3tts_daemon.protocols.strict_json import MOST_VALUES, convert, is_text, load

T = TypeVar("T")

LARGE_BYTES = 64 * 1024
"""More is read beside the event loop."""


async def read_json(request: Request, kind: type[T], *, most_values: int = MOST_VALUES) -> T:
    """The body as `kind`. Raises Refusal, also for JSON that is none (see strict_json)."""
    check_content_type(request)
    return convert(await parse_json(await request.body(), most_values), kind)


def check_content_type(request: Request) -> None:
    """Raises Refusal for what does not say that it is JSON."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and not (content_type == "application/json" or content_type.endswith("+json")):
        raise Refusal("bad_json", f"send application/json, not {content_type[:64]}")


async def parse_json(data: bytes | bytearray, most_values: int = MOST_VALUES) -> Any:
    """The one value that it is. Raises Refusal."""
    if len(data) > LARGE_BYTES:
        return await asyncio.to_thread(_load, data, most_values)
    return _load(data, most_values)


def _load(data: bytes | bytearray, most_values: int) -> Any:
    try:
        value = load(data.decode("utf-8"), most_values=most_values)
    except UnicodeDecodeError:
        raise Refusal("bad_json", "not JSON: not UTF-8") from None
    if not is_text(value):
        raise Refusal("bad_json", "not JSON: half of a surrogate pair")
    return value
