"""What kind of line is this: item, heading, table row, note, code fence, data, rule or plain text?"""

from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

LineKind = Literal["text", "item", "numbered", "heading", "row", "note", "fence", "data", "rule"]
SENTENCES: frozenset[LineKind] = frozenset({"item", "numbered", "heading", "row"})
"""Lines that are sentences of their own"""

BULLETS = "•◦▪‣●○■□▶►✓✔✗✘★☆∙⁃➤➔➜❖"
"""Characters that stand before items beside those of markdown; for a character class"""
_PICTURE = (
    r"(?:[0-9#*]\ufe0f?\u20e3|\p{Regional_Indicator}{2}|(?![0-9#*])\p{Emoji_Presentation}|(?![0-9#*])\p{Emoji}\ufe0f)"
    r"[\ufe0f\u200d\p{Emoji_Modifier}\p{Extended_Pictographic}]{0,20}"
)
_QUOTE = r"[ \t]*+(?:>[ \t]?){0,20}+"
_FENCE = r"(?:(?P<mark>`{3,80})[^`\n]{0,80}|(?P<mark>~{3,80})[^\n]{0,80})(?:\n|\Z)"
_RULE = r"(?:(?=[^\n]{0,80}[-*_=]{2}|[^\n]{0,80}(?:[-*_][ \t]+){2})[-*_=|:+ \t\r]{3,80}|[─-╿][─-╿ \t\r]{2,80})(?:\n|\Z)"
_ITEM = rf"(?:(?:[-*+–—{BULLETS}]\ufe0f?|{_PICTURE})[ \t]+|[•◦▪‣])(?=\S)"
_NOTE = r"[ \t]{0,3}\[(?:\^[^\[\]\n]{1,60}\]:|[^\[\]\n]{1,60}\]:[ \t]{0,9}(?:(?i:https?://|www\.|mailto:)|[<#/]))"
_KINDS: tuple[LineKind, ...] = ("fence", "rule", "heading", "item", "numbered", "row", "note", "data")
_LINE = regex.compile(
    rf"{_QUOTE}(?:(?P<fence>{_FENCE})|(?P<rule>{_RULE})|(?P<heading>#{{1,6}}[ \t]+(?=\S))|(?P<item>{_ITEM})"
    rf"|(?P<numbered>(?P<mark>\d{{1,9}})[.)][ \t]+(?=\S))|(?P<row>[|│┃║]))"
    rf'|(?P<note>{_NOTE})|(?P<data>(?=[ \t]*+(?:\[\s*+)?\{{\s*+"))'
)
_MAYBE_NOTE = regex.compile(_NOTE)
_UNDECIDED = regex.compile(
    _QUOTE + rf"(?:#{{0,6}}[ \t]*|\d{{0,9}}[.)]?[ \t]*|[0-9#*]\ufe0f?|[-*+–—_=|:~` \t\r]{{0,80}}|[─-╿ \t\r]{{0,80}}"
    rf"|[{BULLETS}]\ufe0f?[ \t]*|{_PICTURE}[ \t]*|\p{{Regional_Indicator}}|\p{{Emoji}}"
    r"|`{3,80}[^`\n]{0,80}|~{3,80}[^\n]{0,80}|(?:\[\s{0,40})?\{\s{0,40})"
)


_PLAIN = regex.compile(r"""[ \t]*+[[\p{L},;!?("'„“«]--\p{Emoji}]""", regex.V1)
"""How most lines begin, and no other kind"""


def line_kind(text: str, start: int, final: bool) -> tuple[LineKind, int, str] | None:
    """LineKind, start of the content and marker of the line at `start`; None where more text may change that."""
    if _PLAIN.match(text, start):
        return "text", start, ""
    if not final and (_UNDECIDED.fullmatch(text, start) or _may_become_note(text, start)):
        return None
    found = _LINE.match(text, start)
    if not found:
        return "text", start, ""
    return next(kind for kind in _KINDS if found[kind] is not None), found.end(), found["mark"] or ""


def _may_become_note(text: str, start: int) -> bool:
    note = _MAYBE_NOTE.match(text, start, partial=True)
    return note is not None and note.partial
