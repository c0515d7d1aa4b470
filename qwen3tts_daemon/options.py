"""Every option, as settings.py defines it: what it may be, what it is by default, and where its value comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qwen3tts_daemon.environment import variable_of
from qwen3tts_daemon.settings import OnPage, Settings
from qwen_tts.config.languages import LanguageCode
from qwen_tts.toml import toml_value

Model = TypeVar("Model", bound=BaseModel)
Kind = Literal["switch", "number", "choice", "language", "voice", "text", "path", "list", "table", "texts"]
"""table: of voices, by names; texts: by names"""
Place = Literal["command line", "environment", "file", "page", "default"]
"""page: it was changed on the page, and holds until the daemon ends"""
_KINDS: Mapping[Any, Kind] = {bool: "switch", int: "number", float: "number", str: "text", Path: "path"}
_KINDS_OF_ORIGINS: Mapping[Any, Kind] = {Literal: "choice", tuple: "list", dict: "texts"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    place: Place
    variable: str | None = None
    """Of the environment"""

    @property
    def is_locked(self) -> bool:
        """Nothing in the file changes it."""
        return self.place in ("command line", "environment")

    def __str__(self) -> str:
        return f"{self.place} ({self.variable})" if self.variable else self.place


@dataclass(frozen=True, slots=True)
class Option:
    """One option."""

    name: str
    """Dotted"""
    info: FieldInfo

    @property
    def section(self) -> str:
        """Dotted; "" for those above all sections."""
        return self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def about(self) -> str:
        return self.info.description or ""

    @property
    def on_page(self) -> OnPage | None:
        """Its mark, if it may be changed on the page."""
        return next((mark for mark in self.info.metadata if isinstance(mark, OnPage)), None)

    @property
    def type(self) -> Any:
        """Of its value, apart from None."""
        annotation = self.info.annotation
        if get_origin(annotation) in (Union, UnionType):
            return next(one for one in get_args(annotation) if one is not NoneType)
        return annotation

    @property
    def kind(self) -> Kind:
        if self.on_page and self.on_page.is_voice:
            return "table" if get_origin(self.type) is dict else "voice"
        if self.type == LanguageCode:
            return "language"
        return _KINDS.get(self.type) or _KINDS_OF_ORIGINS[get_origin(self.type)]

    @property
    def choices(self) -> tuple[Any, ...]:
        """All that it may be, where that is a list."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    def bound(self, *names: str) -> Any:
        """Of a number: the limit of one of these names, such as "ge"; None if there is none."""
        limits = (getattr(mark, name, None) for mark in self.info.metadata for name in names)
        return next((limit for limit in limits if limit is not None), None)

    @property
    def default(self) -> Any:
        """None where there is none."""
        value = self.info.get_default(call_default_factory=True, validated_data={})
        return None if value is PydanticUndefined else value

    def toml(self, value: Any) -> str:
        """As a file has it: there None is empty text."""
        return toml_value("" if value is None else str(value) if isinstance(value, Path) else value)

    def read(self, json: str | bytes) -> Any:
        """A value of it. Raises ValidationError; nothing is guessed: "5" is no number."""
        return self._adapter.validate_json(json, strict=True)

    @property
    def json_schema(self) -> dict[str, Any]:
        """Of what `read` takes, as far as its form goes."""
        return self._adapter.json_schema()

    @property
    def _adapter(self) -> TypeAdapter[Any]:
        checked: Any = Annotated[self.info.annotation, self.info]
        return TypeAdapter(checked)

    def value_in(self, settings: Settings) -> Any:
        return attrgetter(self.name)(settings)

    def put_into(self, settings: Settings, value: Any) -> Settings:
        """Those settings, with another value of this option."""
        return _with(settings, self.name.split("."), value)


def _with(model: Model, path: Sequence[str], value: Any) -> Model:
    name, *rest = path
    return model.model_copy(update={name: _with(getattr(model, name), rest, value) if rest else value})


def every_option(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Option]:
    """Sections after plain options."""
    for name, info in model.model_fields.items():
        if section_of(info) is None:
            yield Option(f"{prefix}{name}", info)
    for name, info in model.model_fields.items():
        if (section := section_of(info)) is not None:
            yield from every_option(section, f"{prefix}{name}.")


def section_of(info: FieldInfo) -> type[BaseModel] | None:
    """The model, if this is a section of options."""
    kind = info.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def origin_of(name: str, arguments: Sequence[str], in_file: Mapping[str, Any]) -> Origin:
    """`arguments`: the command line; `in_file`: the file's values."""
    flag = name.replace("_", "-")
    if any(word.split("=")[0].replace("_", "-") in (f"--{flag}", f"--no-{flag}") for word in arguments):
        return Origin("command line")
    if variable := variable_of(name):
        return Origin("environment", variable)
    return Origin("default" if dig(in_file, name) is None else "file")


def dig(values: Mapping[str, Any], name: str) -> Any:
    """What is at a dotted name; None if nothing is."""
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found
