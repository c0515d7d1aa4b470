"""JSON of a client, read strictly: one meaning or none, and as a struct without guessing.

Python's reader takes what is no JSON (NaN, 1e999), keeps the last of two fields of one name, and gives out halves of
UTF-16 pairs, which are no text. Nesting without end raises RecursionError. What it reads it reads on the event loop:
its time grows with the number of values, so that is bounded.
"""

import json
import math
from typing import Any, TypeVar

import msgspec

from qwen3tts_daemon.failures import Refusal
from qwen_tts.errors import InvalidRequest

T = TypeVar("T")

MOST_VALUES = 20_000
"""Read in 20 ms, whatever they are. The longest text of commas alone has 8,000."""

_LONGEST_PATH = 64
_LONGEST_INTEGER = 309
_EXACT = 2**53
"""Below it a float is the number that was written."""


def load(text: str, *, allow_infinite: bool = False, most_values: int = MOST_VALUES) -> Any:
    """The one value in `text`. Raises Refusal; halves of characters are for `is_text` to find.

    `allow_infinite` lets NaN and numbers too large through, for a caller that asks `infinite_field` for their name.
    """
    # Those in strings count too: to tell them apart takes as long as to read it all.
    if text.count(",") + text.count("[") + text.count("{") > most_values:
        raise Refusal("bad_json", f"not JSON that is read here: more than {most_values} commas and brackets")
    numbers: dict[str, Any] = {"parse_float": _number}
    if not allow_infinite:
        numbers = {"parse_constant": _no_constant, "parse_float": _finite, "parse_int": _integer}
    try:
        return json.loads(text, object_pairs_hook=_unique, **numbers)
    except RecursionError:
        raise Refusal("bad_json", "not JSON: nested too deeply") from None
    except ValueError as error:
        raise Refusal("bad_json", f"not JSON: {str(error)[:200]}") from None


def convert(value: Any, kind: type[T], within: str = "", *, strict: bool = True) -> T:
    """Without guessing: "5" is no number and true is none either, unless all there is is text (`strict=False`).

    Raises Refusal with `param`, below `within`.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$")
        param = _joined((within + path.rstrip("`")).lstrip("."), _missing(rule))
        raise Refusal("bad_field", f"{param}: {rule}" if param else rule, param=param) from None
    except UnicodeEncodeError:  # in the name of a field: values are looked at before
        raise Refusal("bad_field", "half of a surrogate pair in the name of a field", param=within or None) from None
    except InvalidRequest as error:
        raise Refusal(error.code, error.message, param=_joined(within, error.param)) from None


def is_text(value: Any) -> bool:
    """It could be sent back or spoken: no string in it has half of a UTF-16 pair."""
    try:
        msgspec.json.encode(value)
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def infinite_field(value: Any) -> str | None:
    """Where in a value there is a number that JSON has not, such as `sampling.temperature`."""
    # Names are joined for the one that is found: thousands of fields below a long name would fill the memory.
    waiting: list[tuple[Any, Any]] = [(None, value)]
    while waiting:
        place, item = waiting.pop()
        if type(item) is float:
            if not math.isfinite(item):
                return _path(place)
        elif type(item) is dict:
            waiting += [((place, name), field) for name, field in item.items() if type(field) in _HOLDERS]
        elif type(item) is list:
            waiting += [((place, index), field) for index, field in enumerate(item) if type(field) in _HOLDERS]
    return None


_HOLDERS = frozenset((float, dict, list))
"""Of numbers that are none, among what `load` gives."""


def _path(place: Any) -> str:
    names: list[str] = []
    while place is not None:
        place, name = place
        names.append(f"[{name}]" if isinstance(name, int) else f".{name}")
    return "".join(reversed(names)).lstrip(".").encode("ascii", "replace").decode()[:_LONGEST_PATH]


def _joined(*names: str | None) -> str | None:
    return ".".join(filter(None, names)) or None


def _missing(rule: str) -> str | None:
    """The field of "Object missing required field `input`"."""
    parts = rule.split("`")
    return parts[1] if rule.startswith("Object missing") and len(parts) == 3 else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name is there twice")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    """None beyond what a float can be: it would take more time than all the rest."""
    if len(digits) > _LONGEST_INTEGER:
        raise ValueError("a number is too large")
    return int(digits)


def _finite(digits: str) -> float:
    number = _number(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _number(digits: str) -> float:
    """7.0 is the integer 7: JSON has one kind of number, and some clients write it so."""
    number = float(digits)
    return int(number) if abs(number) < _EXACT and number.is_integer() else number
