"""JSON that somebody else wrote: a value of the wanted type, or one kind of error whatever is wrong with it."""

from typing import Any

import msgspec


def decode_json(data: bytes | str, kind: Any = Any) -> Any:
    """Of a type that msgspec checks. Raises msgspec.DecodeError, also for brackets without end and for no UTF-8."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None
