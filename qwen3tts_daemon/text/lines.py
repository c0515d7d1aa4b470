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
_FENCE = regex.compile(_QUOTE + r"(?:(?P<mark>`{3,80})[^`\n]{0,80}|(?P<mark>~{3,80})[^\n]{0,80})(?:\n|\Z)")
_RULE = regex.compile(
    _QUOTE + r"(?:(?=[^\n]{0,80}[-*_=]{2}|[^\n]{0,80}(?:[-*_][ \t]+){2})[-*_=|:+ \t\r]{3,80}|[─-╿][─-╿ \t\r]{2,80})"
    r"(?:\n|\Z)"
)
_NOTE = regex.compile(
    r"[ \t]{0,3}\[(?:\^[^\[\]\n]{1,60}\]:|[^\[\]\n]{1,60}\]:[ \t]{0,9}(?:https?://|www\.|mailto:|[<#/]))", regex.I
)
_OTHERS: tuple[tuple[LineKind, regex.Pattern[str]], ...] = (
    ("heading", regex.compile(_QUOTE + r"#{1,6}[ \t]+(?=\S)")),
    (
        "item",
        regex.compile(_QUOTE + rf"(?:(?:[-*+–—{BULLETS}]\ufe0f?|{_PICTURE})[ \t]+|[•◦▪‣])(?=\S)"),
    ),
    ("numbered", regex.compile(_QUOTE + r"(?P<number>\d{1,9})[.)][ \t]+(?=\S)")),
    ("row", regex.compile(_QUOTE + r"[|│┃║]")),
    ("note", _NOTE),
    ("data", regex.compile(r'(?=[ \t]*+(?:\[\s*+)?\{\s*+")')),
)
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


def _may_become_note(text: str, start: int) -> bool:
    note = _NOTE.match(text, start, partial=True)
    return note is not None and note.partial
