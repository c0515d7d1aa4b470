"""JSON bodies, read strictly: one meaning or none."""

import json
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Receive

from qwen3tts_daemon.failures import Refusal

T = TypeVar("T")


async def read_json(request: Request, kind: type[T]) -> T:
    """The body as `kind`. Raises Refusal, also for what `load_json` refuses."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and not (content_type == "application/json" or content_type.endswith("+json")):
        raise Refusal("bad_json", f"send application/json, not {content_type[:64]}")
    return convert(load_json(await request.body()), kind)


def load_json(data: bytes) -> Any:
    """Raises Refusal for all but one JSON value in UTF-8: no NaN, no repeated names, no half characters."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
        msgspec.json.encode(value)  # JSON can spell half of a UTF-16 pair, which is no text
    except RecursionError:
        raise Refusal("bad_json", "not JSON: nested too deeply") from None
    except UnicodeError:
        raise Refusal("bad_json", "not JSON: not UTF-8") from None
    except ValueError as error:
        raise Refusal("bad_json", f"not JSON: {str(error)[:200]}") from None
    return value


def convert(value: Any, kind: type[T]) -> T:
    """Without guessing: "5" is no number and true is none either. Raises Refusal with `param`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$")
        param = ".".join(filter(None, (path.rstrip("`").lstrip("."), _missing(rule)))) or None
        raise Refusal("bad_field", f"{param}: {rule}" if param else rule, param=param) from None


def _missing(rule: str) -> str | None:
    """The field of "Object missing required field `input`"."""
    parts = rule.split("`")
    return parts[1] if rule.startswith("Object missing") and len(parts) == 3 else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is there twice")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


async def wait_for_leaving(receive: Receive) -> None:
    """Until the client has gone; only once the body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
