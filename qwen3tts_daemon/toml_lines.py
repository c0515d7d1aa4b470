"""TOML, and where in it something stands: a reader of TOML tells what it finds, but not in which line.

So it is asked how many lines, from the top, it takes to find it: whatever a text may do (dotted names, inline tables,
texts of several lines), the reader knows.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from qwen_tts.toml import BYTE_ORDER_MARK, read_toml

TomlPath = Sequence[str | int]
"""Names of tables and of what is in them, numbers in lists"""

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MOST_LINES_OF_A_VALUE: Final = 300
"""Whoever writes a longer list is told where its table is."""


class UnreadableToml(ValueError):
    """What is wrong with a text, and where: lines and columns count from 1."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.reason, self.line, self.column = reason, line, column

    def told(self, path: Path) -> str:
        """For people whose file it is."""
        return f"{path}:{self.line}:{self.column}: this is not TOML: {self.reason}"


def parse(content: bytes) -> dict[str, Any]:
    """What is in it. Raises UnreadableToml."""
    return parse_text(decode(content))


def decode(content: bytes) -> str:
    """Its text. Raises UnreadableToml."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        reason = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise UnreadableToml(reason, line, column) from None


def parse_text(text: str) -> dict[str, Any]:
    """What is in it. Raises UnreadableToml."""
    try:
        return read_toml(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line, column = _end_of(text)
        if place is not None and place[1] is not None:
            line, column = int(place[1]), int(place[2])
        reason = _PLACE.sub("", str(error))
        raise UnreadableToml(_reworded(reason, text.split("\n")[line - 1]), line, column) from None


def line_of(text: str, path: TomlPath) -> int | None:
    """Where it begins; of what is not there, where that begins which it should be in. None if nobody can tell."""
    path = _there(read_toml(text), path)
    return _Lines(text).first_of(path) if path else None


class _Lines:
    """Of a text that can be read: what is found in so many of them, from the top."""

    def __init__(self, text: str) -> None:
        self._lines = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").split("\n")
        self._found: dict[int, dict[str, Any] | None] = {}

    def first_of(self, path: TomlPath) -> int | None:
        """The line behind the longest beginning that does not hold it yet."""
        low, high = 1, len(self._lines)
        while low < high:
            middle = (low + high) // 2
            if (end := self._next_end(middle)) is None:
                return None
            if holds(self._until(end), path):
                high = middle
            else:
                low = end + 1
        return self._in_list(low, path) or low

    def _until(self, end: int) -> dict[str, Any] | None:
        """None: a value is open there."""
        if end not in self._found:
            self._found[end] = _read("\n".join(self._lines[:end]))
        return self._found[end]

    def _next_end(self, start: int) -> int | None:
        """The first line from there on behind which no value is open."""
        last = min(len(self._lines), start + _MOST_LINES_OF_A_VALUE)
        return next((end for end in range(start, last + 1) if self._until(end) is not None), None)

    def _in_list(self, first: int, path: TomlPath) -> int | None:
        """Of one in a list of several lines, which begins there: it is there once the list, closed behind it, holds
        it."""
        end = self._next_end(first) or first
        is_list = False
        for line in range(first, end):
            document = _read("\n".join([*self._lines[:line], "]"]))
            is_list = is_list or document is not None
            if document is not None and holds(document, path):
                return line
        return end if is_list and any(isinstance(part, int) for part in path) else None


def _end_of(text: str) -> tuple[int, int]:
    """Behind the last character that says something."""
    lines = text.rstrip().split("\n")
    return len(lines), len(lines[-1]) + 1


def _reworded(reason: str, line: str) -> str:
    """The reader does not name what is there twice."""
    if reason == "Cannot overwrite a value":
        return f"{line.partition('=')[0].strip()} is there already"
    if reason.startswith("Cannot declare"):
        return f"{line.partition('#')[0].strip()} is there already"
    return reason


def _there(document: Any, path: TomlPath) -> TomlPath:
    """As much of the path as leads somewhere."""
    return next((path[:end] for end in range(len(path), 0, -1) if holds(document, path[:end])), ())


def holds(document: Any, path: TomlPath) -> bool:
    """Whether something is there."""
    found = document
    for part in path:
        is_there = part in found if isinstance(found, dict) else isinstance(found, list) and part in range(len(found))
        if not is_there:
            return False
        found = found[part]
    return True


def _read(text: str) -> dict[str, Any] | None:
    try:
        return read_toml(text)
    except tomllib.TOMLDecodeError:
        return None
