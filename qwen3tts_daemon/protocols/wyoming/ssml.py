"""Speech markup -> its text, piece by piece."""

import html
import re

_TAG = re.compile(r"<!--.*?-->|<(?!!--)/?([\w:-]*)[^>]*>", re.DOTALL)
_UNFINISHED = re.compile(r"<!--(?:(?!-->).)*\Z|<[^>]*\Z|&[#\w]{0,10}\Z", re.DOTALL)
_INSIDE_A_WORD = {"emphasis", "lang", "mark", "phoneme", "prosody", "say-as", "sub", "token", "w"}
_HELD_CHARS = 1_000
"""A "<" that finds no ">" within this length is text."""


class SsmlText:
    """Drops the tags of a text that comes in pieces; a tag or entity cut in two waits for its other half."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, markup: str) -> str:
        markup = self._held + markup
        cut = _UNFINISHED.search(markup)
        if cut is None or len(markup) - cut.start() > _HELD_CHARS:
            self._held = ""
            return _stripped(markup)
        self._held = markup[cut.start() :]
        return _stripped(markup[: cut.start()])

    def rest(self) -> str:
        held, self._held = self._held, ""
        return _stripped(held)


class PlainText:
    """Text that is no markup."""

    def feed(self, text: str) -> str:
        return text

    def rest(self) -> str:
        return ""


def _stripped(markup: str) -> str:
    return html.unescape(_TAG.sub(_gap, markup))


def _gap(tag: re.Match[str]) -> str:
    """Sentences and breaks part words, an emphasis does not."""
    return "" if tag[1] in _INSIDE_A_WORD or tag[1] is None else " "
