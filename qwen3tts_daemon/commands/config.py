"""Every option: its effective value and where it came from; and the documents made of the definitions."""

import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from qwen3tts_daemon.environment import KNOWN, own_variable
from qwen3tts_daemon.options import Option, dig, every_option, origin_of, section_of
from qwen3tts_daemon.settings import Settings, read_config_file

_PAGE_HEAD = """\
# Every setting

Order: command line (`--http.port 8766`), environment (`QWEN3TTS_HTTP__PORT=8766`), the file that `--config` names
(`[http]` `port = 8766`), default. In the environment and on the command line a list has commas (`en,de`). What is
mistyped or out of range stops the start, with the file and line (or the variable), its name, and the nearest one there
is: `voice.toml:7: http.prot: there is no such option; did you mean http.port?` `qwen3tts-daemon config` shows what
holds and where it comes from; [config.example.toml](../config.example.toml) is all of this as a file. What has a ●
can be changed on [the page](page.md) too, while the daemon runs.

Written by `qwen3tts-daemon config --markdown`, of the definitions in `qwen3tts_daemon/settings.py`.
"""
_TABLE_HEAD = "| option | values | default | variable | |\n|---|---|---|---|---|\n"
_KIND_WORDS = {"switch": "`true`, `false`", "text": "text", "voice": "a voice", "path": "a path", "table": "a table",
               "texts": "a table"}  # fmt: skip


def effective(settings: Settings, arguments: list[str]) -> Iterator[tuple[str, Any, str]]:
    """Dotted name, value, and `command line`, `environment (VARIABLE)`, `file` or `default`."""
    in_file = read_config_file(settings.config) if settings.config else {}
    values = settings.model_dump(mode="json")
    for option in every_option():
        yield option.name, dig(values, option.name), str(origin_of(option.name, arguments, in_file))


# -- config.example.toml ---------------------------------------------------------------------------------------


def example() -> str:
    """Every option with its help and its default, commented out."""
    lines = [
        "# Every option with its default; remove the # to change one.",
        "# Start with `qwen3tts-daemon --config THIS_FILE`. The same names work on the command line (--http.port 8766)",
        "# and in the environment (QWEN3TTS_HTTP__PORT=8766). Written by `qwen3tts-daemon config --example`.",
    ]
    section = ""
    for option in every_option():
        if option.name == "config":
            continue
        if option.section != section:
            section = option.section
            lines += ["", f"[{section}]"]
        lines += ["", *textwrap.wrap(option.about, 110, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"# {option.key} = {option.toml(option.default)}")
    return "\n".join(lines) + "\n"


# -- docs/settings.md ------------------------------------------------------------------------------------------


def markdown() -> str:
    """A table for each section."""
    return _PAGE_HEAD + "".join(_section(Settings, ""))


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    own = [Option(f"{prefix}{name}", info) for name, info in model.model_fields.items() if section_of(info) is None]
    if prefix:
        yield f"\n## [{prefix.rstrip('.')}]\n\n{(model.__doc__ or '').strip()}\n"
    yield "\n" + _TABLE_HEAD + "".join(map(_row, own))
    for name, info in model.model_fields.items():
        if (section := section_of(info)) is not None:
            yield from _section(section, f"{prefix}{name}.")


def _row(option: Option) -> str:
    default = option.default
    cells = (
        f"`{option.key}`{' ●' if option.on_page else ''}",
        _values(option),
        "" if default in (None, "", (), {}) else f"`{option.toml(default)}`",
        ", ".join(f"`{name}`" for name in _variables(option.name)),
        option.about.replace("\n", " ").replace("|", r"\|").replace("<", r"\<"),
    )
    return f"| {' | '.join(cells)} |\n"


def _values(option: Option) -> str:
    if option.choices:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    if option.kind == "list":
        return "a list"
    return _range(option) if option.kind == "number" else _KIND_WORDS[option.kind]


def _range(option: Option) -> str:
    """What a number may be."""
    low, above, high = option.bound("ge"), option.bound("gt"), option.bound("le", "lt")
    what = "a whole number" if option.type is int else "a number"
    if above is not None:
        what += f" above {above:g}"
    elif low is not None and high is None:
        what += f", {low:,} or more"
    elif low is not None:
        what += f", {low:,} to {high:,}"
    return what


def _variables(name: str) -> list[str]:
    return [own_variable(name), *(known.name for known in KNOWN if known.option == name)]
