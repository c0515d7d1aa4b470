"""XML that comes in pieces of any size -> tags and the text between them, each with its place.

- One pass. Nothing is kept but what is not finished, at most LONGEST_UNHEARD characters of it.
- Where pieces are cut does not show.
- It forgives: what is no markup after all ("1 < 2", "AT&T") is text, and `is_malformed` tells that it was met.
- Comments, instructions and document types are dropped; no entity but characters is known, and nothing is fetched.
"""

import html
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from html.entities import html5
from typing import Literal

import regex  # type: ignore[import-untyped,unused-ignore]

LONGEST_TAG = 1_000
LONGEST_UNHEARD = 8_000
"""Of a comment, say. What is longer than these is dropped up to where it ends, while it comes."""


@dataclass(frozen=True, slots=True)
class Text:
    """Between tags: as it was sent, or the character that an entity stands for."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    """Its name and those of its attributes are in lower case and without a prefix: xml:lang is lang."""

    kind: Literal["open", "close", "empty"]
    name: str
    attributes: Mapping[str, str]
    start: int
    end: int


_Waiting = Literal["waiting"]
_NAME = r"[^\W\d][\w.-]*+(?::[\w.-]++)?+"
_VALUE = r"""(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=/]++)"""
_TAG = regex.compile(rf"<(?P<close>/)?+(?P<name>{_NAME})(?P<attributes>(?:\s++{_NAME}\s*+=\s*+{_VALUE})*+)\s*+/?+>")
_LOOSE_TAG = regex.compile(rf"<(?P<close>/)?+(?P<name>{_NAME})(?=[\s/>])(?P<attributes>[^<>]*+)>")
_CUT_TAG = regex.compile(rf"</?+(?P<name>{_NAME})(?P<attributes>[\s/][^<]*+)?+")
_ATTRIBUTE = regex.compile(rf"(?P<name>{_NAME})\s*+=\s*+(?P<value>{_VALUE})")
_ENTITY = regex.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|[A-Za-z][A-Za-z0-9]{1,31});")
_SPECIAL = regex.compile("[<&]")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_UNHEARD = (("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">"))


class LiveMarkup:
    """Reads one text."""

    def __init__(self, known_tags: frozenset[str]) -> None:
        """`known_tags`: the names, in lower case, of what is a tag even if its attributes are broken."""
        self.is_malformed = False
        self._known = known_tags
        self._held = ""
        self._base = 0
        self._dropped_until = ""
        """Where that ends which is being dropped"""
        self._in_cdata = False

    def feed(self, markup: str) -> list[Text | Tag]:
        """Take more; what no later piece can change."""
        self._held += markup
        return list(self._read(final=False))

    def rest(self) -> list[Text | Tag]:
        """What is left: nothing may be fed afterwards."""
        tokens = list(self._read(final=True))
        self.is_malformed |= self._in_cdata or self._dropped_until != ""
        return tokens

    # ---- from one piece to the next ----

    def _read(self, *, final: bool) -> Iterator[Text | Tag]:
        position, end = 0, -1
        while end != position and position < len(self._held):
            position = max(position, end)
            if self._dropped_until:
                end = self._drop(position)
            elif self._in_cdata:
                end = yield from self._cdata(position, final=final)
            else:
                end = yield from self._next(position, final=final)
        self._base += position
        self._held = self._held[position:]

    def _text(self, start: int, end: int) -> Iterator[Text]:
        if end > start:
            yield Text(self._held[start:end], self._base + start, self._base + end)

    def _drop(self, position: int) -> int:
        """Up to where it ends; else all but what may be the first half of its end."""
        closing = self._dropped_until
        end = self._held.find(closing, position)
        if end < 0:
            return max(position, len(self._held) - len(closing) + 1)
        self._dropped_until = ""
        return end + len(closing)

    def _cdata(self, position: int, *, final: bool) -> Generator[Text, None, int]:
        end = self._held.find(_CDATA_END, position)
        if end >= 0:
            yield from self._text(position, end)
            self._in_cdata = False
            return end + len(_CDATA_END)
        end = len(self._held) if final else max(position, len(self._held) - len(_CDATA_END) + 1)
        yield from self._text(position, end)
        return end

    def _next(self, position: int, *, final: bool) -> Generator[Text | Tag, None, int]:
        """The text up to the next markup, and that; gives where it ends, or begins if it is not finished."""
        scan = position
        while (special := _SPECIAL.search(self._held, scan)) is not None:
            start = int(special.start())
            found = self._entity(start, final=final) if special[0] == "&" else self._markup(start, final=final)
            if found is not None:
                yield from self._text(position, start)
                end, token = (start, None) if found == "waiting" else found
                if token is not None:
                    yield token
                return end
            self.is_malformed = True
            scan = start + 1
        yield from self._text(position, len(self._held))
        return len(self._held)

    # ---- what begins here: where it ends and what it says; None: it is text ----

    def _entity(self, start: int, *, final: bool) -> tuple[int, Text] | _Waiting | None:
        found = _ENTITY.match(self._held, start, partial=not final)
        if not found:
            return None
        if found.partial:
            return "waiting"
        if found[0][1] != "#" and found[0][1:] not in html5:
            return None
        end = int(found.end())
        return end, Text(html.unescape(found[0]), self._base + start, self._base + end)

    def _markup(self, start: int, *, final: bool) -> tuple[int, Tag | None] | _Waiting | None:
        sign = self._held[start + 1 : start + 2]
        if sign in ("!", "?"):
            return self._unheard(start, final=final)
        if not sign and not final:
            return "waiting"
        return self._tag(start, final=final) if sign == "/" or sign.isalpha() or sign == "_" else None

    def _unheard(self, start: int, *, final: bool) -> tuple[int, None] | _Waiting | None:
        """A comment, an instruction, a document type; CDATA, of which only the frame is not heard."""
        head = self._held[start : start + len(_CDATA)].upper()
        if head == _CDATA:
            self._in_cdata = True
            return start + len(_CDATA), None
        for opening, closing in _UNHEARD:
            if head.startswith(opening):
                return self._dropped(start, start + len(opening), closing, final=final)
        openings = (_CDATA, *(opening for opening, _ in _UNHEARD))
        return "waiting" if not final and any(opening.startswith(head) for opening in openings) else None

    def _dropped(self, start: int, inside: int, closing: str, *, final: bool) -> tuple[int, None] | _Waiting:
        limit = start + LONGEST_UNHEARD
        end = self._held.find(closing, inside, limit)
        if closing == ">" and 0 <= self._held.find("[", inside, limit) < (end if end >= 0 else limit):
            return self._dropped(start, inside, "]>", final=final)  # of a document type with declarations in it
        if end >= 0:
            return end + len(closing), None
        if len(self._held) >= limit:
            self._dropped_until = closing
            return limit - len(closing) + 1, None
        if not final:
            return "waiting"
        self.is_malformed = True  # what is inside is heard
        return inside, None

    def _tag(self, start: int, *, final: bool) -> tuple[int, Tag | None] | _Waiting | None:
        limit = start + LONGEST_TAG
        is_all_there = final or len(self._held) >= limit
        found = _TAG.match(self._held, start, limit, partial=True)
        if found and not found.partial:
            return int(found.end()), self._tag_of(found)
        if found and not is_all_there:
            return "waiting"
        loose = _LOOSE_TAG.match(self._held, start, limit, partial=True)
        if not loose or not (found or _local(loose["name"]) in self._known):
            return None
        if not loose.partial:
            self.is_malformed = True
            return int(loose.end()), self._tag_of(loose)
        if not is_all_there:
            return "waiting"
        if len(self._held) >= limit:
            self.is_malformed, self._dropped_until = True, ">"
            return limit, None
        return self._cut_tag(start, is_likely=found is not None)

    def _cut_tag(self, start: int, *, is_likely: bool) -> tuple[int, None] | None:
        """The text ends inside of what may be a tag."""
        self.is_malformed = True
        found = _CUT_TAG.fullmatch(self._held, start)
        if not found:
            return len(self._held), None  # "</"
        name, attributes = _local(found["name"]), found["attributes"]
        if attributes is None:
            is_tag = len(name) > 1 and any(known.startswith(name) for known in self._known)
        else:
            is_tag = "=" in attributes or (is_likely and len(name) > 1 and name in self._known)
        return (len(self._held), None) if is_tag else None

    def _tag_of(self, found: "regex.Match[str]") -> Tag:
        attributes = {
            _local(one["name"]): html.unescape(_unquoted(one["value"]))
            for one in _ATTRIBUTE.finditer(found["attributes"])
        }
        is_empty = found[0].endswith("/>")
        kind: Literal["open", "close", "empty"] = "close" if found["close"] else "empty" if is_empty else "open"
        return Tag(kind, _local(found["name"]), attributes, self._base + found.start(), self._base + found.end())


def _unquoted(value: str) -> str:
    return value[1:-1] if value[0] in "\"'" else value


def _local(name: str) -> str:
    """Without its prefix."""
    return name.rpartition(":")[2].lower()
