"""What kind of line is this: item, heading, table row, code fence, rule or plain text?"""

from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

LineKind = Literal["text", "item", "numbered", "heading", "row", "fence", "rule"]

_QUOTE = r"[ \t]*+(?:>[ \t]?){0,20}+"
_FENCE = regex.compile(_QUOTE + r"(?:(?P<mark>`{3,})[^`\n]{0,80}|(?P<mark>~{3,})[^\n]{0,80})(?:\n|\Z)")
_RULE = regex.compile(_QUOTE + r"(?=[^\n]*[-*_=]{2}|[^\n]*(?:[-*_][ \t]+){2})[-*_=|:+ \t\r]{3,80}(?:\n|\Z)")
_OTHERS: tuple[tuple[LineKind, regex.Pattern[str]], ...] = (
    ("heading", regex.compile(_QUOTE + r"#{1,6}[ \t]+(?=\S)")),
    ("item", regex.compile(_QUOTE + r"[-*+•◦▪‣–—][ \t]+(?=\S)")),
    ("numbered", regex.compile(_QUOTE + r"(?P<number>\d{1,9})[.)][ \t]+(?=\S)")),
    ("row", regex.compile(_QUOTE + r"\|")),
)
_UNDECIDED = regex.compile(_QUOTE + r"(?:#{0,6}[ \t]*|\d{0,9}[.)]?[ \t]*|[-*+•◦▪‣–—_=|:~` \t\r]{0,80})")
_UNDECIDED_FENCE = regex.compile(_QUOTE + r"(?:`{3,}[^`\n]{0,80}|~{3,}[^\n]{0,80})")


def line_kind(text: str, start: int, final: bool) -> tuple[LineKind, int, str] | None:
    """LineKind, start of the content and marker of the line at `start`; None where more text may change that."""
    end = text.find("\n", start)
    if end < 0 and not final and _undecided(text, start):
        return None
    fence = _FENCE.match(text, start)
    if fence:
        return "fence", fence.end(), fence["mark"]
    rule = _RULE.match(text, start)
    if rule:
        return "rule", rule.end(), ""
    for kind, pattern in _OTHERS:
        found = pattern.match(text, start)
        if found:
            return kind, found.end(), found["number"] if kind == "numbered" else ""
    return "text", start, ""


def _undecided(text: str, start: int) -> bool:
    return bool(_UNDECIDED.fullmatch(text, start) or _UNDECIDED_FENCE.fullmatch(text, start))


def fence_end(text: str, mark: str, final: bool) -> int | None:
    """Where the code behind a fence ends in `text`, which begins with a line; None: not in this text."""
    last = r"(?:\n|\Z)" if final else r"\n"
    closing = regex.search(rf"(?m)^[ \t>]{{0,40}}{mark[0]}{{{len(mark)},80}}[ \t\r]{{0,40}}{last}", text)
    return int(closing.end()) if closing else None


_FENCE_START = regex.compile(r"[ \t>]*(?:`*|~*)[ \t\r]*")


def may_close_fence(line: str) -> bool:
    """Whether an unfinished line may become the end of a code block."""
    return len(line) <= 200 and bool(_FENCE_START.fullmatch(line))
