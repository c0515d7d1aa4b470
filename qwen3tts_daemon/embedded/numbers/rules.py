"""Rewriting by an ordered table of patterns."""

import re
from collections.abc import Iterable

Rule = tuple[re.Pattern[str], str]


def rules(table: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    """Compile pairs of pattern and replacement (as of `re.sub`)."""
    return tuple((re.compile(pattern), replacement) for pattern, replacement in table)


def rewrite(text: str, table: Iterable[Rule]) -> str:
    """Apply every rule in order."""
    for pattern, replacement in table:
        text = pattern.sub(replacement, text)
    return text
