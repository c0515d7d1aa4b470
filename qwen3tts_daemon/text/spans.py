"""Inline code and links: where they end, so that nothing is cut inside."""

from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

BLANK_LINE = regex.compile(r"\s*?\n\s*?\n")
_END_OF_LINE = regex.compile(r"\n")
_END_OF_PARAGRAPH = regex.compile(r"\n[^\S\n]*+\n")
_LONGEST_LINK = 300
_LONGEST_CODE = 120
_LABEL = regex.compile(r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]")
_ADDRESS = regex.compile(r"\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_TICKS = regex.compile("`+")


def span_end(text: str, start: int, opener: str, settled: bool) -> int | Literal["perhaps"] | None:
    """Where the link ("[") or the code ("`", "``", ...) that `opener` begins at `start` ends; None if it is neither.

    A link ends in its line, code in its paragraph. `settled`: decide as if the text ended here.
    """
    is_link = opener == "["
    longest = _LONGEST_LINK if is_link else _LONGEST_CODE
    window = text[start : start + longest]
    over = (_END_OF_LINE if is_link else _END_OF_PARAGRAPH).search(window)
    if over:
        window = window[: over.start() + 1]
    length = _link_length(window) if is_link else _code_length(window, opener, settled)
    if length is not None:
        return start + length
    return None if settled or over or len(text) - start > longest else "perhaps"


def _link_length(text: str) -> int | None:
    """Length of the "[words](address)" or "[words]" that starts `text`; None if it does not end in it."""
    label = _LABEL.match(text) if "]" in text else None
    if not label or label.end() == len(text):
        return None
    if text[label.end()] != "(":
        return int(label.end())
    address = _ADDRESS.match(text, label.end())
    return int(address.end()) if address else None


def _code_length(text: str, ticks: str, settled: bool) -> int | None:
    """Length of the inline code that starts `text`; None if it does not end in it, or may go on."""
    for run in _TICKS.finditer(text, len(ticks)):
        if len(run[0]) == len(ticks):
            return int(run.end()) if settled or run.end() < len(text) else None
    return None
