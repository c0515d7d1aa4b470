"""Messages without what is private: folders, addresses, and names of users, machines and speakers."""

import getpass
import json
import re
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from qwen_tts.config.release_speakers import RELEASE_SPEAKERS
from qwen_tts.errors import SynthesisError

_LEAST_NAME = 3
"""Shorter names of users and machines are in every other word."""
_SHORTEST_FOLDER = 3
"""Shorter ones, such as / and /a, are left to the patterns."""
_TO_LAST_SLASH = r"[^'\"\n;:,()]*"
"""Folders may have blanks in their names: all up to the last slash of a clause."""
_PATTERNS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE), "…"),
    (re.compile(r"[\w.+-]+@[\w.-]+"), "…"),
    (re.compile(rf"(?:\b[a-z]:|\\)\\(?:{_TO_LAST_SLASH}\\)?[^\s'\";:,()]*", re.IGNORECASE), "…"),
    (re.compile(r"(?<=['\"])[~./]*/[^'\"\n]*/"), ""),
    (re.compile(rf"(?<![\w:/.])(?:~/(?:{_TO_LAST_SLASH}/)?|[~./]*/{_TO_LAST_SLASH}/)"), ""),
)


def without_private(message: str, checkpoint: Path | None = None) -> str:
    """`checkpoint`: whose folder, and whose speakers that are not the release's, have no name in it."""
    for folder in _folders(checkpoint):
        message = message.replace(folder, "~")
    for pattern, instead in _PATTERNS:
        message = pattern.sub(instead, message)
    for name in _private_names():
        message = _replaced(message, name, "…")
    for name in own_speakers(checkpoint) if checkpoint is not None else ():
        message = _replaced(message, name, "a speaker")
    return message


def told(error: Exception, checkpoint: Path | None = None) -> str:
    """An error for a report: ours in words, others by their type, since nobody knows what they say."""
    return without_private(error.message, checkpoint) if isinstance(error, SynthesisError) else type(error).__name__


def voice_label(speaker: str) -> str:
    """A fine-tune's speaker may be called like somebody."""
    return speaker if speaker.lower() in RELEASE_SPEAKERS else "a speaker of its own"


def own_speakers(checkpoint: Path) -> list[str]:
    """Names that are not the release's, long ones first; of a config.json that may be broken."""
    with suppress(OSError, ValueError):
        names = {name for name in _speakers(json.loads((checkpoint / "config.json").read_bytes())) if name}
        return sorted((name for name in names if name.lower() not in RELEASE_SPEAKERS), key=len, reverse=True)
    return []


def _speakers(config: object) -> Iterator[str]:
    """Wherever they stand."""
    if not isinstance(config, Mapping):
        return
    for key, value in config.items():
        if key in ("spk_id", "spk_is_dialect") and isinstance(value, Mapping):
            yield from value
        else:
            yield from _speakers(value)


def _replaced(message: str, name: str, instead: str) -> str:
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", instead, message, flags=re.IGNORECASE)


def _folders(checkpoint: Path | None) -> Sequence[str]:
    """Long ones first: each may lie in another."""
    known = [Path.cwd(), Path(tempfile.gettempdir()), Path.home(), Path(sys.prefix)]
    if checkpoint is not None:
        known += [checkpoint, checkpoint.absolute(), checkpoint.absolute().parent]
    folders = {str(one) for path in known for one in (path, path.resolve())}
    return sorted((one for one in folders if "/" in one and len(one) >= _SHORTEST_FOLDER), key=len, reverse=True)


def _private_names() -> list[str]:
    names = [socket.gethostname(), socket.gethostname().partition(".")[0], Path.home().name]
    with suppress(KeyError, OSError):  # nobody has this user's number
        names.append(getpass.getuser())
    return sorted({name for name in names if len(name) >= _LEAST_NAME}, key=len, reverse=True)
