"""Every option: its effective value and where it came from; and the example file made of the defaults."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qwen3tts_daemon.environment import variable_of
from qwen3tts_daemon.settings import Settings, read_config_file
from qwen_tts.toml import toml_value


def options(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted name and definition of every option, sections after plain options."""
    sections = []
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            sections.append((name, info.annotation))
        else:
            yield f"{prefix}{name}", info
    for name, section in sections:
        yield from options(section, f"{prefix}{name}.")


def effective(settings: Settings, arguments: list[str]) -> Iterator[tuple[str, Any, str]]:
    """Dotted name, value, and `command line`, `environment (VARIABLE)`, `file` or `default`."""
    on_file = read_config_file(settings.config) if settings.config else {}
    for name, _ in options():
        yield name, _dig(settings.model_dump(mode="json"), name), _source(name, arguments, on_file)


def _source(name: str, arguments: list[str], on_file: Mapping[str, Any]) -> str:
    flag = name.replace("_", "-")
    positive, negative = f"--{flag}", f"--no-{flag}"
    if any(word.split("=")[0].replace("_", "-") in (positive, negative) for word in arguments):
        return "command line"
    if variable := variable_of(name):
        return f"environment ({variable})"
    return "default" if _dig(on_file, name) is None else "file"


def _dig(values: Mapping[str, Any], name: str) -> Any:
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def example() -> str:
    """config.example.toml: every option with its help and its default, commented out."""
    lines = [
        "# Every option with its default; remove the # to change one.",
        "# Start with `qwen3tts-daemon --config THIS_FILE`. The same names work on the command line (--http.port 8766)",
        "# and in the environment (QWEN3TTS_HTTP__PORT=8766). Written by `qwen3tts-daemon config --example`.",
    ]
    section = ""
    for name, info in options():
        if name == "config":
            continue
        head, _, key = name.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{section}]"]
        lines += ["", *textwrap.wrap(info.description or "", 110, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"# {key} = {_default_of(info)}")
    return "\n".join(lines) + "\n"


def _default_of(info: FieldInfo) -> str:
    """As TOML; empty where there is none."""
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return '""'
    return toml_value(str(value) if isinstance(value, Path) else value)
