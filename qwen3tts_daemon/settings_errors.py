"""What is wrong with settings, as a person is told.

    /etc/voice.toml:7: http.prot: there is no such option; did you mean http.port?
    the environment variable QWEN3TTS_HTTP__PORT: http.port: Input should be less than or equal to 65535 (got 70000)
    the command line: http.port: Input should be a valid integer (got 'many')

First where it stands, then the option's full name, what is wanted, and the nearest name there is.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qwen3tts_daemon import toml_lines
from qwen3tts_daemon.environment import variable_of

_MOST_CHARS: Final = 80
"""Of a value that is told"""
_MOST_PROBLEMS: Final = 10
_WITHOUT_VALUE: Final = ("extra_forbidden", "missing")
_TABLE_WANTED: Final = ("model_type", "dataclass_type", "dict_type", "model_attributes_type")
_PROFILES: Final = "voices.profiles."
"""In a file, what is below it stands below [voices]."""


def told(error: ValidationError, model: type[BaseModel], arguments: Sequence[str], file: Path | None) -> str:
    """A line for each problem. `arguments`: the command line, names with dashes; `file`: the config file."""
    problems = error.errors()
    lines = [_line(one, model, arguments, file) for one in problems[:_MOST_PROBLEMS]]
    return "\n".join(dict.fromkeys(lines))


def placed(message: str, arguments: Sequence[str], file: Path | None) -> str:
    """A message that begins with the name of an option, with the place before it where that is set, if it is."""
    found = re.match(r"[a-z_]+(?:\.[^\s:.,]+)*(?=[:, ])", message)
    place = found and _place_of(tuple(found[0].split(".")), arguments, file)
    return f"{place}: {message}" if place else message


def reason_of(problem: ErrorDetails) -> str:
    """What is wanted, and what there is."""
    if problem["type"] in _TABLE_WANTED:
        return f"a table is wanted{_got(problem)}"
    return f"{problem['msg']}{_got(problem)}"


def switches_for_numbers(annotation: Any, value: Any, path: Sequence[str | int] = ()) -> Iterator[str]:
    """Names of what is true or false in a file, where a number is wanted: pydantic takes them for 1 and 0."""
    wanted = _plain(annotation)
    if isinstance(value, bool):
        if wanted in (int, float):
            yield _named(path)
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, one in inner:
        yield from switches_for_numbers(_inside(wanted, part), one, (*path, part))


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Words behind a message; none if no name is near."""
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def names_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted, of all sections and options."""
    for name, info in model.model_fields.items():
        yield f"{prefix}{name}"
        section: Any = info.annotation
        if _is_model(section):
            yield from names_of(section, f"{prefix}{name}.")


def _line(problem: ErrorDetails, model: type[BaseModel], arguments: Sequence[str], file: Path | None) -> str:
    path = problem["loc"]
    place = _place(path, arguments, file)
    if problem["type"] == "extra_forbidden":
        reason = f"there is no such option{_near(path, model)}"
    else:
        reason = reason_of(problem)
    return ": ".join(filter(None, (place, _named(path), reason)))


def _named(path: Sequence[str | int]) -> str:
    """Dotted, as in a file; the third of a list is [3]."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".").replace(_PROFILES, "voices.", 1)


def _got(problem: ErrorDetails) -> str:
    value = problem["input"]
    if problem["type"] in _WITHOUT_VALUE or isinstance(value, Mapping | list | tuple):
        return ""
    shown = repr(value)
    return f" (got {shown if len(shown) <= _MOST_CHARS else f'{shown[:_MOST_CHARS]}...'})"


def _near(path: Sequence[str | int], model: type[BaseModel]) -> str:
    """One beside it of nearly this name, or one elsewhere of exactly this name."""
    *within, name = path
    beside = _model_at(model, within)
    if beside is not None and (near := difflib.get_close_matches(str(name), beside.model_fields, n=1)):
        return f"; did you mean {_named([*within, near[0]])}?"
    elsewhere = [one for one in names_of(model) if one.rpartition(".")[2] == name]
    return f"; did you mean {' or '.join(elsewhere[:3])}?" if elsewhere else ""


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """Whose options are there: of a section, of one of a list, or of one of a table."""
    found: Any = model
    for part in path:
        found = _inside(_plain(found), part)
    found = _plain(found)
    return found if _is_model(found) else None


def _inside(annotation: Any, part: str | int) -> Any:
    if _is_model(annotation):
        info = annotation.model_fields.get(part)
        return info and info.annotation
    origin = get_origin(annotation)
    return get_args(annotation)[-1 if origin is dict else 0] if origin in (tuple, dict) else None


def _plain(annotation: Any) -> Any:
    """Without what is said of it, and without None beside it."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = get_args(annotation)[0]
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


# -- where it stands -----------------------------------------------------------------------------------------------


def _place(path: Sequence[str | int], arguments: Sequence[str], file: Path | None) -> str:
    """Of exactly this; else of what it is in; "" if nobody has set it."""
    if place := _place_of(path, arguments, file):
        return place
    names = [part for part in path if isinstance(part, str)]
    above = [".".join(names[:end]) for end in range(len(names) - 1, 0, -1)]
    return _outside_of_files(above, arguments) or _in_file(path, file, is_whole=False)


def _place_of(path: Sequence[str | int], arguments: Sequence[str], file: Path | None) -> str:
    """In the order in which they count."""
    name = ".".join(part for part in path if isinstance(part, str))
    return _outside_of_files([name], arguments) or _in_file(path, file, is_whole=True)


def _outside_of_files(names: Sequence[str], arguments: Sequence[str]) -> str:
    said = {word.partition("=")[0] for word in arguments}
    if any({f"--{name.replace('_', '-')}", f"--no-{name.replace('_', '-')}"} & said for name in names):
        return "the command line"
    variable = next(filter(None, map(variable_of, names)), None)
    return f"the environment variable {variable}" if variable else ""


def _in_file(path: Sequence[str | int], file: Path | None, *, is_whole: bool) -> str:
    text = _text_of(file)
    document = toml_lines.parse_text(text)
    ways = [path, [path[0], *path[2:]]] if list(path[:2]) == ["voices", "profiles"] else [path]
    if is_whole:
        ways = [way for way in ways if toml_lines.holds(document, way)]
    lines = [line for way in ways if (line := toml_lines.line_of(text, way)) is not None]
    return f"{file}:{max(lines)}" if lines else ""


def _text_of(file: Path | None) -> str:
    """ "" for one that cannot be read (any more): it says nothing."""
    try:
        text = toml_lines.decode(file.read_bytes()) if file else ""
        toml_lines.parse_text(text)
    except (OSError, toml_lines.UnreadableToml):
        return ""
    return text
