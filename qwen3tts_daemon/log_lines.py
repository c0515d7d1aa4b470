"""How log lines are written: each message is one line whatever strangers put into it, and no traceback repeats a text.

Tracebacks name files, lines and kinds of errors. What an error says of itself is left out where it may be a piece of
what was to be spoken: Python's errors of values, keys and assertions quote what they are about.
"""

import logging
import traceback
from types import TracebackType
from typing import Final

_LINES: Final = {
    code: repr(chr(code))[1:-1] for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029) if code != ord("\t")
}
_MAY_QUOTE: Final = (ValueError, LookupError, AssertionError)
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogLines(logging.Formatter):
    """See the module."""

    def __init__(self, name: str = "", *, quotes: bool = False) -> None:
        """`name` stands before each logger's; `quotes`: texts are logged anyway."""
        super().__init__(f"%(asctime)s %(levelname)s {name}%(name)s %(message)s")
        self._quotes = quotes

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(_LINES)

    def formatException(self, ei: _Raised) -> str:
        if self._quotes or ei[1] is None:
            return super().formatException(ei)
        return _told(ei[1], set()).rstrip()


def write_log(level: str, name: str = "", *, quotes: bool = False) -> None:
    """To standard error, from `level` up; see LogLines."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines(name, quotes=quotes))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _told(error: BaseException, seen: set[int]) -> str:
    """As Python writes it, apart from what may be a quotation."""
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    first = "" if before is None or id(before) in seen else f"{_told(before, seen)}\n"
    where = "".join(traceback.format_tb(error.__traceback__))
    inner = "".join(_told(one, seen) for one in getattr(error, "exceptions", ()) if id(one) not in seen)
    return f"{first}Traceback (most recent call last):\n{where}{_last_line(error)}\n{inner}"


def _last_line(error: BaseException) -> str:
    kind, said = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."), str(error)
    if isinstance(error, _MAY_QUOTE) and said:
        said = f"({len(said)} characters, told with log_text)"
    return f"{kind}: {said.translate(_LINES)}" if said else kind
