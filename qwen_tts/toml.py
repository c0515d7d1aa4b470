"""TOML: read as a whole, and written a value at a time, for the standard library only reads it."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
"""What editors of Windows put before a text"""
MOST_LEVELS = 50
"""Of tables and lists in each other: who goes through them calls itself for each"""


def read_toml(text: str) -> dict[str, Any]:
    """Raises TOMLDecodeError, also for brackets and dots without end."""
    try:
        values = tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))
    except RecursionError:
        values = None
    if values is None or _is_deeper(values, MOST_LEVELS):
        raise tomllib.TOMLDecodeError("nested too deeply")
    return values


def _is_deeper(value: object, levels: int) -> bool:
    within = [value]
    for _ in range(levels):
        within = [inner for one in within for inner in _inner(one)]
    return bool(within)


def _inner(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def toml_value(value: object) -> str:
    """In one line. JSON's strings, numbers, booleans and lists are TOML's, but for the character that only TOML wants
    escaped; an inline table is not."""
    if isinstance(value, Mapping):
        rows = (f"{toml_value(name)} = {toml_value(one)}" for name, one in value.items())
        return "{" + ", ".join(rows) + "}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
