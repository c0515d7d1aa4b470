"""The ids of stored voices: names of folders, and of pages in URLs."""

import regex  # type: ignore[import-untyped,unused-ignore]

from qwen3tts_daemon.voices.names import canonical

MAX_ID_BYTES = 200
"""As UTF-8: a file system has room for 255."""
ID_PATTERN = r"^[^\x00-/:-`{-\x7f\s][^\x00-,./:-^`{-\x7f\s]{0,63}\Z"
"""For msgspec, which searches for it: without the ^ its end would be enough. `is_id` says the rest."""

_MAX_CHARS = 64
_MAX_NUMBER_CHARS = 6
"""Of "-2" and the like"""
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}]*")
"""Marks are parts of letters, in Thai and in the scripts of India."""
_WHOLE_ID = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}_-]*")


def slug(name: str) -> str:
    """Letters and digits of any script, in one case and form."""
    return _cut("-".join(_WORD.findall(canonical(_INVISIBLE.sub("", name)))), _MAX_CHARS) or "voice"


def numbered(id: str, number: int) -> str:
    """Another id for a voice of the same name; 1 is the first."""
    return id if number == 1 else f"{_cut(id, _MAX_CHARS - _MAX_NUMBER_CHARS)}-{number}"


def is_id(text: str) -> bool:
    """Whether `slug` could have made it, today or when it took ASCII alone."""
    return text == canonical(text) and bool(_WHOLE_ID.fullmatch(text)) and len(text.encode()) <= MAX_ID_BYTES


def _cut(id: str, chars: int) -> str:
    """With room for a number behind it."""
    return id[:chars].encode()[: MAX_ID_BYTES - 8].decode(errors="ignore").strip("-")
