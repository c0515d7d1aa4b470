"""TOML as we write it, a value at a time: the standard library only reads it."""

import json
from collections.abc import Mapping


def toml_value(value: object) -> str:
    """In one line. JSON's strings, numbers, booleans and lists are TOML's, but for the character that only TOML wants
    escaped; an inline table is not."""
    if isinstance(value, Mapping):
        rows = (f"{toml_value(name)} = {toml_value(one)}" for name, one in value.items())
        return "{" + ", ".join(rows) + "}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
