"""A checkpoint's JSON files, read so that what is wrong with one is named.

NaN and Infinity are read, too: no JSON, but Python writes them, and transformers reads them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from qwen_tts.errors import BadCheckpoint
from qwen_tts.json_decoding import decode_json


def read_object(path: Path) -> Mapping[str, Any]:
    """The object that the file holds. Raises BadCheckpoint."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} must hold an object")
    return content


def read_json(path: Path, kind: Any = Any, what: str = "JSON") -> Any:
    """What the file holds, of a type that msgspec checks; `what` is its name in errors. Raises BadCheckpoint."""
    content = read_file(path)
    try:
        return _decoded(content, kind)
    except msgspec.DecodeError as error:
        raise BadCheckpoint(f"{path} is not {what}: {error}") from error


def _decoded(content: bytes, kind: Any) -> Any:
    try:
        return decode_json(content, kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        try:
            lenient = json.loads(content.decode())
        except (ValueError, RecursionError):
            raise error from None
        return msgspec.convert(lenient, kind)


def read_file(path: Path) -> bytes:
    """Raises BadCheckpoint."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from error
