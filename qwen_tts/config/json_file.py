"""A checkpoint's JSON files, read so that what is wrong with one is named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from qwen_tts.errors import BadCheckpoint


def read_object(path: Path) -> Mapping[str, Any]:
    """The object that the file holds. Raises BadCheckpoint."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BadCheckpoint(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCheckpoint(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} must hold an object")
    return content
