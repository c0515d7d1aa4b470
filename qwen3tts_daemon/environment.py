"""The environment, which is read here and nowhere else: variables of our own, and those that people know from others.

Ours are `QWEN3TTS_HTTP__PORT=8766`, for every option. The others (`PORT=8766`) are those of `KNOWN`, and ours go before
them. A variable that is empty is not there: docker compose passes on what an .env file leaves out.
"""

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, PydanticBaseSettingsSource

ENV_PREFIX = "QWEN3TTS_"


class BadVariable(Exception):
    """A variable cannot be used; the message names it and the way out."""


@dataclass(frozen=True, slots=True)
class KnownVariable:
    """Another name for an option, in the environment."""

    name: str
    option: str
    """Dotted, as in the file"""
    read: Callable[[str], str] = str.strip
    """What the option gets"""


def _device(value: str) -> str:
    """A card's number is enough."""
    number = value.strip()
    return f"cuda:{number}" if number.isdecimal() else number


KNOWN = (
    KnownVariable("PORT", "http.port"),
    KnownVariable("CUDA_DEVICE", "qwen.device", _device),
    KnownVariable("GPU_IDLE_TIMEOUT", "qwen.sleep_s"),
    KnownVariable("QWEN_TTS_MODEL_DIR", "models.dir"),
    KnownVariable("HF_HUB_OFFLINE", "models.offline"),
)


MODELSCOPE_VARIABLES = ("MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN")
"""Its own library reads the first, and read the second before."""
MODELSCOPE = "https://modelscope.cn"


def modelscope_endpoint() -> str:
    """Where ModelScope is."""
    return next((value for name in MODELSCOPE_VARIABLES if (value := os.environ.get(name))), MODELSCOPE)


def own_variable(option: str) -> str:
    """The name of the variable that is for this option."""
    return ENV_PREFIX + option.upper().replace(".", "__")


def variable_of(option: str) -> str | None:
    """The variable that sets an option, if one does; the command line goes before it."""
    own = own_variable(option)
    if own in {name.upper() for name in os.environ}:
        return own
    return next((known.name for known in KNOWN if known.option == option and os.environ.get(known.name)), None)


def value_of(option: str) -> str:
    """What its variable says; "" if none does."""
    variable = variable_of(option)
    return next((value for name, value in os.environ.items() if variable and name.upper() == variable.upper()), "")


def data_home() -> Path:
    """Where programs keep what they have for a user."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def refuse_unknown(sections: Iterable[str]) -> None:
    """pydantic-settings does not notice a mistyped variable; a user would wonder why it does nothing."""
    known = {name.upper() for name in sections}
    for variable in os.environ:
        if variable.upper().startswith(ENV_PREFIX):
            name = variable.upper().removeprefix(ENV_PREFIX).split("__")[0]
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                way_out = f"; did you mean {variable.upper().replace(name, near[0], 1)}?" if near else ""
                raise BadVariable(f"the environment variable {variable} names no option{way_out}")


class OwnVariables(EnvSettingsSource):
    """Ours; a list is `en,de` or JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        is_list = field is not None and get_origin(field.annotation) is tuple
        if is_list and not value.lstrip().startswith("["):
            return [part.strip() for part in value.split(",") if part.strip()]
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            way_out = " or items with commas between" if is_list else ""
            raise BadVariable(
                f"the environment variable {self._variable(field_name, value)} is not JSON{way_out} (got {value!r})"
            ) from error

    def _variable(self, field_name: str, value: str) -> str:
        """The library tells the last part of the name alone."""
        named = (name.upper() for name, held in self.env_vars.items() if held == value)
        return next(name for name in named if name.startswith(ENV_PREFIX) and name.endswith(field_name.upper()))


class KnownVariables(PydanticBaseSettingsSource):
    """Those of `KNOWN`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # they are read together, in __call__

    def __call__(self) -> dict[str, Any]:
        values: dict[str, dict[str, str]] = {}
        for known in KNOWN:
            if value := os.environ.get(known.name):
                section, _, option = known.option.partition(".")
                values.setdefault(section, {})[option] = known.read(value)
        return values
