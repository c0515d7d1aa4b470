"""TOML as we write it, a value at a time: the standard library only reads it."""

import json


def toml_value(value: object) -> str:
    """JSON's strings, numbers, booleans and lists are TOML's, but for the character that only TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
