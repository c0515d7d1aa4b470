"""The config file, changed an option at a time; everything else in it stays as it is, to the byte.

There are several ways to change a text, and a result counts only if a reader of TOML finds what was there, with that
one change. Where the file has the option commented out, as one that was made of the example has, the line comes below.
"""

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError

from qwen3tts_daemon import durable_files, toml_lines
from qwen3tts_daemon.failures import Refusal
from qwen_tts.toml import BYTE_ORDER_MARK, read_toml, toml_value

FileState = Literal["writable", "read-only", "absent", "none"]
"""none: the daemon was started without one"""


class ConfigFile:
    """Of a daemon that runs, if it has one."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @property
    def state(self) -> FileState:
        if self.path is None:
            return "none"
        if not self.path.exists():
            return "absent"
        path = self.path.resolve()
        is_writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        return "writable" if is_writable else "read-only"

    def put(self, values: Mapping[str, Any]) -> None:
        """On the disk when this returns. By dotted name; None takes an option out.

        Raises OSError if there is no file or it cannot be written, Refusal if somebody else has made something else of
        it.
        """
        if self.path is None:
            raise FileNotFoundError("there is no config file")
        try:
            durable_files.rewrite(self.path, lambda content: changed(toml_lines.decode(content), values).encode())
        except toml_lines.UnreadableToml as error:
            raise Refusal("config_unusable", error.told(self.path)) from None
        except UnknownShape as error:
            raise self._unusable(f"has {error}") from None
        except durable_files.ChangedMeanwhile:
            raise self._unusable("was changed by somebody else at this moment; try again") from None

    def _unusable(self, reason: str) -> Refusal:
        return Refusal("config_unusable", f"{self.path} {reason}")


class UnknownShape(Exception):
    """No way changes this text; the message names what is in the way."""


def changed(text: str, values: Mapping[str, Any]) -> str:
    """The text with these values. Raises UnreadableToml, UnknownShape."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    text = text.removeprefix(mark)
    for name, value in values.items():
        text = _with(text, name, value)
    return mark + text


def _with(text: str, name: str, value: Any) -> str:
    before = toml_lines.parse_text(text)
    wanted = _merged(before, name.split("."), value)
    if wanted == before:
        return text
    for candidate in _candidates(text, name, value):
        if _read(candidate) == wanted:
            return candidate
    raise UnknownShape(f"{name} in a way that cannot be changed here")


def _merged(values: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """What a reader should find afterwards."""
    name, *rest = path
    if rest:
        inner = values.get(name, {})
        if not isinstance(inner, dict):
            raise UnknownShape(f"no section [{name}]")
        if value is None and not inner:
            return dict(values)
        value = _merged(inner, rest, value)
    elif value is None:
        return {key: one for key, one in values.items() if key != name}
    return {**values, name: value}


def _candidates(text: str, name: str, value: Any) -> Iterator[str]:
    """What may be the text with that change."""
    section, _, key = name.rpartition(".")
    if value is not None:
        line = f"{key} = {toml_value(value)}"
        yield from _below_its_comment(text, key, line)
        if section:
            yield f"{text}{_gap_behind(text)}[{section}]\n{line}\n"
    with contextlib.suppress(TOMLKitError, RecursionError):  # it reads a little less than the standard library
        yield _by_tomlkit(text, section, key, value)


def _read(text: str) -> dict[str, Any] | None:
    try:
        return read_toml(text)
    except tomllib.TOMLDecodeError:
        return None


def _below_its_comment(text: str, key: str, line: str) -> Iterator[str]:
    """Another section may have an option of the same name."""
    for comment in re.finditer(rf"(?m)^#[ \t]*{key}[ \t]*=.*?(\r?\n|\Z)", text):
        end = comment[1] or "\n"
        head = text[: comment.end()] if comment[1] else text + end
        yield f"{head}{line}{end}{text[comment.end() :]}"


def _gap_behind(text: str) -> str:
    if not text:
        return ""
    return "\n" if text.endswith("\n") else "\n\n"


def _by_tomlkit(text: str, section: str, key: str, value: Any) -> str:
    document = tomlkit.parse(text)
    table: Any = document
    for name in section.split(".") if section else ():
        table = table[name]
    _put(table, key, value)
    return tomlkit.dumps(document)


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    held = table.get(key)
    if value is None:
        del table[key]
    elif isinstance(value, Mapping) and isinstance(held, MutableMapping):
        for gone in [name for name in held if name not in value]:
            del held[gone]
        for name, one in value.items():
            if held.get(name) != one:
                held[name] = one
    elif isinstance(value, Mapping):
        rows = tomlkit.inline_table()
        rows.update(value)
        table[key] = rows
    else:
        table[key] = value
