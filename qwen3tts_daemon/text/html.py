"""HTML tags: what each parts, and the markdown that says the same."""

from typing import Literal, NamedTuple

import regex  # type: ignore[import-untyped,unused-ignore]

TagKind = Literal["inline", "cell", "line", "sentence", "paragraph"]
"""What a tag parts: nothing, the cells of a row, lines, sentences (items, rows, headings) or paragraphs"""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "caption", "title", "summary", "legend", "figcaption", "dt")
_PARAGRAPHS = (
    "p div hr ul ol dl table thead tbody tfoot blockquote section article aside header footer main nav figure details"
    " html body form fieldset select address center"
)
_KINDS: dict[str, TagKind] = {
    **dict.fromkeys(("td", "th"), "cell"),
    **dict.fromkeys(("br",), "line"),
    **dict.fromkeys(("li", "tr", "dd", "option", *_HEADINGS), "sentence"),
    **dict.fromkeys(_PARAGRAPHS.split(), "paragraph"),
}
# An attribute has a value, or stands behind one that has, but for some tags: "if a<b and c>d" is none.
_NAME = r"\s{1,9}[\w:@.-]{1,60}"
_VALUE = r"""\s?=\s?(?:"[^"<>]{0,1000}"|'[^'<>]{0,1000}'|[^\s"'<>]{1,1000})"""
_VALUELESS = "audio|video|source|track|input|button|option|details|ol|select|textarea|iframe"
_ANY_TAG = rf"(?P<name>[a-z][a-z0-9-]{{0,20}})(?:{_NAME}{_VALUE}(?:{_NAME}(?!\s?[\w=]))?){{0,20}}+"
_TAG = regex.compile(rf"</?(?:(?P<name>{_VALUELESS})(?:{_NAME}(?:{_VALUE})?){{0,20}}+|{_ANY_TAG})\s?/?>", regex.I)
_UNHEARD = regex.compile(
    r"<!--(?:(?!-->).){0,1000}-->|<(?P<hidden>script|style)\b[^<>]{0,200}>.{0,2000}?</(?P=hidden)\s*>",
    regex.I | regex.S,
)
_BETWEEN_CELLS = regex.compile(r"</t[dh]>\s*<t[dh](?:\s[^<>]{0,200})?>", regex.I)
_SMALL_NUMBER = regex.compile(r"<sup>(\d{1,3})</sup>", regex.I)
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Tag(NamedTuple):
    """A tag's end in its text, and what it parts."""

    end: int
    kind: TagKind


def tag(text: str, start: int, settled: bool) -> Tag | Literal["perhaps"] | None:
    """The tag at `start`, if there is one; `settled`: decide as if the text ended here."""
    found = _TAG.match(text, start, partial=not settled)
    if not found:
        return None
    return "perhaps" if found.partial else Tag(found.end(), _kind(found))


def without_html(text: str) -> str:
    """Items, rows and headings as those of markdown, paragraphs and lines as such; the rest vanishes."""
    if "<" not in text:
        return text
    text = _BETWEEN_CELLS.sub(", ", _UNHEARD.sub("", text))
    text = _SMALL_NUMBER.sub(lambda number: number[1].translate(_SUPERSCRIPTS), text)
    return str(_TAG.sub(_markdown, text))


def kind_of(name: str) -> TagKind:
    """What a tag of this name parts; names are in lower case."""
    return _KINDS.get(name, "inline")


def _kind(found: regex.Match[str]) -> TagKind:
    return kind_of(found["name"].lower())


def _markdown(found: regex.Match[str]) -> str:
    if found.string[found.start() - 1 : found.start()] == "`":
        return str(found[0])  # code that is about a tag
    match _kind(found):
        case "inline" | "cell":
            return ""
        case "line":
            return "\n"
        case "paragraph":
            return "\n\n"
        case "sentence":
            if found[0].startswith("</"):
                return "\n\n"
            return "\n\n# " if found["name"].lower() in _HEADINGS else "\n- "
