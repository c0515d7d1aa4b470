"""What is dropped as a whole while it comes in: thinking, tool calls, scripts, comments, footnotes, code, data.

A block is a value. It is asked with every piece of text how much of that belongs to it, and which block goes on behind.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

import regex  # type: ignore[import-untyped,unused-ignore]


class Block(Protocol):
    """Something that nobody wants to hear, from its first line or tag to its last."""

    def skip(self, text: str, final: bool) -> tuple[int, "Block | None"]:
        """How many characters of `text`, which begins where the last call stopped, belong to it for certain, and what
        of it goes on behind them: None if it has ended. `final`: no text will follow."""


# ---- between tags: thinking, tool calls, scripts, comments ----

_THOUGHT = (
    "think(?:ing)?|thoughts?|reasoning|reflections?|analysis|scratch_?pad|(?:inner|internal)_(?:monologue|thoughts?)"
    "|antthinking|chain_of_thought"
)
_TOOL = (
    "tools?|tool_(?:calls?|use|code|responses?|results?|outputs?)|function|function_(?:calls?|results?|responses?)"
    "|invoke"
)
_PAGE = "script|style|svg|template|noscript|head|iframe|canvas|pre|math"
_TAG = rf"(?P<name>(?:[a-z]{{1,12}}:)?(?:{_THOUGHT}|{_TOOL}|{_PAGE}))"
_TAG_END = r"(?:[\s=][^<>]{0,200})?(?<!/)>"


class _Kind(NamedTuple):
    """How a kind of block opens and closes; {name} is the opening's."""

    opening: str
    closing: str
    nested: str = ""
    """An opening of the same kind inside it, if those count"""


_KINDS = (
    _Kind(f"<{_TAG}{_TAG_END}", r"</{name}\s?>", nested="<{name}" + _TAG_END.replace("{", "{{").replace("}", "}}")),
    _Kind(r"<!--", r"-->"),
    _Kind(rf"\[(?P<name>{_THOUGHT})\]", r"\[/{name}\]"),  # Mistral
    _Kind(r"\[tool_calls\]", r"\n"),
    _Kind(rf"◁(?P<name>{_THOUGHT})▷", r"◁/{name}▷"),  # Kimi
    _Kind(rf"<\|start_(?P<name>{_THOUGHT}|action)\|>", r"<\|end_{name}\|>"),  # Cohere
    _Kind(r"<\|begin_of_(?P<name>thought)\|>", r"<\|end_of_{name}\|>"),
    _Kind(r"<[|｜](?P<name>tool[_▁]\w{1,20})[_▁]begin[|｜]>", r"<[|｜]{name}[_▁]end[|｜]>"),  # DeepSeek, Kimi
    _Kind(r"<\|(?P<name>tool_calls?)\|>", r"<\|/{name}\|>"),
    _Kind(r"<\|python_tag\|>", r"<\|e[ao]\w_id\|>"),  # Llama
    _Kind(  # gpt-oss: all channels but the final one
        r"<\|channel\|>(?!\s?final\b)[^<>]{0,80}(?:<\|constrain\|>[^<>]{0,40})?<\|message\|>",
        r"<\|(?:end|call|return)\|>|(?=<\|(?:start|channel)\|>)",
    ),
    _Kind(r"<\|channel>\w{0,20}", r"<channel\|>"),  # Gemma
    _Kind("\ue200", "\ue201"),  # sources, in characters for private use
)
_OPENING = regex.compile("|".join(f"(?P<kind{index}>{kind.opening})" for index, kind in enumerate(_KINDS)), regex.I)
OPENERS = "<[◁\ue200"
"""What the openings begin with"""
_CANDIDATE = regex.compile(rf"<(?:!--|[|｜]|{_TAG})|\[(?:{_THOUGHT}|tool_calls)|◁|\ue200", regex.I)
"""What all openings match, and little else"""


class Opening(NamedTuple):
    """Where the words that open a block end, and the block behind them."""

    end: int
    block: Block


def opening(text: str, start: int, settled: bool) -> Opening | Literal["perhaps"] | None:
    """The opening at `start`, if there is one; `settled`: decide as if the text ended here."""
    if not _CANDIDATE.match(text, start, partial=not settled):
        return None
    found = _OPENING.match(text, start, partial=not settled)
    if not found or found.partial:
        return "perhaps" if found else None
    kind = next(kind for index, kind in enumerate(_KINDS) if found[f"kind{index}"] is not None)
    name = regex.escape(found["name"] or "")
    return Opening(found.end(), _Tagged(kind.closing.format(name=name), kind.nested.format(name=name)))


@dataclass(frozen=True, slots=True)
class _Tagged:
    """Up to its closing; with as many closings as openings if it may stand inside another one."""

    closing: str
    nested: str
    depth: int = 1

    def skip(self, text: str, final: bool) -> tuple[int, Block | None]:
        depth = self.depth
        for mark in _marks(self.closing, self.nested).finditer(text, partial=not final):
            if mark.partial:
                return mark.start(), replace(self, depth=depth)
            depth += -1 if mark["closes"] is not None else 1
            if not depth:
                return mark.end(), None
        return len(text), replace(self, depth=depth)


NOTE = _Tagged(r"\n", nested="")
"""What a footnote says, up to the end of its line"""


@lru_cache(maxsize=64)
def _marks(closing: str, nested: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?P<closes>{closing})" + (f"|{nested}" if nested else ""), regex.I)


# ---- code ----


@dataclass(frozen=True, slots=True)
class Code:
    """Behind an opening fence of such marks ("```"), up to the closing one."""

    fence: str
    inside_line: bool = False
    """Whether the text begins in the middle of a line"""

    def skip(self, text: str, final: bool) -> tuple[int, Block | None]:
        if self.inside_line:
            line_end = text.find("\n") + 1
            return line_end or len(text), Code(self.fence, inside_line=not line_end)
        end = _fence_end(text, self.fence, final)
        if end is not None:
            return end, None
        code = text.rfind("\n") + 1
        if final or not _may_close(text[code:]):
            return len(text), Code(self.fence, inside_line=code < len(text))
        return code, self


def _fence_end(text: str, fence: str, final: bool) -> int | None:
    last = r"(?:\n|\Z)" if final else r"\n"
    closing = regex.search(rf"(?m)^[ \t>]{{0,40}}{fence[0]}{{{len(fence)},80}}[ \t\r]{{0,40}}{last}", text)
    return int(closing.end()) if closing else None


_FENCE_START = regex.compile(r"[ \t>]*(?:`*|~*)[ \t\r]*")


def _may_close(line: str) -> bool:
    return len(line) <= 200 and bool(_FENCE_START.fullmatch(line))


# ---- data ----

_DATA_MARK = regex.compile(r'[\[\]{}"]|\n[ \t\r]*+\n')
_STRING_MARK = regex.compile(r'\\.|["\n]', regex.S)


@dataclass(frozen=True, slots=True)
class Data:
    """JSON, up to the bracket that closes the first one; an empty line ends it too."""

    depth: int = 0
    in_string: bool = False

    def skip(self, text: str, final: bool) -> tuple[int, Block | None]:
        position, depth, in_string = 0, self.depth, self.in_string
        while mark := (_STRING_MARK if in_string else _DATA_MARK).search(text, position, partial=not final):
            if mark.partial:
                return mark.start(), Data(depth, in_string)
            position = mark.end()
            if mark[0] == '"' or in_string:
                in_string = in_string == (mark[0][0] == "\\")
                continue
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark[0], -depth)
            if not depth:
                return position, None
        return len(text), Data(depth, in_string)
