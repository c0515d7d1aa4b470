"""Texts that are written to cost much, and what cutting them costs, whatever the machine."""

import sys
from collections.abc import Callable
from itertools import cycle, islice
from types import FrameType
from typing import Protocol

HOSTILE = [
    *("[", "![", "[[", "`[", "[^", "[a", "[a](", "![a](", "[a](b", "[a](b ", '[a](b "c', "[a](<", "[a](b(", "[\\"),
    *("[a]", "[a](b)", "[" * 299 + "a]", "[a](" + "(" * 290, "[a]: ", "](", "`", "`a", "``", "``` ", "`a``b```c "),
    *("*", "*a", "**a ", "a_", "~~a", "<", "<a ", "<a b='", "<|", "<!--", "<script>", "|", "|a", "\n|-", "|a|\n|-|\n"),
    *("(", "((a)", '"', "'", '!"', "1.", "1. ", "9", "\n1. ", "a:\n1. ", "&", "&a", "&#", "&amp;", "😀", "👨\u200d👩"),
    *("e\u0301", "\u0301", "\u200b", "\u200d", "a\u200d", "\ufe0f", "#", "\n# ", "- ", "> ", "\n", ".\n", "\\", "漢。"),
    *(
        "<think>",
        "<think",
        "</think>",
        "<|channel|>",
        "<|",
        "[THINK]",
        "◁think▷",
        "\ue200",
        "\ue200a\ue201",
        "<p>",
        "</li>",
    ),
    *(
        "<td>a</td>",
        "<b ",
        "<pre>",
        "<!--",
        '{"a": 1} ',
        '{"',
        '\n{"a',
        "{",
        "a | b\n",
        " | ",
        "$x^2$ ",
        "$",
        "$$",
        "\\(",
        "\\[",
    ),
    *(
        "\\frac{a}{b}",
        ":-D ",
        ":)",
        "<3 ",
        ":",
        "@a ",
        "@",
        "#Tag ",
        "https://a.b/c ",
        "https://",
        "www.",
        "a@b.cd ",
        "[^1]",
    ),
    *(
        "\n[^a]: b",
        "【1】",
        "│",
        "┌─┐\n",
        "/\\_/\\\n",
        "^^ ",
        "__init__.py ",
        "24.12. ",
        "U.S. ",
        "z. B. ",
        "Dr. ",
        "✅ a\n",
    ),
]


def hostile_text(atom: str) -> str:
    """Much of it."""
    return "".join(islice(cycle(atom), 2000))


class _Fed(Protocol):
    def feed(self, text: str) -> object: ...

    def end(self) -> object: ...


def steps(text: str, size: int, segmenter: _Fed) -> int:
    """Calls made while `text` is segmented in pieces of `size`: the work, whatever the machine."""

    def work() -> None:
        for start in range(0, len(text), size):
            segmenter.feed(text[start : start + size])
        segmenter.end()

    return calls_of(work)


def calls_of(work: Callable[[], object]) -> int:
    """How many calls it makes, of Python's functions and of C's."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
