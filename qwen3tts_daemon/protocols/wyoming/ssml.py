"""Speech markup -> its text, piece by piece; in one pass, so that hostile markup costs no more than any."""

import html
import re

_NAME = re.compile(r"</?([\w:-]*)")
_HALF_ENTITY = re.compile(r"&[#\w]{0,10}\Z")
_INSIDE_A_WORD = {"emphasis", "lang", "mark", "phoneme", "prosody", "say-as", "sub", "token", "w"}
_HELD_CHARS = 1_000
"""A "<" that finds no ">" within this length is text."""


class PlainText:
    """Text that is no markup."""

    def feed(self, text: str) -> str:
        return text

    def rest(self) -> str:
        return ""


class SsmlText:
    """Drops the tags of a text that comes in pieces; a tag or entity cut in two waits for its other half."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, markup: str) -> str:
        text, self._held = _split(self._held + markup)
        if len(self._held) > _HELD_CHARS:
            return text + self.rest()
        return text

    def rest(self) -> str:
        held, self._held = self._held, ""
        return html.unescape(held)


def _split(markup: str) -> tuple[str, str]:
    """The text, and the markup from where a tag or an entity is not finished."""
    parts: list[str] = []
    position = 0
    while (start := markup.find("<", position)) >= 0:
        closing = "-->" if markup.startswith("<!--", start) else ">"
        end = markup.find(closing, start)
        if end < 0:
            return html.unescape("".join((*parts, markup[position:start]))), markup[start:]
        parts += (markup[position:start], _gap(markup, start))
        position = end + len(closing)
    half = _HALF_ENTITY.search(markup, max(position, len(markup) - 11))
    end = half.start() if half else len(markup)
    return html.unescape("".join((*parts, markup[position:end]))), markup[end:]


def _gap(markup: str, tag_start: int) -> str:
    """Sentences and breaks part words; an emphasis, say, does not."""
    name = _NAME.match(markup, tag_start)
    return "" if name and name[1] in _INSIDE_A_WORD else " "
